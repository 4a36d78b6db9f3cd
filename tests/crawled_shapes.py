"""The tables that a crawler makes of the folders of datasets/shapes, with the files where they lie."""

import json
from pathlib import Path
from typing import Any

from sandbox.glue.crawler import grouping, orc_file, parquet
from sandbox.glue.crawler.classification import Profile, recognise
from sandbox.glue.crawler.classifiers import Classifier, Kind
from sandbox.glue.crawler.custom import prepared
from sandbox.glue.crawler.documents import found
from sandbox.glue.crawler.listing import Listing, Object
from sandbox.glue.crawler.profile import Recognised

SHAPES = Path(__file__).parents[1] / "datasets" / "shapes"


def crawled(shape: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """TableInput and PartitionInputs of a shape that is one table."""
    folder = SHAPES / shape
    profiles = []
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = file.read_bytes()
        key = f"{shape}/{file.relative_to(folder)}"
        profiles.append(Profile(Object("lake", key, len(data)), _recognised(data, shape)))
    listing = Listing("lake", shape, tuple(each.object for each in profiles))
    [group] = grouping.group(listing, profiles)
    made = found(group, "crawler", "run", (), inherit=False)
    text = json.dumps([made.input, *made.partitions]).replace("s3://lake/", f"file:{SHAPES}/")
    table, *partitions = json.loads(text)
    return table, partitions


def _recognised(data: bytes, shape: str) -> Recognised:
    def read_range(start: int, end: int) -> bytes:
        return data[start:end]

    if data.startswith(orc_file.MAGIC):
        return orc_file.read(len(data), read_range)
    if data.startswith(parquet.MAGIC):
        return parquet.read(len(data), read_range)
    given = json.loads((SHAPES / "shapes.json").read_text())[shape].get("classifiers", [])
    own = [Classifier(Kind(kind), "own", each[kind], 0.0, 0.0) for each in given for kind in each]
    return recognise(data, True, [prepared(each) for each in own])

"""What a classifier tells about one file."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sandbox.errors import WorkFailed
from sandbox.glue.crawler.schema import Columns

UNKNOWN = "UNKNOWN"
"""The classification of data that no classifier recognises.
https://docs.aws.amazon.com/glue/latest/dg/add-classifier.html"""


class Unreadable(WorkFailed):
    """An object that cannot be read for what it is: corrupt, or of a format that is not emulated.

    `uri` is its address, as far as it is known where the fault was found.
    """

    def __init__(self, message: str, uri: str = "") -> None:
        super().__init__(message)
        self.uri = uri


class SerDe(StrEnum):
    """The serialization libraries that crawlers name in tables."""

    NONE = ""
    LAZY_SIMPLE = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
    OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
    JSON = "org.openx.data.jsonserde.JsonSerDe"
    GROK = "com.amazonaws.glue.serde.GrokSerDe"
    PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    ORC = "org.apache.hadoop.hive.ql.io.orc.OrcSerde"
    AVRO = "org.apache.hadoop.hive.serde2.avro.AvroSerDe"


Settings = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Format:
    """What files of one table must have in common.

    `settings` are parameters of the SerDe and `properties` of the table that the classifier knows; delimiter
    and header are those of csv.
    """

    classification: str
    compression: str = "none"
    delimiter: str = ""
    header: bool = False
    serde: SerDe = SerDe.NONE
    settings: Settings = ()
    properties: Settings = ()


@dataclass(frozen=True)
class Recognised:
    """A classifier's answer: the format, the columns, the records that were seen and their bytes.

    `complete` tells that every record was counted; else `records` lie in the first `bytes` only. With a
    `certainty` below 1.0 the next classifiers have a look, too. `schema` is the file's own, of Avro.
    """

    format: Format
    columns: Columns
    records: int
    bytes: int
    complete: bool
    quoted: bool = False
    certainty: float = 1.0
    schema: str = ""


@dataclass(frozen=True)
class Text:
    """Decompressed text as it was read: all of the object, or its beginning (`complete` is False)."""

    data: bytes
    complete: bool
    compression: str = "none"

    def head(self, size: int) -> str:
        """The whole lines among the first `size` bytes."""
        data = self.data[:size]
        if len(data) < len(self.data) or not self.complete:
            data = data[: data.rfind(b"\n") + 1]
        return data.decode("utf-8-sig", errors="replace")

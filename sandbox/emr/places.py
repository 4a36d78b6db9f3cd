"""EMR's absolute paths, and what stands for them on a node here.

Only root could make `/mnt/var/lib/info` or `/home/hadoop`, and `/usr/bin/pip3` is this machine's own. So
where a script or a command line has such a path, the node's place is put in, and the log says so. What a
script puts together by itself, and scripts that Spark fetches, stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sandbox.emr import commands
from sandbox.emr.layout import Layout
from sandbox.spark import hadoop, shim


@dataclass(frozen=True)
class Rewritten:
    """A text with the node's places in it, and a sentence for each path that was replaced."""

    text: str
    notes: tuple[str, ...] = ()


def of_node(layout: Layout, ec2_id: str) -> dict[str, str]:
    """What stands for which path on a node."""
    names = sorted(commands.NAMES.union(shim.COMMANDS, hadoop.COMMANDS) - set(commands.PYTHONS))
    python = layout.node_python(ec2_id) / "bin" / "python3"
    places = {
        "/mnt/var/lib/info": str(layout.node_info(ec2_id)),
        "/home/hadoop": str(layout.node(ec2_id)),
        # A `#!` line needs a program, not another script.
        **{f"{folder}/python3": str(python) for folder in ("/usr/bin", "/usr/local/bin")},
    }
    folders = ("/usr/bin", "/usr/local/bin", "/usr/lib/spark/bin")
    return places | {f"{folder}/{name}": str(layout.bin / name) for folder in folders for name in names}


def rewrite(text: str, places: Mapping[str, str]) -> Rewritten:
    """`text` with every whole path of `places` replaced, and those below it."""
    if not places:
        return Rewritten(text)
    alternatives = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
    # Neither the tail of another path (s3://b/home/hadoop) nor the head of another name (/home/hadoop2).
    pattern = re.compile(rf"(?<![\w.$}}~-])(?:{alternatives})(?![\w.-])")
    found = dict.fromkeys(pattern.findall(text))
    notes = (f"{path} is replaced by {places[path]}, which stands for it on this node" for path in found)
    return Rewritten(pattern.sub(lambda match: places[match[0]], text), tuple(notes))


def rewrite_all(texts: Iterable[str], places: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Several texts rewritten, and the sentences for all of them, each once."""
    done = [rewrite(text, places) for text in texts]
    notes = dict.fromkeys(note for one in done for note in one.notes)
    return tuple(one.text for one in done), tuple(notes)


def rewrite_file(file: Path, places: Mapping[str, str]) -> tuple[str, ...]:
    """Rewrite a script in its place; returns the sentences. A file that is no text stays as it is."""
    try:
        done = rewrite(file.read_bytes().decode(), places)
    except UnicodeDecodeError:
        return ()
    if done.notes:
        file.write_bytes(done.text.encode())
    return done.notes

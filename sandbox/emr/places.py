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

_SPECIAL = re.compile(r"[^\w@%+=:,./-]")
_SYSTEM_PYTHON = re.compile(r"\A#! ?/usr/(?:local/)?bin/python3(?![\w.])(.*)")


@dataclass(frozen=True)
class Rewritten:
    """A text with the node's places in it, and a sentence for each path that was replaced."""

    text: str
    notes: tuple[str, ...] = ()


def of_node(layout: Layout, ec2_id: str) -> dict[str, str]:
    """What stands for which path on a node."""
    names = sorted(commands.NAMES.union(shim.COMMANDS, hadoop.COMMANDS))
    places = {
        "/mnt/var/lib/info": str(layout.node_info(ec2_id)),
        "/emr/metricscollector": str(layout.busy_file(ec2_id).parent),
        "/home/hadoop": str(layout.node(ec2_id)),
    }
    folders = ("/usr/bin", "/usr/local/bin", "/usr/lib/spark/bin")
    return places | {f"{folder}/{name}": str(layout.bin / name) for folder in folders for name in names}


def rewrite(text: str, places: Mapping[str, str]) -> Rewritten:
    """`text` with every whole path of `places` replaced, and those below it.

    Text with a space in it is taken for a shell's: there a place that has one too is escaped, but in quotes.
    """
    if not places:
        return Rewritten(text)
    alternatives = "|".join(map(re.escape, sorted(places, key=len, reverse=True)))
    # Neither the tail of another path (s3://b/home/hadoop) nor the head of another name (/home/hadoop2).
    pattern = re.compile(rf"(?<![\w.$}}~-])(?:{alternatives})(?![\w.-])")
    found = dict.fromkeys(pattern.findall(text))
    notes = (f"{path} is replaced by {places[path]}, which stands for it on this node" for path in found)
    is_shell = bool(re.search(r"\s", text))

    def place(match: re.Match[str]) -> str:
        standing = places[match[0]]
        bare = is_shell and not _in_quotes(text[text.rfind("\n", 0, match.start()) + 1 : match.start()])
        return _SPECIAL.sub(r"\\\g<0>", standing) if bare else standing

    return Rewritten(pattern.sub(place, text), tuple(notes))


def _in_quotes(line: str) -> bool:
    """Whether what follows `line` stands in quotes that were opened in it."""
    quote = ""
    for letter in re.sub(r"\\.", "", line):
        if letter in "\"'" and quote in ("", letter):
            quote = "" if quote else letter
    return bool(quote)


def rewrite_all(texts: Iterable[str], places: Mapping[str, str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Several texts rewritten, and the sentences for all of them, each once."""
    done = [rewrite(text, places) for text in texts]
    notes = dict.fromkeys(note for one in done for note in one.notes)
    return tuple(one.text for one in done), tuple(notes)


def _on_the_path(line: re.Match[str]) -> str:
    options = line[1].strip()
    return f"#!/usr/bin/env -S python3 {options}" if options else "#!/usr/bin/env python3"


def rewrite_file(file: Path, places: Mapping[str, str]) -> tuple[str, ...]:
    """Rewrite a script in its place; returns the sentences. A file that is no text stays as it is."""
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError:
        return ()
    # A `#!` line takes neither a script nor a space: the PATH leads to the node's Python.
    done = rewrite(_SYSTEM_PYTHON.sub(_on_the_path, text), places)
    if _SYSTEM_PYTHON.match(text):
        done = Rewritten(done.text, ("its first line asks for the python3 of the PATH", *done.notes))
    if done.notes:
        file.write_bytes(done.text.encode())
    return done.notes

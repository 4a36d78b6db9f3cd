"""`s3-dist-cp` as a node runs it: exit code 0 when every file was copied, 1 when one was not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.emr.distcp.copying import Copier, reason
from sandbox.emr.distcp.options import Refused, parse
from sandbox.emr.distcp.planning import Target, plan

PARALLEL = 8
Say = Callable[[str], object]
_FAULTS = (ClientError, BotoCoreError, OSError, EOFError)


def run(arguments: Sequence[str], say: Say) -> int:
    """Copy as the arguments say. Sources are deleted when everything was copied, and only then."""
    try:
        options = parse(arguments)
        # The environment may name a proxy; the sandbox is reached without one.
        s3 = boto3.client("s3", config=Config(proxies={}, s3={"addressing_style": "path"}))
        copier = Copier(s3, options, Path.cwd())
        for note in options.notes:
            say(note)
        targets = plan(copier.sources(), options)
        faults = _each(copier, targets, say)
        if faults == 0 and options.delete:
            for source in (source for target in targets for source in target.sources):
                copier.delete(source)
    except Refused as refusal:
        say(str(refusal))
        return 1
    except _FAULTS as error:
        say(reason(error))
        return 1
    copied = sum(len(target.sources) for target in targets)
    if faults == 0:
        say(f"copied {copied} files into {len(targets)} below {options.destination}")
    return 1 if faults else 0


def _each(copier: Copier, targets: Sequence[Target], say: Say) -> int:
    """Write every target; returns how many could not be, each of which is told."""

    def one(target: Target) -> int:
        try:
            copier.copy(target)
        except _FAULTS as error:
            say(f"{target.address} was not written: {reason(error)}")
            return 1
        return 0

    with ThreadPoolExecutor(PARALLEL) as pool:
        return sum(pool.map(one, targets))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], lambda line: sys.stderr.write(f"s3-dist-cp: {line}\n")))

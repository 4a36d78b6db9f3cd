"""Filtered GetPartitions beside moto's: the same table in both, the same calls in turn, over the wire.

`python -m benchmarks.catalog --partitions 100000` prints milliseconds for each expression, and the ratio.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer
from rich.console import Console

from sandbox import Sandbox

BATCH = 100
SCOPE = {"DatabaseName": "scale", "TableName": "orders"}
EXPRESSIONS = {
    "first key": "day = '2001-03-04'",
    "range of the first key": "day >= '2001-03-04' AND day < '2001-03-05'",
    "second key, indexed": "region = 'r00042'",
}


def fill(glue: Any, partitions: int) -> float:
    """Make the table; partitions created in a second."""
    glue.create_database(DatabaseInput={"Name": "scale"})
    keys = [{"Name": "day", "Type": "date"}, {"Name": "region", "Type": "string"}]
    glue.create_table(DatabaseName="scale", TableInput={"Name": "orders", "PartitionKeys": keys})
    regions = max(partitions // BATCH, 1)
    start = time.perf_counter()
    for number in range(0, partitions, BATCH):
        day = str(date(2000, 1, 1) + timedelta(days=number // BATCH))
        batch = [{"Values": [day, f"r{(number + each) % regions:05}"]} for each in range(BATCH)]
        glue.batch_create_partition(**SCOPE, PartitionInputList=batch)
    return partitions / (time.perf_counter() - start)


def milliseconds(glue: Any, expression: str) -> tuple[float, int]:
    """How long the call takes, and how many partitions it finds."""
    start = time.perf_counter()
    found = glue.get_partitions(**SCOPE, Expression=expression)["Partitions"]
    return (time.perf_counter() - start) * 1000, len(found)


def main() -> None:
    """Fill both, then call them in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--partitions", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    console = Console()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    credentials = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    moto = boto3.client("glue", endpoint_url=f"http://{host}:{port}", **credentials)
    with tempfile.TemporaryDirectory() as folder, Sandbox(state=Path(folder), port=0) as sandbox:
        ours = sandbox.client("glue")
        for name, glue in (("sandbox", ours), ("moto", moto)):
            console.print(f"{name}: {fill(glue, options.partitions):.0f} partitions created in a second")
        ours.create_partition_index(**SCOPE, PartitionIndex={"IndexName": "region", "Keys": ["region"]})
        for what, expression in EXPRESSIONS.items():
            pairs = [
                (milliseconds(ours, expression), milliseconds(moto, expression))
                for _ in range(options.rounds)
            ]
            if any(mine[1] != theirs[1] for mine, theirs in pairs):
                raise SystemExit(f"{expression}: the answers differ: {pairs}")
            mine, theirs = (statistics.median(pair[side][0] for pair in pairs) for side in (0, 1))
            console.print(
                f"{what}: {pairs[0][0][1]} found, {mine:.0f} ms, moto {theirs:.0f} ms, {theirs / mine:.1f} x"
            )
    moto.close()
    server.stop()


if __name__ == "__main__":
    main()

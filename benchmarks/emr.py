"""DescribeCluster and ListSteps over a long history beside moto's: the same steps in both, called in turn.

`python -m benchmarks.emr --steps 10000` prints milliseconds for each call, and the ratio.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer
from rich.console import Console
from rich.table import Table

from sandbox import Sandbox
from sandbox.emr import request
from sandbox.emr.model import ClusterState, StepState

LAUNCH = {
    "Name": "long",
    "Instances": {
        "MasterInstanceType": "m5.xlarge",
        "InstanceCount": 1,
        "KeepJobFlowAliveWhenNoSteps": True,
    },
}
STEP = {
    "Name": "s",
    "HadoopJarStep": {"Jar": "command-runner.jar", "Args": ["spark-submit", "s3://b/job.py"]},
}
BATCH = 200


def of_sandbox(sandbox: Sandbox, steps: int) -> str:
    """A cluster that has ended after so many steps; nobody waits for them, so they are put there."""
    numbers = itertools.count()

    def new_id(prefix: str, _length: int) -> str:
        return f"{prefix}{next(numbers)}"

    batches = (request.steps([STEP] * BATCH, 0.0, new_id) for _ in range(steps // BATCH))
    done = tuple(replace(step, state=StepState.COMPLETED) for batch in batches for step in batch)
    ended = replace(request.cluster(LAUNCH, 0.0, new_id), steps=done, state=ClusterState.TERMINATED)
    supervisor = sandbox.parts.supervisor
    supervisor.launch(ended)
    return ended.id


def of_moto(emr: Any, steps: int) -> str:
    """The same in moto, which takes steps and runs none."""
    id = str(emr.run_job_flow(**LAUNCH)["JobFlowId"])
    for _ in range(steps // BATCH):
        emr.add_job_flow_steps(JobFlowId=id, Steps=[STEP] * BATCH)
    return id


def milliseconds(call: Callable[[], object]) -> float:
    """How long the call takes."""
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Fill both, then call them in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    peer = boto3.client(
        "emr",
        endpoint_url=f"http://127.0.0.1:{moto.get_host_and_port()[1]}",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="y",
    )
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            Sandbox(state=Path(folder) / "state", port=0) as sandbox,
        ):
            measure(sandbox, peer, options.steps, options.rounds)
    finally:
        moto.stop()


def measure(sandbox: Sandbox, peer: Any, steps: int, rounds: int) -> None:
    """Print the medians of both."""
    own = sandbox.client("emr")
    ids = {"sandbox": (own, of_sandbox(sandbox, steps)), "moto": (peer, of_moto(peer, steps))}
    table = Table(f"{steps} steps", "sandbox ms", "moto ms", "moto / sandbox")
    for name in ("describe_cluster", "list_steps"):
        taken: dict[str, list[float]] = {who: [] for who in ids}
        for _ in range(rounds):
            for who, (client, id) in ids.items():
                taken[who].append(milliseconds(partial(getattr(client, name), ClusterId=id)))
        here, there = (statistics.median(taken[who]) for who in ("sandbox", "moto"))
        table.add_row(name, f"{here:.1f}", f"{there:.1f}", f"{there / here:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()

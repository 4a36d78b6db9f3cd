"""The object store beside others, in one run: boto3 with some clients, and Spark beside local files.

`python -m benchmarks.s3 [--ministack PYTHON] [--rounds N] [--rows N] [boto3 spark]`; ministack is another
emulator, which is measured when a Python that has it is named. Ratios are medians over rounds in which every
store has its turn.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from rich.console import Console
from rich.table import Table

from benchmarks import bare
from sandbox.runtime import ports, readiness
from sandbox.runtime.address import Address
from sandbox.settings import Settings
from sandbox.spark.configuration import Services, s3_properties

BUCKET = "bench"
LARGE = os.urandom(32 << 20)
SMALL = os.urandom(1024)
LISTED = 400
CLIENTS = (1, 8)
_OURS = """
import sys, threading
from pathlib import Path
from sandbox.aws.server import Server
from sandbox.s3.application import ObjectStore
Server(ObjectStore(Path(sys.argv[2]), "000000000000", "us-east-1"), "127.0.0.1", int(sys.argv[1])).start()
threading.Event().wait()
"""


@dataclass(frozen=True)
class Store:
    """A store that runs."""

    name: str
    url: str

    def client(self) -> Any:
        """A boto3 client on it."""
        make: Any = boto3.session.Session().client
        return make(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",
            config=Config(s3={"addressing_style": "path"}, proxies={}),
        )


@contextmanager
def running(name: str, argv: list[str], environment: dict[str, str], port: int) -> Iterator[Store]:
    """A store in a process of its own, ready when it answers."""
    with subprocess.Popen(
        argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
    ) as process:
        try:
            store = Store(name, f"http://{bare.HOST}:{port}")
            while not readiness.port(bare.HOST, port).probe():
                time.sleep(readiness.INTERVAL)
            store.client().create_bucket(Bucket=BUCKET)
            yield store
        finally:
            process.terminate()


@contextmanager
def stores(folder: Path, ministack: str | None) -> Iterator[list[Store]]:
    """Ours first, then the others."""
    with ExitStack() as stack:
        found = []
        port = ports.choose(bare.HOST, 0)
        argv = [sys.executable, "-c", _OURS, str(port), str(folder / "ours")]
        found.append(stack.enter_context(running("ours", argv, {}, port)))
        port = ports.choose(bare.HOST, 0)
        argv = [sys.executable, "-m", "moto.server", "-p", str(port)]
        found.append(stack.enter_context(running("moto", argv, {}, port)))
        if ministack:
            port = ports.choose(bare.HOST, 0)
            environment = {
                "GATEWAY_PORT": str(port),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(folder / "ministack"),
            }
            argv = [ministack, "-m", "ministack.app"]
            found.append(stack.enter_context(running("ministack", argv, environment, port)))
        yield found


def _fill(client: Any) -> None:
    client.put_object(Bucket=BUCKET, Key="large", Body=LARGE)
    for number in range(LISTED):
        client.put_object(Bucket=BUCKET, Key=f"listed/{number:05d}", Body=SMALL)


Work = Callable[[Any, int], object]
WORKS: dict[str, tuple[Work, int]] = {
    "PUT 32 MB": (lambda client, number: client.put_object(Bucket=BUCKET, Key=f"l{number}", Body=LARGE), 8),
    "GET 32 MB": (lambda client, _: client.get_object(Bucket=BUCKET, Key="large")["Body"].read(), 16),
    "PUT 1 kB": (lambda client, number: client.put_object(Bucket=BUCKET, Key=f"s{number}", Body=SMALL), 200),
    "HEAD": (
        lambda client, number: client.head_object(Bucket=BUCKET, Key=f"listed/{number % LISTED:05d}"),
        200,
    ),
    "LIST of 400": (lambda client, _: client.list_objects_v2(Bucket=BUCKET, Prefix="listed/"), 24),
    "ranges of 4 KB": (
        lambda client, number: client.get_object(
            Bucket=BUCKET, Key="large", Range=f"bytes={number * 4096}-{number * 4096 + 4095}"
        )["Body"].read(),
        200,
    ),
}


def _one_client(store: Store, work: str, numbers: range, begin: Any, seconds: Any) -> None:
    client = store.client()
    action = WORKS[work][0]
    client.head_bucket(Bucket=BUCKET)
    begin.wait()
    begun = time.monotonic()
    for number in numbers:
        action(client, number)
    seconds.put(time.monotonic() - begun)


def rate(store: Store, work: str, clients: int) -> float:
    """Calls a second of so many clients together, each a process of its own."""
    fork = multiprocessing.get_context("fork")
    begin, seconds = fork.Barrier(clients), fork.Queue()
    share = max(1, WORKS[work][1] // clients)
    processes = [
        fork.Process(
            target=_one_client, args=(store, work, range(index * share, (index + 1) * share), begin, seconds)
        )
        for index in range(clients)
    ]
    for process in processes:
        process.start()
    slowest = max(seconds.get() for _ in processes)
    for process in processes:
        process.join()
    return clients * share / slowest


def with_boto3(found: list[Store], rounds: int) -> Table:
    """Calls a second, and how many times as fast as each of the others that is."""
    for store in found:
        _fill(store.client())
    table = Table("boto3", "clients", "ours", *(f"x {store.name}" for store in found[1:]))
    for work in WORKS:
        for clients in CLIENTS:
            rates: dict[str, list[float]] = {store.name: [] for store in found}
            for turn in range(rounds):
                shift = turn % len(found)
                for store in found[shift:] + found[:shift]:
                    rates[store.name].append(rate(store, work, clients))
            ratios = [_median(rates["ours"], rates[store.name]) for store in found[1:]]
            cells = [f"{ratio:.1f}" for ratio in ratios]
            table.add_row(work, str(clients), f"{statistics.median(rates['ours']):.0f}/s", *cells)
    return table


def with_spark(found: list[Store], folder: Path, rounds: int, rows: int) -> Table:
    """Seconds of each, and how many times those of local files; all in one JVM."""
    spark = bare.spark(Settings.read(os.environ))
    address = Address.local(found[0].url)
    services = Services(endpoint=address, s3=address, metastore=address, region="us-east-1", host=bare.HOST)
    properties = {
        **s3_properties(services),
        "spark.driver.extraClassPath": ":".join(map(str, spark.jars)),
        "spark.driver.memory": "2g",
        "spark.ui.enabled": "false",
    }
    targets = {"local files": f"file:{folder}/local"}
    for store in found:
        bucket = f"spark-{store.name}"
        store.client().create_bucket(Bucket=bucket)
        properties[f"spark.hadoop.fs.s3a.bucket.{bucket}.endpoint"] = store.url
        targets[store.name] = f"s3a://{bucket}/work"
    conf = [part for name, value in properties.items() for part in ("--conf", f"{name}={value}")]
    script = str(Path(__file__).parent / "s3_workload.py")
    asked = json.dumps({"targets": targets, "rows": rows, "rounds": rounds})
    done = subprocess.run(
        [str(spark.home / "bin" / "spark-submit"), "--master", "local[*]", *conf, script, asked],
        check=True,
        capture_output=True,
        text=True,
        env=bare.variables(spark),
    )
    seconds = json.loads(done.stdout.strip().splitlines()[-1])
    table = Table("Spark", "local files", *(f"{store.name} / local" for store in found))
    for work in seconds["ours"]:
        local = seconds["local files"][work]
        ratios = [f"{_median(seconds[store.name][work], local):.2f}" for store in found]
        table.add_row(work.replace("_", " "), f"{statistics.median(local):.2f} s", *ratios)
    return table


def _median(ours: list[float], theirs: list[float]) -> float:
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.s3")
    parser.add_argument("parts", nargs="*", default=["boto3", "spark"])
    parser.add_argument("--ministack", help="a Python that has ministack")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=600_000)
    chosen = parser.parse_args()
    console = Console()
    with (
        tempfile.TemporaryDirectory(prefix="bench-s3-") as name,
        stores(Path(name), chosen.ministack) as found,
    ):
        if "boto3" in chosen.parts:
            console.print(with_boto3(found, chosen.rounds))
        if "spark" in chosen.parts:
            console.print(with_spark(found, Path(name), chosen.rounds, chosen.rows))


if __name__ == "__main__":
    main()

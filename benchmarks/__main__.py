"""`make bench`: every figure of docs/performance.md, in one run. `--rounds N` and names choose a part."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import bare
from benchmarks.measure import Comparison, compare, seconds
from sandbox import Sandbox
from sandbox.spark.configuration import catalog_properties, s3_properties

SCRIPT = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
spark.range(2_000_000).selectExpr("id % 100 AS k", "id").groupBy("k").sum("id").collect()
spark.stop()
"""


def program(*arguments: str) -> str:
    """Standard output of one call of the sandbox's program; its failure is an error."""
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout


def start(folder: Path, rounds: int) -> list[Comparison]:
    """`sandbox up` until it answers, beside moto's own server; and the memory of the idle one."""
    state = folder / "up"
    memory: list[int] = []

    def ours() -> float:
        took = seconds(lambda: program("up", "--state", str(state), "--port", "0"))
        record = json.loads((state / "sandbox.json").read_text())
        memory.append(psutil.Process(record["pid"]).memory_info().rss // 2**20)
        program("down", "--state", str(state))
        return took

    def theirs() -> float:
        return seconds(_moto_server)

    found = compare("up, beside moto_server", ours, theirs, rounds, "<= 1.5 s")
    Console().print(f"idle control plane: {max(memory)} MiB RSS (target <= 150)")
    return [found]


def _moto_server() -> None:
    from sandbox.runtime import ports, readiness

    number = ports.choose(bare.HOST, 0)
    argv = [sys.executable, "-m", "moto.server", "-p", str(number)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not readiness.port(bare.HOST, number).probe():
            time.sleep(readiness.INTERVAL)
        process.terminate()


def launch(folder: Path, rounds: int) -> list[Comparison]:
    """RunJobFlow to WAITING with one master and two core nodes, beside two bare daemons."""
    with Sandbox(state=folder / "launch", port=0) as sandbox:
        spark = bare.spark(sandbox.settings)

        def ours() -> float:
            cluster = ""

            def run() -> None:
                nonlocal cluster
                cluster = _waiting_cluster(sandbox, 2)

            took = seconds(run)
            _terminate(sandbox, cluster)
            return took

        def theirs() -> float:
            made = bare.Daemons(spark, folder)
            try:
                return seconds(made.start)
            finally:
                made.stop()

        return [compare("cluster of 1 + 2, beside 2 daemons", ours, theirs, rounds, "<= 5 s more")]


def step(folder: Path, rounds: int) -> list[Comparison]:
    """A step, beside a bare spark-submit of the same script to bare daemons."""
    script = folder / "script.py"
    script.write_text(SCRIPT)
    with Sandbox(state=folder / "step", port=0) as sandbox:
        cluster = _waiting_cluster(sandbox, 1)
        emr: Any = sandbox.client("emr")
        spark = bare.spark(sandbox.settings)
        with bare.daemons(spark, folder) as daemons:

            def ours() -> float:
                arguments = {"Jar": "command-runner.jar", "Args": ["spark-submit", str(script)]}
                added = emr.add_job_flow_steps(
                    JobFlowId=cluster, Steps=[{"Name": "s", "HadoopJarStep": arguments}]
                )
                return seconds(lambda: _completed(emr, cluster, added["StepIds"][0]))

            def theirs() -> float:
                return bare.submit(spark, "--master", daemons.master.url, str(script))

            found = compare("step, beside spark-submit", ours, theirs, rounds, "<= 1.10")
        _terminate(sandbox, cluster)
    return [found]


def demo(folder: Path, rounds: int) -> list[Comparison]:
    """The whole course, beside one hand-written script that does the same work on the same S3 and catalog.

    The stage in the notebook is left out of ours: the script opens none.
    """
    from sandbox.demo import synthetic

    raw = folder / "adult.data"
    raw.write_bytes(synthetic.adult())
    with Sandbox(state=folder / "other", port=0) as sandbox:
        s3: Any = sandbox.client("s3")
        s3.create_bucket(Bucket="handwritten")
        s3.upload_file(str(raw), "handwritten", "raw/adult.data")
        spark = bare.spark(sandbox.settings)
        services, warehouse = sandbox.parts.services, f"file:{folder / 'warehouse'}"
        options = {
            **s3_properties(services),
            **catalog_properties(services, warehouse),
            "spark.driver.extraClassPath": ":".join(map(str, spark.jars)),
        }
        conf = [part for name, value in options.items() for part in ("--conf", f"{name}={value}")]
        script = str(Path(__file__).parent / "handwritten.py")

        def ours() -> float:
            arguments = ("--state", str(folder / "demo"), "--port", "0", "--data", str(raw), "--json")
            begun = time.monotonic()
            stages = json.loads(program("demo", *arguments))["stages"]
            took = time.monotonic() - begun
            return took - sum(stage["seconds"] for stage in stages if stage["name"] == "explore")

        def theirs() -> float:
            places = ("s3://handwritten/raw/adult.data", "s3://handwritten/out")
            return bare.submit(spark, "--master", "local[*]", *conf, script, *places)

        return [compare("demo, beside one script", ours, theirs, rounds, "<= 1.3")]


def _waiting_cluster(sandbox: Sandbox, core: int) -> str:
    emr: Any = sandbox.client("emr")
    groups = [
        {"InstanceRole": "MASTER", "InstanceType": "m5.xlarge", "InstanceCount": 1},
        {"InstanceRole": "CORE", "InstanceType": "m5.xlarge", "InstanceCount": core},
    ]
    instances = {"InstanceGroups": groups, "KeepJobFlowAliveWhenNoSteps": True}
    cluster = str(emr.run_job_flow(Name="bench", Instances=instances)["JobFlowId"])
    _until(lambda: emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"], {"WAITING"})
    return cluster


def _completed(emr: Any, cluster: str, step: str) -> None:
    _until(
        lambda: emr.describe_step(ClusterId=cluster, StepId=step)["Step"]["Status"]["State"], {"COMPLETED"}
    )


def _terminate(sandbox: Sandbox, cluster: str) -> None:
    emr: Any = sandbox.client("emr")
    emr.terminate_job_flows(JobFlowIds=[cluster])
    _until(lambda: emr.describe_cluster(ClusterId=cluster)["Cluster"]["Status"]["State"], {"TERMINATED"})


def _until(state: Callable[[], str], wanted: set[str]) -> None:
    while (found := state()) not in wanted:
        if found in {"FAILED", "CANCELLED", "TERMINATED_WITH_ERRORS"}:
            raise RuntimeError(f"it ended as {found}")
        time.sleep(0.05)


PARTS: dict[str, Callable[[Path, int], list[Comparison]]] = {
    "start": start,
    "launch": launch,
    "step": step,
    "demo": demo,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    table = Table("what", "ours", "bare", "ratio", "target")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in chosen.parts or PARTS:
            for found in PARTS[name](Path(folder), chosen.rounds):
                table.add_row(*found.row())
    Console().print(table)


if __name__ == "__main__":
    main()

"""The Compose stack as tests bring it up: a project name, ports and an image tag of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.runtime import ports
from sandbox.runtime.compose import Compose

ROOT = Path(__file__).parents[1]
PORTS = (
    "SANDBOX_PORT",
    "SANDBOX_METASTORE_PORT",
    "LOCALSTACK_PORT",
    "SPARK_MASTER_UI_PORT",
    "SPARK_UI_PORT",
    "GLUE_UI_PORT",
    "ZEPPELIN_PORT",
    "SPARK_HISTORY_PORT",
    "POSTGRES_PORT",
)


@dataclass(frozen=True)
class Stack:
    """One project of the clone's docker-compose.yml."""

    project: str
    environment: dict[str, str]

    @classmethod
    def build(cls) -> Stack:
        """A project that is not up yet, its images built from this clone."""
        project = f"emr-sandbox-test-{os.getpid()}"
        chosen = {name: str(ports.choose("127.0.0.1", 0)) for name in PORTS}
        environment = {
            **os.environ,
            **chosen,
            "COMPOSE_PROJECT_NAME": project,
            "SPARK_IMAGE": os.environ.get("SPARK_IMAGE", "emr-sandbox/spark:test"),
            "ZEPPELIN_NODE_IMAGE": os.environ.get("ZEPPELIN_NODE_IMAGE", "emr-sandbox/zeppelin:test"),
        }
        stack = cls(project, environment)
        if shutil.which("docker") is None or stack.docker("info", check=False).returncode != 0:
            pytest.fail("--stack needs a Docker engine; compose/ci/engine.sh starts one", pytrace=False)
        stack.docker("compose", "build", timeout=1200)
        return stack

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.environment['SANDBOX_PORT']}"

    @property
    def localstack(self) -> str:
        return f"http://127.0.0.1:{self.environment['LOCALSTACK_PORT']}"

    @property
    def master_ui(self) -> str:
        return f"http://127.0.0.1:{self.environment['SPARK_MASTER_UI_PORT']}"

    @property
    def compose(self) -> Compose:
        return Compose([ROOT / "docker-compose.yml"], self.environment)

    def group_of(self, socket: str) -> int:
        """The group that may use the engine's socket."""
        return Path(socket).stat().st_gid

    def up(self, *arguments: str) -> None:
        self.docker("compose", "up", "--detach", "--wait", *arguments, timeout=300)

    def down(self) -> None:
        self.docker("compose", "--profile", "*", "down", "--volumes", "--remove-orphans", timeout=200)

    def logs(self) -> str:
        return self.docker("compose", "logs", "--no-color").stdout

    def docker(
        self, *arguments: str, timeout: float = 120, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a docker command on the project; its own words when it fails."""
        done = subprocess.run(
            ["docker", *arguments],
            cwd=ROOT,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or done.returncode == 0, f"docker {' '.join(arguments)}:\n{done.stderr[-3000:]}"
        return done

    def labelled(self, kind: str) -> list[str]:
        """The ids of the containers, volumes or networks that bear the project's label."""
        options = ["--all"] if kind == "container" else []
        label = f"label=com.docker.compose.project={self.project}"
        return self.docker(kind, "ls", *options, "--quiet", "--filter", label).stdout.split()

"""Settings: read once, all faults reported together; nothing else reads the environment."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path

import platformdirs

from sandbox.errors import UsageError

APPLICATION = "emr-sandbox"

REGION = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d$")
HOST = re.compile(r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$")
ACCOUNT = re.compile(r"^\d{12}$")


LOOPBACK = "127.0.0.1"


class Nodes(StrEnum):
    """What the nodes of a cluster are."""

    HERE = "here"
    """Processes on this machine."""
    STACK = "stack"
    """The master and the workers of the Compose stack, which run anyway."""
    CONTAINERS = "containers"
    """Containers that are made for the cluster, through Docker's socket."""


@dataclass(frozen=True)
class Published:
    """The ports of 127.0.0.1 under which the user's machine reaches a sandbox in containers."""

    endpoint: int
    metastore: int
    master_ui: int
    application_ui: int
    job_ui: int
    notebook: int

    @staticmethod
    def variable(name: str) -> str:
        """The environment variable of one of the ports."""
        return f"SANDBOX_PUBLISHED_{name.upper()}_PORT"


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen about one sandbox.

    `state` is the folder that holds all it knows, `cache` the folder of jars and datasets that sandboxes
    share. `port` 0 takes a free one; so does each of the others when it is taken. `host` is the name by
    which the cluster's nodes reach this machine, `published` the ports on which its user does when the
    sandbox is in a container. `s3_endpoint` is an S3 that stands in for the sandbox's own. `project` is the
    Compose project and `node_image` the image of nodes that are containers. `zeppelin_home` is the folder of
    an unpacked Apache Zeppelin; without it clusters get the built-in note engine. With `verify_signatures`
    the object store refuses requests that are not signed with the sandbox's own credentials. With a
    `spot_seed` the prices of spot instances change, and outbid instances are taken away.
    """

    state: Path
    cache: Path
    host: str = LOOPBACK
    port: int = 4566
    metastore_port: int = 9083
    master_ui_port: int = 8080
    application_ui_port: int = 4040
    notebook_port: int = 8890
    account: str = "000000000000"
    region: str = "us-east-1"
    offline: bool = False
    java_home: str | None = None
    nodes: Nodes = Nodes.HERE
    s3_endpoint: str | None = None
    published: Published | None = None
    project: str = "emr-sandbox"
    node_image: str = "emr-sandbox/spark:dev"
    zeppelin_home: Path | None = None
    verify_signatures: bool = False
    spot_seed: int | None = None

    @property
    def bind(self) -> str:
        """The address that servers listen on: loopback, and all of a container's own."""
        return LOOPBACK if self.host == LOOPBACK else "0.0.0.0"

    @property
    def mark(self) -> str:
        """The mark of this sandbox's processes: the same for every run on the same state."""
        return hashlib.sha256(str(self.state).encode()).hexdigest()[:16]

    @classmethod
    def read(
        cls,
        environment: Mapping[str, str],
        state: Path | str | None = None,
        port: int | None = None,
        offline: bool = False,
    ) -> Settings:
        """Settings from the environment, with what the caller chose on top.

        Raises `UsageError` that names every variable and option that is wrong.
        """
        variables = _Variables(environment)
        if port is not None and not 0 <= port < 65536:
            variables.faults.append(f"--port {port} is not a port (0 to 65535)")
        chosen_state = state or environment.get("SANDBOX_STATE") or platformdirs.user_state_path(APPLICATION)
        chosen_cache = environment.get("SANDBOX_CACHE") or platformdirs.user_cache_path(APPLICATION)
        settings = cls(
            state=Path(chosen_state).expanduser().resolve(),
            cache=Path(chosen_cache).expanduser().resolve(),
            port=variables.number("SANDBOX_PORT", 4566) if port is None else port,
            metastore_port=variables.number("SANDBOX_METASTORE_PORT", 9083),
            master_ui_port=variables.number("SANDBOX_MASTER_UI_PORT", 8080),
            application_ui_port=variables.number("SANDBOX_APPLICATION_UI_PORT", 4040),
            notebook_port=variables.number("SANDBOX_NOTEBOOK_PORT", 8890),
            account=variables.matching("SANDBOX_ACCOUNT", ACCOUNT, "000000000000", "an account of 12 digits"),
            region=variables.matching("SANDBOX_REGION", REGION, "us-east-1", "an AWS region"),
            offline=offline or environment.get("SANDBOX_OFFLINE", "") not in ("", "0"),
            java_home=environment.get("JAVA_HOME") or None,
            host=variables.matching("SANDBOX_HOST", HOST, LOOPBACK, "a host name"),
            nodes=variables.nodes(),
            s3_endpoint=environment.get("SANDBOX_S3_ENDPOINT") or None,
            published=variables.published(),
            project=environment.get("SANDBOX_PROJECT") or cls.project,
            node_image=environment.get("SANDBOX_NODE_IMAGE") or cls.node_image,
            zeppelin_home=variables.zeppelin_home(),
            verify_signatures=environment.get("SANDBOX_VERIFY_SIGNATURES", "") not in ("", "0"),
            spot_seed=variables.whole("SANDBOX_SPOT_SEED"),
        )
        if settings.state.exists() and not settings.state.is_dir():
            variables.faults.append(f"the state folder {settings.state} is a file")
        if variables.faults:
            raise UsageError("; ".join(variables.faults))
        return settings


class _Variables:
    """The environment, read variable by variable; `faults` gathers what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.faults: list[str] = []

    def number(self, name: str, default: int) -> int:
        text = self._environment.get(name, "")
        if not text:
            return default
        if text.isdigit() and int(text) < 65536:
            return int(text)
        self.faults.append(f"{name}={text!r} is not a port (0 to 65535)")
        return default

    def whole(self, name: str) -> int | None:
        """A whole number; None when the variable is unset or empty."""
        text = self._environment.get(name, "")
        if text and not text.isdecimal():
            self.faults.append(f"{name}={text!r} is not a whole number")
        return int(text) if text.isdecimal() else None

    def matching(self, name: str, pattern: re.Pattern[str], default: str, what: str) -> str:
        text = self._environment.get(name, "") or default
        if not pattern.match(text):
            self.faults.append(f"{name}={text!r} is not {what}")
        return text

    def zeppelin_home(self) -> Path | None:
        """The folder of an unpacked Apache Zeppelin, here or on the nodes; None for the built-in engine."""
        text = self._environment.get("ZEPPELIN_HOME")
        if not text:
            return None
        home = Path(text).expanduser().resolve()
        elsewhere = self._environment.get("SANDBOX_NODES", Nodes.HERE) != Nodes.HERE
        if not elsewhere and not (home / "bin" / "zeppelin.sh").is_file():
            self.faults.append(
                f"ZEPPELIN_HOME={text!r} holds no bin/zeppelin.sh: name the folder of an unpacked Apache "
                "Zeppelin, or unset it for the built-in note engine"
            )
        return home

    def nodes(self) -> Nodes:
        text = self._environment.get("SANDBOX_NODES") or Nodes.HERE
        if text not in list(Nodes):
            self.faults.append(f"SANDBOX_NODES={text!r} is none of {', '.join(Nodes)}")
            return Nodes.HERE
        return Nodes(text)

    def published(self) -> Published | None:
        """All the published ports or none: with one missing, an address would lead nowhere."""
        names = {field.name: Published.variable(field.name) for field in fields(Published)}
        missing = [variable for variable in names.values() if not self._environment.get(variable)]
        if len(missing) == len(names):
            return None
        self.faults += [f"{variable} is missing: all published ports are told" for variable in missing]
        return Published(**{name: self.number(variable, 0) for name, variable in names.items()})

"""Settings: read once, all faults reported together; nothing else reads the environment."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from sandbox.errors import UsageError

APPLICATION = "emr-sandbox"

REGION = re.compile(r"^[a-z]{2}(-[a-z]+)+-\d$")
ACCOUNT = re.compile(r"^\d{12}$")


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen about one sandbox.

    `state` is the folder that holds all it knows, `cache` the folder of jars and datasets that sandboxes
    share. `port` 0 takes a free one; so does each of the others when it is taken.
    """

    state: Path
    cache: Path
    host: str = "127.0.0.1"
    port: int = 4566
    metastore_port: int = 9083
    master_ui_port: int = 8080
    application_ui_port: int = 4040
    account: str = "000000000000"
    region: str = "us-east-1"
    offline: bool = False
    java_home: str | None = None

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
        faults: list[str] = []

        def number(name: str, default: int) -> int:
            text = environment.get(name, "")
            if not text:
                return default
            if text.isdigit() and int(text) < 65536:
                return int(text)
            faults.append(f"{name}={text!r} is not a port (0 to 65535)")
            return default

        def matching(name: str, pattern: re.Pattern[str], default: str, what: str) -> str:
            text = environment.get(name, "") or default
            if not pattern.match(text):
                faults.append(f"{name}={text!r} is not {what}")
            return text

        if port is not None and not 0 <= port < 65536:
            faults.append(f"--port {port} is not a port (0 to 65535)")
        chosen_state = state or environment.get("SANDBOX_STATE") or platformdirs.user_state_path(APPLICATION)
        chosen_cache = environment.get("SANDBOX_CACHE") or platformdirs.user_cache_path(APPLICATION)
        settings = cls(
            state=Path(chosen_state).expanduser().resolve(),
            cache=Path(chosen_cache).expanduser().resolve(),
            port=number("SANDBOX_PORT", 4566) if port is None else port,
            metastore_port=number("SANDBOX_METASTORE_PORT", 9083),
            master_ui_port=number("SANDBOX_MASTER_UI_PORT", 8080),
            application_ui_port=number("SANDBOX_APPLICATION_UI_PORT", 4040),
            account=matching("SANDBOX_ACCOUNT", ACCOUNT, "000000000000", "an account of 12 digits"),
            region=matching("SANDBOX_REGION", REGION, "us-east-1", "an AWS region"),
            offline=offline or environment.get("SANDBOX_OFFLINE", "") not in ("", "0"),
            java_home=environment.get("JAVA_HOME") or None,
        )
        if settings.state.exists() and not settings.state.is_dir():
            faults.append(f"the state folder {settings.state} is a file")
        if faults:
            raise UsageError("; ".join(faults))
        return settings

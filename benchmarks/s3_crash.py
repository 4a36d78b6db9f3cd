"""Kills a store with -9 while clients write, again and again, and looks for anything lost or torn.

A tool for long runs: `python -m benchmarks.s3_crash --kills 200`. The test suite runs some kills of it.
"""

from __future__ import annotations

import argparse
import hashlib
import http.client
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

BUCKET = "/crash"
WRITERS = 4
KEYS = 12
PART = 5 << 20
_SERVE = """
import sys, threading
from pathlib import Path
from sandbox.aws.server import Server
from sandbox.s3.application import ObjectStore
server = Server(ObjectStore(Path(sys.argv[1]), "000000000000", "us-east-1"), "127.0.0.1", 0)
server.start()
print(server.port, flush=True)
threading.Event().wait()
"""


@dataclass
class Writer:
    """One client with keys of its own: what it knows to be stored, and what may be instead.

    `known` is the digest of each key's last acknowledged content (None: deleted), `maybe` what a request
    without an answer may have made of it.
    """

    name: str
    seed: int
    known: dict[str, str | None] = field(default_factory=dict)
    maybe: dict[str, set[str | None]] = field(default_factory=dict)
    acknowledged: int = 0

    def run(self, port: int) -> None:
        """Write until the connection breaks."""
        chance = random.Random(self.seed)
        self.seed += 1
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            while True:
                self._one(connection, chance)
        except (OSError, http.client.HTTPException):
            connection.close()

    def _one(self, connection: http.client.HTTPConnection, chance: random.Random) -> None:
        key = f"{self.name}/{chance.randrange(KEYS)}"
        other = f"{self.name}/{chance.randrange(KEYS)}"
        match chance.choice(("put", "put", "large", "copy", "delete", "parts")):
            case "put":
                self._put(connection, key, chance.randbytes(chance.randrange(3000)))
            case "large":
                self._put(connection, key, chance.randbytes(chance.randrange(2_000_000)))
            case "copy" if self.known.get(other) and other != key:
                headers = {"x-amz-copy-source": f"{BUCKET}/{other}"}
                self._change(key, self.known[other], lambda: ask(connection, "PUT", key, b"", headers))
            case "delete":
                self._change(key, None, lambda: ask(connection, "DELETE", key))
            case "parts":
                self._parts(connection, key, chance)

    def _put(self, connection: http.client.HTTPConnection, key: str, body: bytes) -> None:
        self._change(key, digest(body), lambda: ask(connection, "PUT", key, body))

    def _parts(self, connection: http.client.HTTPConnection, key: str, chance: random.Random) -> None:
        bodies = [chance.randbytes(PART), chance.randbytes(1000)]
        upload = ElementTree.fromstring(ask(connection, "POST", f"{key}?uploads")).findtext("{*}UploadId")
        for number, body in enumerate(bodies, 1):
            ask(connection, "PUT", f"{key}?partNumber={number}&uploadId={upload}", body)
        named = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{hashlib.md5(body).hexdigest()}</ETag></Part>"
            for number, body in enumerate(bodies, 1)
        )
        document = f"<CompleteMultipartUpload>{named}</CompleteMultipartUpload>".encode()
        made = digest(b"".join(bodies))
        self._change(key, made, lambda: ask(connection, "POST", f"{key}?uploadId={upload}", document))

    def _change(self, key: str, content: str | None, act: Callable[[], object]) -> None:
        self.maybe[key] = {content}
        act()
        self.known[key] = content
        self.maybe.pop(key, None)
        self.acknowledged += 1

    def faults(self, port: int) -> list[str]:
        """What is not as it must be; afterwards what was found is what is known."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        found = []
        for number in range(KEYS):
            key = f"{self.name}/{number}"
            connection.request("GET", f"{BUCKET}/{key}")
            answer = connection.getresponse()
            body = answer.read()
            content = digest(body) if answer.status == 200 else None
            if content not in {self.known.get(key), *self.maybe.get(key, ())} or answer.status not in (
                200,
                404,
            ):
                found.append(f"{key}: status {answer.status}, {len(body)} bytes, not what was acknowledged")
            self.known[key] = content
        connection.close()
        self.maybe.clear()
        return found


def digest(body: bytes) -> str:
    """What stands for a content."""
    return hashlib.sha256(body).hexdigest()


def ask(
    connection: http.client.HTTPConnection,
    method: str,
    key: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> bytes:
    """The body of an answer that was a success."""
    connection.request(method, f"{BUCKET}/{key}" if key else BUCKET, body, headers or {})
    answer = connection.getresponse()
    content = answer.read()
    if answer.status >= 300:
        raise AssertionError(f"{method} {key}: {answer.status} {content!r}")
    return content


class Served:
    """A store in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVE, str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        """As `kill -9` does."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout
        self.process.stdout.close()


def blobs(folder: Path) -> int:
    """How many blob files there are."""
    return sum(1 for _ in (folder / "blobs").glob("*/*"))


def torment(folder: Path, kills: int, seed: int, longest: float = 1.0) -> tuple[int, list[str]]:
    """Kill and look `kills` times; returns the number of acknowledged writes and what was wrong.

    At the end no blob may be left that no object names.
    """
    chance = random.Random(seed)
    writers = [Writer(f"w{number}", seed * 1000 + number * 100) for number in range(WRITERS)]
    faults: list[str] = []
    served = Served(folder)
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
    ask(connection, "PUT", "")
    connection.close()
    for _ in range(kills):
        threads = [threading.Thread(target=writer.run, args=(served.port,)) for writer in writers]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0.05, longest))
        served.kill()
        for thread in threads:
            thread.join()
        served = Served(folder)
        for writer in writers:
            faults += writer.faults(served.port)
    served.kill()
    faults += unnamed_blobs(folder)
    return sum(writer.acknowledged for writer in writers), faults


def unnamed_blobs(folder: Path) -> list[str]:
    """What the sweep of one more start leaves, of which nothing may be unnamed."""
    from sandbox.s3.application import ObjectStore
    from sandbox.s3.sweep import named

    ObjectStore(folder, "000000000000", "us-east-1").close()
    marks = named(folder / "index.db")
    return [
        f"blob {path.name} is named by nothing"
        for path in (folder / "blobs").glob("*/*")
        if int(path.name) not in marks
    ]


def main() -> None:
    """Run and tell."""
    parser = argparse.ArgumentParser(prog="benchmarks.s3_crash")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        acknowledged, faults = torment(Path(folder), chosen.kills, chosen.seed)
    print(f"{chosen.kills} kills, {acknowledged} acknowledged writes, {len(faults)} faults")  # noqa: T201
    print("\n".join(faults[:20]))  # noqa: T201
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()

"""A PostgreSQL server of a test's own, on loopback and below a folder of its own."""

import datetime
import ipaddress
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pg8000.native
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER = "shopkeeper"
PASSWORD = "s3cret-Äpfel"
DATABASE = "shop"
_DEBIAN = Path("/usr/lib/postgresql")
_NOBODY = "nobody"
_LIMIT = 60.0


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`: on the PATH, or the newest of Debian's."""
    found = shutil.which("initdb")
    if found and (Path(found).parent / "postgres").exists():
        return Path(found).resolve().parent
    folders = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda each: float(each.parts[-3]))
    return folders[-1].parent if folders else None


@dataclass(frozen=True)
class Postgres:
    """A server that runs; `port` is on 127.0.0.1, `certificate` is its own, signed by nobody else."""

    port: int
    certificate: Path

    @property
    def url(self) -> str:
        return f"jdbc:postgresql://127.0.0.1:{self.port}/{DATABASE}"

    def run(self, *statements: str, database: str = DATABASE) -> None:
        session = pg8000.native.Connection(
            USER, host="127.0.0.1", port=self.port, database=database, password=PASSWORD, timeout=30
        )
        with closing(session):
            for each in statements:
                session.run(each)


@contextmanager
def running(binaries: Path) -> Iterator[Postgres]:
    """A server with the database `shop`, which ends with the block. Root cannot be its user, so nobody is."""
    # Not a folder of pytest's, into which only its own user may look.
    place = "/tmp" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="postgres-", dir=place) as folder:
        yield from _served(binaries, Path(folder))


def _served(binaries: Path, folder: Path) -> Iterator[Postgres]:
    secret, data = folder / "password", folder / "data"
    secret.write_text(PASSWORD)
    key, certificate = _certify(folder)
    user = None
    if os.geteuid() == 0:
        user = _NOBODY
        who = pwd.getpwnam(_NOBODY)
        for path in (folder, secret, key):
            os.chown(path, who.pw_uid, who.pw_gid)
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]
    command = [
        str(binaries / "initdb"),
        f"--pgdata={data}",
        f"--username={USER}",
        f"--pwfile={secret}",
        *options,
    ]
    made = subprocess.run(
        command, user=user, cwd="/", capture_output=True, text=True, timeout=_LIMIT, check=False
    )
    assert made.returncode == 0, made.stderr
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    chosen = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "off",
        "ssl": "on",
        "ssl_cert_file": certificate,
        "ssl_key_file": key,
    }
    settings = [each for name, value in chosen.items() for each in ("-c", f"{name}={value}")]
    log = folder / "log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(data), "-p", str(port), *settings],
            user=user, cwd="/", stdout=output, stderr=output,
        )  # fmt: skip
    try:
        server = Postgres(port, certificate)
        _wait(server, process, log)
        yield server
    finally:
        # SIGINT is PostgreSQL's fast shutdown: sessions end at once.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


def _certify(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of 127.0.0.1, both as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's PostgreSQL")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret, public = folder / "server.key", folder / "server.crt"
    secret.touch(mode=0o600)
    form = serialization.PrivateFormat.PKCS8
    secret.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return secret, public


def _wait(server: Postgres, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + _LIMIT
    while True:
        try:
            server.run(f"CREATE DATABASE {DATABASE}", database="postgres")
            return
        except (pg8000.native.InterfaceError, pg8000.native.DatabaseError, OSError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)

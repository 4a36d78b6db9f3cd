"""Servers that are no PostgreSQL: whatever they answer, the fault is told and the password is not."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest

from sandbox.errors import WorkFailed
from sandbox.glue.jdbc import postgres
from sandbox.glue.jdbc.address import Address, Engine
from sandbox.glue.jdbc.credentials import Credentials
from sandbox.glue.jdbc.source import opened

WHO = Credentials("shopkeeper", "qwertz")


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that answers one client."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def serve() -> None:
            client, _ = listener.accept()
            with closing(client):
                answer(client)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(30)


def connect(port: int, encrypted: bool = False) -> None:
    postgres.connect(Address(Engine.POSTGRESQL, "shop", "127.0.0.1", port), WHO, encrypted)


def test_a_port_at_which_nobody_listens() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(WorkFailed, match="Connection refused"):
        connect(port)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x00\x00\x00\x00\x00\x00\x00\x00",
        b"R\x00\x00\x00\x08\x00\x00\x00\x63",
        b"E\x00\x00\x00\x10Mqwertz no\x00\x00",
    ],
)
def test_an_answer_that_is_none(answer: bytes) -> None:
    def garbage(client: socket.socket) -> None:
        client.recv(1024)
        client.sendall(answer)

    with serving(garbage) as port, pytest.raises(WorkFailed) as failed:
        connect(port)
    assert str(failed.value)
    assert "qwertz" not in str(failed.value)
    assert failed.value.__cause__ is None


def test_a_server_that_keeps_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "_SECONDS", 0.2)
    done = threading.Event()
    with serving(lambda _: done.wait(30) and None) as port:
        with pytest.raises(WorkFailed, match="timed out"):
            connect(port)
        done.set()


def test_a_server_without_tls_gets_no_password() -> None:
    seen: list[bytes] = []

    def refuse(client: socket.socket) -> None:
        seen.append(client.recv(1024))
        client.sendall(b"N")
        seen.append(client.recv(1024))

    with serving(refuse) as port, pytest.raises(WorkFailed, match="refuses SSL"):
        connect(port, encrypted=True)
    assert not [each for each in seen if b"qwertz" in each or b"shopkeeper" in each]


def test_an_address_that_is_wrong_is_no_reason_to_ask_for_the_secret() -> None:
    def client(name: str) -> None:
        raise AssertionError(name)

    with (
        pytest.raises(Exception, match="connecting to mysql"),
        opened({"JDBC_CONNECTION_URL": "jdbc:mysql://db/shop", "SECRET_ID": "s"}, client),
    ):
        raise AssertionError("it was opened")

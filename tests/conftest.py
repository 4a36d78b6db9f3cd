"""What holds for every test: nothing may be left behind."""

import gzip
import os
import threading
import time
from pathlib import Path

import psutil
import pytest
from compose_stack import Stack

SHARED = Path(os.environ.get("SANDBOX_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left():
    """Set up first and torn down last: no process and no thread outlives the session."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        threads = [thread for thread in threading.enumerate() if thread not in before]
        children = psutil.Process().children(recursive=True)
        if not threads and not children:
            break
        time.sleep(0.05)
    assert not threads, f"leaked threads: {threads}"
    assert not children, f"leaked processes: {[child.cmdline() for child in children]}"


def pytest_addoption(parser):
    parser.addoption(
        "--stack",
        action="store_true",
        help="bring the Compose stack up and run the tests on its sandbox; needs a Docker engine",
    )


@pytest.fixture(scope="session")
def stack(request, tmp_path_factory):
    """The Compose stack under a name and on ports of its own, removed afterwards."""
    if not request.config.getoption("--stack"):
        pytest.skip("needs the Compose stack: make test-compose")
    running = Stack.build()
    try:
        running.up()
        yield running
    finally:
        logs = tmp_path_factory.getbasetemp() / "stack.log"
        logs.write_text(running.logs())
        running.down()


@pytest.fixture(scope="session", autouse=True)
def chosen_sandbox(request):
    """With --stack, every test that asks for a sandbox gets the stack's."""
    if not request.config.getoption("--stack"):
        yield
        return
    os.environ["SANDBOX_ENDPOINT"] = request.getfixturevalue("stack").endpoint
    yield
    del os.environ["SANDBOX_ENDPOINT"]


@pytest.fixture(scope="session")
def adult(tmp_path_factory) -> Path:
    """The real UCI Adult file, where it is at hand."""
    packed = SHARED / "data" / "adult.data.gz"
    if not packed.exists():
        pytest.skip("the real Adult file is not here: ../shared/data/adult.data.gz")
    path = tmp_path_factory.mktemp("adult") / "adult.data"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return path

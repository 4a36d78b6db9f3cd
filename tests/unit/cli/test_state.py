"""`sandbox state`: what it refuses before it touches anything."""

import json

import pytest
from typer.testing import CliRunner

from sandbox.cli.state import commands
from sandbox.errors import MachineError, UsageError
from sandbox.runtime.lock import StateLock
from sandbox.store import Database


@pytest.fixture
def state(tmp_path):
    """The state of a sandbox that is down."""
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "lock").touch()
    Database(folder / "sandbox.db").close()
    return folder


def call(*arguments):
    result = CliRunner().invoke(commands, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_locked_state_is_not_saved(state):
    lock = StateLock(state / "lock")
    lock.acquire()
    try:
        with pytest.raises(MachineError, match="sandbox down"):
            call("save", "a", "--state", state)
    finally:
        lock.release()
    call("save", "a", "--state", state)


@pytest.mark.parametrize("command", ["save", "export"])
def test_a_folder_without_a_sandbox_is_not_saved(tmp_path, command):
    folder = tmp_path / "none"
    with pytest.raises(UsageError, match="holds no sandbox"):
        call(command, tmp_path / "file" if command == "export" else "a", "--state", folder)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_something_else_is_not_replaced(state, tmp_path):
    file = tmp_path / "file"
    call("export", file, "--state", state)
    thesis = tmp_path / "documents" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    with pytest.raises(UsageError, match="not the state of a sandbox"):
        call("import", file, "--yes", "--state", thesis.parent)
    assert thesis.read_text() == "years of work"


def test_a_state_is_replaced_only_with_consent(state, tmp_path):
    call("save", "a", "--state", state)
    call("export", tmp_path / "file", "--state", state)
    (state / "notebooks").mkdir()
    for arguments in (("load", "a"), ("import", tmp_path / "file")):
        with pytest.raises(UsageError, match="--yes"):
            call(*arguments, "--state", state)
        assert (state / "notebooks").exists()
    call("load", "a", "--yes", "--state", state)
    assert not (state / "notebooks").exists()
    assert not (state.with_name("state.replaced")).exists()


@pytest.mark.parametrize("command", ["export", "import"])
def test_a_file_inside_the_state_is_refused(state, command):
    with pytest.raises(UsageError, match="choose a place outside"):
        call(command, state / "file", "--state", state)


def test_a_file_that_cannot_be_written_is_told(state, tmp_path):
    with pytest.raises(MachineError, match=r"Exporting failed: .*the state is as it was"):
        call("export", tmp_path / "no" / "folder" / "file", "--state", state)


def test_snapshots_are_listed_also_a_broken_one(state):
    assert json.loads(call("list", "--json", "--state", state))["snapshots"] == []
    for name in ("b", "a"):
        call("save", name, "--state", state)
    (state.with_name("state.snapshots") / "b" / "snapshot.json").write_text("{}")
    first, second = json.loads(call("list", "--json", "--state", state))["snapshots"]
    assert (first["name"], first["files"], "fault" in first) == ("a", 1, False)
    assert (second["name"], "broken" in second["fault"]) == ("b", True)
    assert "broken" in call("list", "--state", state)

"""Settings are read once and all their faults are told together."""

import pytest

from sandbox.errors import UsageError
from sandbox.settings import Settings


def test_what_the_caller_chose_wins(tmp_path):
    settings = Settings.read({"SANDBOX_STATE": "/elsewhere", "SANDBOX_PORT": "1"}, tmp_path, 0)
    assert (settings.state, settings.port) == (tmp_path.resolve(), 0)


def test_the_environment_is_the_default(tmp_path):
    settings = Settings.read({"SANDBOX_STATE": str(tmp_path), "SANDBOX_PORT": "0", "SANDBOX_OFFLINE": "1"})
    assert (settings.state, settings.port, settings.offline) == (tmp_path.resolve(), 0, True)


def test_all_faults_are_told_together(tmp_path):
    file = tmp_path / "file"
    file.touch()
    environment = {"SANDBOX_METASTORE_PORT": "many", "SANDBOX_ACCOUNT": "12", "SANDBOX_REGION": "moon"}
    with pytest.raises(UsageError) as caught:
        Settings.read(environment, file, 70000)
    for text in (
        "SANDBOX_METASTORE_PORT='many'",
        "SANDBOX_ACCOUNT='12'",
        "SANDBOX_REGION='moon'",
        "70000",
        "is a file",
    ):
        assert text in str(caught.value)


def test_the_mark_depends_on_the_state_alone(tmp_path):
    one = Settings.read({}, tmp_path / "a", 1)
    assert one.mark == Settings.read({}, tmp_path / "a", 2).mark
    assert one.mark != Settings.read({}, tmp_path / "b", 1).mark

"""Settings are read once and all their faults are told together."""

from dataclasses import fields

import pytest

from sandbox.errors import UsageError
from sandbox.settings import Nodes, Published, Settings


def test_what_the_caller_chose_wins(tmp_path):
    settings = Settings.read({"SANDBOX_STATE": "/elsewhere", "SANDBOX_PORT": "1"}, tmp_path, 0)
    assert (settings.state, settings.port) == (tmp_path.resolve(), 0)


def test_the_environment_is_the_default(tmp_path):
    settings = Settings.read({"SANDBOX_STATE": str(tmp_path), "SANDBOX_PORT": "0", "SANDBOX_OFFLINE": "1"})
    assert (settings.state, settings.port, settings.offline) == (tmp_path.resolve(), 0, True)


def test_prices_of_spot_change_only_with_a_seed(tmp_path):
    assert Settings.read({}, tmp_path).spot_seed is None
    assert Settings.read({"SANDBOX_SPOT_SEED": "7"}, tmp_path).spot_seed == 7


def test_all_faults_are_told_together(tmp_path):
    file = tmp_path / "file"
    file.touch()
    environment = {
        "SANDBOX_METASTORE_PORT": "many",
        "SANDBOX_SPOT_SEED": "-1",
        "SANDBOX_ACCOUNT": "12",
        "SANDBOX_REGION": "moon",
    }
    with pytest.raises(UsageError) as caught:
        Settings.read(environment, file, 70000)
    for text in (
        "SANDBOX_METASTORE_PORT='many'",
        "SANDBOX_SPOT_SEED='-1' is not a whole number",
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


def test_a_sandbox_in_a_container_is_told_every_published_port(tmp_path):
    ports = {Published.variable(field.name): str(5000 + n) for n, field in enumerate(fields(Published))}
    settings = Settings.read({**ports, "SANDBOX_HOST": "sandbox", "SANDBOX_NODES": "stack"}, tmp_path)
    assert settings.published == Published(5000, 5001, 5002, 5003, 5004, 5005)
    assert (settings.bind, settings.nodes) == ("0.0.0.0", Nodes.STACK)
    assert Settings.read({}, tmp_path).bind == "127.0.0.1"
    del ports["SANDBOX_PUBLISHED_JOB_UI_PORT"]
    with pytest.raises(UsageError, match="SANDBOX_PUBLISHED_JOB_UI_PORT is missing"):
        Settings.read(ports, tmp_path)


def test_another_kind_of_nodes_is_refused(tmp_path):
    with pytest.raises(UsageError, match="SANDBOX_NODES='cloud' is none of here, stack, containers"):
        Settings.read({"SANDBOX_NODES": "cloud"}, tmp_path)

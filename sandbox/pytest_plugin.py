"""Fixtures for projects that test against a sandbox.

    def test_upload(sandbox_aws):
        boto3.client("s3").create_bucket(Bucket="raw")

The plugin is registered by the distribution; nothing is imported or started before a test asks for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.app import Sandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for the whole session, with a state of its own and a free port."""
    from sandbox.app import Sandbox

    with Sandbox(state=tmp_path_factory.mktemp("sandbox-state"), port=0) as running:
        yield running


@pytest.fixture
def sandbox_aws(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox, with the environment set so that boto3 and the AWS CLI find it."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return sandbox

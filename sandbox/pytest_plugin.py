"""Fixtures for projects that test against a sandbox.

    def test_upload(sandbox_aws):
        boto3.client("s3").create_bucket(Bucket="raw")

The plugin is registered by the distribution; nothing is imported or started before a test asks for it.
With SANDBOX_ENDPOINT in the environment the tests use the sandbox that runs there, as the Compose stack's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sandbox.app import Sandbox
    from sandbox.attached import AttachedSandbox


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox | AttachedSandbox]:
    """One sandbox for the whole session: with a state of its own and a free port, or the one that runs."""
    endpoint = os.environ.get("SANDBOX_ENDPOINT")
    if endpoint:
        from sandbox.attached import AttachedSandbox

        attached = AttachedSandbox(endpoint)
        yield attached
        attached.close()
        return
    from sandbox.app import Sandbox

    with Sandbox(state=tmp_path_factory.mktemp("sandbox-state"), port=0) as running:
        yield running


@pytest.fixture
def sandbox_aws(
    sandbox: Sandbox | AttachedSandbox, monkeypatch: pytest.MonkeyPatch
) -> Sandbox | AttachedSandbox:
    """The sandbox, with the environment set so that boto3 and the AWS CLI find it."""
    for name, value in sandbox.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return sandbox

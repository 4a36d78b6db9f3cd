"""What the tests of Glue's parts begin with."""

import pytest

from sandbox.store import Database


@pytest.fixture
def database():
    made = Database(":memory:")
    yield made
    made.close()

"""The library stands alone: a job on any machine with pyspark and boto3 can import it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import awsglue.transforms
import pytest

LIBRARY = Path(awsglue.transforms.__file__).parents[1]
ALLOWED = {"awsglue", "pyspark", "boto3", "botocore"} | sys.stdlib_module_names


def imported(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom(module=str(name)):
                yield name


@pytest.mark.parametrize("module", sorted(LIBRARY.rglob("*.py")), ids=lambda path: path.stem)
def test_a_module_imports_pyspark_boto3_and_the_standard_library_only(module: Path) -> None:
    assert {name.split(".")[0] for name in imported(module)} <= ALLOWED


def test_every_public_transform_can_be_imported_by_star() -> None:
    names = set(awsglue.transforms.__all__)
    assert {"ApplyMapping", "SelectFields", "ResolveChoice", "Join", "Relationalize", "FindMatches"} <= names
    assert all(hasattr(awsglue.transforms, name) for name in names)

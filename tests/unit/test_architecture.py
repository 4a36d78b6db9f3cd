"""The house keeps its shape: modules fit in the head, scripts' library stands alone."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "sandbox").rglob("*.py"))
LIBRARY = sorted((ROOT / "sandbox" / "glue" / "library").rglob("*.py"))
STANDARD_OR_ALLOWED = {"pyspark", "boto3", "botocore", "awsglue"}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_fits_in_the_head(module):
    assert len(module.read_text().splitlines()) <= 420


@pytest.mark.parametrize("module", LIBRARY, ids=lambda path: path.name)
def test_awsglue_needs_only_pyspark_and_boto3(module):
    tree = ast.parse(module.read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {
        node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level == 0
    }
    top = {name.partition(".")[0] for name in names}
    assert top - STANDARD_OR_ALLOWED - set(sys.stdlib_module_names) == set()


def test_names_say_what_they_hold():
    bad = {"utils", "helpers", "manager", "misc", "common"}
    named = {path.stem for path in MODULES if "library" not in path.parts}
    assert named & bad == set()

"""Documentation cannot rot: the reference is what the code says, and links lead somewhere."""

import re
from pathlib import Path

import pytest

from sandbox.app import parity_table
from sandbox.cli.reference import commands_page, operations_page, program_command

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "datasets").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")
COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?sandbox ([a-z]+)", re.MULTILINE)
TARGET = re.compile(r"\bmake ([a-z-]+)")


def test_the_operations_page_is_what_the_code_declares():
    assert (ROOT / "docs/reference/operations.md").read_text() == operations_page(parity_table()), "make docs"


def test_the_commands_page_is_what_the_program_says():
    assert (ROOT / "docs/reference/commands.md").read_text() == commands_page(program_command()), "make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files(page):
    missing = [link for link in LINK.findall(page.read_text()) if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_and_targets_that_are_told_exist(page):
    commands = {command.name for command in program_command().commands.values()}
    text = page.read_text()
    assert set(COMMAND.findall(text)) - commands == set()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    fenced = re.findall(r"```.*?```", text, re.DOTALL)
    inline = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    assert set(TARGET.findall("\n".join([*fenced, *inline]))) - targets == set()

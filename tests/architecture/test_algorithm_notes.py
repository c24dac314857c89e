"""docs/algorithm-notes.md names the test of each departure and trap: a name that nothing bears is a promise broken."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTES = (ROOT / "docs" / "algorithm-notes.md").read_text()
# `test_sft.py`, `tests/inference/test_packing.py::test_packed…` (how names begin), `…::test_x` (the file before).
REFERENCE = re.compile(r"`((?:tests/\w+/)?test_\w+\.py|…)?(?:::)?(test_\w+?)?(…)?`")


def references() -> Iterator[tuple[str, str, bool]]:
    """(file, test or "", whether it is only the beginning of names) for each test that the notes name."""
    file = ""
    for found in REFERENCE.finditer(NOTES):
        place, test, is_prefix = found.groups()
        if not place and not test:
            continue
        if place and place != "…":
            file = place if "/" in place else f"tests/training/{place}"
        yield file, test or "", bool(is_prefix)


@cache
def functions_of(file: str) -> list[str]:
    tree = ast.parse((ROOT / file).read_text())
    return [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@pytest.mark.parametrize(("file", "test", "is_prefix"), sorted(set(references())))
def test_each_named_test_exists(file: str, test: str, is_prefix: bool) -> None:
    assert (ROOT / file).is_file(), f"the notes name {file}"
    found = [name for name in functions_of(file) if name == test or (is_prefix and name.startswith(test))]
    assert not test or found, f"the notes name {file}::{test}"


def test_the_notes_name_many_tests() -> None:
    """So that a change of how they are written does not leave the test above with nothing to look at."""
    assert len({test for _, test, _ in references() if test}) > 25


def test_each_trap_has_a_test_by_name() -> None:
    section = NOTES.split("## The traps that others fell into")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 10
    for row in rows:
        assert re.search(r"::test_\w+", row.split("|")[3]), row

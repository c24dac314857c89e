"""Whatever is in a file, reading it ends in rows and errors that can be stored and shown."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from labelapp.prompts.importing.lines import BadLine, read_rows
from labelapp.prompts.importing.parsing import ParsedLine, parse_rows

fuzzed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
fields = st.sampled_from(
    ["prompt", "messages", "kind", "use_case", "submitter", "language", "annotations", "responses"]
)


def read_all(path: Path, content: bytes, *, file_format: str) -> list[ParsedLine | BadLine]:
    path.write_bytes(content)
    rows = list(parse_rows(read_rows(path, file_format=file_format)))
    for row in rows:
        if isinstance(row, BadLine):
            assert row.message
            assert "\x00" not in row.field + row.message + row.excerpt
            (row.field + row.message + row.excerpt).encode()
        else:
            stored = json.dumps([message.to_json() for message in row.content.turns()], ensure_ascii=False)
            stored.encode()
            assert "\\u0000" not in stored
    assert [row.line for row in rows] == sorted(row.line for row in rows)
    return rows


@pytest.mark.parametrize("file_format", ["jsonl", "csv"])
@given(content=st.binary(max_size=300))
@example(content=b'prompt\n"\xff\x00')
@fuzzed
def test_any_bytes(tmp_path: Path, file_format: str, content: bytes) -> None:
    read_all(tmp_path / "file", content, file_format=file_format)


@given(rows=st.lists(st.dictionaries(fields, json_values, max_size=4) | json_values, max_size=4))
@fuzzed
def test_any_json(tmp_path: Path, rows: list[Any]) -> None:
    content = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    assert len(read_all(tmp_path / "file", content, file_format="jsonl")) == len(rows)


@given(cells=st.lists(st.text(max_size=20), min_size=1, max_size=8))
@fuzzed
def test_any_cells_under_a_good_header(tmp_path: Path, cells: list[str]) -> None:
    lines = "\n".join(cells).encode(errors="surrogatepass")
    read_all(tmp_path / "file", b"prompt\n" + lines, file_format="csv")

from pathlib import Path

import pytest

from formats.errors import FormatError
from formats.jsonl import read_json, read_jsonl, write_json, write_jsonl
from formats.messages import Message
from formats.records import PretrainingText

GOOD = b'{"text":"a"}\n'


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"\n", "line 2: must hold a JSON object; the line is empty"),
        (b'{"text": "\xff"}\n', "line 2: must be UTF-8; byte 10 is not"),
        (b'{"text": \n', "line 2: must be JSON: "),
        (b'{"text": NaN}\n', "line 2: must be strict JSON, which has no NaN"),
        (b'{"text": "a", "text": "b"}\n', "line 2: text: must stand once in its object, not twice"),
        (b"[" * 100_000 + b"\n", "line 2: must be nested less deeply"),
        (b'{"text": ""}\n', "line 2: text: must not be empty"),
        (b'{"text": 1' + b"0" * 5000 + b"}\n", "line 2: must be JSON: "),
        (b'"text"\n', "line 2: must be an object, not a text"),
    ],
)
def test_says_which_line_is_wrong_and_why(tmp_path: Path, line: bytes, message: str) -> None:
    path = write(tmp_path / "rows.jsonl", GOOD + line)
    rows = read_jsonl(path, PretrainingText)
    assert next(rows) == PretrainingText("a")
    with pytest.raises(FormatError) as caught:
        next(rows)
    assert str(caught.value).startswith(message)
    assert caught.value.line == 2


def test_a_byte_order_mark_is_told_not_swallowed(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="line 1: must be JSON: Unexpected UTF-8 BOM"):
        list(read_jsonl(write(tmp_path / "rows.jsonl", b"\xef\xbb\xbf" + GOOD), PretrainingText))


def test_reads_windows_lines_a_missing_last_newline_and_line_separators_in_text(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", '{"text":"a\u2028b"}\r\n{"text":"c"}'.encode())
    assert [row.text for row in read_jsonl(path, PretrainingText)] == ["a\u2028b", "c"]


def test_equal_rows_are_equal_bytes(tmp_path: Path) -> None:
    rows = [PretrainingText("ä\n"), PretrainingText("b")]
    assert write_jsonl(tmp_path / "rows.jsonl", iter(rows)) == 2
    assert (tmp_path / "rows.jsonl").read_bytes() == '{"text":"ä\\n"}\n{"text":"b"}\n'.encode()


def test_a_row_that_is_wrong_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", GOOD)
    with pytest.raises(FormatError, match="line 2: content: must not be empty"):
        write_jsonl(path, [Message("user", "x"), Message("user", "")])
    assert path.read_bytes() == GOOD
    assert [entry.name for entry in tmp_path.iterdir()] == ["rows.jsonl"]


def test_json_files(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"b": 1, "a": [1.5, None]})
    assert (tmp_path / "x.json").read_bytes() == b'{"a":[1.5,null],"b":1}\n'
    assert read_json(tmp_path / "x.json") == {"a": [1.5, None], "b": 1}

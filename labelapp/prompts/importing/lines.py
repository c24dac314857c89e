"""Cut a file into its rows, whatever is in it: a bad line becomes a BadLine, and the next one is read all the same."""

import csv
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from formats.errors import FormatError
from formats.jsonl import parse_json

MAX_LINE_BYTES = 8 * 1024 * 1024
MAX_CELL_LENGTH = 1_000_000
EXCERPT_LENGTH = 200
CSV_COLUMNS = ("prompt", "kind", "use_case", "submitter", "language", "annotations", "deployment_context")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What people upload by mistake, by the file's first bytes.
FOREIGN_FILES = {
    b"PK\x03\x04": "This is a ZIP or Excel file. Save the sheet as “CSV UTF-8” and upload that.",
    b"\x1f\x8b": "This file is compressed. Unpack it and upload what is inside.",
    b"\xff\xfe": "This file is UTF-16. Save it as UTF-8.",
    b"\xfe\xff": "This file is UTF-16. Save it as UTF-8.",
    b"PAR1": "This is a Parquet file. Save it as JSONL or CSV.",
}

# The limit is the process's. Its default cuts prompts of a legal length; without one an open quote swallows the file.
csv.field_size_limit(MAX_CELL_LENGTH)


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as the file has it: the parsed JSON value, or the CSV cells by column. `excerpt` is its beginning."""

    line: int
    value: Any
    excerpt: str


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no prompt: which field is wrong, and what would be right."""

    line: int
    field: str
    message: str
    excerpt: str


def bad_line(line: int, field: str, message: str, excerpt: str = "") -> BadLine:
    """Build a BadLine that can be stored and shown: what a file holds may be neither."""
    return BadLine(line, _storable(field), _storable(message, limit=1000), _storable(excerpt))


def _storable(text: str, *, limit: int = EXCERPT_LENGTH) -> str:
    return text[:limit].replace("\x00", "\ufffd").encode(errors="replace").decode().strip()


class LineTooLong(Exception):
    """A physical line of more than MAX_LINE_BYTES bytes; it has been read past."""


def read_rows(path: Path, *, file_format: str) -> Iterator[RawRow | BadLine]:
    """Yield the rows of a `jsonl` or `csv` file in order. Blank lines are no rows."""
    with path.open("rb") as file:
        start = file.read(4)
        for magic, message in FOREIGN_FILES.items():
            if start.startswith(magic):
                yield bad_line(1, "", message)
                return
        file.seek(len(BYTE_ORDER_MARK) if start.startswith(BYTE_ORDER_MARK) else 0)
        yield from _read_jsonl(file) if file_format == "jsonl" else _read_csv(file)


def _read_jsonl(file: BinaryIO) -> Iterator[RawRow | BadLine]:
    lines = PhysicalLines(file)
    while True:
        try:
            raw = lines.read()
        except LineTooLong as error:
            yield bad_line(lines.number, "", str(error))
            continue
        if not raw:
            return
        if raw.strip():
            yield _parse_line(raw, number=lines.number)


def _parse_line(raw: bytes, *, number: int) -> RawRow | BadLine:
    excerpt = raw[: 4 * EXCERPT_LENGTH].decode(errors="replace")
    try:
        return RawRow(number, parse_json(raw), excerpt)
    except FormatError as error:
        return bad_line(number, error.field, error.message, excerpt)


def _read_csv(file: BinaryIO) -> Iterator[RawRow | BadLine]:
    lines = PhysicalLines(file)
    reader = csv.reader(lines, strict=True)
    columns: list[str] | None = None
    while True:
        first = lines.number + 1
        try:
            cells = next(reader)
            first = min(first, lines.number)
        except StopIteration:
            return
        except (csv.Error, LineTooLong) as error:
            yield bad_line(first, "", _csv_message(error))
            if columns is None:
                return
            continue
        if not cells:
            continue
        if columns is None:
            columns = [cell.strip() for cell in cells]
            if problem := _header_problem(columns):
                yield bad_line(first, "", problem, ",".join(cells))
                return
            continue
        yield _csv_row(cells, columns=columns, number=first)


def _csv_row(cells: list[str], *, columns: list[str], number: int) -> RawRow | BadLine:
    # Bytes that are no UTF-8 arrive as lone surrogates, which real UTF-8 cannot hold.
    is_utf8 = all(_is_encodable(cell) for cell in cells)
    excerpt = ",".join(cells)
    if not is_utf8:
        return bad_line(number, "", "must be UTF-8; save the file as “CSV UTF-8”", excerpt)
    if len(cells) != len(columns):
        return bad_line(number, "", f"must have {len(columns)} cells, as the first line has, not {len(cells)}", excerpt)
    value: dict[str, Any] = {name: cell for name, cell in zip(columns, cells, strict=True) if cell or name == "prompt"}
    if "annotations" in value:
        try:
            value["annotations"] = parse_json(value["annotations"].encode())
        except FormatError as error:
            return bad_line(number, "annotations", error.message, excerpt)
    return RawRow(number, value, excerpt)


def _header_problem(columns: list[str]) -> str:
    """What is wrong with the first line of a CSV file; empty where nothing is."""
    known = ", ".join(CSV_COLUMNS)
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        return "The columns must be separated by commas."
    if len(set(columns)) != len(columns):
        return f"Each column may stand once; {next(c for c in columns if columns.count(c) > 1)!r} stands twice."
    for column in columns:
        if column not in CSV_COLUMNS:
            close = difflib.get_close_matches(column.lower(), CSV_COLUMNS, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"The first line names the columns, which may be: {known}."
            return f"Unknown column {column[:60]!r}. {hint}"
    return "" if "prompt" in columns else f"There must be a column named prompt. The columns may be: {known}."


def _csv_message(error: Exception) -> str:
    if "field larger than field limit" in str(error):
        return f"A cell has more than {MAX_CELL_LENGTH:,} characters: is a quotation mark not closed?"
    if "unexpected end of data" in str(error):
        return "The file ends inside a quoted cell: a quotation mark is not closed."
    if isinstance(error, LineTooLong):
        return str(error)
    return f"must be CSV: {error}"


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class PhysicalLines:
    """A file's lines with their number, none held that is longer than MAX_LINE_BYTES. Iterating yields them as text."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.number = 0

    def read(self) -> bytes:
        """Return the next line, or b"" at the end. Raises LineTooLong, once it has been read past."""
        line = self.file.readline(MAX_LINE_BYTES + 1)
        if line:
            self.number += 1
        if len(line) > MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = self.file.readline(MAX_LINE_BYTES)
            raise LineTooLong(f"The line has more than {MAX_LINE_BYTES:,} bytes.")
        return line

    def __iter__(self) -> "PhysicalLines":
        return self

    def __next__(self) -> str:
        line = self.read()
        if not line:
            raise StopIteration
        return line.decode(errors="surrogateescape")

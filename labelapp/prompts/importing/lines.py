"""Cut a file of text into its rows, whatever is in it: a bad line becomes a BadLine, and the next is read all the same.

A reader knows after each row where the next one begins, so that another process can go on from there.
"""

import csv
import difflib
import gzip
import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from formats.errors import FormatError
from formats.jsonl import parse_json
from labelapp.prompts.importing.physical_lines import LineTooLong, PhysicalLines, UnpacksTooFar

MAX_CELL_LENGTH = 1_000_000
EXCERPT_LENGTH = 200
BEGINNING_BYTES = 1024
CSV_COLUMNS = ("prompt", "kind", "use_case", "submitter", "language", "annotations", "deployment_context")
# A gzip may unpack to so much, or so many times its size: texts come to a tenth of that.
MOST_UNPACKED_BYTES, MOST_UNPACKED_RATIO = 64 * 1024 * 1024, 100
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# What people upload by mistake, by the file's first bytes.
FOREIGN_FILES = {
    b"PK\x03\x04": "This is a ZIP or Excel file. Save the sheet as “CSV UTF-8” and upload that.",
    **dict.fromkeys(
        (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh91AY&SY", b"\xfd7zXZ", b"7z\xbc\xaf"),
        "This file is compressed. Let a gzip's name end in .jsonl.gz or .csv.gz; unpack any other.",
    ),
    b"\xff\xfe": "This file is UTF-16. Save it as UTF-8.",
    b"\xfe\xff": "This file is UTF-16. Save it as UTF-8.",
    b"PAR1": "This is a Parquet file. Let its name end in .parquet.",
    b"ARROW1": "This is an Arrow file. Save it as Parquet.",
}

# The limit is the process's. Its default cuts prompts of a legal length; without one an open quote swallows the file.
csv.field_size_limit(MAX_CELL_LENGTH)


@dataclass(frozen=True, slots=True)
class RawRow:
    """One row as the file has it: the parsed JSON value, or the CSV cells by column.

    `excerpt` is its beginning; `place` begins what is said of it, where the source has several files.
    """

    line: int
    value: Any
    excerpt: str
    place: str = ""


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


class TextReader:
    """Reads the rows of a `jsonl` (or `chat_log`) or `csv` file in order; blank lines are no rows.

    `offset` and `line` say where it is: the bytes of the text, and the lines of the source, that it has read. A file
    whose name ends in .gz is unpacked as it is read, from its beginning, wherever the reader begins.
    `inode` and `beginning` say which file was opened. `any_columns`: the columns of a CSV may have any name.
    """

    def __init__(
        self,
        path: Path,
        *,
        file_format: str,
        offset: int = 0,
        line: int = 0,
        is_growing: bool = False,
        any_columns: bool = False,
    ) -> None:
        self.path, self.file_format, self.is_growing, self.any_columns = path, file_format, is_growing, any_columns
        self.start, self.lines = (offset, line), PhysicalLines(io.BytesIO())
        self.inode, self.beginning = 0, b""
        self.is_packed = path.suffix.lower() == ".gz"
        self.bytes_read = 0

    @property
    def offset(self) -> int:
        """How many bytes are read."""
        return self.lines.offset

    @property
    def line(self) -> int:
        """How many lines are read."""
        return self.lines.number

    def rows(self) -> Iterator[RawRow | BadLine]:
        """Yield the rows from the start on."""
        with self.path.open("rb") as file:
            self.inode = os.fstat(file.fileno()).st_ino
            rows = self._unpacked_rows(file) if self.is_packed else self._rows(file)
            for row in rows:
                self.bytes_read = file.tell() if self.is_packed else self.offset
                yield row

    def _unpacked_rows(self, file: BinaryIO) -> Iterator[RawRow | BadLine]:
        """The rows inside a gzip; one that is broken, cut short or a bomb ends in one BadLine."""
        most = max(MOST_UNPACKED_BYTES, MOST_UNPACKED_RATIO * self.path.stat().st_size)
        try:
            with gzip.GzipFile(fileobj=file) as text:
                yield from self._rows(text, most_bytes=most)
        except UnpacksTooFar:
            told = f"This gzip file unpacks to more than {MOST_UNPACKED_RATIO} times its size. Unpack it and cut it up."
            yield bad_line(self.line, "", told)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            self.lines.number += 1
            yield bad_line(self.line, "", f"This gzip file cannot be read: {error}")

    def _rows(self, file: Any, *, most_bytes: int | None = None) -> Iterator[RawRow | BadLine]:
        self.lines = PhysicalLines(file, is_growing=self.is_growing, most_bytes=most_bytes)
        self.lines.number = self.start[1]
        self.beginning = beginning = file.read(BEGINNING_BYTES)
        for magic, message in FOREIGN_FILES.items():
            if beginning.startswith(magic):
                # Read to its end: of a log that is followed, only what is new is looked at again.
                self.lines.offset, self.lines.number = self.path.stat().st_size, 1
                yield bad_line(1, "", message)
                return
        offset, line = self.start
        self.lines.go_to(max(offset, len(BYTE_ORDER_MARK) if beginning.startswith(BYTE_ORDER_MARK) else 0), line)
        if self.file_format == "csv":
            yield from _read_csv(self.lines, header=_CsvHeader(any_columns=self.any_columns))
        else:
            yield from _read_jsonl(self.lines)


def read_rows(path: Path, *, file_format: str) -> Iterator[RawRow | BadLine]:
    """Yield the rows of a whole file."""
    return TextReader(path, file_format=file_format).rows()


def _read_jsonl(lines: PhysicalLines) -> Iterator[RawRow | BadLine]:
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


def _read_csv(lines: PhysicalLines, *, header: "_CsvHeader") -> Iterator[RawRow | BadLine]:
    offset, number = lines.offset, lines.number
    if offset > len(BYTE_ORDER_MARK):
        lines.go_to(0, 0)
        columns = header.read(csv.reader(lines, strict=True), lines)
        lines.go_to(offset, number)
    else:
        columns = header.read(csv.reader(lines, strict=True), lines)
        if header.problem is not None:
            yield header.problem
    if not columns:
        return
    reader = csv.reader(lines, strict=True)
    while True:
        first = lines.number + 1
        try:
            cells = next(reader)
            first = min(first, lines.number)
        except StopIteration:
            return
        except (csv.Error, LineTooLong) as error:
            yield bad_line(first, "", _csv_message(error))
            continue
        if cells:
            yield _csv_row(cells, columns=columns, number=first)


class _CsvHeader:
    """The first line of a CSV, which names the columns; `problem` says why it does not."""

    def __init__(self, *, any_columns: bool) -> None:
        self.any_columns = any_columns
        self.problem: BadLine | None = None

    def read(self, reader: Iterator[list[str]], lines: PhysicalLines) -> list[str]:
        """Return the names; none where there are none, or they are wrong."""
        cells: list[str] = []
        while not cells:
            try:
                cells = next(reader)
            except StopIteration:
                return []
            except (csv.Error, LineTooLong) as error:
                self.problem = bad_line(lines.number, "", _csv_message(error))
                return []
        columns = [cell.strip().removeprefix("\ufeff") for cell in cells]
        if problem := _header_problem(columns, any_columns=self.any_columns):
            self.problem = bad_line(lines.number, "", problem, ",".join(cells))
            return []
        return columns


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


def _header_problem(columns: list[str], *, any_columns: bool) -> str:
    """What is wrong with the first line of a CSV file; empty where nothing is."""
    known = ", ".join(CSV_COLUMNS)
    if len(columns) == 1 and any(mark in columns[0] for mark in ";\t|"):
        return "The columns must be separated by commas."
    if len(set(columns)) != len(columns):
        return f"Each column may stand once; {next(c for c in columns if columns.count(c) > 1)!r} stands twice."
    if any_columns:
        return ""
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

"""Read the rows of Parquet and Arrow files, a few at a time, from any row on.

A column is as long as it likes to be when it is unpacked, so the file's own figures are looked at first: one that
unpacks to a thousand times its size is refused, and of long rows few are held at once.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from formats.errors import FormatError
from labelapp.prompts.importing.lines import BadLine, RawRow, bad_line
from labelapp.prompts.importing.physical_lines import MAX_LINE_BYTES

BATCH_BYTES = 4 * 1024 * 1024
MAX_BATCH_ROWS = 512
MAX_FOOTER_BYTES = 64 * 1024 * 1024
BOMB_RATIO, BOMB_BYTES = 1000, 64 * 1024 * 1024


class TableReader:
    """Reads a file's rows from `offset` (rows) on; `line` counts the rows of the whole source."""

    def __init__(self, path: Path, *, file_format: str, offset: int = 0, line: int = 0, wanted: frozenset[str]) -> None:
        self.path, self.file_format, self.wanted = path, file_format, wanted
        self.offset, self.line = offset, line

    def rows(self) -> Iterator[RawRow | BadLine]:
        """Yield the rows; a file that cannot be read, or no further, ends in one BadLine."""
        try:
            yield from self._rows()
        except (pa.ArrowException, OSError, MemoryError, UnicodeDecodeError, ValueError) as error:
            self.line += 1
            yield bad_line(self.line, "", f"This {self.file_format.capitalize()} file cannot be read: {error}")

    def _rows(self) -> Iterator[RawRow | BadLine]:
        for batch in self._arrow() if self.file_format == "arrow" else self._parquet():
            too_long = _too_long(batch)
            for number in range(batch.num_rows):
                self.offset, self.line = self.offset + 1, self.line + 1
                if too_long is not None and too_long[number].as_py():
                    yield bad_line(self.line, "", f"The row has more than {MAX_LINE_BYTES:,} bytes.")
                    continue
                try:
                    value = _row(batch, number)
                except FormatError as error:
                    yield bad_line(self.line, error.field, error.message)
                    continue
                yield RawRow(self.line, value, str(next(iter(value.values()), ""))[:200])

    def _parquet(self) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(
            self.path,
            pre_buffer=False,
            buffer_size=1024 * 1024,
            thrift_string_size_limit=MAX_FOOTER_BYTES,
            thrift_container_size_limit=1_000_000,
        ) as file:
            _refuse_bomb(file.metadata, size=self.path.stat().st_size)
            schema = file.schema_arrow
            columns = self._columns(schema.names)
            texts = [name for name in columns if pa.types.is_string(schema.field(name).type)]
        # A text that stands a million times in a column is kept once.
        with pq.ParquetFile(self.path, pre_buffer=False, buffer_size=1024 * 1024, read_dictionary=texts) as file:
            skipped = self.offset
            for number in range(file.metadata.num_row_groups):
                group = file.metadata.row_group(number)
                if skipped >= group.num_rows:
                    skipped -= group.num_rows
                    continue
                size = max(1, min(MAX_BATCH_ROWS, BATCH_BYTES * group.num_rows // max(group.total_byte_size, 1)))
                batches = file.iter_batches(size, row_groups=[number], columns=columns, use_threads=False)
                for batch in batches:
                    if skipped < batch.num_rows:
                        yield batch.slice(skipped)
                    skipped = max(0, skipped - batch.num_rows)

    def _arrow(self) -> Iterator[pa.RecordBatch]:
        """The batches of a stream, as `datasets` saves it; mapped, so that none is held."""
        skipped = self.offset
        with pa.memory_map(str(self.path)) as file, pa.ipc.open_stream(file) as stream:
            columns = self._columns(stream.schema.names)
            for batch in stream:
                if skipped < batch.num_rows:
                    kept = batch.select(columns)
                    kept.validate(full=True)  # offsets that point out of the file would be followed
                    for start in range(skipped, batch.num_rows, MAX_BATCH_ROWS):
                        yield kept.slice(start, MAX_BATCH_ROWS)
                skipped = max(0, skipped - batch.num_rows)

    def _columns(self, names: list[str]) -> list[str]:
        """The columns to read: all, or those that are wanted. Raises ValueError where none of them is there."""
        found = [name for name in names if not self.wanted or name in self.wanted]
        if twice := next((name for name in found if found.count(name) > 1), None):
            raise ValueError(f"each column may stand once, and {twice} stands twice")
        if not names:
            raise ValueError("it has no columns")
        if not found:
            raise ValueError(f"it has none of the columns {', '.join(sorted(self.wanted))}; it has {', '.join(names)}")
        return found


def _refuse_bomb(metadata: Any, *, size: int) -> None:
    """Raise ValueError for a file that says that it is a bomb.

    By its row groups' sums alone: to look at a column whose size statistics are broken ends the process (Arrow 26).
    """
    unpacked = sum(metadata.row_group(number).total_byte_size for number in range(metadata.num_row_groups))
    if unpacked > max(BOMB_BYTES, BOMB_RATIO * size):
        raise ValueError(f"it unpacks to {unpacked:,} bytes, more than {BOMB_RATIO:,} times its size")


def _row(batch: pa.RecordBatch, number: int) -> dict[str, Any]:
    """A row by column, without what it leaves open. Raises FormatError for a value that Python cannot hold."""
    found = {}
    for name in batch.schema.names:
        try:
            value = batch.column(name)[number].as_py()
        except UnicodeDecodeError as error:
            raise FormatError(name, "must be UTF-8") from error
        except (OverflowError, ValueError) as error:
            raise FormatError(name, f"cannot be read: {error}") from error
        if value is not None:
            found[name] = _without_nulls(value)
    return found


def _without_nulls(value: Any) -> Any:
    """A table gives every row every field, null where it has none; here, what is not known is left out."""
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value


def _too_long(batch: pa.RecordBatch) -> Any:
    """Which rows have a text of more than MAX_LINE_BYTES bytes; None where no column has any."""
    found = None
    for column in batch.columns:
        text = column.dictionary if pa.types.is_dictionary(column.type) else column
        if not (pa.types.is_string(text.type) or pa.types.is_large_string(text.type) or pa.types.is_binary(text.type)):
            continue
        long = pc.greater(pc.binary_length(text), MAX_LINE_BYTES)
        if not pc.any(long).as_py():
            continue
        rows = pc.fill_null(long.take(column.indices) if text is not column else long, False)
        found = rows if found is None else pc.or_(found, rows)
    return found

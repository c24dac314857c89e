"""The same rows as columns. Equal rows are equal bytes: the schema, the row groups and the codec are fixed."""

from types import TracebackType
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from labelapp.datasets.models import DatasetKind
from labelapp.datasets.records import Line, to_bytes

# A row group is held in memory: it ends at so many rows, or where its rows are long.
ROW_GROUP_ROWS = 5000
ROW_GROUP_BYTES = 8_000_000

MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
RANKED_RESPONSE = pa.struct(
    [
        ("response_id", pa.string()),
        ("text", pa.string()),
        ("rank", pa.int8()),
        ("quality", pa.int8()),
        ("checkpoint", pa.string()),
        ("finish_reason", pa.string()),
        # A JSON object as text: each project asks its own questions, and a column must have one type.
        ("answers", pa.string()),
        ("notes", pa.string()),
        ("shown_position", pa.int8()),
    ]
)
LABEL_COLUMNS = [("id", pa.string()), ("prompt_id", pa.string()), ("messages", MESSAGES)]
LABEL_NOTES = [
    ("labeler", pa.string()),
    ("use_case", pa.string()),
    ("split", pa.string()),
    ("instruction_version", pa.int32()),
]
SCHEMAS = {
    DatasetKind.PROMPTS: pa.schema(
        [
            ("id", pa.string()),
            ("messages", MESSAGES),
            ("submitter", pa.string()),
            ("use_case", pa.string()),
            ("split", pa.string()),
        ]
    ),
    DatasetKind.DEMONSTRATIONS: pa.schema([*LABEL_COLUMNS, ("response", pa.string()), *LABEL_NOTES]),
    DatasetKind.COMPARISONS: pa.schema(
        [*LABEL_COLUMNS, ("responses", pa.list_(RANKED_RESPONSE)), *LABEL_NOTES, ("weight", pa.float64())]
    ),
}


class ParquetFile:
    """Writes JSON lines to a Parquet file and holds no more than one row group of them. A context manager."""

    def __init__(self, file: IO[bytes], *, schema: pa.Schema) -> None:
        self.schema = schema
        self.file = file
        self._forget()

    def __enter__(self) -> "ParquetFile":
        self.writer = pq.ParquetWriter(pa.PythonFile(self.file, mode="w"), self.schema, compression="zstd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.flush()
        self.writer.close()

    def write(self, line: bytes) -> bool:
        """Add a row, given as a JSON object and a newline; say whether a row group ended with it."""
        self.lines.append(line)
        self.size += len(line)
        if len(self.lines) == ROW_GROUP_ROWS or self.size >= ROW_GROUP_BYTES:
            self.flush()
        return not self.lines

    def flush(self) -> None:
        """End the row group."""
        if self.lines:
            self.writer.write_table(_table(b"".join(self.lines), self.schema))
            self._forget()

    def _forget(self) -> None:
        self.lines: list[bytes] = []
        self.size = 0


def _table(lines: bytes, schema: pa.Schema) -> pa.Table:
    """Arrow's own parser of JSON lines: building columns from Python's dicts costs more than all the rest."""
    read = pa_json.ReadOptions(use_threads=False, block_size=len(lines) + 1)
    parse = pa_json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="error")
    return pa_json.read_json(pa.BufferReader(lines), read_options=read, parse_options=parse).select(schema.names)


def columns_line(line: Line) -> bytes:
    """A line of a version as its Parquet file has it: the answers as text."""
    if "responses" not in line:
        return to_bytes(line)
    responses = [{**response, "answers": _text(response["answers"])} for response in line["responses"]]
    return to_bytes({**line, "responses": responses})


def _text(value: dict[str, Any]) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

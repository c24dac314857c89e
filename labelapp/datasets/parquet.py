"""The same rows as columns. Equal rows are equal bytes: the schema, the row groups and the codec are fixed."""

from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from formats.jsonl import dump_json
from labelapp.datasets.models import DatasetKind

ROW_GROUP_ROWS = 1000

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
    DatasetKind.COMPARISONS: pa.schema([*LABEL_COLUMNS, ("responses", pa.list_(RANKED_RESPONSE)), *LABEL_NOTES]),
}


class ParquetFile:
    """Writes rows to a Parquet file and holds no more than one row group of them. A context manager."""

    def __init__(self, path: Path, *, kind: str) -> None:
        self.schema = SCHEMAS[DatasetKind(kind)]
        self.path = path
        self.rows: list[dict[str, Any]] = []

    def __enter__(self) -> "ParquetFile":
        self.writer = pq.ParquetWriter(self.path, self.schema, compression="zstd")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._flush()
        self.writer.close()

    def write(self, row: dict[str, Any]) -> None:
        """Add a line, given as its JSON object."""
        self.rows.append(_flat(row))
        if len(self.rows) == ROW_GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self.rows:
            self.writer.write_table(pa.Table.from_pylist(self.rows, schema=self.schema))
            self.rows = []


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    if "responses" not in row:
        return row
    responses = [{**response, "answers": dump_json(response["answers"]).decode()} for response in row["responses"]]
    return {**row, "responses": responses}

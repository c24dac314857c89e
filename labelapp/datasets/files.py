"""The files of a version while they are written: each split as JSON lines and as Parquet, digested on the way."""

import hashlib
import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from labelapp.datasets.models import DatasetKind
from labelapp.datasets.parquet import SCHEMAS, ParquetFile, columns_line
from labelapp.datasets.records import Line, to_bytes
from labelapp.prompts.models import Split

BUFFER_BYTES = 1_048_576


class DigestedFile:
    """A file that is written once, from its beginning to its end, and knows its length and SHA-256."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: Any) -> int:
        """Write bytes, or a buffer of them."""
        self.file.write(data)
        self.sha256.update(data)
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self.size

    def flush(self) -> None:
        """Nothing: `close` makes the bytes durable."""

    def close(self) -> None:
        """Make the bytes durable."""
        if not self.closed:
            self.closed = True
            self.file.flush()
            os.fsync(self.file.fileno())
            self.file.close()


class SplitFiles:
    """The files of all splits; those of a split are made with its first row. A context manager."""

    def __init__(self, folder: Path, *, kind: str) -> None:
        self.folder = folder
        self.schema = SCHEMAS[DatasetKind(kind)]
        self.entries: list[dict[str, Any]] = []
        self._stack = ExitStack()
        self._splits: dict[str, _SplitFile] = {}

    def __enter__(self) -> "SplitFiles":
        return self

    def write(self, line: Line) -> int:
        """Add a line to the files of its split; return its number there, from 0."""
        name = line["split"]
        if name not in self._splits:
            self._splits[name] = _SplitFile(self.folder, name, self._stack, self.schema)
        return self._splits[name].write(line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)
        if error is None:
            self.entries = [
                entry for name in Split.values if name in self._splits for entry in self._splits[name].entries()
            ]


class _SplitFile:
    def __init__(self, folder: Path, split: str, stack: ExitStack, schema: Any) -> None:
        self.split = split
        self.rows = 0
        self.files = {name: _open(folder / f"{split}.{name}", stack) for name in ("jsonl", "parquet")}
        self.parquet = stack.enter_context(ParquetFile(self.files["parquet"], schema=schema))  # type: ignore[arg-type]

    def write(self, line: Line) -> int:
        self.files["jsonl"].write(to_bytes(line))
        self.parquet.write(columns_line(line))
        self.rows += 1
        return self.rows - 1

    def entries(self) -> list[dict[str, Any]]:
        return [
            {
                "name": f"{self.split}.{file_format}",
                "split": self.split,
                "format": file_format,
                "rows": self.rows,
                "size_bytes": file.size,
                "sha256": file.sha256.hexdigest(),
            }
            for file_format, file in self.files.items()
        ]


def _open(path: Path, stack: ExitStack) -> DigestedFile:
    file = DigestedFile(path.open("wb", buffering=BUFFER_BYTES))
    stack.callback(file.close)
    return file

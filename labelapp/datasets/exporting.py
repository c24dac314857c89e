"""A frozen version in the shapes and files that others read, made of its lines as they are asked for.

Nothing is stored: what is streamed holds one row group at most in memory, and equal versions give equal bytes.
"""

import csv
import hashlib
import io
import sys
import zipfile
from collections.abc import Iterable, Iterator
from functools import cache
from typing import IO, Any

import orjson
import pyarrow
from django.conf import settings

from labelapp.common.errors import InvalidInput, NotFound
from labelapp.common.storage import StoredFile
from labelapp.datasets.card import card_of
from labelapp.datasets.models import DatasetVersion
from labelapp.datasets.parquet import ParquetFile, columns_line
from labelapp.datasets.records import to_bytes
from labelapp.datasets.shapes import SHAPES, Shape
from labelapp.datasets.storing import stored_file
from labelapp.prompts.importing.bad_lines import formula_safe
from labelapp.prompts.models import Split

FORMATS = ("jsonl", "parquet", "csv", "huggingface")
CONTENT_TYPES = {
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "csv": "text/csv; charset=utf-8",
    "huggingface": "application/zip",
}
SUFFIXES = {"jsonl": "jsonl", "parquet": "parquet", "csv": "csv", "huggingface": "zip"}
# What the Hugging Face library calls our splits.
HUGGING_FACE_SPLITS = {Split.TRAIN: "train", Split.VALID: "validation", Split.TEST: "test"}
CHUNK_BYTES = 262_144
# The first moment that a ZIP can tell: when it was made is no part of what is in it.
NO_TIME = (1980, 1, 1, 0, 0, 0)


def export_stream(version: DatasetVersion, *, shape: str, file_format: str, split: str = "") -> Iterator[bytes]:
    """Check what is asked for, and return the file in pieces.

    A Hugging Face directory comes as a ZIP of all splits; the other files are of one.

    Raises:
        NotFound: the version is not ready.
        InvalidInput: the shape is none of its kind, or the split has no rows.
        Conflict: its lines are no longer there.
        StorageUnavailable: the bucket does not answer.
    """
    chosen, splits = _checked(version, shape=shape, file_format=file_format, split=split)
    if file_format == "huggingface":
        return _zipped(version, chosen, splits)
    writers = {"jsonl": _jsonl, "parquet": _parquet, "csv": _csv}
    (lines,) = splits.values()
    return writers[file_format](chosen, lines)


def export_tag(version: DatasetVersion, *, shape: str, file_format: str, split: str = "") -> str:
    """A hexadecimal sha256 of all that decides the bytes of `export_stream`, without making them. Raises as it does."""
    chosen, splits = _checked(version, shape=shape, file_format=file_format, split=split)
    parts = [version.sha256, shape, file_format, *splits, _makers()]
    if file_format == "huggingface":
        parts.append(card_of(version, chosen, files=_members(splits)))
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()


@cache
def _makers() -> str:
    """Of this server's code and of the libraries that write: another one may make other bytes of the same lines."""
    digest = hashlib.sha256(f"{sys.version} {pyarrow.__version__} {orjson.__version__}".encode())
    for path in sorted((settings.BASE_DIR / "labelapp").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _checked(
    version: DatasetVersion, *, shape: str, file_format: str, split: str
) -> tuple[Shape, dict[str, StoredFile]]:
    """The shape, and the lines of each split that is asked for."""
    if version.state != DatasetVersion.State.READY:
        raise NotFound("This version has no files yet.")
    chosen = _shape(version, shape)
    if file_format != "huggingface":
        return chosen, {split or Split.TRAIN: _lines(version, split or Split.TRAIN)}
    if split:
        raise InvalidInput("A Hugging Face directory has all splits; leave this out.", field="split")
    return chosen, {name: _lines(version, name) for name in Split.values if version.split_counts.get(name)}


def export_name(version: DatasetVersion, *, shape: str, file_format: str, split: str = "") -> str:
    """What an exported file is called."""
    parts = [f"{version.dataset.name}-v{version.number}", shape]
    if file_format != "huggingface":
        parts.append(split or Split.TRAIN)
    return f"{'-'.join(parts)}.{SUFFIXES[file_format]}"


def _shape(version: DatasetVersion, name: str) -> Shape:
    shapes = SHAPES[version.dataset.kind]
    if name not in shapes:
        raise InvalidInput(f"{version.dataset.kind} can be had as {', '.join(shapes)}.", field="shape")
    return shapes[name]


def _lines(version: DatasetVersion, split: str) -> StoredFile:
    if not version.split_counts.get(split):
        raise InvalidInput(f"{version} has no rows in its {split} split.", field="split")
    return stored_file(version, f"{split}.jsonl")


def _rows(shape: Shape, lines: StoredFile) -> Iterator[dict[str, Any]]:
    with lines.open() as opened:
        for line in opened:
            yield from shape.rows(orjson.loads(line))


class _Outbox(io.RawIOBase):
    """A file that can only be written to, and whose bytes are taken out again as they come."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def tell(self) -> int:
        return self.size

    def take(self, *, at_least: int = 1) -> Iterator[bytes]:
        """Yield what has come together, if it is enough."""
        if sum(map(len, self.pieces)) >= at_least:
            yield b"".join(self.pieces)
            self.pieces.clear()


def _jsonl(shape: Shape, lines: StoredFile) -> Iterator[bytes]:
    pieces: list[bytes] = []
    size = 0
    for row in _rows(shape, lines):
        pieces.append(to_bytes(row))
        size += len(pieces[-1])
        if size >= CHUNK_BYTES:
            yield b"".join(pieces)
            pieces, size = [], 0
    yield b"".join(pieces)


def _parquet(shape: Shape, lines: StoredFile) -> Iterator[bytes]:
    outbox = _Outbox()
    for _ in _write_parquet(shape, lines, outbox):
        yield from outbox.take()
    yield from outbox.take()


def _write_parquet(shape: Shape, lines: StoredFile, file: IO[bytes] | io.RawIOBase) -> Iterator[None]:
    """Write a Parquet file; a step of this iterator is a row group."""
    with ParquetFile(file, schema=shape.schema) as parquet:  # type: ignore[arg-type]
        for row in _rows(shape, lines):
            if parquet.write(columns_line(row)):
                yield


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _csv(shape: Shape, lines: StoredFile) -> Iterator[bytes]:
    writer = csv.writer(_Echo())
    names = shape.schema.names
    pieces: list[str] = [writer.writerow(names)]
    size = 0
    for row in _rows(shape, lines):
        pieces.append(writer.writerow([_cell(row[name]) for name in names]))
        size += len(pieces[-1])
        if size >= CHUNK_BYTES:
            yield "".join(pieces).encode()
            pieces, size = [], 0
    yield "".join(pieces).encode()


def _cell(value: Any) -> Any:
    """What has parts stands in a cell as JSON; what a spreadsheet would compute is made text."""
    if isinstance(value, str):
        return formula_safe(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if isinstance(value, list | dict | bool) else value


def _zipped(version: DatasetVersion, shape: Shape, splits: dict[str, StoredFile]) -> Iterator[bytes]:
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w") as archive:
        names = _members(splits)
        archive.writestr(_member("README.md"), card_of(version, shape, files=names))
        for split, lines in splits.items():
            with archive.open(_member(names[split]), "w", force_zip64=True) as member:
                for _ in _write_parquet(shape, lines, member):
                    yield from outbox.take()
            yield from outbox.take()
    yield from outbox.take()


def _members(splits: Iterable[str]) -> dict[str, str]:
    return {split: f"data/{HUGGING_FACE_SPLITS[Split(split)]}.parquet" for split in splits}


def _member(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, date_time=NO_TIME)
    member.external_attr = 0o644 << 16
    return member

"""Where an import's rows come from: one file, or the files of a dataset directory, in a fixed order.

A position is `{"file", "offset", "line"}`: which file, how far in it (bytes of a text, rows of a table), and how many
lines there were before, in the whole source; `"before"` is how many of these are in the files before this one. Of a
log that is followed the file is always the first of those to go on with, and `"log"` says which one that was.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings

from labelapp.prompts.import_models import PromptImport
from labelapp.prompts.importing.lines import BadLine, RawRow, TextReader, bad_line
from labelapp.prompts.importing.parsing import Reading
from labelapp.prompts.importing.rotation import files_since, known_by
from labelapp.prompts.importing.tables import TableReader

Format = PromptImport.Format
READABLE = {".jsonl": "jsonl", ".csv": "csv", ".parquet": "parquet", ".arrow": "arrow"}
PACKABLE = (".jsonl", ".csv")
HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?")
MANY_FILES = 10_000
LOST = "The log was replaced by another, and the one before is not beside it."


class SourceProblem(Exception):
    """The source as a whole cannot be read; the message is for the person who named it."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source."""

    path: Path
    file_format: str
    size: int


class Source:
    """An import's files, read one after the other from a position on."""

    def __init__(self, prompt_import: PromptImport, *, files: list[SourceFile], is_lost: bool = False) -> None:
        self.files = files
        position = prompt_import.position
        self.at: int = position.get("file", 0)
        self.offset: int = position.get("offset", 0)
        self.line: int = position.get("line", 0)
        self.before: int = position.get("before", 0)
        self.is_log = prompt_import.file_format == Format.CHAT_LOG
        self.is_growing = prompt_import.follows
        self.lost_from = position["offset"] if is_lost else None
        if is_lost:
            self.offset = 0
        self.log: TextReader | None = None
        self.wanted = frozenset(prompt_import.columns.values())
        is_table = prompt_import.file_format in (Format.PARQUET, Format.DIRECTORY, Format.HUB)
        self.reading = Reading(prompt_import.columns, is_log=self.is_log, cuts_answers=is_table)

    @property
    def position(self) -> dict[str, Any]:
        """Where the next row begins."""
        at = {"file": self.at, "offset": self.offset, "line": self.line, "before": self.before}
        return {**at, "file": 0, "log": self.log and known_by(self.log)} if self.is_growing else at

    @property
    def bytes_total(self) -> int:
        """The size of all files."""
        return sum(file.size for file in self.files)

    @property
    def bytes_read(self) -> int:
        """About how much of it is read."""
        before = sum(file.size for file in self.files[: self.at])
        return before + self.log.bytes_read if self.log and self.at < len(self.files) else before

    def rows(self) -> Iterator[RawRow | BadLine]:
        """Yield the rows; after each, `position` is that of the next."""
        if self.lost_from is not None:
            self.line, told = self.line + 1, f"{LOST} What came after byte {self.lost_from:,} of it may be missing."
            yield bad_line(self.line, "", told)
        while self.at < len(self.files):
            file = self.files[self.at]
            is_last = self.at + 1 == len(self.files)
            reader = self._reader(file, is_growing=self.is_growing and is_last)
            self.log = reader if isinstance(reader, TextReader) else None
            for row in reader.rows():
                self.offset, self.line = reader.offset, reader.line
                yield self._named(row, file)
            self.offset, self.line = reader.offset, reader.line
            if self.is_growing and is_last:
                return
            self.at, self.offset, self.before = self.at + 1, 0, self.line

    def _reader(self, file: SourceFile, *, is_growing: bool) -> TextReader | TableReader:
        if file.file_format in ("parquet", "arrow"):
            return TableReader(
                file.path, file_format=file.file_format, offset=self.offset, line=self.line, wanted=self.wanted
            )
        return TextReader(
            file.path,
            file_format=file.file_format,
            offset=self.offset,
            line=self.line,
            is_growing=is_growing,
            any_columns=bool(self.wanted),
        )

    def _named(self, row: RawRow | BadLine, file: SourceFile) -> RawRow | BadLine:
        """Say which line of which file it is, where there are several."""
        if len(self.files) == 1:
            return row
        place = f"{file.path.name}, line {row.line - self.before}: "
        return replace(row, message=place + row.message) if isinstance(row, BadLine) else replace(row, place=place)


def open_source(prompt_import: PromptImport) -> Source:
    """Find the files of an import. Raises SourceProblem."""
    path = stored_path(prompt_import)
    if prompt_import.follows:
        paths, is_known = files_since(path, prompt_import.position)
        files = [SourceFile(found, "jsonl", found.stat().st_size) for found in paths if found.exists()]
        if files:
            return Source(prompt_import, files=files, is_lost=not is_known)
    if not prompt_import.file_path or not path.exists():
        raise SourceProblem("The file is no longer there. Upload it again.")
    if path.is_dir():
        return Source(prompt_import, files=_dataset_files(path))
    name = "jsonl" if prompt_import.file_format == Format.CHAT_LOG else prompt_import.file_format
    return Source(prompt_import, files=[SourceFile(path, name, path.stat().st_size)])


def stored_path(prompt_import: PromptImport) -> Path:
    """Where the file or folder lies."""
    path: Path = settings.DATA_DIR / prompt_import.file_path
    return path


def readable_as(name: str) -> str | None:
    """The format of a file of this name, of which a text may be a gzip; None where it has none."""
    packed = name.lower()
    suffix = Path(packed.removesuffix(".gz")).suffix
    return READABLE.get(suffix) if suffix in PACKABLE or not packed.endswith(".gz") else None


def find_incoming(name: str) -> Path:
    """Return the file or folder of this name that an operator put into IMPORT_DIR. Raises SourceProblem."""
    folder: Path = settings.IMPORT_DIR.resolve()
    try:
        path = (folder / name).resolve()
        is_there = path.is_relative_to(folder) and path != folder and path.exists()
    except (OSError, ValueError):  # no file can have such a name
        is_there = False
    if not is_there:
        raise SourceProblem(f"There is no {name[:120]!r} in the folder for imports ({settings.IMPORT_DIR.name}).")
    return path


def list_incoming() -> list[dict[str, Any]]:
    """Return what lies in IMPORT_DIR, by name: files and folders."""
    folder: Path = settings.IMPORT_DIR
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    return [
        {
            "name": path.name,
            "is_directory": path.is_dir(),
            "size_bytes": path.stat().st_size if path.is_file() else None,
        }
        for path in found[:MANY_FILES]
    ]


def _dataset_files(folder: Path) -> list[SourceFile]:
    """The files of a dataset that `datasets` saved, or of one as the hub has them, in the order of their names."""
    names = _saved_files(folder)
    paths = names if names is not None else sorted(path for path in folder.rglob("*") if readable_as(path.name))
    inside = [path for path in paths if _is_data_file(path, folder)]
    if len(inside) < len(paths):
        raise SourceProblem("The dataset names files that are missing, no data, or outside of its folder.")
    if not inside:
        raise SourceProblem("The folder has no .parquet, .arrow, .jsonl, .csv, .jsonl.gz or .csv.gz file.")
    if len(inside) > MANY_FILES:
        raise SourceProblem(f"The folder has more than {MANY_FILES:,} files.")
    return [SourceFile(path, readable_as(path.name) or "", path.stat().st_size) for path in inside]


def _is_data_file(path: Path, folder: Path) -> bool:
    try:
        return bool(readable_as(path.name)) and path.resolve().is_relative_to(folder.resolve()) and path.is_file()
    except ValueError:  # a NUL, or half a surrogate pair: no file has such a name
        return False


def _saved_files(folder: Path) -> list[Path] | None:
    """The Arrow files of `save_to_disk`, a split after the other; None for a folder that it did not make."""
    try:
        if (folder / "dataset_dict.json").is_file():
            splits = json.loads((folder / "dataset_dict.json").read_text())["splits"]
            return [path for split in splits for path in _saved_files(folder / split) or []]
        if not (folder / "state.json").is_file():
            return None
        files = json.loads((folder / "state.json").read_text())["_data_files"]
        return [folder / file["filename"] for file in files]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceProblem("The folder's dataset_dict.json or state.json is not as `datasets` writes it.") from error

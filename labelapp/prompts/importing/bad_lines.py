"""The bad lines of a file as a CSV to open in a spreadsheet, which must run nothing that stands in it."""

import csv
import os
from pathlib import Path
from types import TracebackType

from django.conf import settings

from labelapp.prompts.import_models import PromptImport
from labelapp.prompts.importing.lines import BadLine

HEADER = ("line", "field", "message", "text")
# A spreadsheet takes a cell that begins so for a formula; a leading apostrophe makes it text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class BadLineFile:
    """Adds bad lines to a CSV file. A context manager.

    `size` is how much of the file is settled; what a worker wrote after that and did not live to commit is cut off.
    """

    def __init__(self, path: Path, *, size: int = 0) -> None:
        self.path, self.size = path, size

    def __enter__(self) -> "BadLineFile":
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = self.path.open("a", encoding="utf-8", newline="")
        self.file.truncate(self.size)
        self.file.seek(0, os.SEEK_END)
        self.writer = csv.writer(self.file)
        if not self.size:
            self.writer.writerow(HEADER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def write(self, bad: BadLine) -> None:
        """Add one line."""
        self.writer.writerow([bad.line, *(formula_safe(text) for text in (bad.field, bad.message, bad.excerpt))])

    def settle(self) -> int:
        """Bring what is written to the disk, and return the file's size."""
        self.file.flush()
        os.fsync(self.file.fileno())
        return self.file.tell()


def bad_lines_path(prompt_import: PromptImport) -> Path:
    """Where the bad lines of an import lie."""
    path: Path = settings.DATA_DIR / "imports" / f"{prompt_import.pk}.bad.csv"
    return path


def forget_texts(path: Path) -> int:
    """Take the lines' texts out of such a file, wholly or not at all, and return its size; 0 where there is none."""
    if not path.exists():
        return 0
    kept = path.with_suffix(".tmp")
    with path.open(encoding="utf-8", newline="") as old, kept.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerows([*row[:3], "" if number else row[3]] for number, row in enumerate(csv.reader(old)))
        file.flush()
        os.fsync(file.fileno())
    os.replace(kept, path)
    return path.stat().st_size


def formula_safe(text: str) -> str:
    """Return `text` so that no spreadsheet computes it."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text

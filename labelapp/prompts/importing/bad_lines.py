"""The bad lines of a file as a CSV to open in a spreadsheet, which must run nothing that stands in it."""

import csv
from pathlib import Path
from types import TracebackType

from labelapp.prompts.importing.lines import BadLine

HEADER = ("line", "field", "message", "text")
# A spreadsheet takes a cell that begins so for a formula; a leading apostrophe makes it text.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


class BadLineFile:
    """Writes bad lines, one after the other, to a CSV file. A context manager."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> "BadLineFile":
        self.file = self.path.open("w", encoding="utf-8", newline="")
        self.writer = csv.writer(self.file)
        self.writer.writerow(HEADER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def write(self, bad: BadLine) -> None:
        """Add one line."""
        self.writer.writerow([bad.line, *(formula_safe(text) for text in (bad.field, bad.message, bad.excerpt))])


def formula_safe(text: str) -> str:
    """Return `text` so that no spreadsheet computes it."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text

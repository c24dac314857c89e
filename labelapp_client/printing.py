"""What the command line writes: results to stdout, everything else to stderr, as lines for people or as JSON."""

import json
import re
import sys
import time
from typing import Any

from labelapp_client.errors import LabelappError, NotDone, Refused
from labelapp_client.progress import Progress

TERMINAL_SECONDS, LOG_SECONDS = 0.1, 10.0
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class Output:
    """Where a command writes. A line of progress is drawn over and over on a terminal, and now and then elsewhere."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.is_terminal = sys.stderr.isatty()
        # What is done within seconds needs no lines in a log.
        self._progress_at = 0.0 if self.is_terminal else time.monotonic()
        self._drawn = ""

    def result(self, row: Any, sentence: str) -> None:
        """The result: the row as one line of JSON, or a sentence."""
        self.text((json.dumps(row, ensure_ascii=False) if self.as_json else harmless(sentence)) + "\n")

    def text(self, text: str) -> None:
        """Text as it is; on a terminal without what would steer it, for it can be a model's."""
        self._clear()
        sys.stdout.write(harmless(text) if sys.stdout.isatty() else text)
        sys.stdout.flush()

    def told(self, sentence: str) -> None:
        """A remark."""
        self._clear()
        print(f"labelapp: {harmless(sentence)}", file=sys.stderr, flush=True)

    def progress(self, progress: Progress) -> None:
        """How far something is. Programs that read JSON are not told."""
        pause = TERMINAL_SECONDS if self.is_terminal else LOG_SECONDS
        is_end = 0 < progress.total <= progress.done
        if self.as_json or (time.monotonic() - self._progress_at < pause and not (is_end and self.is_terminal)):
            return
        self._progress_at = time.monotonic()
        line = harmless(sentence_of(progress))
        if not self.is_terminal:
            print(line, file=sys.stderr, flush=True)
        elif line != self._drawn:
            self._clear()
            sys.stderr.write(line)
            sys.stderr.flush()
            self._drawn = line

    def error(self, error: LabelappError) -> None:
        """One line that says what is wrong, and what would be right."""
        self._clear()
        if self.as_json:
            print(json.dumps(error_row(error), ensure_ascii=False), file=sys.stderr)
        else:
            print(f"labelapp: {harmless(' '.join(sentence_of_error(error).split()))}", file=sys.stderr)

    def _clear(self) -> None:
        if self._drawn:
            sys.stderr.write("\r" + " " * len(self._drawn) + "\r")
            sys.stderr.flush()
            self._drawn = ""


def harmless(text: str) -> str:
    """Text without what would steer a terminal: names in it are other people's, and what is piped is often shown."""
    return CONTROLS.sub("\ufffd", text)


def sentence_of(progress: Progress) -> str:
    """`reading: 12.0 of 40.0 MB`, `freezing: 5,000 of 20,000 rows`."""
    is_size = progress.unit == "bytes"
    numbers = [progress.done, progress.total] if progress.total else [progress.done]
    spelled = " of ".join(f"{number / 1e6:,.1f}" if is_size else f"{number:,}" for number in numbers)
    return f"{progress.what}: {spelled} {'MB' if is_size else progress.unit}"


def sentence_of_error(error: LabelappError) -> str:
    """The error's own words, with what they leave open."""
    if isinstance(error, Refused) and error.status == 404:
        return f"{error} (Or the token's role or scopes do not reach it.)"
    if isinstance(error, Refused) and error.status == 401:
        return f"{error} Make a new one on your profile page and set LABELAPP_TOKEN."
    return str(error)


def error_row(error: LabelappError) -> dict[str, Any]:
    """An error in the shape that the API's errors have."""
    if isinstance(error, Refused):
        errors = [{"field": field, "message": message} for field, message in error.errors]
        return {"code": error.code, "message": sentence_of_error(error), "errors": errors, "data": error.data}
    data = error.row if isinstance(error, NotDone) else {}
    code = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()
    return {"code": code, "message": str(error), "errors": [], "data": data}

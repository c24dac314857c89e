"""What an attempt tells of itself while it computes: read from its files, as fields of the row."""

import json
from typing import Any

import structlog

from formats.errors import FormatError
from formats.run_directory import AttemptDirectory

MAX_PHASE = 120
# The most of metrics.jsonl that is read at once: a resumed attempt begins with a copy of the earlier one's.
MAX_READ_BYTES = 4 * 1024 * 1024
NOT_METRICS = frozenset({"step", "time"})
logger = structlog.get_logger(__name__)


class Progress:
    """Follows status.json and metrics.jsonl of one attempt."""

    def __init__(self, attempt: AttemptDirectory) -> None:
        self._attempt = attempt
        self._offset = 0
        self._summary: dict[str, Any] = {}
        self._status: dict[str, Any] = {}

    def read(self) -> dict[str, Any]:
        """The fields of the row that have changed since the last call; empty if none."""
        changed: dict[str, Any] = {}
        has_figures = self._read_metrics()
        status = self._read_status()
        warnings = status.pop("warnings", None)
        has_warned = bool(warnings) and warnings != self._summary.get("warnings")
        if has_warned:
            self._summary["warnings"] = warnings
        if has_figures or has_warned:
            changed["summary"] = dict(self._summary)
        if status and status != self._status:
            self._status = status
            changed |= status
        return changed

    def _read_status(self) -> dict[str, Any]:
        try:
            status = self._attempt.read_status()
        except (FormatError, OSError) as error:
            logger.warning("status.json is not readable", error=str(error))
            return {}
        if status is None:
            return {}
        return {
            "phase": status.phase[:MAX_PHASE],
            "step": status.step,
            "total_steps": status.total_steps,
            "eta_seconds": status.eta_seconds,
            "warnings": list(status.warnings),
        }

    def _read_metrics(self) -> bool:
        """Take in the whole lines that are new; a last one without its newline is still being written."""
        path = self._attempt.metrics_path
        if not path.exists():
            return False
        with path.open("rb") as file:
            file.seek(self._offset)
            data = file.read(MAX_READ_BYTES)
        data = data[: data.rfind(b"\n") + 1]
        self._offset += len(data)
        for line in data.splitlines():
            self._take_row(line)
        return bool(data)

    def _take_row(self, line: bytes) -> None:
        try:
            row = json.loads(line)
            self._summary |= {name: value for name, value in row.items() if name not in NOT_METRICS}
        except (ValueError, AttributeError) as error:
            logger.warning("a line of metrics.jsonl is not readable", error=str(error))

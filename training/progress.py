"""What an attempt tells the world while it computes: metrics, status, time left."""

import logging
import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from formats.run_directory import AttemptDirectory, append_metrics, read_metrics

STATUS_SECONDS = 0.5  # status.json is a convenience: replacing it thousands of times a second would cost the run
LOG_SECONDS = 5.0
logger = logging.getLogger(__name__)


class Progress:
    """Writes metrics.jsonl and status.json of one attempt, in the run's first process only. A context manager.

    `warnings` may grow while it is in use: status.json always has those that there are.
    """

    def __init__(
        self, attempt: AttemptDirectory, *, total_steps: int, is_main: bool = True, warnings: Sequence[str] = ()
    ) -> None:
        self._attempt = attempt
        self._warnings = warnings
        self._is_main = is_main
        self._total_steps = total_steps
        self._file = attempt.metrics_path.open("a", encoding="utf-8") if is_main else None
        self._started_at = time.monotonic()
        self._first_step: int | None = None
        self._status_at = 0.0
        self._log_at = 0.0
        self._phase = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def enter(self, phase: str, *, step: int) -> None:
        """Say what is being done now."""
        self._phase = phase
        self._write_status(step, force=True)

    def report(self, step: int, values: dict[str, float]) -> None:
        """Append the metrics of a finished step, counted from 1."""
        if self._file is None:
            return
        append_metrics(self._file, step=step, time=time.time(), values=values)
        if time.monotonic() - self._log_at >= LOG_SECONDS or step == self._total_steps:
            self._log_at = time.monotonic()
            figures = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
            logger.info("step %d of %d  %s", step, self._total_steps, figures)
        self._write_status(step, force=step == self._total_steps)

    def _write_status(self, step: int, *, force: bool) -> None:
        if not self._is_main:
            return
        now = time.monotonic()
        if self._first_step is None:
            self._first_step, self._started_at = step, now
        if force or now - self._status_at >= STATUS_SECONDS:
            self._status_at = now
            self._attempt.write_status(
                phase=self._phase,
                step=step,
                total_steps=self._total_steps,
                eta_seconds=self._eta(step, now),
                warnings=self._warnings,
            )

    def _eta(self, step: int, now: float) -> float | None:
        done = step - (self._first_step or 0)
        if done <= 0:
            return None
        return (self._total_steps - step) * (now - self._started_at) / done


def copy_metrics(source: AttemptDirectory, target: AttemptDirectory, *, until_step: int) -> None:
    """Begin an attempt's metrics with an earlier one's up to the checkpoint: each file is a whole curve."""
    rows = [row for row in read_metrics(source.metrics_path) if row["step"] <= until_step]
    with target.metrics_path.open("w", encoding="utf-8") as file:
        for row in rows:
            values = {name: value for name, value in row.items() if name not in ("step", "time")}
            append_metrics(file, step=int(row["step"]), time=row["time"], values=values)

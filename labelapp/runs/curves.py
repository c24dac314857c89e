"""A run's curves: metrics.jsonl over all its attempts, as one."""

from dataclasses import dataclass
from pathlib import Path

from formats.run_directory import RunDirectory, read_metrics

Row = dict[str, float]


@dataclass(frozen=True, slots=True)
class Metrics:
    """Rows of curves, and where to go on reading."""

    rows: list[Row]
    next: int


def metrics(root: Path, *, after: int) -> Metrics:
    """The rows that came after the first `after` lines of all attempts together.

    A resumed attempt does some steps once more: its rows replace the earlier attempts' from its first step on. A reader
    who kept earlier rows sees that as a step that is smaller than the one before, and drops what he has from there.
    """
    kept: list[Row] = []
    count = 0
    for attempt in RunDirectory(root).attempts():
        rows = read_metrics(attempt.metrics_path)
        new = rows[max(0, after - count) :]
        count += len(rows)
        if new:
            kept = [row for row in kept if row["step"] < new[0]["step"]] + new
    return Metrics(rows=kept, next=count)

"""The command `list`: what there is, as a table for people or one line of JSON."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from labelapp_client.client import Labelapp
from labelapp_client.import_commands import name_of
from labelapp_client.printing import Output

Columns = tuple[tuple[str, Callable[[Any], str]], ...]


def list_rows(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp list`."""
    rows = list(islice(ROWS[given.what](app), given.limit))
    output.result(rows, table(COLUMNS[given.what], rows) if rows else f"There are no {given.what} yet.")


def table(columns: Columns, rows: Sequence[Any]) -> str:
    """Columns under their names, as wide as they need to be; a line for each row."""
    lines = [[name for name, _ in columns], *([" ".join(value(row).split()) for _, value in columns] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def of(name: str) -> Callable[[Any], str]:
    """A field as it is."""
    return lambda row: str(row[name])


def answers(project: Any) -> str:
    """`12 of 40`: how many answers a project has, of those that it wants."""
    counts = project["assignment_counts"]
    return f"{counts['submitted']:,} of {sum(counts.values()):,}"


def newest(dataset: Any) -> str:
    """`v3 ready`: the newest version and its state."""
    version = dataset["newest_version"]
    return f"v{version['number']} {version['state']}" if version else "none"


def steps(run: Any) -> str:
    """`40 of 100`: how far a run is."""
    return f"{run['step']:,} of {run['total_steps']:,}" if run["total_steps"] else f"{run['step']:,}"


ROWS: dict[str, Callable[[Labelapp], Iterable[Any]]] = {
    "projects": lambda app: app.connection.rows("projects"),
    "imports": lambda app: app.connection.rows("prompt-imports"),
    "datasets": lambda app: app.connection.rows("datasets"),
    "runs": lambda app: app.connection.rows("runs"),
    "checkpoints": lambda app: app.connection.rows("checkpoints"),
}
ID, NAME, KIND, STATE, MADE = (
    ("ID", of("id")),
    ("NAME", of("name")),
    ("KIND", of("kind")),
    ("STATE", of("state")),
    ("MADE", lambda row: row["created_at"][:16].replace("T", " ")),
)
COLUMNS: dict[str, Columns] = {
    "projects": (ID, KIND, STATE, ("ANSWERS", answers), NAME),
    "imports": (
        ID,
        STATE,
        ("IMPORTED", lambda row: f"{row['imported_count']:,} of {row['line_count']:,}"),
        MADE,
        ("NAME", name_of),
    ),
    "datasets": (ID, KIND, ("NEWEST", newest), NAME),
    "runs": (ID, KIND, STATE, ("STEP", steps), MADE, NAME),
    "checkpoints": (ID, KIND, MADE, NAME),
}

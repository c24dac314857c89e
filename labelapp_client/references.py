"""Rows by the names that people know them by."""

from collections.abc import Iterable
from typing import Any

from labelapp_client.errors import LabelappError

SHOWN_NAMES = 5


def find_by_name(rows: Iterable[Any], name: str, *, what: str) -> Any:
    """The first of the rows that has this name. Raises LabelappError, naming some that there are."""
    names = []
    for row in rows:
        if row["name"] == name:
            return row
        names.append(row["name"])
    known = ", ".join(map(repr, names[:SHOWN_NAMES])) + (" …" if len(names) > SHOWN_NAMES else "")
    raise LabelappError(f"There is no {what} {name!r}; there is {known or 'none at all'}.")

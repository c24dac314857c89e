"""What the ids of queries are called, for people who read what a version takes."""

from collections.abc import Iterable, Mapping
from typing import Any

from labelapp.datasets.filters import KNOWN
from labelapp.labeling.models import InstructionVersion

# By filter and, as keys of JSON are, by the id as text.
Names = dict[str, dict[str, str]]


def names_of(queries: Iterable[Mapping[str, Any]]) -> Names:
    """Return the names of all that queries filter by, by filter and id; what was deleted since has none.

    It takes one query of the database for each filter, however many there are of ours.
    """
    wanted: dict[str, set[int]] = {}
    for query in queries:
        for name in KNOWN.keys() & query.keys():
            wanted.setdefault(name, set()).update(query[name])
    return {name: _names_of(name, ids) for name, ids in wanted.items()}


def _names_of(name: str, ids: set[int]) -> dict[str, str]:
    model, _ = KNOWN[name]
    rows = model._default_manager.filter(pk__in=ids)
    if model is InstructionVersion:
        rows = rows.select_related("project")
    return {str(row.pk): str(row) for row in rows}

"""Queries that are only quick by an index, which the planner does not see: it cannot know how few rows are wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def by_index() -> Iterator[Any]:
    """Open a cursor; until it closes, a table is read from end to end only where no index would do."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield cursor
        cursor.execute("SET LOCAL enable_seqscan = on")

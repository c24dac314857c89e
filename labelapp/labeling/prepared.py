"""Running the statements of the hot endpoints as prepared ones.

Planning a claim costs three times what running it does. Django binds parameters in the client, where nothing can be
prepared; a plain psycopg cursor on its connection binds them in the server, and psycopg then prepares by itself, once
per connection, where the option `prepare_threshold` of the database allows it (a pooler between may not).
"""

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import connection


def fetch_one(query: str, parameters: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Run one statement on Django's connection and return its first row; errors are Django's."""
    connection.ensure_connection()
    plain: Any = psycopg.Cursor(connection.connection)
    # Django's wrapper turns the driver's errors into its own and lets tests count the statement.
    wrap = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrap(plain) as cursor:
        cursor.execute(query, parameters)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row

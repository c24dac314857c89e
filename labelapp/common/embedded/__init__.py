"""The embedded PostgreSQL and Valkey: real servers from wheels, started under DATA_DIR and stopped with us.

Standard library, psutil and psycopg only: no Django, because settings and tests need the addresses first. The addresses
follow from DATA_DIR alone, so that any `manage.py` command finds the servers that `manage.py serve` has started.
"""

from labelapp.common.embedded.directory import DataDirectory
from labelapp.common.embedded.errors import EmbeddedServiceError
from labelapp.common.embedded.postgres import EmbeddedPostgres
from labelapp.common.embedded.valkey import EmbeddedValkey

__all__ = ["DataDirectory", "EmbeddedPostgres", "EmbeddedServiceError", "EmbeddedValkey"]

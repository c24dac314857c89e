"""Where sessions are kept: in the database, with a copy in Redis that saves a statement on each request."""

from typing import Any

import redis
import structlog
from django.contrib.sessions.backends import cached_db

logger = structlog.get_logger(__name__)


class SessionStore(cached_db.SessionStore):
    """Django's, which cannot read a session while Redis is away: then nobody could save what they have written."""

    def load(self) -> dict[str, Any]:
        """Return the session's data, from the database alone where Redis does not answer."""
        try:
            data: dict[str, Any] = super().load()
        except redis.RedisError as error:
            logger.warning("session read from the database", error=str(error))
            row = self._get_session_from_db()  # type: ignore[attr-defined]
            data = self.decode(row.session_data) if row else {}
        return data

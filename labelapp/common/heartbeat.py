"""A thread that says, again and again, that somebody is still at work."""

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import structlog
from django.db import DatabaseError, connection

logger = structlog.get_logger(__name__)


class Heartbeat(ABC):
    """Calls `beat` every `seconds` while it is entered, from a thread that has a database connection of its own.

    The work that it speaks for may sit in one long transaction, which could say nothing to others.
    """

    def __init__(self, name: str, *, seconds: float) -> None:
        self.name = name
        self.seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"heartbeat of {name}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._thread.join()

    @property
    def is_stopped(self) -> bool:
        """Whether it beats no more."""
        return self._stop.is_set()

    def stop(self) -> None:
        """Beat no more."""
        self._stop.set()

    @abstractmethod
    def beat(self) -> None:
        """Write down that the work goes on."""

    def _run(self) -> None:
        try:
            while not self._stop.wait(self.seconds):
                try:
                    self.beat()
                except DatabaseError as error:  # it may be back for the next beat, over a new connection
                    logger.warning("no heartbeat", of=self.name, error=str(error))
                    connection.close()
        finally:
            connection.close()

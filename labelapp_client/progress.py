"""How far something is, as the client tells whoever asked for it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """So much of what goes on (`uploading`), in its `unit` (`bytes`); a `total` of 0 is unknown."""

    what: str
    done: int
    total: int
    unit: str


OnProgress = Callable[[Progress], None]


def ignore(_progress: Progress) -> None:
    """Tell nobody."""

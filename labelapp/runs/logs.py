"""The log of a run over all its attempts, by byte, in pieces that a page can show."""

import os
from dataclasses import dataclass
from pathlib import Path

from formats.run_directory import RunDirectory

MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class LogPiece:
    """Text of the log, and the byte to go on from."""

    text: str
    next: int


def read_log(root: Path, *, after: int | None) -> LogPiece:
    """At most 64 KiB of the attempts' logs laid end to end: from byte `after`, or the last ones where it is None."""
    files = [(path, path.stat().st_size) for path in _paths(root)]
    total = sum(size for _, size in files)
    start = max(0, total - MAX_BYTES) if after is None else min(after, total)
    data, at = b"", 0
    for path, size in files:
        if start < at + size and len(data) < MAX_BYTES:
            with path.open("rb") as file:
                file.seek(max(0, start - at))
                # No more than was there when the sizes were taken, or the next file's bytes would be off.
                data += file.read(min(MAX_BYTES - len(data), size - file.tell()))
        at += size
    if after is None and start:
        data = data[data.find(b"\n") + 1 :]
        start = total - len(data)
    data = _whole_characters(data)
    return LogPiece(text=data.decode(errors="replace").replace("\0", "\ufffd"), next=start + len(data))


def _paths(root: Path) -> list[Path]:
    return [attempt.log_path for attempt in RunDirectory(root).attempts() if os.path.isfile(attempt.log_path)]


def _whole_characters(data: bytes) -> bytes:
    """Hold back a character that is cut at the end; its other bytes come with the next piece."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:  # the first byte of a character, which says how long it is
            length = 2 + (byte >= 0xE0) + (byte >= 0xF0)
            return data[:-back] if back < length else data
    return data

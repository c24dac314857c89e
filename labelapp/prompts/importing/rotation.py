"""Following a log that its writer rotates: renames and begins anew, or copies away and empties.

What was read of is known again by its inode and its first bytes; where it is not the log any more, it is looked for
beside it, and read to its end first, and then whatever was rotated since. That is found however the files are called,
if they lie in the log's folder and are not compressed yet.
"""

import hashlib
import stat
from pathlib import Path
from typing import Any

from labelapp.prompts.importing.lines import TextReader


def known_by(reader: TextReader) -> dict[str, Any]:
    """Return how a log is known again that is read so far: what was read of it does not change."""
    head = reader.beginning[: reader.offset]
    return {"inode": reader.inode, "bytes": len(head), "head": hashlib.sha256(head).hexdigest()}


def files_since(path: Path, position: dict[str, Any]) -> tuple[list[Path], bool]:
    """Return the files to go on with, the log itself last, and whether the first is the one that was read of."""
    known, offset = position.get("log"), position.get("offset", 0)
    if known is None or (path.exists() and _is(path, known, offset=offset, by_inode=True)):
        return [path], True
    others = [other for other in path.parent.iterdir() if other != path and _changed_at(other) >= 0]
    renamed = [other for other in others if _is(other, known, offset=offset, by_inode=True)]
    # A log that was copied away has another inode; it can be told only by what was read of it.
    copied = [other for other in others if known["bytes"] and _is(other, known, offset=offset, by_inode=False)]
    before = (renamed or sorted(copied, key=_changed_at))[:1]
    since = [other for other in others if before and other.name.startswith(path.name) and other not in copied]
    since = sorted((other for other in since if _changed_at(other) > _changed_at(before[0])), key=_changed_at)
    here = [path] if path.exists() else []
    return [*before, *(other for other in since if other not in before), *here], bool(before)


def has_news(path: Path, position: dict[str, Any]) -> bool:
    """Say whether a log has grown, or was rotated, since it was read."""
    try:
        files, is_known = files_since(path, position)
        if not is_known or files != [path]:
            return path.exists()
        return path.is_file() and path.stat().st_size > position.get("offset", 0)
    except OSError:
        return False  # its folder is gone, or closed to us; when it is back, so is the news


def _is(path: Path, known: dict[str, Any], *, offset: int, by_inode: bool) -> bool:
    try:
        found = path.stat()
        if found.st_size < offset or (by_inode and found.st_ino != known["inode"]):
            return False
        with path.open("rb") as file:
            return hashlib.sha256(file.read(known["bytes"])).hexdigest() == str(known["head"])
    except OSError:
        return False  # what vanished, or cannot be read, is not it


def _changed_at(path: Path) -> int:
    """In nanoseconds; -1 for what is no file, or is one no longer."""
    try:
        found = path.stat()
    except OSError:
        return -1
    return found.st_mtime_ns if stat.S_ISREG(found.st_mode) else -1

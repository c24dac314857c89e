"""Where what is frozen lies: in DATA_DIR, or, with STORAGE_URL, in a bucket of any S3-compatible store.

A file has the same name in both, such as `datasets/3/v1/train.jsonl`, and what lies in DATA_DIR is read there: what
was written before there was a bucket stays readable, and any tool may move it.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings

from labelapp.common.errors import DomainError

if TYPE_CHECKING:
    from labelapp.common.bucket import Bucket

COPY_BYTES = 1_048_576


class StorageUnavailable(DomainError):
    """The bucket cannot be read or written now; the message says which setting to look at."""

    code = "storage_unavailable"
    status = 503


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is kept. `open` may be called again and again, and what it returns can be sought in."""

    size: int
    open: Callable[[], BinaryIO]

    @classmethod
    def at(cls, path: Path) -> "StoredFile":
        """A file on the disk. Raises FileNotFoundError."""
        return cls(path.stat().st_size, lambda: path.open("rb"))


def bucket() -> "Bucket | None":
    """The bucket that what is frozen goes to; None where that is DATA_DIR. Nothing is asked of it yet."""
    if not settings.STORAGE_URL:
        return None
    # Whoever has no bucket does not pay for boto3: 50 MB of memory, and a second of each start.
    from labelapp.common.bucket import Bucket

    return Bucket.of(settings.STORAGE_URL)


def find(name: str) -> StoredFile:
    """Return a file by its name. Raises FileNotFoundError, or StorageUnavailable where nobody can tell."""
    path: Path = settings.DATA_DIR / name
    remote = bucket()
    return StoredFile.at(path) if remote is None or path.is_file() else remote.find(name)


@contextmanager
def local_path(name: str, *, scratch: Path) -> Iterator[Path]:
    """Lend a file's path on the disk; of one in the bucket a copy in the folder `scratch`, which goes afterwards.

    Raises as `find` does.
    """
    path: Path = settings.DATA_DIR / name
    if path.is_file():
        yield path
        return
    found, copy = find(name), scratch / f".{path.name}.fetched"
    try:
        with found.open() as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, COPY_BYTES)
        copy.chmod(0o444)  # as those on the disk: nothing may write through a link to it
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def problem() -> str:
    """What is wrong with the bucket; nothing where it answers, or none is used."""
    try:
        if (remote := bucket()) is not None:
            remote.check()
    except StorageUnavailable as error:
        return error.message
    return ""

"""The folder of a version: written out of sight on the disk, then kept whole, in DATA_DIR or in the bucket, or removed.

    DATA_DIR/datasets/<dataset>/.v<number>.<attempt>.<random>/    while it is written
    DATA_DIR/datasets/<dataset>/v<number>/                        for good, or
    the bucket's datasets/<dataset>/v<number>.<attempt>.<random>/

Nothing can be renamed in a bucket: each attempt has a folder of its own there, and the row names the one that counts.
"""

import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from formats.files import sync_directory
from labelapp.common import storage
from labelapp.common.errors import Conflict
from labelapp.common.storage import StorageUnavailable, StoredFile
from labelapp.datasets.models import Dataset, DatasetVersion

logger = structlog.get_logger(__name__)

MANIFEST = "manifest.json"
ATTEMPT = re.compile(r"\.?(v\d+\.\d+)\.[0-9a-f]{8}")


def stored_file(version: DatasetVersion, name: str) -> StoredFile:
    """Return a file of a ready version. Raises Conflict where it is gone, StorageUnavailable where nobody can tell."""
    try:
        return storage.find(f"{version.directory}/{name}")
    except FileNotFoundError as error:
        message = f"{name} is no longer where it was stored. Restore it from a backup."
        raise Conflict(message, code="file_gone") from error


@contextmanager
def temporary_folder(version: DatasetVersion) -> Iterator[Path]:
    """Lend this attempt's folder and remove what is left of it. Raises StorageUnavailable."""
    folder = fresh_folder(version)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_folder(version: DatasetVersion) -> Path:
    """Make an empty folder beside the final one; what earlier attempts left goes."""
    parent = _parent(version.dataset_id)
    parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(version.dataset_id)
    folder = parent / f".v{version.number}.{version.attempt}.{secrets.token_hex(4)}"
    folder.mkdir()
    return folder


def upload(folder: Path, name: str) -> None:
    """Put a file of a temporary folder into the bucket, where there is one. Nobody knows of it yet."""
    if (bucket := storage.bucket()) is not None:
        bucket.upload(folder / name, f"{_in_bucket(folder)}/{name}")


def publish(folder: Path, version: DatasetVersion) -> str:
    """Give the folder its name for good and return that, relative to DATA_DIR or to the bucket's prefix."""
    if storage.bucket() is not None:
        return _in_bucket(folder)
    final = folder.with_name(f"v{version.number}")
    for path in folder.iterdir():
        path.chmod(0o444)  # runs link to these files: nothing may write through a link
    sync_directory(folder)
    if final.exists():  # of an attempt that never committed
        shutil.rmtree(final)
    folder.rename(final)
    sync_directory(final.parent)
    return _relative(final)


def tidy(dataset_id: int) -> None:
    """Remove what is left, as far as that can be done now: a dataset stays untidy, and is swept, until that is done."""
    untidy = Dataset.objects.filter(pk=dataset_id)
    # Whoever claims a version after this look renews the mark, so that it is not taken away here.
    seen = _quiet_datasets().filter(pk=dataset_id).values_list("untidy_at", flat=True).first()
    try:
        remove_leftovers(dataset_id)
    except StorageUnavailable as error:
        logger.warning("leftovers stay in the bucket", dataset=dataset_id, error=error.message)
        untidy.update(untidy_at=timezone.now())
    else:
        untidy.filter(untidy_at=seen).update(untidy_at=None)


def untidy_dataset_ids() -> list[int]:
    """The datasets where something may be left, and where nobody writes who would tidy up afterwards."""
    return list(_quiet_datasets().filter(untidy_at__isnull=False).order_by("pk").values_list("pk", flat=True))


def _quiet_datasets() -> QuerySet[Dataset]:
    return Dataset.objects.exclude(versions__state=DatasetVersion.State.WRITING)


def remove_leftovers(dataset_id: int) -> None:
    """Remove the folders and uploads of attempts that no longer write, and that no version names.

    An attempt is in the database before it has a folder. So the folders are listed first: whoever made one that is in
    the list still writes it, has registered it, or never will. Raises StorageUnavailable.
    """
    parent, bucket = _parent(dataset_id), storage.bucket()
    folders = list(parent.glob(".v*"))
    uploaded = bucket.folders(_relative(parent)) if bucket is not None else set()
    columns = ("number", "attempt", "state", "directory")
    versions = list(DatasetVersion.objects.filter(dataset_id=dataset_id).only(*columns))
    named = {Path(version.directory).name for version in versions}
    writing = {f"v{one.number}.{one.attempt}" for one in versions if one.state == DatasetVersion.State.WRITING}

    def is_left(name: str) -> bool:
        attempt = ATTEMPT.fullmatch(name)
        return attempt is not None and attempt[1] not in writing and name not in named

    for folder in folders:
        if is_left(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
    for name in filter(is_left, uploaded):
        assert bucket is not None
        bucket.remove_folder(f"{_relative(parent)}/{name}")


def _parent(dataset_id: int) -> Path:
    path: Path = settings.DATA_DIR / "datasets" / str(dataset_id)
    return path


def _in_bucket(folder: Path) -> str:
    return _relative(folder.with_name(folder.name.removeprefix(".")))


def _relative(path: Path) -> str:
    return path.relative_to(settings.DATA_DIR).as_posix()

"""Write a version: one snapshot of the database, a folder that appears whole or not at all, one transaction at the end.

    <DATA_DIR>/datasets/<dataset>/v<number>/
        train.jsonl  train.parquet  …       only splits that have rows
        manifest.json                       kind, query, counts, and the sha256 of each file

Nothing in the files says when or by which version they were written: the same query over the same submissions gives the
same bytes, down to the manifest.
"""

import csv
import errno
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from formats.files import sha256_of, sync_directory, write_atomically
from formats.jsonl import dump_json, write_json
from labelapp.datasets.claiming import ClaimLost, Heartbeat, claim, fail, publish_state
from labelapp.datasets.models import DatasetKind, DatasetVersion
from labelapp.datasets.parquet import ParquetFile
from labelapp.datasets.records import to_line
from labelapp.datasets.selection import Selection, label_rows, measure, prompt_rows

logger = structlog.get_logger(__name__)

MANIFEST = "manifest.json"
LINEAGE = "lineage.csv"
CHUNK_ROWS = 500
COPY_BYTES = 65_536


UNDONE = """
SELECT FROM datasets_datasetrow row JOIN labeling_retraction undone ON undone.submission_id = row.submission_id
WHERE row.version_id = %s LIMIT 1
"""
COPY_ROWS = "COPY datasets_datasetrow (version_id, split, number, submission_id, prompt_id) FROM STDIN (FORMAT csv)"


class AnswerUndone(Exception):
    """An answer was taken back after it was written and before the version was ready."""


@dataclass(slots=True)
class WrittenFiles:
    """What lies in the temporary folder."""

    folder: Path
    selection: Selection
    files: list[dict[str, Any]] = field(default_factory=list)
    manifest_sha256: str = ""


def write_version(version_id: int) -> None:
    """Claim a version and write it; every failure ends in its row with a reason, and leaves nothing half-written."""
    version = claim(version_id)
    if version is None:
        return
    try:
        with _temporary_folder(version) as folder, Heartbeat(version) as heartbeat:
            written = _write_files(version, folder=folder, heartbeat=heartbeat)
            _register(version, written, heartbeat=heartbeat)
    except ClaimLost:
        logger.warning("another worker writes this version now", version=version.pk)
    except AnswerUndone:
        fail(version, error="An answer was undone while this version was written. Freeze again.")
    except (OSError, DatabaseError, SoftTimeLimitExceeded) as error:
        logger.exception("dataset version failed", version=version.pk)
        fail(version, error=_reason(error))
    except Exception:
        # A mistake of ours: the reason is for the log, and the row must not wait for ever.
        fail(version, error="Writing failed for a reason that nobody foresaw; the worker's log has it.")
        raise


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "The disk is full. Make room and freeze again."
    if isinstance(error, OSError):
        return f"The files cannot be written: {error.strerror or error}."
    if isinstance(error, SoftTimeLimitExceeded):
        return "Writing took longer than a task may. Freeze a smaller selection."
    return f"The database failed: {str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__}"


@contextmanager
def _temporary_folder(version: DatasetVersion) -> Iterator[Path]:
    """Lend this attempt's folder and remove what is left of it."""
    folder = _fresh_folder(version)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fresh_folder(version: DatasetVersion) -> Path:
    """Make an empty folder beside the final one; what earlier attempts left there goes."""
    parent = settings.DATA_DIR / "datasets" / str(version.dataset_id)
    parent.mkdir(parents=True, exist_ok=True)
    for leftover in parent.glob(f".v{version.number}.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    folder: Path = parent / f".v{version.number}.{version.attempt}.{secrets.token_hex(4)}"
    folder.mkdir()
    return folder


@contextmanager
def _snapshot() -> Iterator[None]:
    """One unchanging view of the database for every statement inside."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _write_files(version: DatasetVersion, *, folder: Path, heartbeat: Heartbeat) -> WrittenFiles:
    kind = version.dataset.kind
    with _snapshot(), (folder / LINEAGE).open("w", encoding="utf-8", newline="") as lineage:
        written = WrittenFiles(folder, measure(kind, version.query))
        heartbeat.rows_total = written.selection.rows
        for split, rows in written.selection.split_counts.items():
            if rows:
                _write_split(version, split=split, written=written, lineage=lineage, heartbeat=heartbeat)
    manifest = {
        "kind": kind,
        "query": version.query,
        "rows": written.selection.rows,
        "pairs": written.selection.pairs,
        "split_counts": written.selection.split_counts,
        "files": written.files,
    }
    write_json(folder / MANIFEST, manifest)
    written.manifest_sha256 = sha256_of(folder / MANIFEST)
    return written


def _write_split(
    version: DatasetVersion, *, split: str, written: WrittenFiles, lineage: TextIO, heartbeat: Heartbeat
) -> None:
    kind = version.dataset.kind
    paths = {file_format: written.folder / f"{split}.{file_format}" for file_format in ("jsonl", "parquet")}
    sources = csv.writer(lineage)
    count = 0
    with ParquetFile(paths["parquet"], kind=kind) as parquet:

        def lines() -> Iterator[bytes]:
            nonlocal count
            for row in _rows(kind, version.query, split=split):
                line = to_line(kind, row, split=split)
                yield dump_json(line) + b"\n"
                parquet.write(line)
                sources.writerow(_source(kind, row, version=version, split=split, number=count))
                count += 1
                heartbeat.count()

        write_atomically(paths["jsonl"], lines())
    written.files += [
        {
            "name": path.name,
            "split": split,
            "format": file_format,
            "rows": count,
            "size_bytes": path.stat().st_size,
            "sha256": sha256_of(path),
        }
        for file_format, path in paths.items()
    ]


def _rows(kind: str, query: dict[str, Any], *, split: str) -> Iterator[dict[str, Any]]:
    """The rows through a server-side cursor: memory does not grow with them."""
    if kind == DatasetKind.PROMPTS:
        return prompt_rows(query, split=split).iterator(CHUNK_ROWS)
    return label_rows(kind, query, split=split).iterator(CHUNK_ROWS)


def _source(
    kind: str, row: dict[str, Any], *, version: DatasetVersion, split: str, number: int
) -> tuple[int, str, int, int | None, int]:
    """The row of DatasetRow: where the file's line comes from."""
    is_prompt = kind == DatasetKind.PROMPTS
    return version.pk, split, number, None if is_prompt else row["pk"], row["pk" if is_prompt else "prompt_id"]


def _register(version: DatasetVersion, written: WrittenFiles, *, heartbeat: Heartbeat) -> None:
    """Make the version ready: lineage, files and state at once, or nothing. Raises ClaimLost."""
    final = written.folder.parent / f"v{version.number}"
    with transaction.atomic():
        locked = DatasetVersion.objects.select_for_update().get(pk=version.pk)
        if locked.attempt != version.attempt or locked.state != DatasetVersion.State.WRITING:
            raise ClaimLost
        heartbeat.stop()
        _copy_lineage(written.folder / LINEAGE)
        _refuse_undone(version)
        (written.folder / LINEAGE).unlink()
        _publish_folder(written.folder, final)
        selection = written.selection
        locked.state, locked.error = DatasetVersion.State.READY, ""
        locked.rows_total = locked.rows_written = selection.rows
        locked.pair_count, locked.split_counts = selection.pairs, selection.split_counts
        locked.files, locked.sha256 = written.files, written.manifest_sha256
        locked.directory = str(final.relative_to(settings.DATA_DIR))
        locked.frozen_at = timezone.now()
        locked.save()
    publish_state(locked)


def _refuse_undone(version: DatasetVersion) -> None:
    """Raise AnswerUndone where an answer was taken back after the snapshot. From here on its trigger refuses that."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the foreign keys lock the submissions now, not at the commit
        cursor.execute(UNDONE, [version.pk])
        if cursor.fetchone():
            raise AnswerUndone


def _copy_lineage(path: Path) -> None:
    with connection.cursor() as cursor, path.open("rb") as file, cursor.copy(COPY_ROWS) as copy:
        while data := file.read(COPY_BYTES):
            copy.write(data)


def _publish_folder(folder: Path, final: Path) -> None:
    """Give the folder its name. One that bears it already belongs to an attempt that never committed."""
    for path in folder.iterdir():
        path.chmod(0o444)  # runs link to these files: nothing may write through a link
    sync_directory(folder)
    if final.exists():
        shutil.rmtree(final)
    folder.rename(final)
    sync_directory(final.parent)

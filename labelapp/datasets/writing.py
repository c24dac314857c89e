"""Write a version: one snapshot of the database, a folder that appears whole or not at all, one transaction at the end.

    train.jsonl  train.parquet  …       only splits that have rows
    manifest.json                       kind, query, counts, agreement, and the sha256 of each file

Nothing in the files says when or by which version they were written: the same query over the same submissions gives the
same bytes, down to the manifest.
"""

import csv
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from formats.files import sha256_of
from formats.jsonl import write_json
from labelapp.accounts.models import User
from labelapp.common.storage import StorageUnavailable
from labelapp.datasets.claiming import ClaimLost, VersionHeartbeat, claim, fail, publish_state
from labelapp.datasets.figures import Figures, warnings_of
from labelapp.datasets.files import SplitFiles
from labelapp.datasets.late_changes import AnswerUndone, PersonErased, refuse_erased, refuse_undone
from labelapp.datasets.models import DatasetKind, DatasetVersion
from labelapp.datasets.policy import take
from labelapp.datasets.reading import answers_by_task, prompt_fields
from labelapp.datasets.records import Names, label_line, prompt_line
from labelapp.datasets.selection import count_selected
from labelapp.datasets.storing import MANIFEST, publish, temporary_folder, tidy, upload
from labelapp.labeling.models import InstructionVersion
from labelapp.webhooks.models import EventType
from labelapp.webhooks.outbox import emit

logger = structlog.get_logger(__name__)

LINEAGE = "lineage.csv"
COPY_BYTES = 65_536


COPY_ROWS = "COPY datasets_datasetrow (version_id, split, number, submission_id, prompt_id) FROM STDIN (FORMAT csv)"


class NothingLeft(Exception):
    """The rules on ties, agreement or several labelers leave nothing that can be trained on."""


@dataclass(slots=True)
class WrittenFiles:
    """What lies in the temporary folder."""

    folder: Path
    snapshot_at: datetime
    figures: Figures
    files: list[dict[str, Any]] = field(default_factory=list)
    manifest_sha256: str = ""


def write_version(version_id: int) -> None:
    """Claim a version and write it; every failure ends in its row with a reason, and leaves nothing half-written."""
    version = claim(version_id)
    if version is None:
        return
    try:
        _write_claimed(version)
    finally:
        tidy(version.dataset_id)


def _write_claimed(version: DatasetVersion) -> None:
    try:
        with temporary_folder(version) as folder, VersionHeartbeat(version) as heartbeat:
            written = _write_files(version, folder=folder, heartbeat=heartbeat)
            _upload(written, heartbeat=heartbeat)
            _register(version, written, heartbeat=heartbeat)
    except ClaimLost:
        logger.warning("another worker writes this version now", version=version.pk)
    except AnswerUndone:
        fail(version, error="An answer was undone while this version was written. Freeze again.")
    except PersonErased:
        fail(version, error="Somebody's text was to be deleted while this version was written. Freeze again.")
    except NothingLeft as error:
        fail(version, error=str(error))
    except StorageUnavailable as error:
        fail(version, error=f"{error.message} Then freeze again.")
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
def _snapshot() -> Iterator[datetime]:
    """One unchanging view of the database for every statement inside, and when it was taken."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT clock_timestamp()")
            (taken_at,) = cursor.fetchone()
        yield taken_at


def _write_files(version: DatasetVersion, *, folder: Path, heartbeat: VersionHeartbeat) -> WrittenFiles:
    kind = version.dataset.kind
    with _snapshot() as snapshot_at, (folder / LINEAGE).open("w", encoding="utf-8", newline="") as lineage:
        heartbeat.rows_total = count_selected(kind, version.query)
        written = WrittenFiles(folder, snapshot_at, Figures(kind))
        with SplitFiles(folder, kind=kind) as files:
            writer = _RowWriter(version, written.figures, files, csv.writer(lineage), heartbeat)
            writer.write_prompts() if kind == DatasetKind.PROMPTS else writer.write_labels()
        _refuse_empty(written.figures)
        written.files = files.entries
        write_json(folder / MANIFEST, manifest_of(version, written.figures, files=written.files))
    written.manifest_sha256 = sha256_of(folder / MANIFEST)
    return written


def _refuse_empty(figures: Figures) -> None:
    if not figures.rows:
        raise NothingLeft("No row is left: the rules on agreement or ties refuse all that the filters find.")
    if figures.kind == DatasetKind.COMPARISONS and not figures.pairs:
        raise NothingLeft(f"All {figures.rows} rankings are ties throughout: there is no pair to learn from.")


@dataclass(slots=True)
class _RowWriter:
    """Writes each row to the files of its split, and where it comes from beside."""

    version: DatasetVersion
    figures: Figures
    files: SplitFiles
    lineage: Any
    heartbeat: VersionHeartbeat

    def write_prompts(self) -> None:
        for fields in prompt_fields(self.version.query):
            line = prompt_line(fields)
            self.figures.count_row(line["split"])
            number = self.files.write(line)
            self.lineage.writerow((self.version.pk, line["split"], number, None, line["id"]))
            self.heartbeat.count()

    def write_labels(self) -> None:
        kind, query, names = self.version.dataset.kind, self.version.query, Names()
        for answers in answers_by_task(kind, query, with_content=True):
            taken = take(answers, query)
            self.figures.add(answers, taken)
            for row in taken:
                line = label_line(kind, row, names)
                number = self.files.write(line)
                self.lineage.writerows(
                    (self.version.pk, line["split"], number, answer.submission_id, line["prompt_id"])
                    for answer in row.answers
                )
            self.heartbeat.count(len(answers))


def manifest_of(version: DatasetVersion, figures: Figures, *, files: list[dict[str, Any]]) -> dict[str, Any]:
    """What a version says of itself: nothing of when or by whom, so that equal data are equal bytes."""
    people = User.objects.filter(pk__in=figures.labelers).values_list("pk", "pseudonym")
    instructions = InstructionVersion.objects.filter(pk__in=figures.instruction_versions).order_by("pk")
    agreement = figures.agreement
    return {
        "kind": version.dataset.kind,
        "query": version.query,
        "rows": figures.rows,
        "pairs": figures.pairs,
        "rows_without_pairs": figures.rows_without_pairs,
        "split_counts": figures.split_counts,
        "labelers": {pseudonym: figures.labelers[pk] for pk, pseudonym in people.order_by("pk")},
        "instructions": [
            {
                "id": one.pk,
                "project_id": one.project_id,
                "number": one.number,
                "rows": figures.instruction_versions[one.pk],
            }
            for one in instructions
        ],
        "agreement": asdict(agreement) if agreement else None,
        "warnings": [asdict(warning) for warning in warnings_of(figures, version.query)],
        "files": files,
    }


def _upload(written: WrittenFiles, *, heartbeat: VersionHeartbeat) -> None:
    """Send what is written to the bucket, where there is one: the manifest last. Raises ClaimLost."""
    for name in [*(entry["name"] for entry in written.files), MANIFEST]:
        heartbeat.count(0)
        upload(written.folder, name)


def _register(version: DatasetVersion, written: WrittenFiles, *, heartbeat: VersionHeartbeat) -> None:
    """Make the version ready: lineage, files and state at once, or nothing. Raises ClaimLost."""
    with transaction.atomic():
        locked = DatasetVersion.objects.select_for_update().get(pk=version.pk)
        if locked.attempt != version.attempt or locked.state != DatasetVersion.State.WRITING:
            raise ClaimLost
        heartbeat.stop()
        _copy_lineage(written.folder / LINEAGE)
        refuse_undone(version)
        refuse_erased(version)
        (written.folder / LINEAGE).unlink()
        figures = written.figures
        locked.state, locked.error = DatasetVersion.State.READY, ""
        locked.rows_total = locked.rows_written = figures.rows
        locked.pair_count, locked.split_counts = figures.pairs, figures.split_counts
        locked.files, locked.sha256 = written.files, written.manifest_sha256
        locked.directory = publish(written.folder, version)
        locked.snapshot_at, locked.frozen_at = written.snapshot_at, timezone.now()
        locked.save()
        _tell_webhooks(locked)
    publish_state(locked)


def _tell_webhooks(version: DatasetVersion) -> None:
    dataset = version.dataset
    emit(
        EventType.DATASET_FROZEN,
        path=f"/datasets/versions/{version.pk}",
        dataset={"id": dataset.pk, "name": dataset.name, "kind": dataset.kind},
        version={
            "id": version.pk,
            "number": version.number,
            "rows": version.rows_total,
            "pairs": version.pair_count,
            "sha256": version.sha256,
        },
    )


def _copy_lineage(path: Path) -> None:
    with (
        connection.cursor() as cursor,
        path.open("rb") as file,
        connection.wrap_database_errors,
        cursor.copy(COPY_ROWS) as copy,
    ):
        while data := file.read(COPY_BYTES):
            copy.write(data)

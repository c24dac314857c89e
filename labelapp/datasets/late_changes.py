"""What happened to the rows of a version after its snapshot, and must not be frozen with them."""

from django.db import connection

from labelapp.datasets.models import DatasetRow, DatasetVersion, Erasure
from labelapp.datasets.selection import is_erased

UNDONE = """
SELECT FROM datasets_datasetrow row JOIN labeling_retraction undone ON undone.submission_id = row.submission_id
WHERE row.version_id = %s LIMIT 1
"""


class AnswerUndone(Exception):
    """An answer was taken back after it was written and before the version was ready."""


class PersonErased(Exception):
    """Somebody asked for the deletion of what was written, before the version was ready."""


def refuse_undone(version: DatasetVersion) -> None:
    """Raise AnswerUndone where an answer was taken back after the snapshot. From here on its trigger refuses that."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the foreign keys lock the submissions now, not at the commit
        cursor.execute(UNDONE, [version.pk])
        if cursor.fetchone():
            raise AnswerUndone


def refuse_erased(version: DatasetVersion) -> None:
    """Raise PersonErased where a request for deletion came after the snapshot; one that comes now waits for us."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE datasets_erasure IN SHARE MODE")
    if Erasure.objects.filter(withdrawn_at=None).exists():
        erased = is_erased(labeler="submission__labeler", submitter="prompt__submitter")
        if DatasetRow.objects.filter(erased, version=version).exists():
            raise PersonErased

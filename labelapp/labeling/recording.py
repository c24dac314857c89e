"""Adding to the record: submissions, their revisions, and skips."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from labelapp.common.errors import Conflict, InvalidInput, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.labeling.assignment import lost_lease, prompt_erased
from labelapp.labeling.models import Assignment, Skip, Submission
from labelapp.labeling.prepared import fetch_one
from labelapp.labeling.submission import SubmissionInput, check_fits

# The lock makes a doubled request wait for the first; its second look then finds what the first has written.
LOCK = """
SELECT slot.id, slot.task_id, slot.project_id, slot.labeler_id, slot.state, slot.lease_token, slot.shown_order::json,
       project.kind, project.questions::json, coalesce(prompt.annotations -> 'closed_domain' = 'true', false),
       EXISTS (SELECT FROM labeling_instructionversion version
               WHERE version.id = %(instructions)s AND version.project_id = slot.project_id),
       submitter.erased_at IS NOT NULL
FROM labeling_assignment slot
JOIN labeling_project project ON project.id = slot.project_id
JOIN labeling_task task ON task.id = slot.task_id
JOIN prompts_prompt prompt ON prompt.id = task.prompt_id
JOIN prompts_submitter submitter ON submitter.id = prompt.submitter_id
WHERE slot.id = %(assignment)s
FOR UPDATE OF slot
"""

RECORD = """
WITH said AS (
    INSERT INTO labeling_submission (assignment_id, project_id, task_id, labeler_id, revision, instruction_version_id,
        idempotency_key, content_sha256, demonstration, answers, notes, elapsed_seconds, active_seconds, created_at)
    VALUES (%(assignment)s, %(project)s, %(task)s, %(labeler)s,
        (SELECT coalesce(max(revision), 0) + 1 FROM labeling_submission WHERE assignment_id = %(assignment)s),
        %(instructions)s, %(key)s, %(sha256)s, %(demonstration)s, %(answers)s, %(notes)s, %(elapsed)s, %(active)s,
        statement_timestamp())
    RETURNING id, revision
), judged AS (
    INSERT INTO labeling_judgment (submission_id, response_id, rank, quality, answers, notes, shown_position)
    SELECT said.id, item.response_id, item.rank, item.quality, item.answers, item.notes, item.shown_position
    FROM said, jsonb_to_recordset(%(judgments)s) AS item(
        response_id bigint, rank smallint, quality smallint, answers jsonb, notes text, shown_position smallint)
), finished AS (
    UPDATE labeling_assignment SET state = 'submitted', lease_token = NULL, lease_expires_at = NULL,
        submitted_at = coalesce(submitted_at, statement_timestamp())
    WHERE id = %(assignment)s AND state = 'leased'
), forgotten AS (
    DELETE FROM labeling_draft WHERE task_id = %(task)s AND labeler_id = %(labeler)s
)
SELECT said.id, said.revision FROM said
"""

OPEN_SLOT: dict[str, Any] = {
    "state": Assignment.State.OPEN,
    "labeler": None,
    "lease_token": None,
    "lease_expires_at": None,
    "claimed_at": None,
    "shown_order": [],
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A submission in the record; `is_new` is False when a retry found what was already there."""

    submission_id: int
    revision: int
    assignment_id: int
    project_id: int
    is_new: bool

    def as_json(self) -> dict[str, Any]:
        """Return the body that the first request and every retry of it get."""
        return {
            "submission_id": self.submission_id,
            "revision": self.revision,
            "assignment_id": self.assignment_id,
        }


@dataclass(frozen=True, slots=True)
class LockedSlot:
    """An assignment under lock, with what is needed to judge a submission."""

    id: int
    task_id: int
    project_id: int
    labeler_id: int | None
    state: str
    lease_token: UUID | None
    shown_order: list[int]
    kind: str
    question_keys: list[str]
    is_closed_domain: bool
    has_instructions: bool
    is_erased: bool


def submit(submission: SubmissionInput, *, assignment_id: int, labeler_id: int) -> Recorded:
    """Record the answer of whoever holds the lease, also one that has run out if nobody took it.

    Raises:
        InvalidInput: the answer does not fit the task.
        NotFound: the assignment was never this labeler's.
        Conflict: it is no longer theirs, or the idempotency key stands for another answer.
    """
    return _write(submission, assignment_id=assignment_id, labeler_id=labeler_id, state=Assignment.State.LEASED)


def revise(submission: SubmissionInput, *, assignment_id: int, labeler_id: int) -> Recorded:
    """Record the labeler's own submission anew, as its next revision.

    Raises:
        InvalidInput, NotFound, Conflict: as `submit` does.
    """
    return _write(submission, assignment_id=assignment_id, labeler_id=labeler_id, state=Assignment.State.SUBMITTED)


def _write(submission: SubmissionInput, *, assignment_id: int, labeler_id: int, state: str) -> Recorded:
    try:
        with transaction.atomic():
            slot = _lock(assignment_id, instructions=submission.instruction_version_id)
            is_held = slot.labeler_id == labeler_id and slot.state == state
            is_held = is_held and slot.lease_token == submission.lease_token
            # Whatever is not an ordinary first answer may be a retry, which must find what it wrote.
            if not is_held or state == Assignment.State.SUBMITTED:
                earlier = _earlier(submission, assignment_id=assignment_id, labeler_id=labeler_id)
                if earlier is not None:
                    return earlier
            if not is_held:
                raise _not_held(slot, labeler_id=labeler_id, wanted=state)
            return _record(submission, slot=slot, labeler_id=labeler_id)
    except IntegrityError:
        earlier = _earlier(submission, assignment_id=assignment_id, labeler_id=labeler_id)
        if earlier is None:
            raise
        return earlier


def _lock(assignment_id: int, *, instructions: int) -> LockedSlot:
    row = fetch_one(LOCK, {"assignment": assignment_id, "instructions": instructions})
    if row is None:
        raise NotFound("This is not an assignment of yours.")
    return LockedSlot(*row)


def _not_held(slot: LockedSlot, *, labeler_id: int, wanted: str) -> Conflict | NotFound:
    is_leased = slot.labeler_id == labeler_id and slot.state == Assignment.State.LEASED
    if is_leased and wanted == Assignment.State.SUBMITTED:
        return Conflict("Submit this first; then you can edit it.", code="not_submitted")
    return lost_lease(assignment_id=slot.id, labeler_id=labeler_id)


def _earlier(submission: SubmissionInput, *, assignment_id: int, labeler_id: int) -> Recorded | None:
    """Return what this idempotency key has recorded before, if anything.

    Raises:
        Conflict: it recorded another answer, or one that was undone.
    """
    said = Submission.objects.select_related("retraction").filter(labeler=labeler_id)
    earlier = said.filter(idempotency_key=submission.idempotency_key).first()
    if earlier is None:
        return None
    if hasattr(earlier, "retraction"):
        raise Conflict("You have undone this answer. Submit it anew.", code="submission_retracted")
    if earlier.content_sha256 != submission.content_sha256(assignment_id=assignment_id):
        raise Conflict("This idempotency key stands for another answer.", code="idempotency_mismatch")
    return Recorded(earlier.pk, earlier.revision, assignment_id, earlier.project_id, is_new=False)


def _record(submission: SubmissionInput, *, slot: LockedSlot, labeler_id: int) -> Recorded:
    if slot.is_erased:
        raise prompt_erased()
    if not slot.has_instructions:
        raise InvalidInput("This project has no such instructions.", field="instruction_version_id")
    check_fits(
        submission,
        kind=slot.kind,
        shown_order=slot.shown_order,
        question_keys=slot.question_keys,
        is_closed_domain=slot.is_closed_domain,
    )
    parameters: dict[str, Any] = {
        "assignment": slot.id,
        "project": slot.project_id,
        "task": slot.task_id,
        "labeler": labeler_id,
        "instructions": submission.instruction_version_id,
        "key": submission.idempotency_key,
        "sha256": submission.content_sha256(assignment_id=slot.id),
        "demonstration": submission.demonstration or "",
        "answers": json.dumps(submission.answers),
        "notes": submission.notes,
        "elapsed": submission.elapsed_seconds,
        "active": submission.active_seconds,
        "judgments": json.dumps(submission.judgment_rows(slot.shown_order)),
    }
    row = fetch_one(RECORD, parameters)
    assert row is not None
    submission_id, revision = row
    publish_on_commit(f"labeling:{slot.project_id}", type="submitted", id=submission_id)
    return Recorded(submission_id, revision, slot.id, slot.project_id, is_new=True)


@transaction.atomic
def skip(*, assignment_id: int, labeler_id: int, token: UUID, reason: str, note: str = "") -> Skip:
    """Give the slot back, to somebody else and never to this labeler again; a repeated skip changes nothing.

    What they had begun stays theirs: the skip may be undone, or a researcher may offer them the task again.

    Raises:
        NotFound: the assignment was never this labeler's.
        Conflict: it is no longer theirs.
    """
    slot = Assignment.objects.select_for_update().filter(pk=assignment_id).first()
    is_held = slot is not None and slot.labeler_id == labeler_id and slot.lease_token == token
    if slot is None or not is_held or slot.state != Assignment.State.LEASED:
        in_force = Skip.objects.filter(labeler=labeler_id, returned_at=None)
        earlier = in_force.filter(task=slot.task_id).first() if slot else None
        if earlier is None:
            raise lost_lease(assignment_id=assignment_id, labeler_id=labeler_id)
        return earlier
    skipped = Skip.objects.create(
        task_id=slot.task_id, labeler_id=labeler_id, reason=reason, note=note, created_at=Now()
    )
    Assignment.objects.filter(pk=slot.pk).update(**OPEN_SLOT)
    publish_on_commit(f"labeling:{slot.project_id}", type="skipped", id=skipped.pk)
    publish_on_commit("review", type="skipped", id=slot.task_id)
    return skipped

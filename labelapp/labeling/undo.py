"""Taking an answer back within seconds of sending it.

The record is append-only, so the submission stays and a retraction beside it says that it counts for nothing. The slot
goes back to its labeler as it was, with what they had on the screen as the draft. Whoever has frozen the submission
into a dataset version was faster: the database then refuses the retraction.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now

from labelapp.common.errors import Conflict, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.labeling.assignment import read_assignment
from labelapp.labeling.models import Assignment, Draft, Membership, Submission
from labelapp.labeling.recording import OPEN_SLOT
from labelapp.labeling.retraction_models import Retraction

UNDO_SECONDS = 10
# For the way of the request, and for a thumb that was quick enough.
GRACE_SECONDS = 5


def undo(*, assignment_id: int, labeler_id: int, submission_id: int, content: dict[str, Any]) -> dict[str, Any]:
    """Retract the labeler's newest answer and return its assignment, leased to them again, with `content` as the draft.

    What they hold by now in the project goes back to the queue, its draft kept. Of a revision only the edit is undone:
    what was said before counts again. A repeated undo finds what the first has done.

    Raises:
        NotFound: it is not an answer of theirs.
        Conflict: it is too late, or the answer was edited, frozen or withdrawn since.
    """
    try:
        with transaction.atomic():
            _undo(assignment_id=assignment_id, labeler_id=labeler_id, submission_id=submission_id, content=content)
    except IntegrityError as error:
        message = "Another tab of yours took a task at this moment. Undo once more."
        raise Conflict(message, code="undo_raced") from error
    return read_assignment(assignment_id=assignment_id, labeler_id=labeler_id)


def _undo(*, assignment_id: int, labeler_id: int, submission_id: int, content: dict[str, Any]) -> None:
    slot = Assignment.objects.select_for_update(of=("self", "task"), no_key=True).select_related("project", "task")
    slot_row = slot.filter(pk=assignment_id, labeler=labeler_id).first()
    said = Submission.objects.filter(pk=submission_id, assignment=assignment_id, labeler=labeler_id).first()
    if slot_row is None or said is None:
        raise NotFound("This is not an answer of yours.")
    if Retraction.objects.filter(submission=said).exists():
        return
    _check_may_undo(said, slot=slot_row)
    _retract(said)
    if not Submission.objects.standing().filter(assignment=slot_row).exists():
        _lease_again(slot_row, labeler_id=labeler_id)
    Draft.objects.update_or_create(
        task_id=slot_row.task_id,
        labeler_id=labeler_id,
        defaults={"content": content, "revision": 1, "updated_at": Now()},
    )
    publish_on_commit(f"labeling:{slot_row.project_id}", type="retracted", id=said.pk)


def _check_may_undo(said: Submission, *, slot: Assignment) -> None:
    since = Now() - timedelta(seconds=UNDO_SECONDS + GRACE_SECONDS)
    newest = Submission.objects.latest_revisions().filter(assignment=slot)
    if not newest.filter(pk=said.pk).exists():
        raise Conflict("You have edited this answer since.", code="undo_superseded")
    if not newest.filter(created_at__gte=since).exists():
        message = f"An answer can be undone for {UNDO_SECONDS} seconds. Edit it from your history."
        raise Conflict(message, code="undo_too_late")
    if slot.task.withdrawn_at is not None:
        raise Conflict("This task was withdrawn meanwhile.", code="task_withdrawn")
    if not Membership.objects.filter(project=slot.project_id, user=said.labeler_id, left_at=None).exists():
        raise Conflict("You are no longer a member of this project.", code="not_a_member")


def _retract(said: Submission) -> None:
    try:
        with transaction.atomic():
            Retraction.objects.create(submission=said)
    except IntegrityError as error:  # a trigger of the datasets
        message = "A dataset version has been frozen with this answer. Edit it from your history."
        raise Conflict(message, code="undo_frozen") from error


def _lease_again(slot: Assignment, *, labeler_id: int) -> None:
    """Lease the slot to its labeler anew; one lease a project, so what they hold by now goes back to the queue."""
    held = Q(project=slot.project_id, labeler=labeler_id, state=Assignment.State.LEASED)
    for other in Assignment.objects.select_for_update().filter(held):
        # If only an empty one: it is their right to save what they had begun to type.
        Draft.objects.get_or_create(task_id=other.task_id, labeler_id=labeler_id)
        Assignment.objects.filter(pk=other.pk).update(**OPEN_SLOT)
    Assignment.objects.filter(pk=slot.pk).update(
        state=Assignment.State.LEASED,
        lease_token=uuid4(),
        lease_expires_at=Now() + timedelta(minutes=slot.project.lease_minutes),
        submitted_at=None,
    )

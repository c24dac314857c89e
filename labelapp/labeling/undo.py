"""Taking an answer or a skip back within seconds of sending it.

The record is append-only, so the submission stays and a retraction beside it says that it counts for nothing. The slot
goes back to its labeler as it was, with what they had on the screen as the draft. Whoever has frozen the submission
into a dataset version was faster: the database then refuses the retraction.

A skip is no answer: it is removed, and with it the report in the researchers' queue. Its slot went to whoever asked
first; while one of the task is open, the labeler gets that.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from labelapp.common.errors import Conflict, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.labeling.assignment import claim_next, prompt_erased, read_assignment
from labelapp.labeling.models import Assignment, Draft, Membership, Skip, Submission, Task
from labelapp.labeling.queries import IS_OPEN
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
        raise _raced() from error
    return read_assignment(assignment_id=assignment_id, labeler_id=labeler_id)


def _undo(*, assignment_id: int, labeler_id: int, submission_id: int, content: dict[str, Any]) -> None:
    slot = Assignment.objects.select_for_update(of=("self", "task"), no_key=True)
    slot = slot.select_related("project", "task__prompt__submitter")
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
    _draft(slot_row.task, labeler_id=labeler_id, content=content)
    publish_on_commit(f"labeling:{slot_row.project_id}", type="retracted", id=said.pk)


@transaction.atomic
def undo_skip(*, assignment_id: int, labeler_id: int, skip_id: int, content: dict[str, Any]) -> dict[str, Any]:
    """Withdraw the labeler's skip and its report; return a leased assignment of the task, with `content` as its draft.

    It is the same one, or another of the task where somebody holds that by now. What the labeler holds by now in the
    project goes back to the queue, its draft kept. A repeated undo finds what the first has done.

    Raises:
        NotFound: it is not a skip of theirs.
        Conflict: it is too late, a researcher has decided about it, or no place in the task is left.
    """
    locked = Task.objects.select_for_update(of=("self",), no_key=True)
    task = locked.filter(assignments=assignment_id).first()
    skipped = Skip.objects.filter(pk=skip_id, task=task, labeler=labeler_id).first() if task else None
    if task is None or skipped is None:
        held = task and task.assignments.filter(labeler=labeler_id, state=Assignment.State.LEASED).first()
        if not held:
            raise NotFound("This is not a skip of yours.")
        return read_assignment(assignment_id=held.pk, labeler_id=labeler_id)
    _check_may_undo_skip(skipped, task=task)
    skipped.delete()
    again = _claim_again(task, labeler_id=labeler_id, preferred_id=assignment_id)
    _draft(task, labeler_id=labeler_id, content=content)
    publish_on_commit(f"labeling:{task.project_id}", type="unskipped", id=task.pk)
    publish_on_commit("review", type="unskipped", id=task.pk)
    return read_assignment(assignment_id=again, labeler_id=labeler_id)


def _raced() -> Conflict:
    return Conflict("Another tab of yours took a task at this moment. Undo once more.", code="undo_raced")


def _since() -> Any:
    return Now() - timedelta(seconds=UNDO_SECONDS + GRACE_SECONDS)


def _check_may_undo(said: Submission, *, slot: Assignment) -> None:
    newest = Submission.objects.latest_revisions().filter(assignment=slot)
    if not newest.filter(pk=said.pk).exists():
        raise Conflict("You have edited this answer since.", code="undo_superseded")
    if not newest.filter(created_at__gte=_since()).exists():
        message = f"An answer can be undone for {UNDO_SECONDS} seconds. Edit it from your history."
        raise Conflict(message, code="undo_too_late")
    _check_may_work(slot.task, labeler_id=said.labeler_id)


def _check_may_undo_skip(skipped: Skip, *, task: Task) -> None:
    if skipped.decision_id is not None:
        raise Conflict("A researcher has seen to this skip already.", code="undo_decided")
    if not Skip.objects.filter(pk=skipped.pk, created_at__gte=_since()).exists():
        raise Conflict(f"A skip can be undone for {UNDO_SECONDS} seconds.", code="undo_too_late")
    _check_may_work(task, labeler_id=skipped.labeler_id)


def _check_may_work(task: Task, *, labeler_id: int) -> None:
    if task.prompt.is_withheld:
        raise prompt_erased()
    if task.withdrawn_at is not None:
        raise Conflict("This task was withdrawn meanwhile.", code="task_withdrawn")
    if not Membership.objects.filter(project=task.project_id, user=labeler_id, left_at=None).exists():
        raise Conflict("You are no longer a member of this project.", code="not_a_member")


def _draft(task: Task, *, labeler_id: int, content: dict[str, Any]) -> None:
    """Keep what was on the screen, on top of any draft: a save that is still on its way is older, and loses."""
    said = {"content": content, "updated_at": Now()}
    Draft.objects.update_or_create(
        task=task,
        labeler_id=labeler_id,
        defaults={**said, "revision": F("revision") + 1},
        create_defaults={**said, "revision": 1},
    )


def _retract(said: Submission) -> None:
    try:
        with transaction.atomic():
            Retraction.objects.create(submission=said)
    except IntegrityError as error:  # a trigger of the datasets
        message = "A dataset version has been frozen with this answer. Edit it from your history."
        raise Conflict(message, code="undo_frozen") from error


def _lease_again(slot: Assignment, *, labeler_id: int) -> None:
    """Lease the slot to its labeler anew; one lease a project, so what they hold by now goes back to the queue."""
    _give_back_held(slot.project_id, labeler_id=labeler_id)
    Assignment.objects.filter(pk=slot.pk).update(
        state=Assignment.State.LEASED,
        lease_token=uuid4(),
        lease_expires_at=Now() + timedelta(minutes=slot.project.lease_minutes),
        submitted_at=None,
    )


def _claim_again(task: Task, *, labeler_id: int, preferred_id: int) -> int:
    """Lease a free slot of the task to the labeler, the preferred one if they can have it; return its id."""
    _give_back_held(task.project_id, labeler_id=labeler_id)
    # A claim would pass by a row that somebody has locked; this waits, and sees what became of it.
    locked = task.assignments.select_for_update().filter(IS_OPEN).order_by("pk")
    free = list(locked.values_list("pk", flat=True))
    if not free:
        raise Conflict("Somebody else has this task by now.", code="undo_taken")
    wanted = preferred_id if preferred_id in free else free[0]
    found = claim_next(project_id=task.project_id, labeler_id=labeler_id, preferred_id=wanted)
    if found.status == "paused":
        raise Conflict("This project is paused.", code="project_paused")
    if found.assignment is None or found.assignment["task_id"] != task.pk:
        raise _raced()
    assignment_id: int = found.assignment["id"]
    return assignment_id


def _give_back_held(project_id: int, *, labeler_id: int) -> None:
    held = Q(project=project_id, labeler=labeler_id, state=Assignment.State.LEASED)
    for other in Assignment.objects.select_for_update().filter(held):
        # If only an empty one: it is their right to save what they had begun to type.
        Draft.objects.get_or_create(task_id=other.task_id, labeler_id=labeler_id)
        Assignment.objects.filter(pk=other.pk).update(**OPEN_SLOT)

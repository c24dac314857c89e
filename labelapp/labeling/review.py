"""What researchers decide about a task that was skipped, flagged or asked about.

A decision settles what its researcher had on the screen and nothing else: a flag that came in meanwhile stays open. A
prompt is never rewritten in place, because answers refer to it. It is either replaced by a corrected copy, with the
task withdrawn, or what is *known* of it (its use case, its annotations …) is corrected.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict, InvalidInput, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.labeling.actions import withdraw_task
from labelapp.labeling.models import ProjectKind, Skip, Task
from labelapp.labeling.queries import IS_OPEN
from labelapp.labeling.review_models import Decision, Flag, ThreadMessage
from labelapp.labeling.task_creation import create_tasks
from labelapp.labeling.threads import Thread, post_message
from labelapp.prompts.actions import annotated, create_prompt, update_prompt
from labelapp.prompts.bulk import of_locked_senders
from labelapp.prompts.models import Prompt

Action = Decision.Action
FACTS = ("use_case", "annotations", "language", "deployment_context")
# What these say to a labeler needs words; a correction may speak for itself.
NEED_A_NOTE = {Action.ANSWER, Action.DISMISS, Action.WITHDRAW}
NEED_A_REPORT = {Action.ANSWER, Action.DISMISS}


@dataclass(frozen=True, slots=True)
class DecisionInput:
    """What was decided, and of which reports: `last_message_id` is the newest message that was on the screen."""

    action: str
    note: str = ""
    flag_ids: tuple[int, ...] = ()
    skip_ids: tuple[int, ...] = ()
    last_message_id: int = 0
    is_returned: bool = False
    is_archived: bool = False
    changes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reports:
    """What a decision settles."""

    flags: QuerySet[Flag]
    skips: QuerySet[Skip]
    questions: QuerySet[ThreadMessage]

    def labeler_ids(self) -> list[int]:
        """Return who skipped, flagged or asked."""
        people = {
            pk for rows in (self.flags, self.skips, self.questions) for pk in rows.values_list("labeler", flat=True)
        }
        return sorted(pk for pk in people if pk is not None)

    def settle(self, decision: Decision, *, is_returned: bool) -> None:
        """Close them."""
        self.questions.update(is_open=False)
        self.flags.update(decision=decision)
        self.skips.update(decision=decision, returned_at=timezone.now() if is_returned else None)


@transaction.atomic
def decide(task_id: int, wanted: DecisionInput, *, decided_by: User) -> Decision:
    """Do what a researcher decided, record it, settle the reports, and tell those who made them.

    Raises:
        NotFound: there is no such task.
        InvalidInput: names the field that is wrong.
        Conflict: somebody else has settled one of the reports, or the task is in a state in which it cannot be done.
    """
    # Who asks for deletion holds the sender first, and then the tasks: a replacement would wait for them the other way.
    of_locked_senders(Prompt.objects.filter(tasks=task_id))
    # Without the key, as answers refer to it: two researchers wait for each other here, no labeler for either.
    task = Task.objects.select_for_update(no_key=True).filter(pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task.")
    reports = _open_reports(task, wanted)
    _check(task, wanted, reports)
    labeler_ids = reports.labeler_ids()
    decision = _carry_out(task, wanted, decided_by=decided_by)
    reports.settle(decision, is_returned=wanted.is_returned)
    if decision.note:
        for labeler_id in labeler_ids:
            thread = Thread(task.project_id, task.pk, labeler_id)
            newest = wanted.last_message_id
            post_message(thread, author=decided_by, body=decision.note, key=uuid4(), answers_up_to=newest)
    publish_on_commit(f"labeling:{task.project_id}", type="decided", id=task.pk)
    publish_on_commit("review", type="decided", id=task.pk)
    return decision


def _open_reports(task: Task, wanted: DecisionInput) -> Reports:
    """Return the reports that were meant, all of them open. Raises InvalidInput, and Conflict for a settled one."""
    reports = Reports(
        flags=task.flags.filter(pk__in=wanted.flag_ids),
        skips=task.skips.filter(pk__in=wanted.skip_ids),
        questions=task.messages.filter(is_open=True, pk__lte=wanted.last_message_id),
    )
    for name, ids, rows in (
        ("flag_ids", wanted.flag_ids, reports.flags),
        ("skip_ids", wanted.skip_ids, reports.skips),
    ):
        _check_all_there(name, ids, rows)
        settled = (
            Decision.objects.filter(pk__in=rows.values_list("decision", flat=True)).select_related("decided_by").first()
        )
        if settled is not None:
            raise _settled(settled)
    return reports


def _check_all_there(name: str, ids: Iterable[int], rows: QuerySet[Any]) -> None:
    missing = sorted(set(ids) - set(rows.values_list("pk", flat=True)))
    wrong = missing
    if rows.model is Skip:  # one that its labeler undoes is removed, so what is nowhere may have been there
        wrong = sorted(Skip.objects.filter(pk__in=missing).values_list("pk", flat=True))
    if wrong:
        raise InvalidInput(f"This task has no {name.removesuffix('_ids')} {wrong[0]}.", field=name)
    if missing:
        message = f"Skip {missing[0]} is not there, or not any more: a labeler may have taken it back meanwhile."
        raise Conflict(message, code="skip_undone", skip_ids=missing)


def _settled(decision: Decision) -> Conflict:
    who = decision.decided_by.name or decision.decided_by.email
    message = f"{who} has settled this already: {decision.get_action_display().lower()}."
    return Conflict(message, code="already_decided", decision_id=decision.pk)


def _check(task: Task, wanted: DecisionInput, reports: Reports) -> None:
    if wanted.action in NEED_A_NOTE and not wanted.note.strip():
        raise InvalidInput("Say why: the labelers read it.", field="note")
    if wanted.action in NEED_A_REPORT and not reports.labeler_ids():
        raise Conflict("Nothing is open here any more.", code="nothing_open")
    if wanted.action in {Action.WITHDRAW, Action.REPLACE} and task.withdrawn_at is not None:
        raise Conflict("This task is withdrawn already.", code="already_withdrawn")
    if wanted.is_archived and wanted.action not in {Action.WITHDRAW, Action.REPLACE}:
        raise InvalidInput("A prompt is archived with its task's end only.", field="archive_prompt")
    if wanted.is_returned:
        _check_returnable(task, wanted, reports)


def _check_returnable(task: Task, wanted: DecisionInput, reports: Reports) -> None:
    if wanted.action not in {Action.ANSWER, Action.CORRECT}:
        raise InvalidInput("Only a task that stays can be given back.", field="return_to_labelers")
    if not reports.skips.exists():
        raise InvalidInput("There is no skip among what this settles.", field="return_to_labelers")
    if task.withdrawn_at is not None or not task.assignments.filter(IS_OPEN).exists():
        raise Conflict("Others have taken or answered it: there is no place left to give back.", code="no_open_slot")


def _carry_out(task: Task, wanted: DecisionInput, *, decided_by: User) -> Decision:
    decision = Decision(task=task, action=wanted.action, note=wanted.note, decided_by=decided_by)
    if wanted.action == Action.CORRECT:
        decision.changes = _correct(task.prompt_id, wanted.changes)
    elif wanted.changes and wanted.action != Action.REPLACE:
        raise InvalidInput("Only a correction and a replacement change something.", field="changes")
    if wanted.action == Action.REPLACE:
        _replace(task, decision, wanted.changes)
    if wanted.action in {Action.WITHDRAW, Action.REPLACE}:
        withdraw_task(task.pk)
    if wanted.is_archived:
        update_prompt(task.prompt, archived=True)
    decision.save(force_insert=True)
    return decision


def _correct(prompt_id: int, changes: dict[str, Any]) -> dict[str, Any]:
    """Change what is known of the prompt; return field → [before, after]."""
    if "messages" in changes:
        raise InvalidInput("A prompt's text never changes; replace it by a corrected copy.", field="changes.messages")
    prompt = Prompt.objects.select_for_update(no_key=True).get(pk=prompt_id)  # or `before` is not what this changes
    before = {name: getattr(prompt, name) for name in FACTS}
    update_prompt(prompt, **changes)
    after = {name: getattr(prompt, name) for name in FACTS}
    if after == before:
        raise InvalidInput("Nothing differs from what is known already.", field="changes")
    return {name: [before[name], after[name]] for name in FACTS if after[name] != before[name]}


def _replace(task: Task, decision: Decision, changes: dict[str, Any]) -> None:
    """Add the corrected copy, of the same submitter, so that it is in the same split, and a task where one can be.

    The responses of a comparison were given to the old text, so the copy starts without any: its task is made when
    responses to it have been sampled.
    """
    old = task.prompt
    if changes.get("messages", old.messages) == old.messages:
        raise InvalidInput("The corrected prompt says what the old one said.", field="changes.messages")
    fields = {name: changes.get(name, getattr(old, name)) for name in ("messages", *FACTS)}
    fields["annotations"] = annotated(fields["annotations"], changes.get("change_annotations", {}))
    prompt = create_prompt({**fields, "kind": old.kind, "submitter": old.submitter.key}, created_by=decision.decided_by)
    decision.replacement_prompt = prompt
    if task.project.kind == ProjectKind.DEMONSTRATION:
        create_tasks(task.project_id, prompts=Prompt.objects.filter(pk=prompt.pk))
        decision.replacement_task = Task.objects.get(project=task.project_id, prompt=prompt)

"""Writes of researchers: projects, their instructions and members. Tasks are in `task_creation`."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.errors import InvalidInput, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.labeling.models import (
    EVALUATIONS,
    MAX_OVERLAP,
    MAX_RESPONSES,
    MIN_RESPONSES,
    Assignment,
    Draft,
    InstructionVersion,
    Membership,
    PriorityMode,
    Project,
    ProjectKind,
    Task,
)
from labelapp.labeling.questions import KEYS_OF_KIND
from labelapp.labeling.recording import OPEN_SLOT
from labelapp.labeling.sources import add_sources, check_blind, check_sources, check_text_blind
from labelapp.labeling.task_creation import add_slots
from labelapp.prompts.models import Submitter


@transaction.atomic
def create_project(
    *,
    name: str,
    kind: str,
    instructions: str,
    created_by: User | None,
    description: str = "",
    responses_per_task: int = MIN_RESPONSES,
    overlap: int = 1,
    priority_mode: str | None = None,
    questions: Iterable[str] | None = None,
    lease_minutes: int = 15,
    member_ids: Iterable[int] = (),
    source_ids: Sequence[int] = (),
    baseline_id: int | None = None,
) -> Project:
    """Create a project with its first instructions and members; `questions` None asks what is usual for its kind.

    An evaluation compares the batches `source_ids` and shows one response of each, so they are its K.

    Raises:
        InvalidInput: names the field that is out of range, taken or unknown.
    """
    check_sources(kind, source_ids, baseline_id=baseline_id)
    if kind in EVALUATIONS:
        responses_per_task = len(source_ids)
    else:
        _check_in_range("responses_per_task", responses_per_task, MIN_RESPONSES, MAX_RESPONSES)
    _check_in_range("overlap", overlap, 1, MAX_OVERLAP)
    _check_name_free(name)
    project = _save(
        Project(
            name=name,
            kind=kind,
            description=description,
            responses_per_task=responses_per_task,
            overlap=overlap,
            priority_mode=priority_mode or _usual_priority(kind),
            questions=_question_keys(questions, kind=kind),
            lease_minutes=lease_minutes,
            created_by=created_by,
        )
    )
    add_sources(project, batch_ids=source_ids, baseline_id=baseline_id)
    add_instructions(project, body=instructions, created_by=created_by, field="instructions")
    add_members(project, user_ids=member_ids, field="member_ids")
    return project


def _usual_priority(kind: str) -> PriorityMode:
    """Helpfulness while training data is collected; in the final evaluation truthfulness and harmlessness (paper)."""
    return PriorityMode.TRUTHFUL_HARMLESS_FIRST if kind in EVALUATIONS else PriorityMode.HELPFUL_FIRST


def _check_in_range(field: str, value: int, minimum: int, maximum: int) -> None:
    if not minimum <= value <= maximum:
        raise InvalidInput(f"This must be from {minimum} to {maximum}, not {value}.", field=field)


def _check_name_free(name: str, *, besides: int = 0) -> None:
    if Project.objects.filter(name=name).exclude(pk=besides).exists():
        raise InvalidInput("Another project has this name.", field="name")


def _save(project: Project, *, update_fields: list[str] | None = None) -> Project:
    try:
        with transaction.atomic():
            project.save(update_fields=update_fields)
    except IntegrityError as error:  # somebody took the name since we looked
        raise InvalidInput("Another project has this name.", field="name") from error
    return project


def _question_keys(keys: Iterable[str] | None, *, kind: str) -> list[str]:
    """Return the chosen keys in the paper's order."""
    possible = KEYS_OF_KIND[kind]
    chosen = possible if keys is None else tuple(keys)
    if kind == ProjectKind.DEMONSTRATION and chosen:
        raise InvalidInput("A demonstration project asks no questions.", field="questions")
    if kind == ProjectKind.TOXICITY and set(chosen) != set(possible):
        raise InvalidInput("The toxicity task asks its four scales, no more and no fewer.", field="questions")
    unknown = sorted(set(chosen) - set(possible))
    if unknown:
        raise InvalidInput(f"There is no question {', '.join(unknown)} here.", field="questions")
    return [key for key in possible if key in chosen]


@transaction.atomic
def update_project(project_id: int, *, changes: dict[str, Any]) -> Project:
    """Change a project's name, description, state, priority mode, lease minutes, shown agreement or (upwards) overlap.

    Raises:
        NotFound: there is no such project.
        InvalidInput: names the field.
    """
    project = locked_project(project_id)
    if "name" in changes:
        _check_name_free(changes["name"], besides=project.pk)
    overlap = changes.get("overlap", project.overlap)
    _check_in_range("overlap", overlap, project.overlap, MAX_OVERLAP)
    if overlap > project.overlap:
        add_slots(project, overlap=overlap)
    for name, value in changes.items():
        setattr(project, name, value)
    check_blind(project)
    _save(project, update_fields=[*changes])
    publish_on_commit(f"labeling:{project.pk}", type="changed", id=project.pk)
    return project


def locked_project(project_id: int) -> Project:
    """Return the project, locked against other changes of its tasks and slots."""
    project = Project.objects.select_for_update().filter(pk=project_id).first()
    if project is None:
        raise NotFound("There is no such project.")
    return project


@transaction.atomic
def add_instructions(
    project: Project, *, body: str, created_by: User | None, field: str = "body"
) -> InstructionVersion:
    """Add the next version of the instructions; earlier labels keep theirs.

    Raises:
        InvalidInput: they name a model that is to be judged blind.
    """
    locked_project(project.pk)
    check_text_blind(project, **{field: body})
    last = project.instruction_versions.aggregate(last=Max("number"))["last"] or 0
    version = InstructionVersion.objects.create(project=project, number=last + 1, body=body, created_by=created_by)
    publish_on_commit(f"labeling:{project.pk}", type="instructions", id=version.pk)
    return version


@transaction.atomic
def add_members(project: Project, *, user_ids: Iterable[int], field: str = "user_ids") -> list[Membership]:
    """Let people label in the project; those who had left come back.

    Raises:
        InvalidInput: somebody is unknown or no longer active.
    """
    wanted = list(dict.fromkeys(user_ids))
    known = set(User.objects.filter(pk__in=wanted, is_active=True).values_list("pk", flat=True))
    errors = [(f"{field}.{i}", f"There is no active user {pk}.") for i, pk in enumerate(wanted) if pk not in known]
    if errors:
        raise InvalidInput(errors[0][1], errors=errors)
    Membership.objects.bulk_create([Membership(project=project, user_id=pk) for pk in wanted], ignore_conflicts=True)
    members = project.memberships.filter(user__in=wanted)
    members.exclude(left_at=None).update(left_at=None, joined_at=timezone.now())
    return list(members.select_related("user"))


@transaction.atomic
def remove_member(project: Project, *, user_id: int) -> None:
    """End a membership: what they have said stays, the slot that they hold goes to others, their draft is kept.

    Raises:
        NotFound: they are no member.
    """
    left = project.memberships.filter(user=user_id, left_at=None).update(left_at=timezone.now())
    if not left:
        raise NotFound("There is no such member.")
    for slot in project.assignments.select_for_update().filter(labeler=user_id, state=Assignment.State.LEASED):
        Draft.objects.get_or_create(task_id=slot.task_id, labeler_id=user_id)
        Assignment.objects.filter(pk=slot.pk).update(**OPEN_SLOT)


@transaction.atomic
def withdraw_task(task_id: int) -> Task:
    """Take a task out of the queue; what was said of it stays.

    Raises:
        NotFound: there is no such task.
    """
    _withdraw(Task.objects.filter(pk=task_id), event="tasks_withdrawn")
    task = Task.objects.filter(pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task.")
    return task


@transaction.atomic
def withdraw_tasks_of(submitters: Iterable[Submitter]) -> None:
    """Take the tasks on what these asked out of the queue; who has one on the screen is told that it was erased."""
    _withdraw(Task.objects.filter(prompt__submitter__in=[one.pk for one in submitters]), event="tasks_erased")


def _withdraw(tasks: QuerySet[Task], *, event: str) -> None:
    waiting = tasks.filter(withdrawn_at=None)
    # Without the key: an answer that is being recorded refers to the task, and this waits for its slot below.
    found = dict(waiting.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", "project_id"))
    Task.objects.filter(pk__in=found).update(withdrawn_at=timezone.now())
    slots = Assignment.objects.filter(task__in=found)
    slots.filter(state__in=(Assignment.State.OPEN, Assignment.State.LEASED)).update(state=Assignment.State.WITHDRAWN)
    # Whoever has one on the screen is told at once: leased, answered, kept as a draft, or shown ahead of its lease.
    for project_id in sorted(set(found.values())):
        task_ids = [task_id for task_id, project in found.items() if project == project_id]
        publish_on_commit(f"labeling:{project_id}", type=event, id=project_id, task_ids=task_ids)

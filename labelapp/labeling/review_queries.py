"""Reads of the review queue: the tasks with reports, one of them in full, and a labeler's own reports."""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    Count,
    Exists,
    F,
    Max,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce, Greatest

from labelapp.accounts.models import User
from labelapp.common.errors import NotFound
from labelapp.labeling.models import Assignment, Judgment, Project, Skip, Submission, Task, TaskResponse
from labelapp.labeling.queries import EXCERPT_LENGTH, IS_LEASED, IS_OPEN, counted, visible_projects
from labelapp.labeling.review_models import Decision, Flag, ThreadMessage
from labelapp.labeling.threads import Thread, ThreadView, open_threads, unread_counts, view_thread
from labelapp.prompts.erased import excerpt

SKIP, FLAG, QUESTION = "skip", "flag", "question"
REASONS = tuple(dict.fromkeys([*Skip.Reason.values, *Flag.Kind.values]))
STATES = ("open", "decided", "all")
ORDERINGS = {"newest": "-newest_at", "most": "-open_total"}


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which tasks: `kind` is skip, flag or question, `reason` why it was skipped or flagged."""

    state: str = "open"
    project: int | None = None
    kind: str | None = None
    reason: str | None = None
    ordering: str = "newest"


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How much waits for a researcher."""

    tasks: int
    skips: int
    flags: int
    questions: int
    projects: int

    @property
    def total(self) -> int:
        """Tasks with something open, and projects whose thread has a question."""
        return self.tasks + self.projects


def review_queue(wanted: QueueFilter) -> QuerySet[Task]:
    """Return the tasks that were skipped, flagged or asked about, each once, with what a list of them shows."""
    reported = _reported(wanted)
    return (
        Task.objects.filter(reported, **({"project": wanted.project} if wanted.project else {}))
        .select_related("project", "prompt")
        .defer("prompt__messages", "prompt__text", "prompt__search")
        .annotate(
            excerpt=excerpt(EXCERPT_LENGTH, of="prompt__"),
            open_skips=counted(Skip.objects.filter(task=OuterRef("pk"), decision=None), by="task"),
            open_flags=counted(Flag.objects.filter(task=OuterRef("pk"), decision=None), by="task"),
            open_questions=counted(ThreadMessage.objects.filter(task=OuterRef("pk"), is_open=True), by="task"),
            reasons=_reasons(Skip.objects, "reason"),
            flag_kinds=_reasons(Flag.objects, "kind"),
            # PostgreSQL's greatest() passes over what is NULL.
            newest_at=Greatest(_newest(Skip), _newest(Flag), _newest(ThreadMessage)),
            last_action=Subquery(_decisions().order_by("-pk").values("action")[:1]),
        )
        .annotate(open_total=F("open_skips") + F("open_flags") + F("open_questions"))
        .order_by(ORDERINGS[wanted.ordering], "-newest_at", "-pk")
    )


def _decisions() -> QuerySet[Decision]:
    return Decision.objects.filter(task=OuterRef("pk"))


def _reported(wanted: QueueFilter) -> Q:
    """Select tasks by their reports; the few reports lead to the tasks, not the many tasks to their reports."""
    rows = _reports(wanted)
    if wanted.state == "open":
        return _any_of([found.filter(unsettled) for found, unsettled in rows])
    every = _any_of([found for found, _ in rows])
    if wanted.state == "all":
        return every | Q(pk__in=Decision.objects.values("task"))
    still_open = _any_of([found.filter(unsettled) for found, unsettled in _reports(QueueFilter())])
    return Q(pk__in=Decision.objects.values("task")) & (every if wanted.kind or wanted.reason else Q()) & ~still_open


def _reports(wanted: QueueFilter) -> list[tuple[QuerySet[Any], Q]]:
    """Return the chosen kinds of reports, each with what makes one of them open."""
    reason = wanted.reason
    skips, flags = Skip.objects.all(), Flag.objects.all()
    by_kind: dict[str, tuple[QuerySet[Any], Q]] = {
        SKIP: (skips.filter(reason=reason) if reason else skips, Q(decision=None)),
        FLAG: (flags.filter(kind=reason) if reason else flags, Q(decision=None)),
        QUESTION: (ThreadMessage.objects.exclude(task=None), Q(is_open=True)),
    }
    if reason:
        del by_kind[QUESTION]
    return [rows for kind, rows in by_kind.items() if wanted.kind in (None, kind)]


def _any_of(rows: list[QuerySet[Any]]) -> Q:
    found = Q(pk__in=[])
    for some in rows:
        found |= Q(pk__in=some.order_by().values("task"))
    return found


def _reasons(rows: Any, name: str) -> ArraySubquery:
    return ArraySubquery(
        rows.filter(task=OuterRef("pk")).order_by(name).values(name).distinct(), output_field=CharField()
    )


def _newest(model: Any) -> Subquery:
    of_task = model.objects.filter(task=OuterRef("pk")).order_by().values("task")
    return Subquery(of_task.annotate(newest=Max("created_at")).values("newest"))


def queue_counts() -> QueueCounts:
    """Count what is open."""
    skips, flags = Skip.objects.filter(decision=None), Flag.objects.filter(decision=None)
    questions = ThreadMessage.objects.filter(is_open=True).exclude(task=None)
    return QueueCounts(
        tasks=Task.objects.filter(_any_of([skips, flags, questions])).count(),
        skips=skips.count(),
        flags=flags.count(),
        questions=questions.count(),
        projects=Project.objects.filter(open_threads()).exclude(state=Project.State.ARCHIVED).count(),
    )


@dataclass(frozen=True, slots=True)
class ReviewedTask:
    """A task with everything that a decision about it needs."""

    task: Task
    responses: list[TaskResponse]
    skips: list[Skip]
    flags: list[Flag]
    notes: list[Submission]
    threads: list[ThreadView]
    decisions: list[Decision]
    replaces: Decision | None
    assignment_counts: dict[str, int]
    people: dict[int, User]


def read_review(task_id: int, *, user: User) -> ReviewedTask:
    """Return one task for a researcher. Raises NotFound."""
    task = Task.objects.select_related("project", "prompt__submitter").filter(pk=task_id).first()
    if task is None:
        raise NotFound("There is no such task.")
    slots = task.assignments.aggregate(
        open_count=Count("pk", filter=IS_OPEN),
        leased_count=Count("pk", filter=IS_LEASED),
        submitted_count=Count("pk", filter=Q(state=Assignment.State.SUBMITTED)),
    )
    labelers = list(task.messages.order_by("labeler").values_list("labeler", flat=True).distinct())
    return ReviewedTask(
        task=task,
        responses=list(task.task_responses.select_related("response").order_by("position")),
        skips=list(task.skips.select_related("labeler").order_by("pk")),
        flags=list(task.flags.select_related("labeler").order_by("pk")),
        notes=_noted(task),
        threads=[view_thread(Thread(task.project_id, task.pk, pk), user=user) for pk in labelers],
        decisions=list(task.decisions.select_related("decided_by").order_by("pk")),
        replaces=Decision.objects.filter(replacement_task=task).first(),
        assignment_counts=slots,
        people=User.objects.in_bulk([pk for pk in labelers if pk is not None]),
    )


def _noted(task: Task) -> list[Submission]:
    """Return the newest answers to the task that came with a note, on the whole or on one response."""
    noted = Judgment.objects.exclude(notes="").order_by("shown_position")
    return list(
        Submission.objects.latest_revisions()
        .filter(Q(Exists(noted.filter(submission=OuterRef("pk")))) | ~Q(notes=""), task=task)
        .filter(labeler__submitter__erased_at=None)
        .select_related("labeler")
        .prefetch_related(Prefetch("judgments", queryset=noted, to_attr="noted"))
        .order_by("pk")
    )


def own_reports(user: User) -> QuerySet[Any, Any]:
    """Return what this person skipped and flagged, newest first, with what became of each."""
    visible = visible_projects(user)
    own_slot = Assignment.objects.filter(task=OuterRef("task"), labeler=user, state=Assignment.State.SUBMITTED).values(
        "pk"
    )[:1]
    skips = _own(Skip.objects.filter(labeler=user, task__project__in=visible), SKIP, "reason", "returned_at", own_slot)
    flags = _own(Flag.objects.filter(labeler=user, task__project__in=visible), FLAG, "kind", None, own_slot)
    return skips.union(flags, all=True).order_by("-reported_at", "-report_id")


def _own(
    rows: QuerySet[Any], kind: str, reason: str, returned: str | None, own_slot: QuerySet[Any, Any]
) -> QuerySet[Any, Any]:
    returned_at = F(returned) if returned else Subquery(Decision.objects.none().values("created_at"))
    return rows.order_by().values(
        report_id=F("pk"),
        report_kind=Value(kind, output_field=CharField()),
        about=F(reason),
        own_note=F("note"),
        reported_at=F("created_at"),
        of_task=F("task_id"),
        project_id=F("task__project_id"),
        project_name=F("task__project__name"),
        prompt_text=excerpt(EXCERPT_LENGTH, of="task__prompt__"),
        action=Coalesce(F("decision__action"), Value("")),
        outcome=Coalesce(F("decision__note"), Value(""), output_field=TextField()),
        decided_at=F("decision__created_at"),
        returned=returned_at,
        assignment_id=Subquery(own_slot),
    )


def project_threads(user: User) -> list[dict[str, Any]]:
    """Return the projects with their threads for a researcher: those with an open question first, then the newest."""
    projects = visible_projects(user).exclude(state=Project.State.ARCHIVED)
    rows = list(unread_counts(ThreadMessage.objects.filter(task=None, project__in=projects), user=user))
    names = dict(projects.values_list("pk", "name"))
    last = ThreadMessage.objects.in_bulk([row["last_id"] for row in rows])
    found = [
        {
            "project_id": row["project_id"],
            "project_name": names[row["project_id"]],
            "unread": row["unread"],
            "open_count": row["open_count"],
            "last_message": last[row["last_id"]].body[:EXCERPT_LENGTH],
            "last_at": last[row["last_id"]].created_at,
        }
        for row in rows
    ]
    return sorted(found, key=lambda row: row["open_count"] == 0)

"""Reads of projects, tasks and the record, each fetched only as far as the asker may see it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Now, TruncDate
from django.utils import timezone

from labelapp.accounts.models import Role, User
from labelapp.common.errors import NotFound
from labelapp.labeling.models import (
    Assignment,
    InstructionVersion,
    Judgment,
    Membership,
    Project,
    Skip,
    Submission,
    Task,
    TaskResponse,
)
from labelapp.prompts.erased import excerpt

EXCERPT_LENGTH = 300
PROGRESS_DAYS = 30

IS_OPEN = Q(state=Assignment.State.OPEN) | Q(state=Assignment.State.LEASED, lease_expires_at__lte=Now())
IS_LEASED = Q(state=Assignment.State.LEASED, lease_expires_at__gt=Now())


def visible_projects(user: User) -> QuerySet[Project]:
    """Return what this person may know of: researchers everything, labelers the projects that they are members of."""
    if user.has_role(Role.RESEARCHER):
        return Project.objects.all()
    mine = Membership.objects.filter(project=OuterRef("pk"), user=user, left_at=None)
    return Project.objects.filter(Exists(mine))


def access_project(project_id: int, *, user: User) -> Project:
    """Return the project, if this person may know of it.

    Raises:
        NotFound: there is none, or not for them.
    """
    project = visible_projects(user).filter(pk=project_id).first()
    if project is None:
        raise NotFound("There is no such project.")
    return project


def project_rows(user: User) -> QuerySet[Project]:
    """Return the visible projects with the counts and the instructions that the API shows."""
    slots = Assignment.objects.filter(project=OuterRef("pk"))
    newest = InstructionVersion.objects.filter(project=OuterRef("pk")).order_by("-number")
    return (
        visible_projects(user)
        .annotate(
            member_count=counted(Membership.objects.filter(project=OuterRef("pk"), left_at=None), by="project"),
            task_count=counted(Task.objects.filter(project=OuterRef("pk"), withdrawn_at=None), by="project"),
            open_count=counted(slots.filter(IS_OPEN), by="project"),
            leased_count=counted(slots.filter(IS_LEASED), by="project"),
            submitted_count=counted(slots.filter(state=Assignment.State.SUBMITTED), by="project"),
            instruction_id=Subquery(newest.values("pk")[:1]),
            instruction_number=Subquery(newest.values("number")[:1]),
        )
        .order_by("name")
    )


def counted(rows: QuerySet[Any], *, by: str) -> Coalesce:
    """Count correlated `rows` in a subquery of their own; joins would multiply them with each other."""
    grouped = rows.order_by().values(by).annotate(found=Count("pk")).values("found")
    return Coalesce(Subquery(grouped, output_field=IntegerField()), 0)


def task_rows(project: Project) -> QuerySet[Task]:
    """Return the project's tasks, newest last, with how far each is."""
    slots = Assignment.objects.filter(task=OuterRef("pk"))
    return (
        project.tasks.select_related("prompt")
        .defer("prompt__messages", "prompt__text", "prompt__search")
        .annotate(
            excerpt=excerpt(EXCERPT_LENGTH, of="prompt__"),
            response_count=counted(TaskResponse.objects.filter(task=OuterRef("pk")), by="task"),
            open_count=counted(slots.filter(IS_OPEN), by="task"),
            leased_count=counted(slots.filter(IS_LEASED), by="task"),
            submitted_count=counted(slots.filter(state=Assignment.State.SUBMITTED), by="task"),
        )
        .order_by("pk")
    )


def submission_rows(submissions: QuerySet[Submission]) -> QuerySet[Submission]:
    """Return these submissions, newest first, with what a list of them shows."""
    latest = Submission.objects.latest_revisions().filter(pk=OuterRef("pk"))
    earlier = Submission.objects.standing().filter(assignment=OuterRef("assignment"), revision__lt=OuterRef("revision"))
    return (
        submissions.select_related("project", "labeler")
        .annotate(
            prompt_id=F("task__prompt_id"),
            use_case=F("task__prompt__use_case"),
            excerpt=excerpt(EXCERPT_LENGTH, of="task__prompt__"),
            is_latest=Exists(latest),
            edits=counted(earlier, by="assignment"),
        )
        .order_by("-pk")
    )


def own_history(user: User) -> QuerySet[Submission]:
    """Return what this labeler said last of each of their tasks, newest first."""
    own = Submission.objects.latest_revisions().filter(labeler=user)
    return submission_rows(own).order_by("-created_at", "-pk")


def read_submission(submission_id: int) -> Submission:
    """Return one submission with its prompt, its judgments and the responses that they are of.

    Raises:
        NotFound: there is none.
    """
    sampled = ("response__batch__checkpoint", "response__batch__endpoint")
    judgments = Judgment.objects.select_related(*sampled).order_by("shown_position")
    submission = (
        submission_rows(Submission.objects.filter(pk=submission_id))
        .select_related("task__prompt__submitter", "instruction_version", "labeler__submitter")
        .prefetch_related(Prefetch("judgments", queryset=judgments))
        .first()
    )
    if submission is None:
        raise NotFound("There is no such submission.")
    return submission


def skip_rows() -> QuerySet[Skip]:
    """Return the skips, newest first."""
    return (
        Skip.objects.select_related("labeler", "task__project")
        .annotate(excerpt=excerpt(EXCERPT_LENGTH, of="task__prompt__"))
        .order_by("-pk")
    )


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many answers were given on a day (UTC)."""

    date: date
    count: int


@dataclass(frozen=True, slots=True)
class Progress:
    """What a labeler has done. An edit is no further answer."""

    today: int
    last_7_days: int
    total: int
    active_seconds_today: int
    median_active_seconds_today: float | None
    per_day: list[DayCount]
    projects: list[Project]


def own_progress(user: User) -> Progress:
    """Count this labeler's answers, by day and by project."""
    said = Submission.objects.standing().filter(labeler=user)
    first = said.first_answers()
    per_day = daily_counts(first)
    since = _day_start(timezone.now().date())
    active = list(said.filter(created_at__gte=since).order_by().values_list("active_seconds", flat=True))
    return Progress(
        today=per_day[-1].count,
        last_7_days=sum(day.count for day in per_day[-7:]),
        total=first.count(),
        active_seconds_today=sum(active),
        median_active_seconds_today=median(active) if active else None,
        per_day=per_day,
        projects=list(_own_projects(user)),
    )


def daily_counts(submissions: QuerySet[Submission]) -> list[DayCount]:
    """Count the submissions of each of the last days, today last; a day without any is a zero."""
    today = timezone.now().date()
    days = [today - timedelta(days=back) for back in reversed(range(PROGRESS_DAYS))]
    counts = dict(
        submissions.filter(created_at__gte=_day_start(days[0]))
        .annotate(day=TruncDate("created_at"))
        .order_by()
        .values_list("day")
        .annotate(found=Count("pk"))
    )
    return [DayCount(day, counts.get(day, 0)) for day in days]


def _day_start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _own_projects(user: User) -> QuerySet[Project]:
    """Return the projects that this person labels in, with what they did and whether there is more for them."""
    mine = Membership.objects.filter(project=OuterRef("pk"), user=user, left_at=None)
    slots = Assignment.objects.filter(project=OuterRef("pk"))
    own_slot = Assignment.objects.filter(task=OuterRef("task"), labeler=user)
    own_skip = Skip.objects.filter(task=OuterRef("task"), labeler=user, returned_at=None)
    available = slots.filter(IS_OPEN).exclude(Exists(own_slot)).exclude(Exists(own_skip))
    return (
        Project.objects.filter(Exists(mine))
        .exclude(state=Project.State.ARCHIVED)
        .annotate(
            submitted_count=counted(slots.filter(labeler=user, state=Assignment.State.SUBMITTED), by="project"),
            has_lease=Exists(slots.filter(labeler=user, state=Assignment.State.LEASED)),
            has_work=Exists(available) | Exists(slots.filter(labeler=user, state=Assignment.State.LEASED)),
        )
        .order_by("name")
    )

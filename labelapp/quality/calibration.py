"""How often a labeler agrees with the researchers over the calibration pool (labeling/calibration.py).

The reference is what a researcher said last of the same task, as any labeler says it, through the same screen. Nothing
that a labeler is shown says which tasks these are, or what was right there: no count is told, shares are whole
percents, nothing is told below a few tasks (one comparison would give one researcher's answer away), and all of it as
it stood when first asked for on that day, because a number that moves with an answer would tell.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import redis
import structlog
from django.core.cache import cache
from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from labelapp.accounts.models import Role, User
from labelapp.labeling.models import Membership, Project
from labelapp.quality.agreement import Agreement, TaskAgreement, compare_rankings, summarise

LEAST_TASKS = 5
DAY_SECONDS = 86_400
logger = structlog.get_logger(__name__)

# One row per answer of the labeler or of a researcher, to the tasks that both have ranked.
RANKINGS = """
SELECT said.project_id, said.task_id, said.labeler_id, json_object_agg(judgment.response_id, judgment.rank)
FROM labeling_submission said
JOIN labeling_judgment judgment ON judgment.submission_id = said.id
JOIN accounts_user person ON person.id = said.labeler_id
JOIN labeling_task task ON task.id = said.task_id AND task.is_calibration AND task.withdrawn_at IS NULL
WHERE said.project_id = ANY(%(projects)s) AND (said.labeler_id = %(labeler)s OR person.role = ANY(%(reference)s))
  AND said.task_id IN (SELECT task_id FROM labeling_submission WHERE labeler_id = %(labeler)s)
  AND NOT EXISTS (SELECT FROM labeling_retraction undone WHERE undone.submission_id = said.id)
  AND NOT EXISTS (
    SELECT FROM labeling_submission newer
    WHERE newer.assignment_id = said.assignment_id AND newer.revision > said.revision
      AND NOT EXISTS (SELECT FROM labeling_retraction undone WHERE undone.submission_id = newer.id))
GROUP BY said.project_id, said.task_id, said.labeler_id, said.id
ORDER BY said.project_id, said.task_id, said.id
"""


@dataclass(frozen=True, slots=True)
class OwnAgreement:
    """A labeler's agreement in one project, as of today; None while fewer than `LEAST_TASKS` tasks could tell it."""

    project: Project
    agreement: Agreement | None


def own_agreements(user: User) -> list[OwnAgreement]:
    """Return this labeler's agreement in each of their projects that shows it."""
    mine = Membership.objects.filter(project=OuterRef("pk"), user=user, left_at=None)
    shown = Project.objects.filter(Exists(mine), show_agreement=True).exclude(state=Project.State.ARCHIVED)
    projects = list(shown.order_by("name"))
    known = _todays(projects, user=user)
    return [OwnAgreement(project, Agreement(**said) if (said := known[project.pk]) else None) for project in projects]


def _todays(projects: list[Project], *, user: User) -> dict[int, dict[str, Any]]:
    """Return each project's numbers as they were when first asked for today; of too few tasks none."""
    keys = {project.pk: key_of(project, user=user) for project in projects}
    try:
        known = dict(cache.get_many(keys.values()))
        missing = [project for project in projects if keys[project.pk] not in known]
        for project_id, numbers in (_measure(missing, user=user) if missing else {}).items():
            key = keys[project_id]
            # Of two first requests at once both tell what the first remembered.
            known[key] = numbers if cache.add(key, numbers, DAY_SECONDS) else cache.get(key, numbers)
    except redis.RedisError as error:
        logger.warning("own agreement is not remembered", error=str(error))
        return _measure(projects, user=user)
    return {project_id: known[key] for project_id, key in keys.items()}


def key_of(project: Project, *, user: User) -> str:
    """Where a labeler's agreement of today is remembered."""
    return f"calibration:own:{user.pk}:{project.pk}:{timezone.localdate()}"


def _measure(projects: list[Project], *, user: User) -> dict[int, dict[str, Any]]:
    compared: dict[int, list[TaskAgreement]] = {project.pk: [] for project in projects}
    for project_id, own, references in _by_task(projects, labeler_id=user.pk):
        compared[project_id].append(_compare(own, references))
    return {project_id: _summary(tasks) for project_id, tasks in compared.items()}


def _summary(tasks: list[TaskAgreement]) -> dict[str, Any]:
    found = summarise(tasks)
    return asdict(found) if found and found.tasks >= LEAST_TASKS else {}


def _compare(own: dict[int, int], references: list[dict[int, int]]) -> TaskAgreement:
    """Hold one's ranking against each reference, and never these against each other."""
    each = [compare_rankings([own, reference]) for reference in references]
    return TaskAgreement(
        ordered=sum(one.ordered for one in each),
        agreeing=sum(one.agreeing for one in each),
        tied=sum(one.tied for one in each),
        comparisons=len(each),
    )


def _by_task(projects: list[Project], *, labeler_id: int) -> Iterator[tuple[int, dict[int, int], list[dict[int, int]]]]:
    """Yield a project's id, one's own ranking and the references of each task that has both."""
    with connection.cursor() as cursor:
        cursor.execute(
            RANKINGS,
            {
                "projects": [project.pk for project in projects],
                "labeler": labeler_id,
                "reference": [Role.RESEARCHER, Role.ADMIN],
            },
        )
        rows: list[tuple[int, int, int, dict[str, int]]] = cursor.fetchall()
    for (project_id, _), answers in groupby(rows, key=lambda row: row[:2]):
        own: dict[int, int] = {}
        references = []
        for *_, said_by, ranking in answers:
            ranks = {int(key): rank for key, rank in ranking.items()}
            if said_by == labeler_id:
                own = ranks
            else:
                references.append(ranks)
        if own and references:
            yield project_id, own, references

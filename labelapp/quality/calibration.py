"""How often a labeler agrees with the calibration pool: the tasks of a project that its researchers have answered too.

The reference is what a researcher said last of the same task, as any labeler says it, through the same screen; a task
becomes part of the pool by being answered, and what is shown to a labeler never says which tasks those are. Below a few
tasks nothing is told: one comparison would give one researcher's answer away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.db import connection
from django.db.models import Exists, OuterRef

from labelapp.accounts.models import Role, User
from labelapp.labeling.models import Membership, Project
from labelapp.quality.agreement import Agreement, TaskAgreement, compare_rankings, summarise

LEAST_TASKS = 5

# One row per answer of the labeler or of a researcher, to the tasks that both have ranked.
RANKINGS = """
SELECT said.project_id, said.task_id, said.labeler_id, json_object_agg(judgment.response_id, judgment.rank)
FROM labeling_submission said
JOIN labeling_judgment judgment ON judgment.submission_id = said.id
JOIN accounts_user person ON person.id = said.labeler_id
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
    """A labeler's agreement in one project; None while fewer than `LEAST_TASKS` tasks could tell it."""

    project: Project
    tasks: int
    agreement: Agreement | None


def own_agreements(user: User) -> list[OwnAgreement]:
    """Return this labeler's agreement in each of their projects that shows it."""
    mine = Membership.objects.filter(project=OuterRef("pk"), user=user, left_at=None)
    shown = Project.objects.filter(Exists(mine), show_agreement=True).exclude(state=Project.State.ARCHIVED)
    projects = list(shown.order_by("name"))
    compared: dict[int, list[TaskAgreement]] = {project.pk: [] for project in projects}
    for project_id, own, references in _by_task(projects, labeler_id=user.pk):
        compared[project_id].append(_compare(own, references))
    return [_summary(project, compared[project.pk]) for project in projects]


def _summary(project: Project, tasks: list[TaskAgreement]) -> OwnAgreement:
    enough = len(tasks) >= LEAST_TASKS
    return OwnAgreement(project, len(tasks), summarise(tasks) if enough else None)


def _compare(own: dict[int, int], references: list[dict[int, int]]) -> TaskAgreement:
    """Hold one's ranking against each reference, and never these against each other."""
    each = [compare_rankings([own, reference]) for reference in references]
    return TaskAgreement(
        ordered=sum(one.ordered for one in each),
        agreeing=sum(one.agreeing for one in each),
        tied=sum(one.tied for one in each),
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

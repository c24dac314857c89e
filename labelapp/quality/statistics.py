"""What a project's record says of its labelers: pace, agreement, ties. Only what each said last of a task counts."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection

from labelapp.accounts.models import User
from labelapp.labeling.models import Project, Submission
from labelapp.labeling.queries import DayCount, daily_counts
from labelapp.quality.agreement import Agreement, TaskAgreement, compare_rankings, summarise

CHUNK = 5_000

# One row per answer: the task and its ranking. Ordered by task, so that a task's answers come together.
RANKINGS = """
SELECT said.project_id, said.task_id, json_object_agg(judgment.response_id, judgment.rank)
FROM labeling_submission said JOIN labeling_judgment judgment ON judgment.submission_id = said.id
WHERE said.project_id = ANY(%s)
  AND NOT EXISTS (SELECT FROM labeling_retraction undone WHERE undone.submission_id = said.id)
  AND NOT EXISTS (
    SELECT FROM labeling_submission newer
    WHERE newer.assignment_id = said.assignment_id AND newer.revision > said.revision
      AND NOT EXISTS (SELECT FROM labeling_retraction undone WHERE undone.submission_id = newer.id))
GROUP BY said.project_id, said.task_id, said.id ORDER BY said.project_id, said.task_id, said.id
"""

LABELERS = """
SELECT coalesce(answered.labeler_id, skipped.labeler_id), coalesce(answered.found, 0), answered.seconds,
       coalesce(skipped.found, 0)
FROM (SELECT said.labeler_id, count(*) AS found,
             percentile_cont(0.5) WITHIN GROUP (ORDER BY said.active_seconds) AS seconds
      FROM labeling_submission said
      WHERE said.project_id = %(project)s
        AND NOT EXISTS (SELECT FROM labeling_retraction undone WHERE undone.submission_id = said.id)
        AND NOT EXISTS (
          SELECT FROM labeling_submission earlier
          WHERE earlier.assignment_id = said.assignment_id AND earlier.revision < said.revision
            AND NOT EXISTS (SELECT FROM labeling_retraction undone WHERE undone.submission_id = earlier.id))
      GROUP BY said.labeler_id) answered
FULL JOIN (SELECT skip.labeler_id, count(*) AS found
           FROM labeling_skip skip JOIN labeling_task task ON task.id = skip.task_id
           WHERE task.project_id = %(project)s GROUP BY skip.labeler_id) skipped
  ON skipped.labeler_id = answered.labeler_id
"""


@dataclass(frozen=True, slots=True)
class LabelerStatistics:
    """One labeler's work in a project. The seconds are those of first answers, not of edits."""

    user: User
    count: int
    median_active_seconds: float | None
    skips: int


@dataclass(frozen=True, slots=True)
class ProjectStatistics:
    """A project's record in numbers; `ties_rate` is the share of pairs of responses that were tied."""

    throughput: list[DayCount]
    labelers: list[LabelerStatistics]
    agreement: Agreement | None
    ties_rate: float | None


def project_statistics(project: Project) -> ProjectStatistics:
    """Return what the project's record says."""
    tasks: list[TaskAgreement] = []
    ties = _Ties()
    for _, rankings in _rankings_by_task([project]):
        tasks.append(compare_rankings(rankings))
        for ranking in rankings:
            ties.add(list(ranking.values()))
    return ProjectStatistics(
        throughput=daily_counts(Submission.objects.first_answers().filter(project=project)),
        labelers=_labelers(project),
        agreement=summarise(tasks),
        ties_rate=ties.rate,
    )


def project_agreements(projects: list[Project]) -> dict[int, Agreement]:
    """Return the agreement in each of these projects by its id, in one statement; none where no pair tells it."""
    tasks: dict[int, list[TaskAgreement]] = defaultdict(list)
    for project_id, rankings in _rankings_by_task(projects):
        tasks[project_id].append(compare_rankings(rankings))
    found = {project_id: summarise(compared) for project_id, compared in tasks.items()}
    return {project_id: agreement for project_id, agreement in found.items() if agreement is not None}


class _Ties:
    """Counts the pairs of responses, and those of them that share a rank."""

    def __init__(self) -> None:
        self.pairs = self.tied = 0

    def add(self, ranks: list[int]) -> None:
        """Count one ranking's pairs."""
        sizes: dict[int, int] = defaultdict(int)
        for rank in ranks:
            sizes[rank] += 1
        self.pairs += len(ranks) * (len(ranks) - 1) // 2
        self.tied += sum(size * (size - 1) // 2 for size in sizes.values())

    @property
    def rate(self) -> float | None:
        return self.tied / self.pairs if self.pairs else None


def _rankings_by_task(projects: list[Project]) -> Iterator[tuple[int, list[dict[int, int]]]]:
    """Yield the project's id and the rankings of each task that has any."""
    with connection.cursor() as cursor:
        cursor.execute(RANKINGS, [[project.pk for project in projects]])
        rows: Iterator[tuple[int, int, dict[str, int]]] = iter(cursor.fetchall())
    for (project_id, _), answers in groupby(rows, key=lambda row: row[:2]):
        yield project_id, [{int(key): rank for key, rank in ranking.items()} for *_, ranking in answers]


def _labelers(project: Project) -> list[LabelerStatistics]:
    with connection.cursor() as cursor:
        cursor.execute(LABELERS, {"project": project.pk})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    users = User.objects.in_bulk([labeler_id for labeler_id, *_ in rows])
    statistics = [LabelerStatistics(users[pk], count, seconds, skips) for pk, count, seconds, skips in rows]
    return sorted(statistics, key=lambda row: (-row.count, row.user.pk))

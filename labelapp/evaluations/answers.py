"""What was said in an evaluation: of each submission that counts, what it says of each source.

Of each assignment the latest revision counts, and nothing that was taken back. Prompts that were archived are left out,
as they are of datasets: archiving is how one is taken out of use.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from labelapp.common.errors import NotFound
from labelapp.labeling.models import EVALUATIONS, Judgment, Project, Submission

CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class AnswerFilter:
    """Which answers count; what is empty does not matter."""

    split: str = ""
    use_case: str = ""
    labeler: int | None = None

    def lookups(self) -> dict[str, Any]:
        """Return the filter of submissions."""
        wanted = {
            "task__prompt__submitter__split": self.split,
            "task__prompt__use_case": self.use_case,
            "labeler": self.labeler,
        }
        return {name: value for name, value in wanted.items() if value}


@dataclass(frozen=True, slots=True)
class Said:
    """What a submission says of one source's response."""

    rank: int
    quality: int | None
    answers: dict[str, bool | int]


@dataclass(frozen=True, slots=True)
class Answer:
    """A submission; `of` maps each source's batch to what is said of its response."""

    submission_id: int
    prompt_id: int
    labeler_id: int
    split: str
    use_case: str
    answers: dict[str, bool | int]
    of: dict[int, Said]

    def outcome(self, source: int, opponent: int) -> float | None:
        """Return 1 where `source` is ranked above `opponent`, ½ for a tie, 0 below; None where one is missing."""
        if source not in self.of or opponent not in self.of:
            return None
        difference = self.of[opponent].rank - self.of[source].rank
        return 0.5 if difference == 0 else float(difference > 0)


def check_evaluation(project: Project) -> None:
    """Raise NotFound where the project evaluates nothing."""
    if project.kind not in EVALUATIONS:
        raise NotFound("This project is not an evaluation.")


def counted_submissions(project: Project, wanted: AnswerFilter) -> QuerySet[Submission]:
    """Return the submissions that count."""
    latest = Submission.objects.latest_revisions()
    return latest.filter(project=project, task__prompt__archived_at=None, **wanted.lookups())


def read_answers(project: Project, wanted: AnswerFilter) -> list[Answer]:
    """Return what was said, in the order of the submissions."""
    judged = (
        Judgment.objects.filter(submission=OuterRef("pk"))
        .order_by("response_id")
        .values(json=JSONObject(batch="response__batch_id", rank="rank", quality="quality", answers="answers"))
    )
    rows = (
        counted_submissions(project, wanted)
        .annotate(judged=ArraySubquery(judged))
        .order_by("pk")
        .values_list(
            "pk",
            "task__prompt_id",
            "labeler_id",
            F("task__prompt__submitter__split"),
            F("task__prompt__use_case"),
            "answers",
            "judged",
        )
    )
    return [
        Answer(pk, prompt, labeler, split, use_case, answers, {item["batch"]: _said(item) for item in judged_here})
        for pk, prompt, labeler, split, use_case, answers, judged_here in rows.iterator(CHUNK)
    ]


def _said(item: dict[str, Any]) -> Said:
    return Said(rank=item["rank"], quality=item["quality"], answers=item["answers"])

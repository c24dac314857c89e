"""The judgments behind a number, so that each can be followed to what a person said."""

from dataclasses import dataclass

from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery

from labelapp.evaluations.answers import AnswerFilter, check_evaluation, counted_submissions
from labelapp.labeling.models import Judgment, Project
from labelapp.prompts.erased import excerpt

EXCERPT_LENGTH = 200
OUTCOMES = {
    "win": Q(rank__lt=F("opponent_rank")),
    "tie": Q(rank=F("opponent_rank")),
    "loss": Q(rank__gt=F("opponent_rank")),
}


@dataclass(frozen=True, slots=True)
class JudgmentFilter:
    """Which judgments are meant: those of a source, by how it did against another, or that say yes to a question."""

    source: int
    opponent: int | None = None
    outcome: str = ""
    question: str = ""


def judgments_behind(project: Project, answers: AnswerFilter, wanted: JudgmentFilter) -> QuerySet[Judgment]:
    """Return the judgments that count, newest first, each with the opponent's rank.

    Raises:
        NotFound: the project is not an evaluation.
    """
    check_evaluation(project)
    other = Judgment.objects.filter(submission=OuterRef("submission"), response__batch=wanted.opponent)
    found = Judgment.objects.filter(
        submission__in=counted_submissions(project, answers), response__batch=wanted.source
    ).annotate(
        opponent_rank=Subquery(other.values("rank")[:1], output_field=IntegerField()),
        excerpt=excerpt(EXCERPT_LENGTH, of="submission__task__prompt__"),
        prompt_id=F("submission__task__prompt_id"),
        split=F("submission__task__prompt__submitter__split"),
        use_case=F("submission__task__prompt__use_case"),
    )
    if wanted.opponent is not None:
        found = found.filter(OUTCOMES.get(wanted.outcome, Q(opponent_rank__isnull=False)))
    if wanted.question:
        found = found.filter(answers__contains={wanted.question: True})
    return found.select_related("submission__labeler").order_by("-submission_id")

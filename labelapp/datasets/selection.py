"""Which rows a query means, in an order that never changes, and how many they are.

Of each assignment only the latest revision counts. Prompts that were archived are in no new version: archiving is how
one is taken out of use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, QuerySet
from django.db.models.functions import JSONObject

from labelapp.datasets.filters import PROJECT_KIND_OF
from labelapp.datasets.models import DatasetKind
from labelapp.labeling.models import Judgment, Submission, Task
from labelapp.prompts.models import Prompt, Split

SUBMITTER_SPLIT = {True: "submitter__split", False: "task__prompt__submitter__split"}


@dataclass(frozen=True, slots=True)
class Selection:
    """What a query finds now."""

    rows: int
    pairs: int = 0
    rows_without_pairs: int = 0
    labelers: int = 0
    largest_share: float = 0.0
    split_counts: dict[str, int] = field(default_factory=dict)


def selected_submissions(kind: str, query: Mapping[str, Any]) -> QuerySet[Submission]:
    """The submissions that a dataset of demonstrations or comparisons takes, in the order of their ids."""
    found = Submission.objects.latest_revisions().filter(
        project__kind=PROJECT_KIND_OF[DatasetKind(kind)], task__prompt__archived_at=None
    )
    lookups = {
        "project_ids": "project__in",
        "labeler_ids": "labeler__in",
        "use_cases": "task__prompt__use_case__in",
        "submitted_from": "created_at__gte",
        "submitted_to": "created_at__lt",
        "min_active_seconds": "active_seconds__gte",
    }
    return found.filter(**{lookups[name]: value for name, value in query.items()}).order_by("pk")


def selected_prompts(query: Mapping[str, Any]) -> QuerySet[Prompt]:
    """The prompts that a dataset of prompts takes, in the order of their ids."""
    lookups = {"use_cases": "use_case__in", "kinds": "kind__in", "languages": "language__in"}
    found = Prompt.objects.filter(archived_at=None)
    found = found.filter(**{lookups[name]: value for name, value in query.items() if name in lookups})
    if "project_ids" in query:
        tasks = Task.objects.filter(prompt=OuterRef("pk"), project__in=query["project_ids"], withdrawn_at=None)
        found = found.filter(Exists(tasks))
    return found.order_by("pk")


def measure(kind: str, query: Mapping[str, Any]) -> Selection:
    """Count what a query finds now."""
    if kind == DatasetKind.PROMPTS:
        split_counts = _split_counts(selected_prompts(query), is_prompt=True)
        return Selection(rows=sum(split_counts.values()), split_counts=split_counts)
    found = selected_submissions(kind, query)
    split_counts = _split_counts(found, is_prompt=False)
    rows = sum(split_counts.values())
    shares = found.order_by().values("labeler").annotate(said=Count("pk")).values_list("said", flat=True)
    pairs, with_pairs = _count_pairs(found) if kind == DatasetKind.COMPARISONS else (0, 0)
    return Selection(
        rows=rows,
        pairs=pairs,
        rows_without_pairs=rows - with_pairs if kind == DatasetKind.COMPARISONS else 0,
        labelers=len(shares),
        largest_share=max(shares, default=0) / rows if rows else 0.0,
        split_counts=split_counts,
    )


def _split_counts(rows: QuerySet[Any], *, is_prompt: bool) -> dict[str, int]:
    split = SUBMITTER_SPLIT[is_prompt]
    found = dict(rows.order_by().values_list(split).annotate(Count("pk")))
    return {name: found.get(name, 0) for name in Split.values}


def _count_pairs(submissions: QuerySet[Submission]) -> tuple[int, int]:
    """How many pairs of responses are ranked one above the other, and in how many submissions there are any."""
    better = Judgment.objects.filter(
        submission__in=submissions.order_by(), submission__judgments__rank__gt=F("rank")
    ).order_by()
    counts = better.aggregate(pairs=Count("*"), rows=Count("submission", distinct=True))
    return counts["pairs"], counts["rows"]


def label_rows(kind: str, query: Mapping[str, Any], *, split: str) -> QuerySet[Any, Any]:
    """What a file says of each submission of a split, as dictionaries; judgments come with their responses."""
    found: QuerySet[Any, Any] = selected_submissions(kind, query).filter(task__prompt__submitter__split=split)
    if kind == DatasetKind.COMPARISONS:
        found = found.annotate(judged=ArraySubquery(_judged()))
    return found.values(
        "pk",
        "demonstration",
        *(["judged"] if kind == DatasetKind.COMPARISONS else []),
        prompt_id=F("task__prompt_id"),
        messages=F("task__prompt__messages"),
        use_case=F("task__prompt__use_case"),
        pseudonym=F("labeler__pseudonym"),
        instruction_number=F("instruction_version__number"),
    )


def _judged() -> QuerySet[Any, Any]:
    return (
        Judgment.objects.filter(submission=OuterRef("pk"))
        .order_by("response_id")
        .values(
            json=JSONObject(
                response_id="response_id",
                text="response__text",
                rank="rank",
                quality="quality",
                answers="answers",
                notes="notes",
                shown_position="shown_position",
                finish_reason="response__finish_reason",
                checkpoint="response__batch__checkpoint__name",
                endpoint="response__batch__endpoint__name",
            )
        )
    )


def prompt_rows(query: Mapping[str, Any], *, split: str) -> QuerySet[Any, Any]:
    """What a file says of each prompt of a split, as dictionaries."""
    found = selected_prompts(query).filter(submitter__split=split)
    return found.values("pk", "messages", "use_case", "submitter_id")

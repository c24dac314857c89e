"""Which rows a query means: one condition for each of its filters, so that a diff can say which of them refused a row.

Of each assignment only the latest revision counts. Prompts that were archived are in no new version, and neither is
what a person said or asked who has asked for that to be deleted.
"""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from labelapp.datasets.filters import PROJECT_KIND_OF
from labelapp.datasets.models import DatasetKind, Erasure
from labelapp.labeling.models import Judgment, Submission, Task
from labelapp.prompts.models import Prompt

# Filters of one column. Those on instructions, labelers and the like keep what is named or, as `without_…`, the rest.
SUBMISSION_LOOKUPS = {
    "project_ids": "project__in",
    "labeler_ids": "labeler__in",
    "use_cases": "task__prompt__use_case__in",
    "splits": "task__prompt__submitter__split__in",
    "submitted_from": "created_at__gte",
    "submitted_to": "created_at__lt",
    "min_active_seconds": "active_seconds__gte",
    "max_active_seconds": "active_seconds__lte",
    "instruction_version_ids": "instruction_version__in",
    "checkpoint_ids": "task__batch__checkpoint__in",
}
PROMPT_LOOKUPS = {
    "use_cases": "use_case__in",
    "splits": "submitter__split__in",
    "kinds": "kind__in",
    "languages": "language__in",
}


def conditions(kind: str, query: Mapping[str, Any]) -> dict[str, Q]:
    """Return what each filter of a query asks of a submission, or of a prompt, in the order of the query's keys."""
    lookups = PROMPT_LOOKUPS if kind == DatasetKind.PROMPTS else SUBMISSION_LOOKUPS
    found: dict[str, Q] = {}
    for name, value in query.items():
        if name in lookups:
            found[name] = Q(**{lookups[name]: value})
        elif name.startswith("without_"):
            found[name] = ~Q(**{lookups[name.removeprefix("without_")]: value})
        elif name == "answers":
            found[name] = Q(*(_rule(**rule) for rule in value))
        elif name == "project_ids":  # of prompts: those that are tasks of the projects
            found[name] = Q(Exists(Task.objects.filter(prompt=OuterRef("pk"), project__in=value, withdrawn_at=None)))
    return found


def _rule(*, question: str, answer: bool, responses: str) -> Q:
    """What an AnswerRule asks of a submission."""
    judgments = Judgment.objects.filter(submission=OuterRef("pk")).order_by()
    says = Q(answers__contains={question: answer})
    if responses == "every":
        return ~Q(Exists(judgments.filter(~says)))
    found = Q(Exists(judgments.filter(says)))
    return found if responses == "any" else ~found


def is_erased(*, labeler: str = "", submitter: str) -> Q:
    """Whether somebody asked for deletion who said this (`labeler`: the way to them) or asked it (`submitter`)."""
    erasures = Erasure.objects.filter(withdrawn_at=None).order_by()
    asked = Q(Exists(erasures.filter(Q(submitter=OuterRef(submitter)) | Q(user=OuterRef(f"{submitter}__user")))))
    return asked | Q(Exists(erasures.filter(user=OuterRef(labeler)))) if labeler else asked


def selected_submissions(kind: str, query: Mapping[str, Any]) -> QuerySet[Submission]:
    """The submissions that a dataset of demonstrations or comparisons looks at, a task's together."""
    found = Submission.objects.latest_revisions().filter(
        ~is_erased(labeler="labeler", submitter="task__prompt__submitter"),
        project__kind=PROJECT_KIND_OF[DatasetKind(kind)],
        task__prompt__archived_at=None,
    )
    return found.filter(*conditions(kind, query).values()).order_by("task_id", "pk")


def selected_prompts(query: Mapping[str, Any]) -> QuerySet[Prompt]:
    """The prompts that a dataset of prompts takes, in the order of their ids."""
    found = Prompt.objects.filter(~is_erased(submitter="submitter"), archived_at=None)
    return found.filter(*conditions(DatasetKind.PROMPTS, query).values()).order_by("pk")


def asked_prompts(kind: str, query: Mapping[str, Any]) -> QuerySet[Prompt]:
    """The prompts that the rows of a query are about."""
    if kind == DatasetKind.PROMPTS:
        return selected_prompts(query)
    answers = selected_submissions(kind, query).order_by()
    return Prompt.objects.filter(pk__in=answers.values("task__prompt")).order_by("pk")


def count_selected(kind: str, query: Mapping[str, Any]) -> int:
    """How many submissions, or prompts, the filters find: as many rows as a version has at most."""
    if kind == DatasetKind.PROMPTS:
        return selected_prompts(query).order_by().count()
    return selected_submissions(kind, query).order_by().count()


def split_column(kind: str) -> F:
    """Where a row's split stands."""
    return F("submitter__split" if kind == DatasetKind.PROMPTS else "task__prompt__submitter__split")

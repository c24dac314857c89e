"""What came and what went between two versions of a dataset, and why.

Versions are compared by what their rows come from: submissions, or prompts. Why a row is in one version alone is worked
out from the versions' queries, their snapshots and the record; the first reason in `REASONS` that holds is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When

from labelapp.common.errors import InvalidInput
from labelapp.datasets.models import DatasetKind, DatasetRow, DatasetVersion
from labelapp.datasets.naming import Names, names_of
from labelapp.datasets.selection import conditions, is_erased
from labelapp.labeling.models import Submission
from labelapp.prompts.erased import excerpt
from labelapp.prompts.models import Prompt

EXCERPT_LENGTH = 200
CAME, WENT = "came", "went"
SIDES = (CAME, WENT)
REASONS = {
    "revised": "Another revision of the same answer is in the other version",
    "new": "Said or asked after the other version’s snapshot",
    "erased": "A person asked for deletion",
    "archived": "The prompt is archived",
    "rules": "The rules on agreement, ties or several labelers",
    "other": "It was archived, erased or undone at the time of the other version",
}
FILTER = "filter:"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why so many rows are in one version alone; a filter's reason is `filter:<its name>`."""

    code: str
    count: int

    @property
    def label(self) -> str:
        """The reason in words."""
        name = self.code.removeprefix(FILTER)
        return REASONS.get(self.code) or f"The other version’s filter: {name.replace('_ids', 's').replace('_', ' ')}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """How a version differs from an earlier or a sister one; counts are of submissions, or of prompts."""

    version: DatasetVersion
    against: DatasetVersion
    same: int
    came: list[Reason]
    went: list[Reason]
    query_changes: list[dict[str, Any]]
    query_names: Names


def compare(version: DatasetVersion, against: DatasetVersion) -> Comparison:
    """Say what `version` has that `against` has not, and the reverse. Raises InvalidInput where that has no meaning."""
    check_comparable(version, against)
    column = _column(version)
    in_other = DatasetRow.objects.filter(version=against, **{column: OuterRef(column)})
    return Comparison(
        version=version,
        against=against,
        same=version.rows.filter(Exists(in_other)).count(),
        came=_reasons(only_in(version, against)),
        went=_reasons(only_in(against, version)),
        query_changes=_query_changes(against.query, version.query),
        query_names=names_of([against.query, version.query]),
    )


def check_comparable(version: DatasetVersion, against: DatasetVersion) -> None:
    """Raise InvalidInput unless both are ready, of one kind, and not the same."""
    if version.pk == against.pk:
        raise InvalidInput("Choose another version to compare with.", field="against")
    if version.dataset.kind != against.dataset.kind:
        message = f"{against} holds {against.dataset.kind}; only {version.dataset.kind} can be compared with these."
        raise InvalidInput(message, field="against")
    for one, field in ((version, "version_id"), (against, "against")):
        if one.state != DatasetVersion.State.READY:
            raise InvalidInput(f"{one} is not ready: it is {one.get_state_display().lower()}.", field=field)


def only_in(one: DatasetVersion, other: DatasetVersion) -> QuerySet[Any, Any]:
    """The submissions, or prompts, that `one` has and `other` has not, each with its `reason`, by their ids."""
    column = _column(one)
    has = DatasetRow.objects.filter(**{column: OuterRef("pk")}).order_by()
    model: Any = Prompt if one.dataset.kind == DatasetKind.PROMPTS else Submission
    found: QuerySet[Any, Any] = model.objects.annotate(reason=_reason(one, other)).order_by("pk")
    return found.filter(Exists(has.filter(version=one)), ~Exists(has.filter(version=other)))


def changed_rows(version: DatasetVersion, against: DatasetVersion, *, side: str) -> QuerySet[Any, Any]:
    """What came or went, row by row, as dictionaries. Raises InvalidInput as `compare` does."""
    check_comparable(version, against)
    found = only_in(version, against) if side == CAME else only_in(against, version)
    if version.dataset.kind == DatasetKind.PROMPTS:
        nothing = Value(None, output_field=IntegerField())
        columns: dict[str, Any] = {"row_prompt_id": F("pk"), "row_submission_id": nothing, "row_labeler": nothing}
        return found.values("reason", "created_at", excerpt=excerpt(EXCERPT_LENGTH), **columns)
    columns = {
        "row_prompt_id": F("task__prompt_id"),
        "row_submission_id": F("pk"),
        "row_labeler": F("labeler__pseudonym"),
    }
    return found.values("reason", "created_at", excerpt=excerpt(EXCERPT_LENGTH, of="task__prompt__"), **columns)


def _column(version: DatasetVersion) -> str:
    return "prompt" if version.dataset.kind == DatasetKind.PROMPTS else "submission"


def _reason(one: DatasetVersion, other: DatasetVersion) -> Case:
    """Why a row of `one` is not in `other`."""
    kind = other.dataset.kind
    is_prompt = kind == DatasetKind.PROMPTS
    prompt = "" if is_prompt else "task__prompt__"
    erased = is_erased(labeler="" if is_prompt else "labeler", submitter=f"{prompt}submitter")
    whens = [] if is_prompt else [When(_is_revised(other), then=Value("revised"))]
    whens += [
        When(created_at__gt=other.snapshot_at or other.frozen_at or other.created_at, then=Value("new")),
        *[When(~condition, then=Value(f"{FILTER}{name}")) for name, condition in conditions(kind, other.query).items()],
        When(erased, then=Value("erased")),
        When(Q(**{f"{prompt}archived_at__isnull": False}), then=Value("archived")),
    ]
    has_rules = {"min_agreement_percent", "ties", "several"} & other.query.keys()
    return Case(*whens, default=Value("rules" if has_rules else "other"), output_field=CharField())


def _is_revised(other: DatasetVersion) -> Exists:
    return Exists(
        DatasetRow.objects.filter(version=other, submission__assignment=OuterRef("assignment")).exclude(
            submission=OuterRef("pk")
        )
    )


def _reasons(found: QuerySet[Any, Any]) -> list[Reason]:
    counts = found.order_by().values_list("reason").annotate(count=Count("pk"))
    return sorted((Reason(code, count) for code, count in counts), key=lambda reason: (-reason.count, reason.code))


def _query_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The filters that differ: name, before, after."""
    return [
        {"filter": name, "before": before.get(name), "after": after.get(name)}
        for name in sorted(before.keys() | after.keys())
        if name != "version" and before.get(name) != after.get(name)
    ]

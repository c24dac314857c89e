"""What a dataset is made of: a versioned query, read strictly, in one normal form: equal queries are equal JSON.

The normal form names the version of the query's language, so that what was frozen years ago is still read as it was
meant. Version 1 had no `version` and seven filters; all of them mean the same in version 2.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint
from labelapp.common.errors import InvalidInput, flatten
from labelapp.common.serializers import StrictSerializer
from labelapp.datasets.models import Cohort, DatasetKind
from labelapp.labeling.models import EVALUATIONS, InstructionVersion, Project, ProjectKind
from labelapp.labeling.questions import METADATA_KEYS
from labelapp.prompts.models import PromptKind, Split, UseCase

QUERY_VERSION = 2
MAX_IDS = 1000
MAX_ID = 2**63 - 1
MAX_SECONDS = 10_000_000
MAX_RULES = 20
PROJECT_KIND_OF = {
    DatasetKind.DEMONSTRATIONS: ProjectKind.DEMONSTRATION,
    DatasetKind.COMPARISONS: ProjectKind.COMPARISON,
}
SEVERAL_RANKINGS = (
    ("all", "Keep all"),
    ("majority", "One row a task: the majority's order"),
    ("weight", "Keep all; together they weigh one"),
)
SEVERAL_DEMONSTRATIONS = (("all", "Keep all"), ("first", "The first of each task"))
TIES = (
    ("keep", "Keep them as ties"),
    ("break_by_quality", "Order tied responses by their ratings"),
    ("leave_out", "Leave out rankings that are ties throughout"),
    ("only_strict", "Only rankings without a tie"),
)
RESPONSES_OF_RULE = (("any", "At least one response"), ("every", "Every response"), ("no", "No response"))
# What a filter says where it is left out: such a filter is no part of the normal form.
DEFAULTS: dict[str, Any] = {"several": "all", "ties": "keep"}


def id_list(help_text: str) -> serializers.ListField:
    """A list of ids; empty or left out, all are meant."""
    child = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    return serializers.ListField(child=child, max_length=MAX_IDS, required=False, help_text=help_text)


def choice_list(choices: Iterable[tuple[str, Any]], help_text: str) -> serializers.ListField:
    """A list of choices; empty or left out, all are meant."""
    child = serializers.ChoiceField(choices=list(choices))
    return serializers.ListField(child=child, max_length=MAX_IDS, required=False, help_text=help_text)


def _seconds(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=MAX_SECONDS, required=False, help_text=help_text)


class VersionField(serializers.IntegerField):
    """The version of the query's language; the newest is meant where it is left out."""

    def __init__(self) -> None:
        super().__init__(required=False, help_text=f"Of this language of filters; {QUERY_VERSION} is the newest.")

    def to_internal_value(self, data: Any) -> int:
        version = super().to_internal_value(data)
        if not 1 <= version <= QUERY_VERSION:
            raise serializers.ValidationError(f"This server reads versions 1 to {QUERY_VERSION}, not {version}.")
        return QUERY_VERSION


class AnswerRule(StrictSerializer):
    """What has to be so of the answers to a question, for a ranking to be taken. A missing answer is no answer."""

    question = serializers.ChoiceField(choices=METADATA_KEYS)
    answer = serializers.BooleanField()
    responses = serializers.ChoiceField(choices=RESPONSES_OF_RULE, help_text="Of which responses this must hold.")


class AnyKindFilters(StrictSerializer):
    """What all kinds of datasets can be filtered by."""

    version = VersionField()
    project_ids = id_list("Projects of the dataset's kind, or of any kind for prompts; all where left out.")
    use_cases = choice_list(UseCase.choices, "Of the prompt.")
    splits = choice_list(Split.choices, "Splits to write; all where left out.")


class LabelFilters(AnyKindFilters):
    """Which submissions a dataset of demonstrations or comparisons takes. What is left out does not matter."""

    labeler_ids = id_list("Who said it.")
    cohort_ids = id_list("Who said it, by groups: their members of now are added to labeler_ids.")
    without_labeler_ids = id_list("Whose answers to leave out.")
    submitted_from = serializers.DateTimeField(required=False, help_text="Submitted at or after.")
    submitted_to = serializers.DateTimeField(required=False, help_text="Submitted before.")
    min_active_seconds = _seconds("Answers given faster are left out.")
    max_active_seconds = _seconds("Answers that took longer are left out.")
    instruction_version_ids = id_list("The instructions that the labeler had.")
    without_instruction_version_ids = id_list("Instructions whose answers to leave out.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("submitted_from"), attrs.get("submitted_to")
        if start and end and start >= end:
            raise serializers.ValidationError(
                {"submitted_to": ["This must be after the moment from which on answers are taken (submitted_from)."]}
            )
        least, most = attrs.get("min_active_seconds", 0), attrs.get("max_active_seconds", MAX_SECONDS)
        if least > most:
            raise serializers.ValidationError(
                {"max_active_seconds": ["This must not be below the least active time (min_active_seconds)."]}
            )
        return attrs


class DemonstrationFilters(LabelFilters):
    """Which demonstrations to take."""

    several = serializers.ChoiceField(
        choices=SEVERAL_DEMONSTRATIONS, required=False, help_text="Where several labelers answered one task."
    )


class ComparisonFilters(LabelFilters):
    """Which rankings to take, and what to make of ties and of several rankings of one task."""

    checkpoint_ids = id_list("The checkpoints that the responses were sampled from.")
    answers = serializers.ListField(child=AnswerRule(), max_length=MAX_RULES, required=False)
    min_agreement_percent = serializers.IntegerField(
        min_value=0,
        max_value=100,
        required=False,
        help_text="Of the pairs that two labelers of a task ordered, at least so many ordered alike. A task that one "
        "labeler alone has ranked has no such pair and is left out.",
    )
    several = serializers.ChoiceField(
        choices=SEVERAL_RANKINGS, required=False, help_text="Where several labelers ranked one task."
    )
    ties = serializers.ChoiceField(choices=TIES, required=False, help_text="What to do with equal ranks.")


class PromptFilters(AnyKindFilters):
    """Which prompts a dataset of prompts takes. What is left out does not matter."""

    kinds = choice_list(PromptKind.choices, "Where prompts come from.")
    languages = serializers.ListField(
        child=serializers.CharField(max_length=12), max_length=MAX_IDS, required=False, help_text="Language codes."
    )


class AnyFilters(ComparisonFilters, PromptFilters):
    """The filters of all kinds: `kinds` and `languages` are for prompts, those on submissions for the others."""

    several = serializers.ChoiceField(
        choices=list(dict([*SEVERAL_RANKINGS, *SEVERAL_DEMONSTRATIONS]).items()),
        required=False,
        help_text="Where several labelers answered one task: majority and weight of rankings, first of demonstrations.",
    )


FILTERS_OF_KIND: dict[str, type[AnyKindFilters]] = {
    DatasetKind.PROMPTS: PromptFilters,
    DatasetKind.DEMONSTRATIONS: DemonstrationFilters,
    DatasetKind.COMPARISONS: ComparisonFilters,
}
# What ids of a filter name, and what one of them is called.
KNOWN: dict[str, tuple[type[Model], str]] = {
    "project_ids": (Project, "project"),
    "labeler_ids": (User, "user"),
    "without_labeler_ids": (User, "user"),
    "cohort_ids": (Cohort, "cohort"),
    "instruction_version_ids": (InstructionVersion, "version of instructions"),
    "without_instruction_version_ids": (InstructionVersion, "version of instructions"),
    "checkpoint_ids": (Checkpoint, "checkpoint"),
}


def parse_filters(kind: str, query: Any) -> dict[str, Any]:
    """Return `query` in its normal form: known keys, sorted lists without repeats, nothing that filters nothing.

    Raises:
        InvalidInput: names each wrong field as `query.<field>`.
    """
    serializer = FILTERS_OF_KIND[kind](data=query)
    if not serializer.is_valid():
        errors = list(flatten(serializer.errors, "query"))
        raise InvalidInput(f"{errors[0][0]}: {errors[0][1]}", errors=errors)
    found = {name: _normal(value) for name, value in serializer.validated_data.items()}
    for name, (model, noun) in KNOWN.items():
        _check_known(model, found.get(name, []), field=name, noun=noun)
    _check_projects(kind, found.get("project_ids", []))
    _name_members(found)
    kept = {name: value for name, value in found.items() if value not in (None, [], 0, DEFAULTS.get(name))}
    return dict(sorted({**kept, "version": QUERY_VERSION}.items()))


def without(
    query: dict[str, Any], *, labeler_id: int | None = None, instruction_version_id: int | None = None
) -> dict[str, Any]:
    """Return the query that also leaves out a labeler, or a version of the instructions."""
    changed = dict(query)
    for name, value in (("labeler_ids", labeler_id), ("instruction_version_ids", instruction_version_id)):
        if value is not None:
            changed[f"without_{name}"] = sorted({*query.get(f"without_{name}", []), value})
    return changed


def _normal(value: Any) -> Any:
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            rules = {tuple(sorted(rule.items())): dict(rule) for rule in value}
            return [rules[key] for key in sorted(rules, key=str)]
        return sorted(set(value))
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _name_members(found: dict[str, Any]) -> None:
    """Put the members of the cohorts in their place: a frozen query must not change when a cohort does."""
    for cohort in Cohort.objects.filter(pk__in=found.pop("cohort_ids", [])).prefetch_related("members").order_by("pk"):
        members = [member.pk for member in cohort.members.all()]
        if not members:
            raise InvalidInput(f"Nobody is in the cohort {cohort.name}.", field="query.cohort_ids")
        found["labeler_ids"] = sorted({*found.get("labeler_ids", []), *members})


def _check_known(model: type[Model], ids: list[int], *, field: str, noun: str) -> None:
    if not ids:
        return
    known = set(model._default_manager.filter(pk__in=ids).values_list("pk", flat=True))
    missing = [str(pk) for pk in ids if pk not in known]
    if missing:
        raise InvalidInput(f"There is no {noun} {', '.join(missing)}.", field=f"query.{field}")


def _check_projects(kind: str, ids: list[int]) -> None:
    """A project of the other kind would silently give no rows."""
    wanted = PROJECT_KIND_OF.get(DatasetKind(kind))
    odd = Project.objects.filter(pk__in=ids).exclude(kind=wanted).order_by("name").first() if wanted else None
    if odd is not None:
        message = f"{odd.name} is a {odd.kind} project; a dataset of {kind} takes {wanted} projects."
        if odd.kind in EVALUATIONS:
            message = f"{odd.name} evaluates models: what is said there is measured with, and never trained on."
        raise InvalidInput(message, field="query.project_ids")

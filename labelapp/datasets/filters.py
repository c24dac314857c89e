"""What a dataset is made of: filters, read strictly and kept in one normal form: equal queries are equal JSON."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from rest_framework import serializers

from labelapp.accounts.models import User
from labelapp.common.errors import InvalidInput, flatten
from labelapp.common.serializers import StrictSerializer
from labelapp.datasets.models import DatasetKind
from labelapp.labeling.models import EVALUATIONS, Project, ProjectKind
from labelapp.prompts.models import PromptKind, UseCase

MAX_IDS = 1000
MAX_ID = 2**63 - 1
PROJECT_KIND_OF = {
    DatasetKind.DEMONSTRATIONS: ProjectKind.DEMONSTRATION,
    DatasetKind.COMPARISONS: ProjectKind.COMPARISON,
}


def id_list(help_text: str) -> serializers.ListField:
    """A list of ids; empty or left out, all are meant."""
    child = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    return serializers.ListField(child=child, max_length=MAX_IDS, required=False, help_text=help_text)


def choice_list(choices: Iterable[tuple[str, Any]], help_text: str) -> serializers.ListField:
    """A list of choices; empty or left out, all are meant."""
    child = serializers.ChoiceField(choices=list(choices))
    return serializers.ListField(child=child, max_length=MAX_IDS, required=False, help_text=help_text)


class LabelFilters(StrictSerializer):
    """Which submissions a dataset of demonstrations or comparisons takes. What is left out does not matter."""

    project_ids = id_list("Projects of the dataset's kind; all where left out.")
    labeler_ids = id_list("Who said it.")
    use_cases = choice_list(UseCase.choices, "Of the prompt.")
    submitted_from = serializers.DateTimeField(required=False, help_text="Submitted at or after.")
    submitted_to = serializers.DateTimeField(required=False, help_text="Submitted before.")
    min_active_seconds = serializers.IntegerField(min_value=0, max_value=10_000_000, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        start, end = attrs.get("submitted_from"), attrs.get("submitted_to")
        if start and end and start >= end:
            raise serializers.ValidationError({"submitted_to": ["This must be after submitted_from."]})
        return attrs


class PromptFilters(StrictSerializer):
    """Which prompts a dataset of prompts takes. What is left out does not matter."""

    use_cases = choice_list(UseCase.choices, "The use cases.")
    kinds = choice_list(PromptKind.choices, "Where prompts come from.")
    languages = serializers.ListField(
        child=serializers.CharField(max_length=12), max_length=MAX_IDS, required=False, help_text="Language codes."
    )
    project_ids = id_list("Prompts that are tasks of these projects.")


class AnyFilters(LabelFilters, PromptFilters):
    """The filters of all kinds: `kinds` and `languages` are for prompts, those on submissions for the others."""


def parse_filters(kind: str, query: Any) -> dict[str, Any]:
    """Return `query` in its normal form: known keys, sorted lists without repeats, nothing that filters nothing.

    Raises:
        InvalidInput: names each wrong field as `query.<field>`.
    """
    filters = PromptFilters if kind == DatasetKind.PROMPTS else LabelFilters
    serializer = filters(data=query)
    if not serializer.is_valid():
        errors = list(flatten(serializer.errors, "query"))
        raise InvalidInput(f"{errors[0][0]}: {errors[0][1]}", errors=errors)
    found = {name: _normal(value) for name, value in serializer.validated_data.items()}
    _check_projects(kind, found.get("project_ids", []))
    _check_known(User, found.get("labeler_ids", []), field="labeler_ids", noun="user")
    return {name: value for name, value in sorted(found.items()) if value not in (None, [], 0)}


def _normal(value: Any) -> Any:
    if isinstance(value, list):
        return sorted(set(value))
    return value.isoformat().replace("+00:00", "Z") if hasattr(value, "isoformat") else value


def _check_known(model: type[Model], ids: list[int], *, field: str, noun: str) -> None:
    known = set(model._default_manager.filter(pk__in=ids).values_list("pk", flat=True))
    missing = [str(pk) for pk in ids if pk not in known]
    if missing:
        raise InvalidInput(f"There is no {noun} {', '.join(missing)}.", field=f"query.{field}")


def _check_projects(kind: str, ids: list[int]) -> None:
    """A project of the other kind would silently give no rows."""
    _check_known(Project, ids, field="project_ids", noun="project")
    wanted = PROJECT_KIND_OF.get(DatasetKind(kind))
    odd = Project.objects.filter(pk__in=ids).exclude(kind=wanted).order_by("name").first() if wanted else None
    if odd is not None:
        message = f"{odd.name} is a {odd.kind} project; a dataset of {kind} takes {wanted} projects."
        if odd.kind in EVALUATIONS:
            message = f"{odd.name} evaluates models: what is said there is measured with, and never trained on."
        raise InvalidInput(message, field="query.project_ids")

"""Shapes of the prompt explorer's requests and answers: changes to many prompts, and the workspace's tables."""

from typing import Any

from rest_framework import serializers

from labelapp.common.serializers import StrictSerializer
from labelapp.prompts.change_models import PromptChange
from labelapp.prompts.serializers import PromptFilterSerializer, TagsField


class BulkFilter(PromptFilterSerializer):
    """Which prompts are meant, as the list's filters say it; `archived` null means both."""

    archived = serializers.BooleanField(default=False, allow_null=True)


class BulkChange(StrictSerializer):
    """One change to many prompts: those of `prompt_ids`, or all that `filter` finds."""

    action = serializers.ChoiceField(choices=PromptChange.Action.choices)
    tags = TagsField(default=list)
    prompt_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=10_000,
        required=False,
    )
    filter = BulkFilter(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("prompt_ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError({"prompt_ids": "Give prompt_ids, or filter in its place, and not both."})
        if attrs["action"].endswith("_tags") != bool(attrs["tags"]):
            raise serializers.ValidationError({"tags": "Name tags where tags are added or removed, and only there."})
        return attrs


class PromptChangeSerializer(serializers.ModelSerializer[PromptChange]):
    """A change to many prompts. What waits is done by a worker, all of it at once."""

    tags = serializers.ListField(child=serializers.CharField(), read_only=True)
    created_by = serializers.CharField(source="created_by.__str__", read_only=True)

    class Meta:
        model = PromptChange
        fields = (
            "id", "action", "tags", "state", "changed_count", "undone_count", "error", "created_by", "created_at",
            "done_at",
        )  # fmt: skip
        read_only_fields = fields


class PromptCountSerializer(serializers.Serializer[Any]):
    """How many prompts a filter finds, to the last one; `up_to_id` in a filter means these and none that came since."""

    count = serializers.IntegerField()
    up_to_id = serializers.IntegerField(allow_null=True)


class SourceRowSerializer(serializers.Serializer[Any]):
    """Prompts of one kind in one split."""

    source = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    split = serializers.CharField()
    prompts = serializers.IntegerField()
    submitters = serializers.IntegerField()


class UseCaseRowSerializer(serializers.Serializer[Any]):
    """Prompts of one use case, and their share of all, from 0 to 1."""

    use_case = serializers.CharField()
    prompts = serializers.IntegerField()
    share = serializers.FloatField()


class LengthRowSerializer(serializers.Serializer[Any]):
    """How many characters the prompts of one kind in one split have."""

    source = serializers.CharField()  # type: ignore[assignment]
    split = serializers.CharField()
    mean = serializers.FloatField()
    median = serializers.IntegerField()
    p95 = serializers.IntegerField()
    longest = serializers.IntegerField()


class SubmitterRowSerializer(serializers.Serializer[Any]):
    """One of the submitters with the most prompts."""

    submitter = serializers.CharField()
    split = serializers.CharField()
    prompts = serializers.IntegerField()


class PerSubmitterRowSerializer(serializers.Serializer[Any]):
    """How many submitters have so many prompts each."""

    prompts_each = serializers.CharField()
    submitters = serializers.IntegerField()
    prompts = serializers.IntegerField()


class StatisticsSerializer(serializers.Serializer[Any]):
    """The paper's tables of the workspace, without archived prompts."""

    as_of = serializers.DateTimeField()
    sources = SourceRowSerializer(many=True)
    use_cases = UseCaseRowSerializer(many=True)
    lengths = LengthRowSerializer(many=True)
    submitters = SubmitterRowSerializer(many=True)
    prompts_per_submitter = PerSubmitterRowSerializer(many=True)

"""Shapes of an evaluation's results."""

from typing import Any

from rest_framework import serializers

from labelapp.common.serializers import StrictSerializer
from labelapp.evaluations.record import OUTCOMES
from labelapp.labeling.models import MAX_RESPONSES, Judgment
from labelapp.labeling.project_serializers import MAX_ID, PersonSerializer
from labelapp.labeling.questions import METADATA_KEYS
from labelapp.labeling.serializers import AnswerField, ProjectReferenceSerializer, QuestionSerializer
from labelapp.prompts.models import Split, UseCase
from labelapp.prompts.serializers import SourceSerializer
from labelapp.quality.serializers import AgreementSerializer


class ResultsQuerySerializer(StrictSerializer):
    """Which answers count; what is left out does not matter."""

    split = serializers.ChoiceField(choices=Split.choices, required=False)
    use_case = serializers.ChoiceField(choices=UseCase.choices, required=False)
    labeler = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)


class JudgmentsQuerySerializer(ResultsQuerySerializer):
    """Which judgments are meant, by their source (a batch)."""

    source = serializers.IntegerField(min_value=1, max_value=MAX_ID)  # type: ignore[assignment]  # as every field has
    opponent = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    outcome = serializers.ChoiceField(choices=tuple(OUTCOMES), required=False, help_text="Against the opponent.")
    question = serializers.ChoiceField(choices=METADATA_KEYS, required=False, help_text="Answered with yes.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "outcome" in attrs and "opponent" not in attrs:
            raise serializers.ValidationError({"opponent": ["An outcome is one against an opponent."]})
        return attrs


class EstimateSerializer(serializers.Serializer[Any]):
    """A rate or a mean, with its 95 % interval over prompts as clusters."""

    value = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    count = serializers.IntegerField(help_text="Answers.")
    clusters = serializers.IntegerField(help_text="Prompts.")


class MatchSerializer(serializers.Serializer[Any]):
    """One source against another; a tie counts one half."""

    source_id = serializers.IntegerField()
    opponent_id = serializers.IntegerField()
    wins = serializers.IntegerField()
    ties = serializers.IntegerField()
    losses = serializers.IntegerField()
    estimate = EstimateSerializer(allow_null=True)


class MeasureSerializer(serializers.Serializer[Any]):
    """A question with the share of yes among its answers, or the mean on its scale."""

    question = QuestionSerializer()
    estimate = EstimateSerializer(allow_null=True)


class SourceResultSerializer(serializers.Serializer[Any]):
    """What was said of one source."""

    id = serializers.IntegerField(source="batch.pk")
    name = serializers.CharField()
    batch_name = serializers.CharField(source="batch.name")
    checkpoint = SourceSerializer(source="batch.checkpoint", allow_null=True)
    endpoint = SourceSerializer(source="batch.endpoint", allow_null=True)
    is_baseline = serializers.BooleanField()
    match = MatchSerializer(allow_null=True, help_text="Against the baseline.")
    quality = EstimateSerializer(allow_null=True, help_text="Overall quality, 1 to 7.")
    measures = MeasureSerializer(many=True)


class ResultGroupSerializer(serializers.Serializer[Any]):
    """Part of the answers."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as an attribute of every field
    submissions = serializers.IntegerField()
    matches = MatchSerializer(many=True)


class ResultsSerializer(serializers.Serializer[Any]):
    """How each source did."""

    project = ProjectReferenceSerializer()
    submissions = serializers.IntegerField()
    prompts = serializers.IntegerField()
    train_prompts = serializers.IntegerField(help_text="Of the train split: a model may have learned them.")
    labelers = PersonSerializer(many=True)
    sources = SourceResultSerializer(many=True)
    prompt_measures = MeasureSerializer(many=True)
    head_to_head = MatchSerializer(many=True)
    by_split = ResultGroupSerializer(many=True)
    by_use_case = ResultGroupSerializer(many=True)
    by_labeler = ResultGroupSerializer(many=True)
    agreement = AgreementSerializer(allow_null=True)


class CountedJudgmentSerializer(serializers.ModelSerializer[Judgment]):
    """A judgment behind a number."""

    submission_id = serializers.IntegerField(read_only=True)
    prompt_id = serializers.IntegerField(read_only=True)
    prompt_text = serializers.CharField(source="excerpt", read_only=True)
    split = serializers.ChoiceField(choices=Split.choices, read_only=True)
    use_case = serializers.ChoiceField(choices=UseCase.choices, read_only=True)
    labeler = PersonSerializer(source="submission.labeler", read_only=True)
    answers = serializers.DictField(child=AnswerField(), read_only=True)
    opponent_rank = serializers.IntegerField(read_only=True, allow_null=True)
    created_at = serializers.DateTimeField(source="submission.created_at", read_only=True)

    class Meta:
        model = Judgment
        fields = (
            "id",
            "submission_id",
            "prompt_id",
            "prompt_text",
            "split",
            "use_case",
            "labeler",
            "rank",
            "opponent_rank",
            "quality",
            "answers",
            "notes",
            "created_at",
        )
        read_only_fields = fields


class SharedPromptsQuerySerializer(StrictSerializer):
    """Batches by id."""

    batch_ids = serializers.RegexField(r"^\d{1,18}(,\d{1,18})*$", help_text=f"Up to {MAX_RESPONSES}, with commas.")

    def validate_batch_ids(self, value: str) -> list[int]:
        """Read the ids."""
        ids = [int(part) for part in value.split(",")]
        if len(ids) > MAX_RESPONSES:
            raise serializers.ValidationError(f"Give at most {MAX_RESPONSES} batches.")
        return ids


class SharedPromptsSerializer(serializers.Serializer[Any]):
    """How many prompts have a response in each of the batches, by split."""

    train = serializers.IntegerField()
    valid = serializers.IntegerField()
    test = serializers.IntegerField()

"""Shapes of the record as it is read: own history and progress, and what researchers see of submissions and skips."""

from typing import Any

from rest_framework import serializers

from labelapp.common.serializers import StrictSerializer
from labelapp.labeling.models import Judgment, Project, Skip, Submission
from labelapp.labeling.project_serializers import PersonSerializer
from labelapp.labeling.serializers import AnswerField, ProjectReferenceSerializer, TurnSerializer
from labelapp.prompts.erased import is_erased
from labelapp.prompts.models import Prompt, UseCase
from labelapp.prompts.serializers import SourceSerializer, WithholdingSerializer


class HistoryQuerySerializer(StrictSerializer):
    """Filters of the own history."""

    project = serializers.IntegerField(min_value=1, required=False)


class SubmissionQuerySerializer(HistoryQuerySerializer):
    """Filters of the record."""

    labeler = serializers.IntegerField(min_value=1, required=False)
    task = serializers.IntegerField(min_value=1, required=False)


class PromptExcerptSerializer(serializers.Serializer[Any]):
    """The beginning of the prompt that was answered."""

    id = serializers.IntegerField(source="prompt_id")
    text = serializers.CharField(source="excerpt", help_text="Empty: the prompt was erased.")
    use_case = serializers.ChoiceField(choices=UseCase.choices)


class HistorySerializer(serializers.ModelSerializer[Submission]):
    """An own answer, as it stands after the last edit."""

    project = ProjectReferenceSerializer(read_only=True)
    prompt = PromptExcerptSerializer(source="*", read_only=True)
    edits = serializers.IntegerField(read_only=True, help_text="How often it was edited until it was as it is here.")

    class Meta:
        model = Submission
        fields: tuple[str, ...] = (
            "id",
            "assignment_id",
            "task_id",
            "project",
            "prompt",
            "revision",
            "edits",
            "elapsed_seconds",
            "active_seconds",
            "created_at",
        )
        read_only_fields = fields


class SubmissionSerializer(HistorySerializer):
    """An answer in the record, with whose it is."""

    labeler = PersonSerializer(read_only=True)
    is_latest = serializers.BooleanField(read_only=True)

    class Meta(HistorySerializer.Meta):
        fields = (*HistorySerializer.Meta.fields, "labeler", "is_latest")
        read_only_fields = fields


class JudgedResponseSerializer(serializers.ModelSerializer[Judgment]):
    """What was said of one response, with its text."""

    text = serializers.CharField(source="response.text", read_only=True)
    checkpoint = SourceSerializer(
        source="response.batch.checkpoint", read_only=True, allow_null=True, help_text="What it was sampled from."
    )
    endpoint = SourceSerializer(source="response.batch.endpoint", read_only=True, allow_null=True)
    answers = serializers.DictField(child=AnswerField(), read_only=True)

    class Meta:
        model = Judgment
        fields = (
            "response_id",
            "text",
            "checkpoint",
            "endpoint",
            "rank",
            "quality",
            "answers",
            "notes",
            "shown_position",
        )
        read_only_fields = fields


class FullPromptSerializer(WithholdingSerializer):
    """The whole prompt."""

    messages = TurnSerializer(many=True, read_only=True)

    class Meta:
        model = Prompt
        fields = ("id", "messages", "is_withheld", "use_case", "language", "deployment_context")
        read_only_fields = fields


class SubmissionDetailSerializer(SubmissionSerializer):
    """Everything that was said, and of what."""

    prompt = FullPromptSerializer(source="task.prompt", read_only=True)  # type: ignore[assignment]  # the whole
    answers = serializers.DictField(child=AnswerField(), read_only=True, help_text="Of the prompt as a whole.")
    instruction_number = serializers.IntegerField(source="instruction_version.number", read_only=True)
    judgments = JudgedResponseSerializer(many=True, read_only=True)
    is_withheld = serializers.SerializerMethodField(
        help_text="Who asked, or who answered, asked for deletion: ranks and answers are shown, no texts."
    )

    class Meta(SubmissionSerializer.Meta):
        fields = (
            *SubmissionSerializer.Meta.fields,
            "is_withheld",
            "instruction_number",
            "answers",
            "notes",
            "demonstration",
            "judgments",
        )
        read_only_fields = fields

    def get_is_withheld(self, submission: Submission) -> bool:
        return submission.task.prompt.is_withheld or is_erased(submission.labeler)

    def to_representation(self, instance: Submission) -> Any:
        said = super().to_representation(instance)
        if said["is_withheld"]:
            said.update(notes="", demonstration="")
            for judgment in said["judgments"]:
                judgment.update(notes="")
                if said["prompt"]["is_withheld"]:
                    judgment.update(text="")
        return said


class SkipSerializer(serializers.ModelSerializer[Skip]):
    """A task that somebody would not answer, and why."""

    project = ProjectReferenceSerializer(source="task.project", read_only=True)
    labeler = PersonSerializer(read_only=True)
    prompt_text = serializers.CharField(source="excerpt", read_only=True, help_text="Empty: it was erased.")

    class Meta:
        model = Skip
        fields = ("id", "task_id", "project", "labeler", "reason", "note", "prompt_text", "created_at")
        read_only_fields = fields


class DayCountSerializer(serializers.Serializer[Any]):
    """How many answers were given on a day (UTC)."""

    date = serializers.DateField()
    count = serializers.IntegerField()


class OwnProjectSerializer(serializers.ModelSerializer[Project]):
    """A project that one labels in."""

    submitted_count = serializers.IntegerField(read_only=True)
    has_lease = serializers.BooleanField(read_only=True, help_text="A task is begun.")
    has_work = serializers.BooleanField(read_only=True, help_text="There is a task to go on with or to take.")

    class Meta:
        model = Project
        fields = ("id", "name", "kind", "state", "description", "submitted_count", "has_lease", "has_work")
        read_only_fields = fields


class ProgressSerializer(serializers.Serializer[Any]):
    """What one has done. An edit is no further answer."""

    today = serializers.IntegerField()
    last_7_days = serializers.IntegerField()
    total = serializers.IntegerField()
    active_seconds_today = serializers.IntegerField()
    median_active_seconds_today = serializers.FloatField(allow_null=True)
    per_day = DayCountSerializer(many=True)
    projects = OwnProjectSerializer(many=True)

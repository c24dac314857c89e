"""Shapes of projects, their instructions, members and tasks."""

from typing import Any

from rest_framework import serializers

from labelapp.accounts.models import User
from labelapp.common.search import NamedQuery
from labelapp.common.serializers import StrictSerializer
from labelapp.labeling.models import (
    MAX_OVERLAP,
    MAX_RESPONSES,
    MIN_RESPONSES,
    InstructionVersion,
    Membership,
    PriorityMode,
    Project,
    ProjectKind,
    Task,
)
from labelapp.labeling.questions import ALL_KEYS
from labelapp.labeling.serializers import InstructionReferenceSerializer
from labelapp.prompts.models import UseCase
from labelapp.prompts.serializers import PromptFilterSerializer

MAX_TEXT = 100_000
MAX_NOTES = 10_000
MAX_LEASE_MINUTES = 24 * 60
MAX_PROMPT_IDS = 10_000
MAX_LIMIT = 1_000_000
MAX_ID = 2**63 - 1


class PersonSerializer(serializers.ModelSerializer[User]):
    """A person by name."""

    class Meta:
        model = User
        fields = ("id", "name", "email")
        read_only_fields = fields


class AssignmentCountsSerializer(serializers.Serializer[Any]):
    """How many slots stand where; a lease that has run out counts as open."""

    open = serializers.IntegerField(source="open_count")
    leased = serializers.IntegerField(source="leased_count")
    submitted = serializers.IntegerField(source="submitted_count")


class NewestInstructionsSerializer(InstructionReferenceSerializer):
    """Which instructions stand now."""

    id = serializers.IntegerField(source="instruction_id")
    number = serializers.IntegerField(source="instruction_number")


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """A project with how far it is."""

    questions = serializers.ListField(child=serializers.ChoiceField(choices=ALL_KEYS), read_only=True)
    member_count = serializers.IntegerField(read_only=True)
    task_count = serializers.IntegerField(read_only=True)
    assignment_counts = AssignmentCountsSerializer(source="*", read_only=True)
    instruction_version = NewestInstructionsSerializer(source="*", read_only=True)

    class Meta:
        model = Project
        fields = (
            "id",
            "name",
            "kind",
            "state",
            "description",
            "responses_per_task",
            "overlap",
            "priority_mode",
            "questions",
            "lease_minutes",
            "show_agreement",
            "member_count",
            "task_count",
            "assignment_counts",
            "instruction_version",
            "created_at",
        )
        read_only_fields = fields


class ProjectQuerySerializer(NamedQuery):
    """Filters of the list of projects."""

    kind = serializers.MultipleChoiceField(choices=ProjectKind.choices, required=False)
    state = serializers.MultipleChoiceField(choices=Project.State.choices, required=False)


class CreateProjectSerializer(StrictSerializer):
    """A new project. Questions left out are the paper's eleven, or the toxicity task's four scales."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=ProjectKind.choices)
    instructions = serializers.CharField(max_length=MAX_TEXT, help_text="Markdown.")
    description = serializers.CharField(max_length=MAX_NOTES, allow_blank=True, required=False)
    responses_per_task = serializers.IntegerField(
        min_value=MIN_RESPONSES,
        max_value=MAX_RESPONSES,
        required=False,
        help_text="K; comparison only: an evaluation has one response of each source.",
    )
    overlap = serializers.IntegerField(
        min_value=1, max_value=MAX_OVERLAP, required=False, help_text="How many labelers answer each task."
    )
    priority_mode = serializers.ChoiceField(
        choices=PriorityMode.choices,
        required=False,
        help_text="Left out: helpful first; in an evaluation truthful and harmless first.",
    )
    questions = serializers.ListField(child=serializers.ChoiceField(choices=ALL_KEYS), required=False)
    lease_minutes = serializers.IntegerField(min_value=1, max_value=MAX_LEASE_MINUTES, required=False)
    member_ids = serializers.ListField(child=serializers.IntegerField(min_value=1), max_length=1000, required=False)
    source_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID),
        max_length=MAX_RESPONSES,
        required=False,
        help_text="Evaluation and toxicity: the 2 to 9 batches that are compared. Fixed from then on.",
    )
    baseline_id = serializers.IntegerField(
        min_value=1, max_value=MAX_ID, required=False, help_text="The one of the sources that the others are held to."
    )


class ChangeProjectSerializer(StrictSerializer):
    """What may change in a project that runs. The overlap only grows: answers that were given stay."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=MAX_NOTES, allow_blank=True, required=False)
    state = serializers.ChoiceField(choices=Project.State.choices, required=False)
    priority_mode = serializers.ChoiceField(choices=PriorityMode.choices, required=False)
    lease_minutes = serializers.IntegerField(min_value=1, max_value=MAX_LEASE_MINUTES, required=False)
    overlap = serializers.IntegerField(min_value=1, max_value=MAX_OVERLAP, required=False)
    show_agreement = serializers.BooleanField(required=False)


class InstructionVersionSerializer(serializers.ModelSerializer[InstructionVersion]):
    """The instructions as they stood."""

    class Meta:
        model = InstructionVersion
        fields = ("id", "number", "body", "created_at")
        read_only_fields = fields


class AddInstructionsSerializer(StrictSerializer):
    """The next version of the instructions."""

    body = serializers.CharField(max_length=MAX_TEXT, help_text="Markdown.")


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """Somebody who labels in the project."""

    user = PersonSerializer()

    class Meta:
        model = Membership
        fields = ("user", "joined_at", "left_at")
        read_only_fields = fields


class MemberQuerySerializer(NamedQuery):
    """Filter of the list of members; `search` is a part of a name or an address."""


class AddMembersSerializer(StrictSerializer):
    """People who shall label in the project."""

    user_ids = serializers.ListField(child=serializers.IntegerField(min_value=1), min_length=1, max_length=1000)


class TaskPromptSerializer(serializers.Serializer[Any]):
    """The beginning of a task's prompt."""

    id = serializers.IntegerField(source="prompt_id")
    text = serializers.CharField(source="excerpt")
    use_case = serializers.ChoiceField(choices=UseCase.choices, source="prompt.use_case")


class TaskSerializer(serializers.ModelSerializer[Task]):
    """A task with how far it is."""

    prompt = TaskPromptSerializer(source="*", read_only=True)
    response_count = serializers.IntegerField(read_only=True)
    assignment_counts = AssignmentCountsSerializer(source="*", read_only=True)

    class Meta:
        model = Task
        fields = (
            "id",
            "prompt",
            "batch_id",
            "response_count",
            "assignment_counts",
            "is_calibration",
            "withdrawn_at",
            "created_at",
        )
        read_only_fields = fields


class TaskQuerySerializer(StrictSerializer):
    """Filters of the list of tasks."""

    is_calibration = serializers.BooleanField(required=False)


class MarkCalibrationSerializer(StrictSerializer):
    """Tasks that join the calibration pool, or leave it."""

    task_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID), min_length=1, max_length=MAX_PROMPT_IDS
    )
    is_calibration = serializers.BooleanField()
    overlap = serializers.IntegerField(
        min_value=1,
        max_value=MAX_OVERLAP,
        required=False,
        help_text="How many people answer each of these tasks, where that is more than now.",
    )


class CalibrationPoolSerializer(serializers.Serializer[Any]):
    """The calibration pool after the change."""

    tasks = serializers.IntegerField()


class WithdrawnTaskSerializer(serializers.ModelSerializer[Task]):
    """A task that is out of the queue."""

    class Meta:
        model = Task
        fields = ("id", "withdrawn_at")
        read_only_fields = fields


class CreateTasksSerializer(StrictSerializer):
    """Prompts by id or by filter; a comparison names the batch of its responses; an evaluation has its sources."""

    prompt_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MAX_PROMPT_IDS, required=False
    )
    filter = PromptFilterSerializer(required=False)
    batch_id = serializers.IntegerField(min_value=1, required=False, allow_null=True)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("prompt_ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError({"prompt_ids": ["Give either prompt_ids or a filter."]})
        return attrs


class SkippedPromptSerializer(serializers.Serializer[Any]):
    """A prompt that became no task."""

    prompt_id = serializers.IntegerField()
    reason = serializers.CharField()


class CreatedTasksSerializer(serializers.Serializer[Any]):
    """What became of the prompts; `skipped` lists the first thousand."""

    created = serializers.IntegerField()
    train_count = serializers.IntegerField(
        help_text="Evaluation: tasks whose prompt is of the train split, which a model may have learned."
    )
    skipped_count = serializers.IntegerField()
    already_count = serializers.IntegerField(help_text="Of those skipped: they are in the project already.")
    skipped = SkippedPromptSerializer(many=True)

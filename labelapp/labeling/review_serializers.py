"""Shapes of flags, threads, the review queue and what was read."""

from typing import Any

from rest_framework import serializers

from labelapp.common.serializers import StrictSerializer
from labelapp.labeling.body import MAX_ID
from labelapp.labeling.models import Skip, Submission, Task
from labelapp.labeling.project_serializers import AssignmentCountsSerializer, PersonSerializer
from labelapp.labeling.review_models import Decision, Flag
from labelapp.labeling.review_queries import FLAG, ORDERINGS, QUESTION, REASONS, SKIP, STATES
from labelapp.labeling.serializers import InstructionReferenceSerializer, ProjectReferenceSerializer, TurnSerializer
from labelapp.labeling.submission import MAX_NOTES
from labelapp.labeling.threads import MAX_BODY
from labelapp.prompts.content import MAX_LANGUAGE_LENGTH, MAX_NOTES_LENGTH
from labelapp.prompts.models import Prompt, UseCase
from labelapp.prompts.serializers import MessageSerializer, WithholdingSerializer

MAX_REPORTS = 1_000
REPORT_KINDS = (SKIP, FLAG)
KINDS = (*REPORT_KINDS, QUESTION)


def row_ids() -> serializers.ListField:
    """Return a field of row ids, which may be left out."""
    number = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    return serializers.ListField(child=number, max_length=MAX_REPORTS, required=False)


class FlagRequestSerializer(StrictSerializer):
    """Something wrong with a task that one was given."""

    idempotency_key = serializers.UUIDField(help_text="One per flag; a retry sends the same.")
    kind = serializers.ChoiceField(choices=Flag.Kind.choices)
    note = serializers.CharField(max_length=MAX_NOTES, required=False, allow_blank=True, default="")
    response_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False, allow_null=True, default=None)


class FlagSerializer(serializers.ModelSerializer[Flag]):
    """An own flag, as it was received."""

    class Meta:
        model = Flag
        fields = ("id", "task_id", "kind", "note", "response_id", "created_at")
        read_only_fields = fields


class ReportSerializer(serializers.Serializer[Any]):
    """A task that one skipped or flagged, and what became of it."""

    id = serializers.IntegerField(source="report_id")
    kind = serializers.ChoiceField(choices=REPORT_KINDS, source="report_kind")
    reason = serializers.ChoiceField(choices=REASONS, source="about")
    note = serializers.CharField(source="own_note")
    created_at = serializers.DateTimeField(source="reported_at")
    task_id = serializers.IntegerField(source="of_task")
    project_id = serializers.IntegerField()
    project_name = serializers.CharField()
    prompt_text = serializers.CharField()
    action = serializers.ChoiceField(choices=Decision.Action.choices, allow_blank=True, help_text="Empty while open.")
    outcome = serializers.CharField(help_text="What the researcher said.")
    decided_at = serializers.DateTimeField(allow_null=True)
    returned_at = serializers.DateTimeField(source="returned", allow_null=True)
    assignment_id = serializers.IntegerField(allow_null=True, help_text="Of one's own answer, if there is one.")


class WriteMessageSerializer(StrictSerializer):
    """A message."""

    idempotency_key = serializers.UUIDField(help_text="One per message; a retry sends the same.")
    body = serializers.CharField(max_length=MAX_BODY, help_text="Markdown.")
    last_message_id = serializers.IntegerField(
        min_value=0,
        max_value=MAX_ID,
        required=False,
        help_text="The newest message that its author saw, 0 where there was none: later ones are not answered by it.",
    )


class WriteTaskMessageSerializer(WriteMessageSerializer):
    """A message about a task; a researcher names the labeler whose thread it is for."""

    labeler_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)


class ReadProjectThreadSerializer(StrictSerializer):
    """How far one has read."""

    message_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)


class ReadTaskThreadSerializer(ReadProjectThreadSerializer):
    """How far one has read a task's thread."""

    labeler_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)


class ProjectThreadQuerySerializer(StrictSerializer):
    """Which part of a thread."""

    before = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False, help_text="A message's id.")


class TaskThreadQuerySerializer(ProjectThreadQuerySerializer):
    """Which thread of a task; one's own where no labeler is named."""

    labeler = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)


class AuthorSerializer(serializers.Serializer[Any]):
    """Who wrote, without an address: labelers read it too."""

    id = serializers.IntegerField()
    name = serializers.SerializerMethodField()
    is_researcher = serializers.SerializerMethodField()

    def get_name(self, author: Any) -> str:
        return str(author.name or author.pseudonym)

    def get_is_researcher(self, author: Any) -> bool:
        return bool(author.has_role("researcher"))


class ThreadMessageSerializer(serializers.Serializer[Any]):
    """A message of a thread."""

    id = serializers.IntegerField()
    idempotency_key = serializers.UUIDField(help_text="What its author sent it under.")
    author = AuthorSerializer()
    body = serializers.CharField()
    is_open = serializers.BooleanField(help_text="A question that no researcher has answered yet.")
    created_at = serializers.DateTimeField()


class ThreadSerializer(serializers.Serializer[Any]):
    """The newest messages of a thread, oldest first."""

    project_id = serializers.IntegerField(source="thread.project_id")
    task_id = serializers.IntegerField(source="thread.task_id", allow_null=True)
    labeler_id = serializers.IntegerField(source="thread.labeler_id", allow_null=True)
    messages = ThreadMessageSerializer(many=True)
    earlier_count = serializers.IntegerField(help_text="How many there are before the first of these.")
    last_read_id = serializers.IntegerField(help_text="Of the newest message that one has read, or 0.")


class ThreadSummarySerializer(serializers.Serializer[Any]):
    """A thread in a list."""

    project_id = serializers.IntegerField()
    project_name = serializers.CharField()
    task_id = serializers.IntegerField(allow_null=True)
    assignment_id = serializers.IntegerField(allow_null=True, help_text="Of one's own answer, if there is one.")
    prompt_text = serializers.CharField()
    unread = serializers.IntegerField()
    is_open = serializers.BooleanField(help_text="A question waits for an answer.")
    last_message = serializers.CharField()
    last_at = serializers.DateTimeField()


class ThreadsSerializer(serializers.Serializer[Any]):
    """The threads that one takes part in."""

    unread = serializers.IntegerField()
    threads = ThreadSummarySerializer(many=True)


class ProjectThreadRowSerializer(serializers.Serializer[Any]):
    """A project's thread, as researchers find it."""

    project_id = serializers.IntegerField()
    project_name = serializers.CharField()
    unread = serializers.IntegerField()
    open_count = serializers.IntegerField()
    last_message = serializers.CharField()
    last_at = serializers.DateTimeField()


class QueueQuerySerializer(StrictSerializer):
    """Filters of the review queue."""

    state = serializers.ChoiceField(choices=STATES, default="open")
    project = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    reason = serializers.ChoiceField(choices=REASONS, required=False)
    ordering = serializers.ChoiceField(choices=sorted(ORDERINGS), default="newest")


class QueueRowSerializer(serializers.ModelSerializer[Task]):
    """A task in the review queue."""

    task_id = serializers.IntegerField(source="pk", read_only=True)
    project = ProjectReferenceSerializer(read_only=True)
    prompt_text = serializers.CharField(source="excerpt", read_only=True)
    open_skips = serializers.IntegerField(read_only=True)
    open_flags = serializers.IntegerField(read_only=True)
    open_questions = serializers.IntegerField(read_only=True)
    reasons = serializers.SerializerMethodField()
    newest_at = serializers.DateTimeField(read_only=True, allow_null=True)
    last_action = serializers.ChoiceField(choices=Decision.Action.choices, read_only=True, allow_null=True)

    class Meta:
        model = Task
        fields = (
            "task_id",
            "project",
            "prompt_text",
            "open_skips",
            "open_flags",
            "open_questions",
            "reasons",
            "newest_at",
            "last_action",
            "withdrawn_at",
        )
        read_only_fields = fields

    def get_reasons(self, task: Any) -> list[str]:
        return sorted({*task.reasons, *task.flag_kinds})


class QueueCountsSerializer(serializers.Serializer[Any]):
    """How much waits for a researcher."""

    total = serializers.IntegerField(help_text="Tasks with something open, and projects with an open question.")
    tasks = serializers.IntegerField()
    skips = serializers.IntegerField()
    flags = serializers.IntegerField()
    questions = serializers.IntegerField()
    projects = serializers.IntegerField()


class ReviewedSkipSerializer(serializers.ModelSerializer[Skip]):
    """Somebody who would not answer, and why."""

    labeler = PersonSerializer(read_only=True)

    class Meta:
        model = Skip
        fields = ("id", "labeler", "reason", "note", "decision_id", "returned_at", "created_at")
        read_only_fields = fields


class ReviewedFlagSerializer(serializers.ModelSerializer[Flag]):
    """Somebody who pointed something out."""

    labeler = PersonSerializer(read_only=True)

    class Meta:
        model = Flag
        fields = ("id", "labeler", "kind", "note", "response_id", "decision_id", "created_at")
        read_only_fields = fields


class ReviewedResponseSerializer(serializers.Serializer[Any]):
    """A response of the task, by its place in it: labelers see them under letters, each in an order of their own."""

    id = serializers.IntegerField(source="response_id")
    number = serializers.SerializerMethodField()
    text = serializers.CharField(source="response.text")

    def get_number(self, row: Any) -> int:
        return int(row.position) + 1


class NotedResponseSerializer(serializers.Serializer[Any]):
    """What somebody noted on one response."""

    response_id = serializers.IntegerField()
    notes = serializers.CharField()


class NotedSubmissionSerializer(serializers.ModelSerializer[Submission]):
    """What somebody noted with their answer."""

    labeler = PersonSerializer(read_only=True)
    responses = NotedResponseSerializer(source="noted", many=True, read_only=True)

    class Meta:
        model = Submission
        fields = ("id", "labeler", "notes", "responses", "created_at")
        read_only_fields = fields


class ChangedFactsField(serializers.DictField):
    """What was corrected of what is known. Older decisions hold texts, too, which may have been redacted since."""

    def to_representation(self, value: Any) -> Any:
        return super().to_representation({name: change for name, change in value.items() if name != "messages"})


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """What a researcher did about a task."""

    decided_by = PersonSerializer(read_only=True)
    changes = ChangedFactsField(child=serializers.ListField(), read_only=True)

    class Meta:
        model = Decision
        fields = (
            "id",
            "task_id",
            "action",
            "note",
            "changes",
            "replacement_prompt_id",
            "replacement_task_id",
            "decided_by",
            "created_at",
        )
        read_only_fields = fields

    def to_representation(self, instance: Decision) -> Any:
        said = super().to_representation(instance)
        if instance.task.prompt.is_withheld:
            said["changes"].pop("deployment_context", None)
        return said


class ReviewedPromptSerializer(WithholdingSerializer):
    """The prompt with what is known of it."""

    messages = TurnSerializer(many=True, read_only=True)
    annotations = serializers.DictField(child=serializers.BooleanField(), read_only=True)

    class Meta:
        model = Prompt
        fields = (
            "id",
            "messages",
            "is_withheld",
            "kind",
            "use_case",
            "language",
            "deployment_context",
            "annotations",
            "archived_at",
        )
        read_only_fields = fields


class ReviewedThreadSerializer(ThreadSerializer):
    """One labeler's thread about the task."""

    labeler = serializers.SerializerMethodField()

    def get_labeler(self, view: Any) -> str:
        person = self.context["people"][view.thread.labeler_id]
        return str(person.name or person.email)


class ReviewedTaskSerializer(serializers.Serializer[Any]):
    """A task with everything that a decision about it needs."""

    task_id = serializers.IntegerField(source="task.pk")
    project = ProjectReferenceSerializer(source="task.project")
    withdrawn_at = serializers.DateTimeField(source="task.withdrawn_at", allow_null=True)
    prompt = ReviewedPromptSerializer(source="task.prompt")
    responses = ReviewedResponseSerializer(many=True)
    assignment_counts = AssignmentCountsSerializer()
    skips = ReviewedSkipSerializer(many=True)
    flags = ReviewedFlagSerializer(many=True)
    notes = NotedSubmissionSerializer(many=True)
    threads = ReviewedThreadSerializer(many=True)
    decisions = DecisionSerializer(many=True)
    replaces_task_id = serializers.IntegerField(source="replaces.task_id", allow_null=True, default=None)

    def to_representation(self, instance: Any) -> Any:
        said = super().to_representation(instance)
        if said["prompt"]["is_withheld"]:
            said.update(notes=[])
            for response in said["responses"]:
                response.update(text="")
        return said


class PromptChangesSerializer(StrictSerializer):
    """What is corrected; `messages` only where the prompt is replaced by a copy."""

    messages = MessageSerializer(many=True, required=False, allow_empty=False)
    use_case = serializers.ChoiceField(choices=UseCase.choices, required=False)
    annotations = serializers.DictField(
        child=serializers.BooleanField(), required=False, help_text="In the place of all that it has."
    )
    change_annotations = serializers.DictField(
        child=serializers.BooleanField(allow_null=True),
        required=False,
        help_text="Only these, beside those that it has, whoever said them meanwhile; null takes one off.",
    )
    language = serializers.CharField(max_length=MAX_LANGUAGE_LENGTH, allow_blank=True, required=False)
    deployment_context = serializers.CharField(
        max_length=MAX_NOTES_LENGTH, allow_blank=True, trim_whitespace=False, required=False
    )


class DecideSerializer(StrictSerializer):
    """What to do, and which reports it settles: those that were on the screen, no others."""

    action = serializers.ChoiceField(choices=Decision.Action.choices)
    note = serializers.CharField(
        max_length=MAX_BODY, required=False, allow_blank=True, default="", help_text="The labelers read it. Markdown."
    )
    flag_ids = row_ids()
    skip_ids = row_ids()
    last_message_id = serializers.IntegerField(min_value=0, max_value=MAX_ID, required=False, default=0)
    return_to_labelers = serializers.BooleanField(
        required=False, default=False, help_text="Offer the task again to those who skipped it."
    )
    archive_prompt = serializers.BooleanField(
        required=False, default=False, help_text="Also keep the prompt out of every new task."
    )
    changes = PromptChangesSerializer(required=False)


class InstructionReadSerializer(serializers.Serializer[Any]):
    """Which instructions one has read last; null before one has read any."""

    version = InstructionReferenceSerializer(allow_null=True)
    read_at = serializers.DateTimeField(allow_null=True)


class RecordReadSerializer(StrictSerializer):
    """The instructions that were read."""

    instruction_version_id = serializers.IntegerField(min_value=1, max_value=MAX_ID)

"""Shapes of what labelers get and send.

The request shapes here only declare; `body.Body` reads them (why: see there), and a test holds the two together.
"""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labelapp.common.serializers import StrictSerializer
from labelapp.labeling.drafts import MAX_DRAFT_BYTES
from labelapp.labeling.models import (
    MAX_QUALITY,
    MAX_RESPONSES,
    MIN_QUALITY,
    Assignment,
    PriorityMode,
    Project,
    ProjectKind,
    Skip,
)
from labelapp.labeling.questions import ALL_KEYS, KINDS, SCOPES
from labelapp.labeling.submission import MAX_DEMONSTRATION, MAX_NOTES, MAX_SECONDS
from labelapp.prompts.models import UseCase

NEXT_STATUSES = ("task", "busy", "empty", "paused")


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "integer"}]})
class AnswerField(serializers.Field[Any, Any, Any, Any]):
    """True or false to a yes/no question, a whole number on a scale."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, int):
            raise serializers.ValidationError("This must be true, false or a whole number.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class QuestionSerializer(serializers.Serializer[Any]):
    """A question about each response, or about the prompt (scope): yes or no, or a scale that must be answered."""

    key = serializers.ChoiceField(choices=ALL_KEYS)
    label = serializers.CharField()  # type: ignore[assignment]  # a field named as an attribute of every field
    help = serializers.CharField()
    kind = serializers.ChoiceField(choices=KINDS)
    scope = serializers.ChoiceField(choices=SCOPES)
    closed_domain_only = serializers.BooleanField()
    minimum = serializers.IntegerField(help_text="Of a scale.")
    maximum = serializers.IntegerField(help_text="Of a scale.")
    low_label = serializers.CharField()
    high_label = serializers.CharField()


class TurnSerializer(serializers.Serializer[Any]):
    """One message of a prompt."""

    role = serializers.ChoiceField(choices=("system", "user", "assistant"))
    content = serializers.CharField()


class ShownPromptSerializer(serializers.Serializer[Any]):
    """The prompt as a labeler sees it."""

    id = serializers.IntegerField()
    messages = TurnSerializer(many=True)
    use_case = serializers.ChoiceField(choices=UseCase.choices)
    language = serializers.CharField()
    is_closed_domain = serializers.BooleanField()
    is_few_shot = serializers.BooleanField(help_text="The turns before the last one are examples.")
    deployment_context = serializers.CharField()


class ShownResponseSerializer(serializers.Serializer[Any]):
    """A response as a labeler sees it: a letter and a text, nothing of where it came from."""

    id = serializers.IntegerField()
    letter = serializers.CharField()
    text = serializers.CharField()


class ShownProjectSerializer(serializers.Serializer[Any]):
    """The project's rules, with the questions that apply to this prompt."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=ProjectKind.choices)
    priority_mode = serializers.ChoiceField(choices=PriorityMode.choices)
    questions = QuestionSerializer(many=True)


class InstructionReferenceSerializer(serializers.Serializer[Any]):
    """Which instructions stand now."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()


class DraftSerializer(serializers.Serializer[Any]):
    """What was typed and not submitted."""

    content = serializers.DictField()
    revision = serializers.IntegerField()
    updated_at = serializers.DateTimeField()


class SaidJudgmentSerializer(serializers.Serializer[Any]):
    """What was said of one response."""

    response_id = serializers.IntegerField()
    rank = serializers.IntegerField()
    quality = serializers.IntegerField(allow_null=True)
    answers = serializers.DictField(child=AnswerField())
    notes = serializers.CharField()


class SaidSerializer(serializers.Serializer[Any]):
    """The newest revision of what was submitted, for editing it."""

    submission_id = serializers.IntegerField()
    revision = serializers.IntegerField()
    demonstration = serializers.CharField()
    answers = serializers.DictField(child=AnswerField())
    notes = serializers.CharField()
    elapsed_seconds = serializers.IntegerField()
    active_seconds = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    judgments = SaidJudgmentSerializer(many=True)


class AssignmentSerializer(serializers.Serializer[Any]):
    """Everything that a labeler needs to answer a task."""

    id = serializers.IntegerField()
    task_id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Assignment.State.choices)
    lease_token = serializers.UUIDField(allow_null=True)
    lease_expires_at = serializers.DateTimeField(allow_null=True)
    claimed_at = serializers.DateTimeField(allow_null=True)
    submitted_at = serializers.DateTimeField(allow_null=True)
    project = ShownProjectSerializer()
    instruction_version = InstructionReferenceSerializer()
    prompt = ShownPromptSerializer()
    responses = ShownResponseSerializer(many=True)
    draft = DraftSerializer(allow_null=True)
    submission = SaidSerializer(allow_null=True)


class NextSerializer(serializers.Serializer[Any]):
    """A task, or why there is none: `busy` until a lease of somebody else ends, `empty`, or `paused`."""

    status = serializers.ChoiceField(choices=NEXT_STATUSES)
    until = serializers.DateTimeField(allow_null=True)
    assignment = AssignmentSerializer(allow_null=True)


class WishSerializer(StrictSerializer):
    """Asks for the next task: the slot that was shown in advance if it is still open, else another."""

    preferred_id = serializers.IntegerField(min_value=1, required=False, allow_null=True)


class UpcomingSerializer(serializers.Serializer[Any]):
    """What one would very likely get next, to show it in advance; open, without a lease. None after the last."""

    assignment = AssignmentSerializer(allow_null=True)


class LeaseTokenSerializer(StrictSerializer):
    """The proof of a lease."""

    lease_token = serializers.UUIDField()


class LeaseSerializer(serializers.Serializer[Any]):
    """How long the lease lasts now."""

    lease_expires_at = serializers.DateTimeField()


class SaveDraftSerializer(StrictSerializer):
    """The whole draft, and the newest revision that its author knows of (0: none). The token renews the lease."""

    content = serializers.DictField(help_text=f"Any JSON object of at most {MAX_DRAFT_BYTES:,} bytes.")
    revision = serializers.IntegerField(min_value=0)
    lease_token = serializers.UUIDField(required=False, allow_null=True)
    revises = serializers.IntegerField(
        min_value=0, required=False, help_text="The revision of the own answer that is being edited; 0: a first answer."
    )


class SavedDraftSerializer(serializers.Serializer[Any]):
    """The draft is saved."""

    revision = serializers.IntegerField()
    updated_at = serializers.DateTimeField()
    lease_expires_at = serializers.DateTimeField(allow_null=True)


class JudgmentSerializer(StrictSerializer):
    """What a labeler says of one response."""

    response_id = serializers.IntegerField(min_value=1)
    rank = serializers.IntegerField(min_value=1, max_value=MAX_RESPONSES, help_text="1 is best; ties share a rank.")
    quality = serializers.IntegerField(
        min_value=MIN_QUALITY,
        max_value=MAX_QUALITY,
        required=False,
        allow_null=True,
        help_text="Required; the toxicity task asks none.",
    )
    answers = serializers.DictField(
        child=AnswerField(), required=False, help_text="Question key → answer; a missing one is not a no."
    )
    notes = serializers.CharField(max_length=MAX_NOTES, required=False, allow_blank=True)


class ReviseSerializer(StrictSerializer):
    """An answer: a demonstration, or one judgment of each response."""

    idempotency_key = serializers.UUIDField(help_text="One per answer; a retry sends the same.")
    instruction_version_id = serializers.IntegerField(min_value=1, help_text="The instructions that were read.")
    elapsed_seconds = serializers.IntegerField(min_value=0, max_value=MAX_SECONDS)
    active_seconds = serializers.IntegerField(min_value=0, max_value=MAX_SECONDS)
    notes = serializers.CharField(max_length=MAX_NOTES, required=False, allow_blank=True)
    demonstration = serializers.CharField(max_length=MAX_DEMONSTRATION, required=False, allow_null=True)
    judgments = JudgmentSerializer(many=True, required=False, allow_null=True)
    answers = serializers.DictField(
        child=AnswerField(), required=False, help_text="Question key → answer, of questions about the prompt."
    )


class SubmitSerializer(ReviseSerializer):
    """An answer with the proof of the lease under which it was made, and perhaps a wish for the next task."""

    lease_token = serializers.UUIDField()
    claim_next = WishSerializer(required=False, allow_null=True)


class RecordedSerializer(serializers.Serializer[Any]):
    """The answer is in the record."""

    submission_id = serializers.IntegerField()
    revision = serializers.IntegerField()
    assignment_id = serializers.IntegerField()


class SubmittedSerializer(RecordedSerializer):
    """The same, with the next task for whoever wished for one; null: ask for it."""

    next = NextSerializer(required=False, allow_null=True)


class UndoSerializer(StrictSerializer):
    """The answer or the skip to take back, one of them, and what was on the screen, which becomes the draft."""

    submission_id = serializers.IntegerField(min_value=1, required=False)
    skip_id = serializers.IntegerField(min_value=1, required=False)
    content = serializers.DictField(help_text=f"Any JSON object of at most {MAX_DRAFT_BYTES:,} bytes.")


class SkipRequestSerializer(StrictSerializer):
    """Why the labeler will not answer this task, and perhaps a wish for the next one."""

    lease_token = serializers.UUIDField()
    reason = serializers.ChoiceField(choices=Skip.Reason.choices)
    note = serializers.CharField(max_length=MAX_NOTES, required=False, allow_blank=True)
    claim_next = WishSerializer(required=False, allow_null=True)


class SkippedSerializer(serializers.Serializer[Any]):
    """The task goes to somebody else; `next` is for whoever wished for one, null: ask for it."""

    skip_id = serializers.IntegerField()
    task_id = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=Skip.Reason.choices)
    next = NextSerializer(required=False, allow_null=True)


class ProjectReferenceSerializer(serializers.ModelSerializer[Project]):
    """A project by name."""

    class Meta:
        model = Project
        fields = ("id", "name", "kind")
        read_only_fields = fields

"""Shapes of requests and answers about consent, prompts that customers send, and personal data."""

from typing import Any

from rest_framework import serializers

from labelapp.common.serializers import StrictSerializer
from labelapp.prompts.content import MAX_LANGUAGE_LENGTH, MAX_NOTES_LENGTH, MAX_SUBMITTER_LENGTH
from labelapp.prompts.models import Prompt, Submitter, UseCase
from labelapp.prompts.record_models import Consent, OriginalAccess, PiiReview
from labelapp.prompts.serializers import MessageSerializer

MAX_MODEL_LENGTH = 160
FATES = ("kept", "duplicate", "prefix", "near", "over_cap")


class ConsentQuery(StrictSerializer):
    """Filters of the record of consents."""

    submitter = serializers.CharField(max_length=MAX_SUBMITTER_LENGTH, required=False)
    model = serializers.CharField(max_length=MAX_MODEL_LENGTH, required=False)


class StandingQuery(StrictSerializer):
    """Filters of the consents that hold, and of those that are withdrawn."""

    search = serializers.CharField(
        max_length=MAX_SUBMITTER_LENGTH, required=False, help_text="How the submitter's key begins."
    )
    model = serializers.CharField(max_length=MAX_MODEL_LENGTH, required=False)
    action = serializers.ChoiceField(choices=Consent.Action.choices, required=False)


class WithdrawConsent(StrictSerializer):
    """A submitter and the model whose use of their prompts they consent to no longer."""

    submitter = serializers.CharField(max_length=MAX_SUBMITTER_LENGTH)
    model = serializers.CharField(max_length=MAX_MODEL_LENGTH)
    occurred_at = serializers.DateTimeField(required=False, allow_null=True, help_text="When they said so; now.")
    way = serializers.CharField(
        max_length=MAX_MODEL_LENGTH, allow_blank=True, default="", help_text="How they said so: on a page, by mail."
    )


class RecordConsent(WithdrawConsent):
    """A submitter who consented, to which words, at the switch to which model."""

    wording_version = serializers.CharField(max_length=80)
    wording = serializers.CharField(max_length=MAX_NOTES_LENGTH, help_text="The words that they agreed to.")


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    """An entry of the record. The latest for a submitter and a model holds."""

    submitter = serializers.CharField(source="submitter.key", read_only=True)
    recorded_by = serializers.CharField(source="recorded_by.__str__", read_only=True)

    class Meta:
        model = Consent
        fields: tuple[str, ...] = (
            "id", "submitter", "model", "action", "wording_version", "wording", "way", "occurred_at", "recorded_by",
            "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class StandingConsentSerializer(ConsentSerializer):
    """The entry that holds for a submitter and a model, and how much was sent; what is archived is not used."""

    sent_count = serializers.IntegerField(read_only=True)
    used_count = serializers.IntegerField(read_only=True)

    class Meta(ConsentSerializer.Meta):
        fields = (*ConsentSerializer.Meta.fields, "submitter_id", "sent_count", "used_count")
        read_only_fields = fields


class SubmitterQuery(StrictSerializer):
    """Filter of the list of submitters."""

    search = serializers.CharField(max_length=MAX_SUBMITTER_LENGTH, required=False, help_text="How the key begins.")


class SubmitterSerializer(serializers.ModelSerializer[Submitter]):
    """Where prompts come from; `user` is the person of this workspace that it stands for."""

    user = serializers.CharField(read_only=True, allow_null=True)

    class Meta:
        model = Submitter
        fields = ("id", "key", "split", "user", "created_at")
        read_only_fields = fields


class WithdrawnSerializer(serializers.Serializer[Any]):
    """A withdrawal, and how many prompts were archived with it."""

    consent = ConsentSerializer()
    archived = serializers.IntegerField()


class IngestPrompt(StrictSerializer):
    """A prompt as a customer sent it to a model."""

    submitter = serializers.CharField(max_length=MAX_SUBMITTER_LENGTH)
    model = serializers.CharField(max_length=MAX_MODEL_LENGTH)
    messages = MessageSerializer(many=True, allow_empty=False)
    use_case = serializers.ChoiceField(choices=UseCase.choices, default=UseCase.OTHER.value)
    language = serializers.CharField(max_length=MAX_LANGUAGE_LENGTH, allow_blank=True, required=False)
    deployment_context = serializers.CharField(
        max_length=MAX_NOTES_LENGTH, allow_blank=True, trim_whitespace=False, required=False
    )


class IngestedSerializer(serializers.Serializer[Any]):
    """What became of a prompt, and why; `prompt_id` is its own, or that of which it is a duplicate."""

    fate = serializers.ChoiceField(choices=FATES)
    prompt_id = serializers.IntegerField(allow_null=True)
    explanation = serializers.CharField()


class FindingSerializer(StrictSerializer):
    """What looks like personal data: from `start` to before `end` in the content of a message."""

    message = serializers.IntegerField(min_value=0)
    start = serializers.IntegerField(min_value=0)
    end = serializers.IntegerField(min_value=1)
    kind = serializers.CharField(max_length=40)
    score = serializers.FloatField(min_value=0, max_value=1)


class PiiPromptSerializer(serializers.ModelSerializer[Prompt]):
    """A prompt whose findings wait for a person."""

    messages = MessageSerializer(many=True, read_only=True)
    pii_findings = FindingSerializer(many=True, read_only=True)
    submitter = serializers.CharField(source="submitter.key", read_only=True)

    class Meta:
        model = Prompt
        fields = ("id", "messages", "pii_findings", "submitter", "use_case", "created_at")
        read_only_fields = fields


class ReviewPii(StrictSerializer):
    """What somebody decided: `redacted` has the numbers of the findings, from 0, that are personal data."""

    findings = FindingSerializer(many=True, help_text="As they were seen: a prompt that changed since is refused.")
    redacted = serializers.ListField(child=serializers.IntegerField(min_value=0), max_length=1000)


class DecidedFindingSerializer(serializers.Serializer[Any]):
    """A finding, and what was decided about it."""

    message = serializers.IntegerField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    kind = serializers.CharField()
    score = serializers.FloatField()
    is_redacted = serializers.BooleanField()


class AccessSerializer(serializers.ModelSerializer[OriginalAccess]):
    """Somebody who looked at an original."""

    seen_by = serializers.CharField(source="seen_by.__str__", read_only=True)

    class Meta:
        model = OriginalAccess
        fields = ("seen_by", "seen_at")
        read_only_fields = fields


class OriginalSerializer(serializers.ModelSerializer[PiiReview]):
    """What a prompt said before it was redacted, and who has looked at it."""

    original_messages = MessageSerializer(many=True, read_only=True)
    findings = DecidedFindingSerializer(many=True, read_only=True)
    reviewed_by = serializers.CharField(source="reviewed_by.__str__", read_only=True)
    accesses = AccessSerializer(source="prompt.original_accesses", many=True, read_only=True)

    class Meta:
        model = PiiReview
        fields = ("original_messages", "findings", "reviewed_by", "created_at", "accesses")
        read_only_fields = fields

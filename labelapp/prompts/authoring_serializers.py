"""Shapes of requests and answers about the prompts that people write themselves."""

import json
from typing import Any

from rest_framework import serializers

from labelapp.common.json_text import json_problem
from labelapp.common.serializers import StrictSerializer
from labelapp.prompts.authoring_queries import written_content
from labelapp.prompts.content import MAX_LANGUAGE_LENGTH, MAX_NOTES_LENGTH, MAX_TEXT_LENGTH
from labelapp.prompts.models import WRITABLE_KINDS, Prompt, PromptKind, UseCase, WritingDraft, WrittenPrompt
from labelapp.prompts.queries import EXCERPT_LENGTH
from labelapp.prompts.similar import Likeness
from labelapp.prompts.written import Pair, WrittenContent

KINDS = [(kind.value, kind.label) for kind in WRITABLE_KINDS]
MAX_ID = 2**63 - 1
MAX_DRAFT_LENGTH = 400_000
MAX_REVISION = 2**31 - 1


def long_text(help_text: str = "", *, limit: int = MAX_TEXT_LENGTH) -> serializers.CharField:
    """A text that may be empty, so that whoever wrote it hears all that is missing at once."""
    return serializers.CharField(
        max_length=limit, allow_blank=True, trim_whitespace=False, required=False, help_text=help_text
    )


class PairSerializer(StrictSerializer):
    """One query of a few-shot prompt and its author's response."""

    query = long_text()
    response = long_text()


class WrittenContentSerializer(StrictSerializer):
    """A prompt as its author gives it: `text` (and `source`), or for few-shot `instruction` and `pairs`."""

    kind = serializers.ChoiceField(choices=KINDS)
    use_case = serializers.ChoiceField(choices=UseCase.choices)
    text = long_text("The prompt, of a plain or user-based one.")
    instruction = long_text("Few-shot: what to do with each query.")
    pairs = PairSerializer(many=True, required=False, help_text="Few-shot: the K pairs.")
    source = long_text(  # type: ignore[assignment]  # DRF has an attribute of this name
        "User-based: the use case it was made from. Never exported.", limit=MAX_NOTES_LENGTH
    )
    language = serializers.CharField(max_length=MAX_LANGUAGE_LENGTH, allow_blank=True, required=False)
    annotations = serializers.DictField(child=serializers.BooleanField(), required=False)

    def content(self) -> WrittenContent:
        """What was given, once it is valid."""
        fields = {name: value for name, value in self.validated_data.items() if name not in {"key", "pairs"}}
        pairs = self.validated_data.get("pairs", [])
        given = tuple(Pair(pair.get("query", ""), pair.get("response", "")) for pair in pairs)
        return WrittenContent(**fields, pairs=given)


class WritePromptSerializer(WrittenContentSerializer):
    """A new prompt. The same key again adds nothing: a lost answer may be asked for again."""

    key = serializers.UUIDField(help_text="Of its draft.")


class ArchiveWritten(StrictSerializer):
    """Taking what one wrote out of use, or bringing it back."""

    archived = serializers.BooleanField()


class OwnQuery(StrictSerializer):
    """Filters of the list of what one wrote."""

    archived = serializers.BooleanField(default=False)


class SimilarQuery(StrictSerializer):
    """What somebody is typing."""

    text = serializers.CharField(
        max_length=MAX_TEXT_LENGTH, allow_blank=True, trim_whitespace=False, help_text="All of it in one text."
    )
    except_id = serializers.IntegerField(
        min_value=1, max_value=MAX_ID, required=False, allow_null=True, help_text="The one that is being edited."
    )


class SimilarPromptSerializer(serializers.Serializer[Any]):
    """An earlier prompt that resembles it."""

    id = serializers.IntegerField(source="similar.id")
    text = serializers.CharField(help_text="Its beginning.")
    likeness = serializers.ChoiceField(choices=[likeness.value for likeness in Likeness], source="similar.likeness")
    similarity = serializers.FloatField(source="similar.similarity", help_text="From 0 to 1.")
    is_archived = serializers.BooleanField()


class WrittenRowSerializer(serializers.ModelSerializer[WrittenPrompt]):
    """What one wrote, in the list."""

    kind = serializers.SerializerMethodField()
    use_case = serializers.SerializerMethodField()
    text = serializers.SerializerMethodField(help_text="Its beginning.")
    prompt_count = serializers.SerializerMethodField(help_text="How many prompts it became.")
    is_used = serializers.BooleanField(help_text="A task, a response or a dataset has one of them: no more editing.")
    is_archived = serializers.SerializerMethodField()

    class Meta:
        model = WrittenPrompt
        fields: tuple[str, ...] = (
            "id",
            "kind",
            "use_case",
            "text",
            "prompt_count",
            "is_used",
            "is_archived",
            "created_at",
            "edited_at",
        )
        read_only_fields = fields

    def get_kind(self, written: WrittenPrompt) -> PromptKind:
        return PromptKind(_first(written).kind)

    def get_use_case(self, written: WrittenPrompt) -> UseCase:
        return UseCase(_first(written).use_case)

    def get_text(self, written: WrittenPrompt) -> str:
        return written_content(written).compared_text()[:EXCERPT_LENGTH]

    def get_prompt_count(self, written: WrittenPrompt) -> int:
        return len(written.prompts.all())

    def get_is_archived(self, written: WrittenPrompt) -> bool:
        return all(prompt.archived_at for prompt in written.prompts.all())


class WrittenContentAnswer(serializers.Serializer[Any]):
    """What its author gave."""

    kind = serializers.ChoiceField(choices=KINDS)
    use_case = serializers.ChoiceField(choices=UseCase.choices)
    text = serializers.CharField()
    instruction = serializers.CharField()
    pairs = PairSerializer(many=True)
    source = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    language = serializers.CharField()
    annotations = serializers.DictField(child=serializers.BooleanField())


class WrittenPromptSerializer(WrittenRowSerializer):
    """What one wrote, in full."""

    content = serializers.SerializerMethodField()

    class Meta(WrittenRowSerializer.Meta):
        fields = (*WrittenRowSerializer.Meta.fields, "content")
        read_only_fields = fields

    def get_content(self, written: WrittenPrompt) -> WrittenContentAnswer:
        return WrittenContentAnswer(written_content(written)).data  # type: ignore[return-value]  # its JSON


class DraftContentField(serializers.JSONField):
    """A JSON object that PostgreSQL can keep. What it says is the page's business."""

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            raise serializers.ValidationError("This must be an object.")
        if problem := json_problem(value):
            raise serializers.ValidationError(problem)
        if len(json.dumps(value, ensure_ascii=False)) > MAX_DRAFT_LENGTH:
            raise serializers.ValidationError(f"A draft may have at most {MAX_DRAFT_LENGTH:,} characters in all.")
        return value


class SaveWritingDraft(StrictSerializer):
    """A draft as it stands in the browser."""

    content = DraftContentField()
    revision = serializers.IntegerField(
        min_value=0, max_value=MAX_REVISION, help_text="The one it was made on top of; 0 for a new draft."
    )


class SavedWritingDraftSerializer(serializers.ModelSerializer[WritingDraft]):
    """What the server has of a draft now."""

    class Meta:
        model = WritingDraft
        fields: tuple[str, ...] = ("key", "revision", "updated_at")
        read_only_fields = fields


class WritingDraftSerializer(SavedWritingDraftSerializer):
    """A draft with what it says."""

    content = serializers.DictField(child=serializers.JSONField(), read_only=True)

    class Meta(SavedWritingDraftSerializer.Meta):
        fields = (*SavedWritingDraftSerializer.Meta.fields, "content")
        read_only_fields = fields


class WritingSerializer(serializers.Serializer[Any]):
    """Where somebody stands with their writing."""

    prompt_count = serializers.IntegerField(help_text="Theirs that are not archived.")
    prompt_cap = serializers.IntegerField(help_text="How many one person may have.")
    drafts = WritingDraftSerializer(many=True)


def _first(written: WrittenPrompt) -> Prompt:
    first: Prompt = written.prompts.all()[0]
    return first

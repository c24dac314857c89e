"""Shapes of requests and answers about prompts."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labelapp.common.search import NamedQuery
from labelapp.common.serializers import StrictSerializer
from labelapp.prompts.content import (
    MAX_LANGUAGE_LENGTH,
    MAX_NOTES_LENGTH,
    MAX_SUBMITTER_LENGTH,
    MAX_TAGS,
    MAX_TEXT_LENGTH,
)
from labelapp.prompts.explorer import DEFAULT_ORDERING, ORDERINGS
from labelapp.prompts.models import PiiState, Prompt, PromptKind, Response, SampleBatch, Split, UseCase
from labelapp.prompts.queries import (
    batches_of,
    family_of,
    is_redacted,
    replaced,
    replaced_by,
)

MAX_TAG_LENGTH = 40
ROLES = ("system", "user", "assistant")


class PromptFilterSerializer(StrictSerializer):
    """Filters of the list of prompts."""

    search = serializers.CharField(
        max_length=1000, required=False, help_text='Words; "a phrase", -without and or as in a web search.'
    )
    use_case = serializers.ChoiceField(choices=UseCase.choices, required=False)
    kind = serializers.ChoiceField(choices=PromptKind.choices, required=False)
    split = serializers.ChoiceField(choices=Split.choices, required=False)
    language = serializers.CharField(max_length=MAX_LANGUAGE_LENGTH, required=False)
    submitter = serializers.CharField(max_length=MAX_SUBMITTER_LENGTH, required=False)
    tag = serializers.CharField(max_length=MAX_TAG_LENGTH, required=False)
    pii_state = serializers.ChoiceField(choices=PiiState.choices, required=False)
    prompt_import = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)
    up_to_id = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, required=False, help_text="None that came later than this one."
    )
    archived = serializers.BooleanField(default=False)


class PromptQuery(PromptFilterSerializer):
    """Filters and order of the list of prompts."""

    ordering = serializers.ChoiceField(choices=sorted(ORDERINGS), default=DEFAULT_ORDERING)


class MessageSerializer(StrictSerializer):
    """One turn of a conversation."""

    role = serializers.ChoiceField(choices=ROLES)
    content = serializers.CharField(max_length=MAX_TEXT_LENGTH, trim_whitespace=False)


class CreatePrompt(StrictSerializer):
    """A prompt that a researcher writes. The last message is the user's."""

    messages = MessageSerializer(many=True, allow_empty=False)
    kind = serializers.ChoiceField(choices=PromptKind.choices, default=PromptKind.PLAIN.value)
    use_case = serializers.ChoiceField(choices=UseCase.choices, default=UseCase.OTHER.value)
    submitter = serializers.CharField(
        max_length=MAX_SUBMITTER_LENGTH, required=False, help_text="Whose it is; your own where left out."
    )
    language = serializers.CharField(max_length=MAX_LANGUAGE_LENGTH, allow_blank=True, required=False)
    annotations = serializers.DictField(child=serializers.BooleanField(), required=False)
    deployment_context = serializers.CharField(
        max_length=MAX_NOTES_LENGTH, allow_blank=True, trim_whitespace=False, required=False
    )


class TagsField(serializers.ListField):
    """A few tags."""

    child = serializers.CharField(max_length=MAX_TAG_LENGTH)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_TAGS, **options)


class UpdatePrompt(StrictSerializer):
    """What may change about a prompt. Its text may not: people have answered it."""

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
    add_tags = TagsField(required=False, help_text="Put beside those that it has, whoever added them meanwhile.")
    remove_tags = TagsField(required=False)
    archived = serializers.BooleanField(required=False)


class PromptRowSerializer(serializers.ModelSerializer[Prompt]):
    """A prompt in the list: `text` is its beginning."""

    text = serializers.CharField(source="excerpt", read_only=True)
    split = serializers.ChoiceField(source="submitter.split", choices=Split.choices, read_only=True)
    submitter = serializers.CharField(source="submitter.key", read_only=True)
    annotations = serializers.DictField(child=serializers.BooleanField(), read_only=True)
    response_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Prompt
        fields = (
            "id",
            "text",
            "kind",
            "use_case",
            "split",
            "submitter",
            "language",
            "annotations",
            "tags",
            "pii_state",
            "response_count",
            "created_at",
            "archived_at",
        )
        read_only_fields = fields


class SourceSerializer(serializers.Serializer[Any]):
    """A checkpoint or endpoint that something came from."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ResponseSerializer(serializers.ModelSerializer[Response]):
    """One sample."""

    class Meta:
        model = Response
        fields = ("id", "number", "text", "finish_reason", "prompt_tokens", "response_tokens", "seed")
        read_only_fields = fields


class SampleBatchSerializer(serializers.ModelSerializer[SampleBatch]):
    """Responses that were drawn together."""

    checkpoint = SourceSerializer(read_only=True, allow_null=True)
    endpoint = SourceSerializer(read_only=True, allow_null=True)
    parameters = serializers.DictField(read_only=True)
    response_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = SampleBatch
        fields = ("id", "name", "checkpoint", "endpoint", "parameters", "response_count", "created_at")
        read_only_fields = fields


class PromptBatchSerializer(serializers.Serializer[Any]):
    """A batch as far as it answers one prompt."""

    id = serializers.IntegerField(source="batch.id")
    name = serializers.CharField(source="batch.name")
    checkpoint = SourceSerializer(source="batch.checkpoint", allow_null=True)
    endpoint = SourceSerializer(source="batch.endpoint", allow_null=True)
    parameters = serializers.DictField(source="batch.parameters")
    responses = ResponseSerializer(many=True)


class WrittenBySerializer(serializers.Serializer[Any]):
    """How a person of the workspace came to write a prompt."""

    source = serializers.CharField(  # type: ignore[assignment]  # DRF has an attribute of this name
        help_text="User-based: the use case that it was made from."
    )
    response = serializers.CharField(help_text="Few-shot: what the author answers to it.")
    prompt_ids = serializers.ListField(
        child=serializers.IntegerField(), help_text="All that were written at once: few-shot pairs are a prompt each."
    )


# What is left of a prompt whose text is not shown.
WITHHELD: dict[str, Any] = {
    "messages": [],
    "deployment_context": "",
    "batches": [],
    "written": None,
    "is_redacted": False,
}


class WithholdingSerializer(serializers.ModelSerializer[Prompt]):
    """A prompt, without what it says where its submitter asked for deletion."""

    is_withheld = serializers.BooleanField(
        read_only=True, help_text="Its submitter asked for deletion: neither its texts nor the responses are shown."
    )

    def to_representation(self, instance: Prompt) -> Any:
        said = super().to_representation(instance)
        if instance.is_withheld:
            said.update({name: nothing for name, nothing in WITHHELD.items() if name in said})
        return said


class PromptSerializer(WithholdingSerializer):
    """A prompt in full, with every response to it, by batch."""

    messages = MessageSerializer(many=True, read_only=True)
    split = serializers.ChoiceField(source="submitter.split", choices=Split.choices, read_only=True)
    submitter = serializers.CharField(source="submitter.key", read_only=True)
    annotations = serializers.DictField(child=serializers.BooleanField(), read_only=True)
    batches = serializers.SerializerMethodField()
    is_redacted = serializers.SerializerMethodField(help_text="Personal data was taken out; admins can see it.")
    written = serializers.SerializerMethodField(help_text="Null unless somebody wrote it on the page for writing.")
    replaces = serializers.SerializerMethodField(help_text="The prompts of which it is a corrected copy.")
    replaced_by = serializers.SerializerMethodField(help_text="The corrected copies of it.")

    class Meta:
        model = Prompt
        fields = (
            "id",
            "messages",
            "is_withheld",
            "kind",
            "use_case",
            "split",
            "submitter",
            "language",
            "annotations",
            "deployment_context",
            "is_closed_domain",
            "tags",
            "pii_state",
            "is_redacted",
            "language_score",
            "model",
            "prompt_import",
            "import_line",
            "batches",
            "written",
            "replaces",
            "replaced_by",
            "created_at",
            "archived_at",
        )
        read_only_fields = fields

    @extend_schema_field(PromptBatchSerializer(many=True))
    def get_batches(self, prompt: Prompt) -> Any:
        return PromptBatchSerializer(batches_of(prompt), many=True).data

    def get_is_redacted(self, prompt: Prompt) -> bool:
        return prompt.pii_state == PiiState.REVIEWED and is_redacted(prompt)

    @extend_schema_field(WrittenBySerializer(allow_null=True))
    def get_written(self, prompt: Prompt) -> Any:
        if prompt.written is None:
            return None
        said = {"source": prompt.written.source, "response": prompt.written_response, "prompt_ids": family_of(prompt)}
        return WrittenBySerializer(said).data

    def get_replaces(self, prompt: Prompt) -> list[int]:
        return replaced(prompt)

    def get_replaced_by(self, prompt: Prompt) -> list[int]:
        return replaced_by(prompt)


class FacetSerializer(serializers.Serializer[Any]):
    """One value of a filter."""

    value = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF has an attribute of this name
    count = serializers.IntegerField()


class FacetsSerializer(serializers.Serializer[Any]):
    """Every value of every filter of the list of prompts."""

    use_case = FacetSerializer(many=True)
    kind = FacetSerializer(many=True)
    split = FacetSerializer(many=True)
    language = FacetSerializer(many=True)
    pii_state = FacetSerializer(many=True)
    tag = FacetSerializer(many=True)


class SampleBatchQuery(NamedQuery):
    """Filters of the list of batches; `search` is a part of the batch's name or of its model's."""

    checkpoint = serializers.IntegerField(min_value=1, max_value=2**63 - 1, required=False)

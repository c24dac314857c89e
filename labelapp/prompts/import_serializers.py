"""Shapes of requests and answers about imports."""

import dataclasses
import json
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from labelapp.common.search import NamedQuery
from labelapp.common.serializers import StrictSerializer
from labelapp.prompts.content import MAX_NOTES_LENGTH, MAX_SUBMITTER_LENGTH
from labelapp.prompts.import_models import ImportLine, PromptImport
from labelapp.prompts.importing.actions import (
    DEFAULT_CAP_PER_SUBMITTER,
    FIELDS,
    MIN_PREFIX,
    MIN_SIMILARITY,
    ImportOptions,
)
from labelapp.prompts.importing.forgetting import SHOWN_CHARACTERS
from labelapp.prompts.queries import import_report

SOURCES = ("incoming", "hub")


class ColumnsField(serializers.DictField):
    """A field of prompts → the column that holds it; in a form, as the text of a JSON object."""

    child = serializers.CharField(max_length=MAX_SUBMITTER_LENGTH)

    def get_value(self, dictionary: Any) -> Any:
        """The one text; of a form a DictField would take `columns.prompt=…` alone, and read none without a word."""
        return dictionary.get(self.field_name, empty)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            try:
                data = json.loads(data or "{}")
            except (ValueError, RecursionError) as error:
                raise serializers.ValidationError(
                    "Give a JSON object: a field, and the column that holds it."
                ) from error
        return super().to_internal_value(data)


class ImportOptionsSerializer(StrictSerializer):
    """How an import reads its source, and what it keeps."""

    cap_per_submitter = serializers.IntegerField(
        min_value=1,
        max_value=1_000_000,
        default=DEFAULT_CAP_PER_SUBMITTER,
        help_text="How many prompts one submitter may have in the workspace.",
    )
    prefix_characters = serializers.IntegerField(
        min_value=0,
        max_value=8000,
        default=100,
        help_text=f"Prompts that share a beginning so long are duplicates: {MIN_PREFIX} characters or more; 0 is off.",
    )
    near_similarity = serializers.FloatField(
        min_value=0,
        max_value=1,
        default=0.8,
        help_text=f"Prompts that share so much of their word triples are duplicates: {MIN_SIMILARITY} to 1; 0 is off.",
    )
    columns = ColumnsField(
        default=dict, help_text=f"Which column holds which field ({', '.join(FIELDS)}); all others are left out."
    )
    is_chat_log = serializers.BooleanField(
        default=False, help_text="Each line is a request to an OpenAI-compatible chat API."
    )
    consent_note = serializers.CharField(
        max_length=MAX_NOTES_LENGTH,
        allow_blank=True,
        default="",
        help_text="Why a log's lines need no record of consent. Without it, lines that have none are left out.",
    )
    follows = serializers.BooleanField(default=False, help_text="Import what is added to the log, too, as it grows.")
    title = serializers.CharField(
        max_length=160,
        allow_blank=True,
        default="",
        help_text="What to call it, and the batch of the responses that it brings; else they are called as the file.",
    )


def options_of(body: dict[str, Any]) -> ImportOptions:
    """The options in a validated body, of which they are taken out."""
    return ImportOptions(**{field.name: body.pop(field.name) for field in dataclasses.fields(ImportOptions)})


class UploadPrompts(ImportOptionsSerializer):
    """A file of prompts."""

    file = serializers.FileField(
        help_text="JSON lines (.jsonl), CSV (.csv), both UTF-8 and also as .gz, or Parquet (.parquet).",
        allow_empty_file=True,
        max_length=1000,
    )


class NameSource(ImportOptionsSerializer):
    """A source that this server reads by itself."""

    source = serializers.ChoiceField(  # type: ignore[assignment]  # DRF has an attribute of this name
        choices=SOURCES, help_text="`incoming`: what lies in IMPORT_DIR; `hub`: a dataset of the Hugging Face hub."
    )
    name = serializers.CharField(max_length=255)
    revision = serializers.CharField(max_length=120, default="", allow_blank=True)


class ConfirmImport(StrictSerializer):
    """What to do with a file that was previewed."""

    on_error = serializers.ChoiceField(choices=PromptImport.OnError.choices)


class BadLineSerializer(serializers.Serializer[Any]):
    """A line that is no prompt."""

    line = serializers.IntegerField()
    field = serializers.CharField()
    message = serializers.CharField()
    text = serializers.CharField(help_text="The beginning of the line.")


class GoodLineSerializer(serializers.Serializer[Any]):
    """A line that would become a prompt."""

    line = serializers.IntegerField()
    text = serializers.CharField()
    kind = serializers.CharField()
    use_case = serializers.CharField()
    submitter = serializers.CharField()
    language = serializers.CharField()
    responses = serializers.IntegerField(help_text="How many responses the line brings along.")


class KeptPromptSerializer(serializers.Serializer[Any]):
    """A prompt of an undone import that somebody had used."""

    id = serializers.IntegerField()
    text = serializers.CharField()


class ImportReportSerializer(serializers.Serializer[Any]):
    """The first bad lines and the first good ones; of an undone import, the first that are archived."""

    bad = BadLineSerializer(many=True)
    good = GoodLineSerializer(many=True)
    kept = KeptPromptSerializer(many=True, required=False)


class PromptImportRowSerializer(serializers.ModelSerializer[PromptImport]):
    """An import in the list. `steps_done` of `steps_total` is how far the present work is."""

    created_by = serializers.CharField(source="created_by.__str__", read_only=True)

    class Meta:
        model = PromptImport
        fields: tuple[str, ...] = (
            "id",
            "title",
            "file_name",
            "file_format",
            "state",
            "error",
            "on_error",
            "follows",
            "steps_done",
            "steps_total",
            "cap_per_submitter",
            "prefix_characters",
            "near_similarity",
            "consent_note",
            "line_count",
            "good_count",
            "duplicate_count",
            "prefix_count",
            "near_count",
            "over_cap_count",
            "no_consent_count",
            "bad_count",
            "response_count",
            "imported_count",
            "removed_count",
            "archived_count",
            "created_by",
            "created_at",
            "imported_at",
        )
        read_only_fields = fields


class PromptImportSerializer(PromptImportRowSerializer):
    """An import with its report."""

    columns = serializers.DictField(child=serializers.CharField(), read_only=True)
    report = serializers.SerializerMethodField()

    class Meta(PromptImportRowSerializer.Meta):
        fields = (*PromptImportRowSerializer.Meta.fields, "revision", "columns", "report")
        read_only_fields = fields

    @extend_schema_field(ImportReportSerializer)
    def get_report(self, prompt_import: PromptImport) -> Any:
        return ImportReportSerializer(import_report(prompt_import)).data


class ImportQuery(NamedQuery):
    """Filters of the list of imports."""

    state = serializers.ChoiceField(choices=PromptImport.State.choices, required=False)


class DroppedQuery(StrictSerializer):
    """Filter of the lines that became no prompt."""

    verdict = serializers.ChoiceField(
        choices=[choice for choice in ImportLine.Verdict.choices if choice[0] != "new"], required=False
    )


class DroppedLineSerializer(serializers.ModelSerializer[ImportLine]):
    """A line that became no prompt: why, and of which prompt or line of the file it is a duplicate."""

    text = serializers.SerializerMethodField()
    explanation = serializers.SerializerMethodField()
    import_id = serializers.IntegerField(source="prompt_import_id", read_only=True)

    class Meta:
        model = ImportLine
        fields = (
            "import_id",
            "line",
            "verdict",
            "explanation",
            "duplicate_of",
            "duplicate_of_line",
            "similarity",
            "submitter",
            "text",
        )
        read_only_fields = fields

    def get_text(self, line: Any) -> str:
        kept = line.duplicate_of
        if line.verdict == ImportLine.Verdict.DUPLICATE and kept is not None and not kept.is_withheld:
            return str(kept.text[:SHOWN_CHARACTERS])
        is_hidden = line.is_withheld or line.verdict == ImportLine.Verdict.NO_CONSENT
        return "" if is_hidden else str(line.text[:SHOWN_CHARACTERS])

    def get_explanation(self, line: ImportLine) -> str:
        return explain(line)


def explain(line: ImportLine) -> str:
    """Say in a sentence why a line became no prompt."""
    other = f"prompt {line.duplicate_of_id}" if line.duplicate_of_id else f"line {line.duplicate_of_line}"
    options = line.prompt_import
    if not line.duplicate_of_id and line.duplicate_of_line is None:
        other = "a prompt that is gone"
    sentences = {
        ImportLine.Verdict.DUPLICATE: f"It has the same words as {other}.",
        ImportLine.Verdict.PREFIX: f"Its first {options.prefix_characters} characters are those of {other}.",
        ImportLine.Verdict.NEAR: f"It shares {round(100 * (line.similarity or 0))} % of its word triples with {other}; "
        f"{round(100 * options.near_similarity)} % are enough.",
        ImportLine.Verdict.OVER_CAP: f"{line.submitter} has {options.cap_per_submitter} prompts already.",
        ImportLine.Verdict.NO_CONSENT: f"{line.submitter or 'Its unnamed submitter'} has not consented to the use of "
        f"what goes to {line.model or 'an unnamed model'}.",
        ImportLine.Verdict.NEW: "It becomes a prompt.",
    }
    return sentences[ImportLine.Verdict(line.verdict)]


class PassageSerializer(serializers.Serializer[Any]):
    """Words in a row that the other text has too, or has not."""

    text = serializers.CharField()
    is_shared = serializers.BooleanField()


class ComparedLineSerializer(serializers.Serializer[Any]):
    """A line that was left out, beside the prompt or line that was kept; null where that is gone."""

    line = DroppedLineSerializer()
    passages = PassageSerializer(many=True)
    kept = PassageSerializer(many=True, allow_null=True)


class AlikeSerializer(serializers.Serializer[Any]):
    """A prompt that is nearly the same as another: why, and which of its words the other has."""

    id = serializers.IntegerField(source="prompt.pk")
    submitter = serializers.CharField(source="prompt.submitter.key")
    archived_at = serializers.DateTimeField(source="prompt.archived_at", allow_null=True)
    likeness = serializers.ChoiceField(choices=("prefix", "near"))
    similarity = serializers.FloatField(help_text="The share of word triples that both have, from 0 to 1.")
    passages = PassageSerializer(many=True)


class IncomingSerializer(serializers.Serializer[Any]):
    """A file or folder that can be imported by its name."""

    name = serializers.CharField()
    is_directory = serializers.BooleanField()
    size_bytes = serializers.IntegerField(allow_null=True)

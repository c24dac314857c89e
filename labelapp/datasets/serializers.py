"""Shapes of requests and answers about datasets."""

from functools import cached_property
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labelapp.common.search import NamedQuery
from labelapp.common.serializers import StrictSerializer
from labelapp.datasets.filters import AnyFilters
from labelapp.datasets.models import Dataset, DatasetKind, DatasetRow, DatasetVersion
from labelapp.datasets.naming import Names, names_of
from labelapp.datasets.storing import MANIFEST
from labelapp.prompts.models import Split

MAX_ID = 2**63 - 1


@extend_schema_field(AnyFilters)
class FiltersField(serializers.JSONField):
    """The filters of a dataset; which of them there are depends on its kind, so the action reads them."""


class DatasetListQuery(StrictSerializer):
    """Filters of the list of datasets."""

    kind = serializers.ChoiceField(choices=DatasetKind.choices, required=False)
    archived = serializers.BooleanField(default=False)


class CreateDataset(StrictSerializer):
    """A new dataset."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(choices=DatasetKind.choices)
    description = serializers.CharField(max_length=10_000, allow_blank=True, required=False)


class UpdateDataset(StrictSerializer):
    """What may change about a dataset."""

    name = serializers.CharField(max_length=120, required=False)
    description = serializers.CharField(max_length=10_000, allow_blank=True, required=False)
    archived = serializers.BooleanField(required=False)


class NewestVersionSerializer(serializers.Serializer[Any]):
    """The newest version of a dataset."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    state = serializers.ChoiceField(choices=DatasetVersion.State.choices)


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A dataset."""

    version_count = serializers.IntegerField(read_only=True)
    newest_version = serializers.SerializerMethodField()

    class Meta:
        model = Dataset
        fields = (
            "id",
            "name",
            "kind",
            "description",
            "version_count",
            "newest_version",
            "created_at",
            "archived_at",
        )
        read_only_fields = fields

    @extend_schema_field(NewestVersionSerializer(allow_null=True))
    def get_newest_version(self, dataset: Any) -> dict[str, Any] | None:
        if dataset.newest_id is None:
            return None
        return {"id": dataset.newest_id, "number": dataset.newest_number, "state": dataset.newest_state}


class PreviewQuery(StrictSerializer):
    """What to count."""

    kind = serializers.ChoiceField(choices=DatasetKind.choices)
    query = FiltersField(default=dict)


class SplitCountsSerializer(serializers.Serializer[Any]):
    """How many rows are in each split."""

    train = serializers.IntegerField()
    valid = serializers.IntegerField()
    test = serializers.IntegerField()


class DatasetAgreementSerializer(serializers.Serializer[Any]):
    """How labelers of the same tasks agree over the pairs of responses that both ordered."""

    tasks = serializers.IntegerField()
    pairs = serializers.IntegerField()
    agreeing = serializers.IntegerField()
    rate = serializers.FloatField()
    low = serializers.FloatField(help_text="Of the 95 % interval.")
    high = serializers.FloatField()


class LabelerCountSerializer(serializers.Serializer[Any]):
    """How many answers of a labeler are in it."""

    id = serializers.IntegerField(source="user.pk")
    name = serializers.CharField(source="user.__str__")
    pseudonym = serializers.CharField(source="user.pseudonym")
    rows = serializers.IntegerField()


class InstructionCountSerializer(serializers.Serializer[Any]):
    """How many answers followed a version of a project's instructions."""

    id = serializers.IntegerField(source="version.pk")
    number = serializers.IntegerField(source="version.number")
    project_id = serializers.IntegerField(source="version.project_id")
    project = serializers.CharField(source="version.project.name")
    rows = serializers.IntegerField()


class WarningSerializer(serializers.Serializer[Any]):
    """Something worth knowing before freezing."""

    code = serializers.CharField()
    message = serializers.CharField()


class PreviewSerializer(serializers.Serializer[Any]):
    """What freezing would give now."""

    query = serializers.SerializerMethodField(help_text="The filters in the form in which they would be kept.")
    rows = serializers.IntegerField(source="figures.rows")
    pairs = serializers.IntegerField(
        source="figures.pairs", help_text="Pairs of responses, one ranked above the other; 0 but for comparisons."
    )
    rows_without_pairs = serializers.IntegerField(source="figures.rows_without_pairs")
    split_counts = SplitCountsSerializer(source="figures.split_counts")
    agreement = DatasetAgreementSerializer(source="figures.agreement", allow_null=True)
    labelers = LabelerCountSerializer(many=True)
    instruction_versions = InstructionCountSerializer(many=True)
    warnings = WarningSerializer(many=True)

    @extend_schema_field(AnyFilters)
    def get_query(self, found: Any) -> Any:
        return found.query


class FreezeDataset(StrictSerializer):
    """What to freeze."""

    query = FiltersField(default=dict)


class VersionListQuery(NamedQuery):
    """Filters of the list of versions; `search` is a part of the dataset's name."""

    kind = serializers.MultipleChoiceField(choices=DatasetKind.choices, required=False)
    state = serializers.ChoiceField(choices=DatasetVersion.State.choices, required=False)
    dataset = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    before = serializers.IntegerField(
        min_value=1, max_value=MAX_ID, required=False, help_text="Only versions of a lower number."
    )


class DatasetNameSerializer(serializers.ModelSerializer[Dataset]):
    """Which dataset a version is of."""

    class Meta:
        model = Dataset
        fields = ("id", "name", "kind")
        read_only_fields = fields


class DatasetFileSerializer(serializers.Serializer[Any]):
    """A file of a version."""

    name = serializers.CharField()
    split = serializers.ChoiceField(choices=Split.choices)
    format = serializers.ChoiceField(choices=("jsonl", "parquet"))
    rows = serializers.IntegerField()
    size_bytes = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.CharField()


class QueryNamesField(serializers.DictField):
    """The names of what a query filters by: of each filter, a name by id."""

    child = serializers.DictField(child=serializers.CharField())


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    """A version."""

    dataset = DatasetNameSerializer(read_only=True)
    query = serializers.SerializerMethodField()
    query_names = serializers.SerializerMethodField(help_text="What the ids in `query` are called, by filter and id.")
    split_counts = serializers.DictField(child=serializers.IntegerField(), read_only=True)
    files = serializers.SerializerMethodField()
    manifest_url = serializers.SerializerMethodField()
    created_by = serializers.SerializerMethodField(help_text="Empty: nobody of the workspace.")

    class Meta:
        model = DatasetVersion
        fields = (
            "id",
            "dataset",
            "number",
            "state",
            "query",
            "query_names",
            "rows_total",
            "rows_written",
            "pair_count",
            "split_counts",
            "files",
            "manifest_url",
            "sha256",
            "error",
            "created_by",
            "created_at",
            "frozen_at",
        )
        read_only_fields = fields

    def get_created_by(self, version: DatasetVersion) -> str:
        return str(version.created_by or "")

    @extend_schema_field(AnyFilters)
    def get_query(self, version: DatasetVersion) -> Any:
        return version.query

    @extend_schema_field(QueryNamesField())
    def get_query_names(self, version: DatasetVersion) -> Names:
        return {
            name: {pk: names[pk] for pk in map(str, version.query[name]) if pk in names}
            for name, names in self._names.items()
            if name in version.query
        }

    @cached_property
    def _names(self) -> Names:
        """The names of a whole page at once."""
        is_many = isinstance(self.parent, serializers.ListSerializer)
        versions: Any = self.parent.instance if is_many else [self.instance]
        return names_of(version.query for version in versions)

    @extend_schema_field(DatasetFileSerializer(many=True))
    def get_files(self, version: DatasetVersion) -> Any:
        return [{**entry, "url": _file_url(version, entry["name"])} for entry in version.files]

    def get_manifest_url(self, version: DatasetVersion) -> str | None:
        return _file_url(version, MANIFEST) if version.state == DatasetVersion.State.READY else None


class VersionRowsQuery(StrictSerializer):
    """Filter of a version's rows."""

    split = serializers.ChoiceField(choices=Split.choices, required=False)


class RowPromptSerializer(serializers.Serializer[Any]):
    """The prompt that a row is about."""

    id = serializers.IntegerField(source="prompt_id")
    text = serializers.CharField(source="prompt_text", help_text="Its beginning.")
    use_case = serializers.CharField(source="prompt.use_case")


class RowProjectSerializer(serializers.Serializer[Any]):
    """The project that a submission was made in."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class RowInstructionsSerializer(serializers.Serializer[Any]):
    """The instructions as they stood."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()


class RowSourceSerializer(serializers.Serializer[Any]):
    """The batch of the responses that were ranked, or the model that they came from."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class RowSubmissionSerializer(serializers.Serializer[Any]):
    """The submission that a row comes from."""

    id = serializers.IntegerField()
    revision = serializers.IntegerField()
    labeler = serializers.CharField(source="labeler.pseudonym", help_text="The pseudonym that the files have.")
    project = RowProjectSerializer()
    instruction_version = RowInstructionsSerializer(help_text="What the labeler had been told.")
    batch = RowSourceSerializer(
        source="task.batch", allow_null=True, help_text="Of the responses; one of neither model came in a file."
    )
    checkpoint = RowSourceSerializer(
        source="task.batch.checkpoint", allow_null=True, help_text="What the responses were sampled from."
    )
    endpoint = RowSourceSerializer(
        source="task.batch.endpoint", allow_null=True, help_text="What the responses were sampled from."
    )
    created_at = serializers.DateTimeField()


class DatasetRowSerializer(serializers.ModelSerializer[DatasetRow]):
    """A line of a version's file, and what it came from."""

    submission = RowSubmissionSerializer(read_only=True, allow_null=True)
    prompt = RowPromptSerializer(source="*", read_only=True)

    class Meta:
        model = DatasetRow
        fields = ("split", "number", "submission", "prompt")
        read_only_fields = fields


def _file_url(version: DatasetVersion, name: str) -> str:
    return f"/api/v1/dataset-versions/{version.pk}/files/{name}"

"""What can be done with a frozen version over HTTP: export it, compare it, see who is in it, rebuild it."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common import downloads
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.common.serializers import StrictSerializer
from labelapp.datasets import actions, comparing, exporting, queries
from labelapp.datasets.filters import MAX_ID
from labelapp.datasets.models import DatasetKind
from labelapp.datasets.serializers import (
    DatasetVersionSerializer,
    InstructionCountSerializer,
    LabelerCountSerializer,
    QueryNamesField,
)
from labelapp.datasets.shapes import SHAPES
from labelapp.prompts.models import Split

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
CONFLICT = {409: ErrorSerializer}


class ExportQuery(StrictSerializer):
    """Which shape, in which file."""

    shape = serializers.CharField(max_length=40)
    file_format = serializers.ChoiceField(choices=exporting.FORMATS)
    split = serializers.ChoiceField(choices=Split.choices, required=False, help_text="Train where it is left out.")


class ShapesQuery(StrictSerializer):
    """Of which kind of dataset."""

    kind = serializers.ChoiceField(choices=DatasetKind.choices)


class ShapeSerializer(serializers.Serializer[Any]):
    """A shape that a version can be had in."""

    name = serializers.CharField()
    # The name is DRF's own, of another type.
    label = serializers.CharField()  # type: ignore[assignment]
    reader = serializers.CharField(help_text="Who reads it, and with which options.")
    columns = serializers.ListField(child=serializers.CharField(), source="schema.names")


class SourcesSerializer(serializers.Serializer[Any]):
    """Whose answers a version holds, and which instructions they followed."""

    labelers = LabelerCountSerializer(many=True)
    instruction_versions = InstructionCountSerializer(many=True)


class ComparisonQuery(StrictSerializer):
    """What to compare with."""

    against = serializers.IntegerField(min_value=1, max_value=MAX_ID, help_text="The id of another version.")


class ChangesQuery(ComparisonQuery):
    """Which rows to list."""

    side = serializers.ChoiceField(choices=comparing.SIDES)


class ReasonSerializer(serializers.Serializer[Any]):
    """Why so many rows came or went."""

    code = serializers.CharField(help_text="`filter:<name>` where a filter of the other version refuses them.")
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField()


class QueryChangeSerializer(serializers.Serializer[Any]):
    """A filter that differs."""

    filter = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class VersionNameSerializer(serializers.Serializer[Any]):
    """A version by name."""

    id = serializers.IntegerField()
    name = serializers.CharField(source="__str__")
    rows_total = serializers.IntegerField()
    sha256 = serializers.CharField()
    frozen_at = serializers.DateTimeField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """How a version differs from another; counts are of submissions, or of prompts."""

    version = VersionNameSerializer()
    against = VersionNameSerializer()
    same = serializers.IntegerField()
    came = ReasonSerializer(many=True)
    went = ReasonSerializer(many=True)
    query_changes = QueryChangeSerializer(many=True)
    query_names = QueryNamesField(help_text="What the ids of the filters are called, by filter and id.")


class ChangedRowSerializer(serializers.Serializer[Any]):
    """A submission, or a prompt, that one of two versions has alone."""

    reason = serializers.CharField()
    prompt_id = serializers.IntegerField(source="row_prompt_id")
    text = serializers.CharField(source="excerpt", help_text="The prompt's beginning.")
    submission_id = serializers.IntegerField(source="row_submission_id", allow_null=True)
    labeler = serializers.CharField(source="row_labeler", allow_null=True, help_text="The pseudonym.")
    created_at = serializers.DateTimeField()


class RebuildVersion(StrictSerializer):
    """What to leave out of the next version: exactly one of the two."""

    without_labeler_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    without_instruction_version_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)


class ShapeListView(APIView):
    """The shapes in which a kind of dataset can be had."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="dataset_shapes_list",
        parameters=[ShapesQuery],
        responses={200: ShapeSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        shapes = SHAPES[parsed_query(ShapesQuery, request)["kind"]]
        return Response(ShapeSerializer(shapes.values(), many=True).data)


class VersionExportView(APIView):
    """A version in a shape and a file that others read, made as it is sent."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="dataset_versions_export",
        parameters=[ExportQuery, *downloads.PARAMETERS],
        responses={**downloads.RESPONSES, **BAD_INPUT, **MISSING, **CONFLICT, **downloads.AWAY},
    )
    def get(self, request: Request, version_id: int) -> HttpResponseBase:
        version = queries.access_version(version_id)
        query = parsed_query(ExportQuery, request)
        asked = {"shape": query["shape"], "file_format": query["file_format"], "split": query.get("split", "")}
        return downloads.made_download(
            request,
            lambda: exporting.export_stream(version, **asked),
            tag=exporting.export_tag(version, **asked),
            name=exporting.export_name(version, **asked),
            content_type=exporting.CONTENT_TYPES[query["file_format"]],
        )


class VersionSourcesView(APIView):
    """Who is in a version, and which instructions they followed."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="dataset_versions_sources", responses={200: SourcesSerializer, **MISSING})
    def get(self, request: Request, version_id: int) -> Response:
        return Response(SourcesSerializer(queries.version_sources(queries.access_version(version_id))).data)


class VersionComparisonView(APIView):
    """What came, what went, and why."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="dataset_versions_compare",
        parameters=[ComparisonQuery],
        responses={200: ComparisonSerializer, **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request, version_id: int) -> Response:
        version = queries.access_version(version_id)
        against = queries.access_version(parsed_query(ComparisonQuery, request)["against"])
        return Response(ComparisonSerializer(comparing.compare(version, against)).data)


class VersionChangesView(GenericAPIView[Any]):
    """The rows that one of two versions has alone."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="dataset_versions_changes",
        parameters=[ChangesQuery],
        responses={200: ChangedRowSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request, version_id: int) -> Response:
        query = parsed_query(ChangesQuery, request)
        version, against = queries.access_version(version_id), queries.access_version(query["against"])
        page = self.paginate_queryset(comparing.changed_rows(version, against, side=query["side"]))
        return self.get_paginated_response(ChangedRowSerializer(page, many=True).data)


class VersionRebuildView(APIView):
    """The next version of the same dataset, of the same query, without a labeler or a version of the instructions."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="dataset_versions_rebuild",
        request=RebuildVersion,
        responses={202: DatasetVersionSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request, version_id: int) -> Response:
        user: Any = request.user
        version = queries.access_version(version_id)
        rebuilt = actions.rebuild(version, **parsed(RebuildVersion, request), created_by=user)
        return Response(DatasetVersionSerializer(rebuilt).data, status=202)

"""Datasets over HTTP."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common import downloads
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.datasets import actions, queries
from labelapp.datasets.serializers import (
    CreateDataset,
    DatasetListQuery,
    DatasetRowSerializer,
    DatasetSerializer,
    DatasetVersionSerializer,
    FreezeDataset,
    PreviewQuery,
    PreviewSerializer,
    UpdateDataset,
    VersionListQuery,
    VersionRowsQuery,
)

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
CONFLICT = {409: ErrorSerializer}


class DatasetListView(GenericAPIView[Any]):
    """All datasets."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="datasets_list",
        parameters=[DatasetListQuery],
        responses={200: DatasetSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.datasets(**parsed_query(DatasetListQuery, request)))
        return self.get_paginated_response(DatasetSerializer(page, many=True).data)

    @extend_schema(
        operation_id="datasets_create",
        request=CreateDataset,
        responses={201: DatasetSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        dataset = actions.create_dataset(**parsed(CreateDataset, request), created_by=user)
        return Response(DatasetSerializer(queries.access_dataset(dataset.pk)).data, status=201)


class DatasetView(APIView):
    """One dataset."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="datasets_retrieve", responses={200: DatasetSerializer, **MISSING})
    def get(self, request: Request, dataset_id: int) -> Response:
        return Response(DatasetSerializer(queries.access_dataset(dataset_id)).data)

    @extend_schema(
        operation_id="datasets_update",
        request=UpdateDataset,
        responses={200: DatasetSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def patch(self, request: Request, dataset_id: int) -> Response:
        dataset = queries.access_dataset(dataset_id)
        return Response(DatasetSerializer(actions.update_dataset(dataset, **parsed(UpdateDataset, request))).data)


class DatasetPreviewView(APIView):
    """What a query would freeze now; nothing is written."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="datasets_preview",
        request=PreviewQuery,
        responses={200: PreviewSerializer, **BAD_INPUT, **MISSING},
    )
    def post(self, request: Request) -> Response:
        body = parsed(PreviewQuery, request)
        return Response(PreviewSerializer(queries.preview(body["kind"], body["query"])).data)


class DatasetFreezeView(APIView):
    """Freezing a new version. Its files are written in the background; watch it, or the topic `datasets`."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="datasets_freeze",
        request=FreezeDataset,
        responses={202: DatasetVersionSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request, dataset_id: int) -> Response:
        user: Any = request.user
        dataset = queries.access_dataset(dataset_id)
        version = actions.freeze(dataset, query=parsed(FreezeDataset, request)["query"], created_by=user)
        return Response(DatasetVersionSerializer(version).data, status=202)


class DatasetVersionListView(GenericAPIView[Any]):
    """Versions of all datasets, newest first."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="dataset_versions_list",
        parameters=[VersionListQuery],
        responses={200: DatasetVersionSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.versions(**parsed_query(VersionListQuery, request)))
        return self.get_paginated_response(DatasetVersionSerializer(page, many=True).data)


class DatasetVersionView(APIView):
    """One version."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="dataset_versions_retrieve", responses={200: DatasetVersionSerializer, **MISSING})
    def get(self, request: Request, version_id: int) -> Response:
        return Response(DatasetVersionSerializer(queries.access_version(version_id)).data)


class DatasetFileView(APIView):
    """A file of a version, streamed, whole or from where a download was cut off. Its ETag is its sha256."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="dataset_versions_download",
        parameters=downloads.PARAMETERS,
        responses={**downloads.RESPONSES, **MISSING, **CONFLICT, **downloads.AWAY},
    )
    def get(self, request: Request, version_id: int, name: str) -> HttpResponseBase:
        version = queries.access_version(version_id)
        file = queries.access_file(version, name)
        file_name = f"{version.dataset.name}-v{version.number}-{name}"
        return downloads.file_download(
            request, file.stored, sha256=file.sha256, name=file_name, content_type=file.content_type
        )


class DatasetRowListView(GenericAPIView[Any]):
    """The rows of a version and the label that each came from."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="dataset_versions_rows",
        parameters=[VersionRowsQuery],
        responses={200: DatasetRowSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request, version_id: int) -> Response:
        version = queries.access_version(version_id)
        page = self.paginate_queryset(queries.version_rows(version, **parsed_query(VersionRowsQuery, request)))
        return self.get_paginated_response(DatasetRowSerializer(page, many=True).data)

"""The prompt explorer over HTTP: changes to many prompts, and the paper's tables of the workspace."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer, NotFound
from labelapp.common.requests import parsed, parsed_query
from labelapp.prompts import bulk, queries, statistics
from labelapp.prompts.explorer_serializers import (
    BulkChange,
    PromptChangeSerializer,
    PromptCountSerializer,
    StatisticsSerializer,
)
from labelapp.prompts.queries import PromptFilter
from labelapp.prompts.serializers import PromptFilterSerializer

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer}


class PromptCountView(APIView):
    """How many prompts a filter finds: the list counts no further than its pages go."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompts_count",
        parameters=[PromptFilterSerializer],
        responses={200: PromptCountSerializer, **ERRORS},
    )
    def get(self, request: Request) -> Response:
        wanted = PromptFilter(**parsed_query(PromptFilterSerializer, request))
        return Response(PromptCountSerializer(queries.count_prompts(wanted)).data)


class BulkChangeView(APIView):
    """The same change to many prompts at once."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompts_change",
        request=BulkChange,
        responses={201: PromptChangeSerializer, **ERRORS, 409: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body: dict[str, Any] = parsed(BulkChange, request)
        change = bulk.change_prompts(
            action=body["action"],
            tags=body["tags"],
            prompt_ids=body.get("prompt_ids"),
            chosen=body.get("filter"),
            created_by=user,
        )
        return Response(PromptChangeSerializer(change).data, status=201)


class PromptChangeListView(GenericAPIView[Any]):
    """What was done to many prompts at once, the latest first."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_changes_list", responses={200: PromptChangeSerializer(many=True), 404: ErrorSerializer}
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(bulk.changes())
        return self.get_paginated_response(PromptChangeSerializer(page, many=True).data)


class PromptChangeView(APIView):
    """One change to many prompts."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_changes_retrieve", responses={200: PromptChangeSerializer, 404: ErrorSerializer}
    )
    def get(self, request: Request, change_id: int) -> Response:
        return Response(PromptChangeSerializer(bulk.access_change(change_id)).data)


class UndoChangeView(APIView):
    """Taking a change to many prompts back, where it still stands."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_changes_undo",
        request=None,
        responses={200: PromptChangeSerializer, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request, change_id: int) -> Response:
        return Response(PromptChangeSerializer(bulk.undo_change(change_id)).data)


class StatisticsView(APIView):
    """The paper's tables of the workspace."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompts_statistics", responses={200: StatisticsSerializer, 404: ErrorSerializer})
    def get(self, request: Request) -> Response:
        return Response(StatisticsSerializer(statistics.tables()).data)


class StatisticsFileView(APIView):
    """One of the tables as a CSV."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompts_statistics_csv",
        responses={(200, "text/csv"): OpenApiTypes.BINARY, 404: ErrorSerializer},
    )
    def get(self, request: Request, table: str) -> HttpResponse:
        if table not in statistics.TABLES:
            raise NotFound(f"There is no such table. The tables are {', '.join(statistics.TABLES)}.")
        answer = HttpResponse(statistics.table_csv(table), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="prompts-{table}.csv"'
        return answer

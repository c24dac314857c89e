"""The prompt explorer over HTTP: changes to many prompts, and the paper's tables of the workspace."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer, NotFound
from labelapp.common.requests import parsed
from labelapp.prompts import bulk, statistics
from labelapp.prompts.explorer_serializers import BulkChange, ChangedSerializer, StatisticsSerializer
from labelapp.prompts.models import Prompt
from labelapp.prompts.queries import PromptFilter

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer}


class BulkChangeView(APIView):
    """The same change to many prompts at once."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompts_change",
        request=BulkChange,
        responses={200: ChangedSerializer, **ERRORS, 409: ErrorSerializer},
    )
    def post(self, request: Request) -> Response:
        body: dict[str, Any] = parsed(BulkChange, request)
        prompts = Prompt.objects.filter(pk__in=body.get("prompt_ids", []))
        if "filter" in body:
            prompts = PromptFilter(**body["filter"]).apply(Prompt.objects.all())
        changed = bulk.change_prompts(prompts, action=body["action"], tags=body["tags"])
        return Response(ChangedSerializer(changed).data)


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

"""Prompts, responses and imports over HTTP."""

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.prompts import actions, queries
from labelapp.prompts.importing import actions as importing
from labelapp.prompts.serializers import (
    ConfirmImport,
    CreatePrompt,
    FacetsSerializer,
    PromptImportRowSerializer,
    PromptImportSerializer,
    PromptQuery,
    PromptRowSerializer,
    PromptSerializer,
    SampleBatchQuery,
    SampleBatchSerializer,
    UpdatePrompt,
    UploadPrompts,
)
from labelapp.prompts.uploads import LimitedMultiPartParser

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
CONFLICT = {409: ErrorSerializer}


class PromptListView(GenericAPIView[Any]):
    """All prompts of the workspace."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompts_list",
        parameters=[PromptQuery],
        responses={200: PromptRowSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        query = parsed_query(PromptQuery, request)
        ordering = query.pop("ordering")
        page = self.paginate_queryset(queries.prompt_rows(queries.PromptFilter(**query), ordering=ordering))
        return self.get_paginated_response(PromptRowSerializer(page, many=True).data)

    @extend_schema(
        operation_id="prompts_create",
        request=CreatePrompt,
        responses={201: PromptSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        prompt = actions.create_prompt(parsed(CreatePrompt, request), created_by=user)
        return Response(PromptSerializer(queries.access_prompt(prompt.pk)).data, status=201)


class PromptView(APIView):
    """One prompt with all its responses."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompts_retrieve", responses={200: PromptSerializer, **MISSING})
    def get(self, request: Request, prompt_id: int) -> Response:
        return Response(PromptSerializer(queries.access_prompt(prompt_id)).data)

    @extend_schema(
        operation_id="prompts_update",
        request=UpdatePrompt,
        responses={200: PromptSerializer, **BAD_INPUT, **MISSING},
    )
    def patch(self, request: Request, prompt_id: int) -> Response:
        prompt = queries.access_prompt(prompt_id)
        return Response(PromptSerializer(actions.update_prompt(prompt, **parsed(UpdatePrompt, request))).data)


class PromptFacetsView(APIView):
    """What the list of prompts can be filtered by, and how much of each there is."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompts_facets", responses={200: FacetsSerializer, **MISSING})
    def get(self, request: Request) -> Response:
        return Response(FacetsSerializer(queries.facets()).data)


class PromptImportListView(GenericAPIView[Any]):
    """Files of prompts. Uploading one previews it and writes no prompt."""

    required_role = Role.RESEARCHER
    parser_classes = (LimitedMultiPartParser,)

    @extend_schema(operation_id="prompt_imports_list", responses={200: PromptImportRowSerializer(many=True), **MISSING})
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.imports())
        return self.get_paginated_response(PromptImportRowSerializer(page, many=True).data)

    @extend_schema(
        operation_id="prompt_imports_preview",
        request={"multipart/form-data": UploadPrompts},
        responses={201: PromptImportSerializer, **BAD_INPUT, **MISSING},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body = parsed(UploadPrompts, request)
        preview = importing.preview_import(body["file"], created_by=user, cap_per_submitter=body["cap_per_submitter"])
        return Response(PromptImportSerializer(preview).data, status=201)


class PromptImportView(APIView):
    """One import."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompt_imports_retrieve", responses={200: PromptImportSerializer, **MISSING})
    def get(self, request: Request, import_id: int) -> Response:
        return Response(PromptImportSerializer(queries.access_import(import_id)).data)


class ConfirmImportView(APIView):
    """Writing a previewed file's prompts: all of its good lines, or nothing if any is bad."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_imports_confirm",
        request=ConfirmImport,
        responses={200: PromptImportSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request, import_id: int) -> Response:
        preview = queries.access_import(import_id)
        confirmed = importing.confirm_import(preview, on_error=parsed(ConfirmImport, request)["on_error"])
        return Response(PromptImportSerializer(confirmed).data)


class ImportErrorsView(APIView):
    """All bad lines of an import, as a CSV that a spreadsheet can open safely."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_imports_errors",
        responses={(200, "text/csv"): OpenApiTypes.BINARY, **MISSING, **CONFLICT},
    )
    def get(self, request: Request, import_id: int) -> FileResponse:
        found = queries.access_import(import_id)
        return FileResponse(
            importing.open_bad_lines(found),
            as_attachment=True,
            filename=f"import-{found.pk}-errors.csv",
            content_type="text/csv; charset=utf-8",
        )


class SampleBatchListView(GenericAPIView[Any]):
    """All batches of responses."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="sample_batches_list",
        parameters=[SampleBatchQuery],
        responses={200: SampleBatchSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.sample_batches(**parsed_query(SampleBatchQuery, request)))
        return self.get_paginated_response(SampleBatchSerializer(page, many=True).data)

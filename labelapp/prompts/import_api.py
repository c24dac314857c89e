"""Imports over HTTP. Each answers at once: a worker reads, writes and undoes, and the row says how far it is."""

from typing import Any

from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.prompts import alike, queries
from labelapp.prompts.import_models import PromptImport
from labelapp.prompts.import_serializers import (
    ComparedLineSerializer,
    ConfirmImport,
    DroppedLineSerializer,
    DroppedQuery,
    ImportQuery,
    IncomingSerializer,
    NameSource,
    PromptImportRowSerializer,
    PromptImportSerializer,
    UploadPrompts,
    options_of,
)
from labelapp.prompts.importing import actions
from labelapp.prompts.importing.sources import list_incoming
from labelapp.prompts.uploads import ImportUploadHandler

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
CONFLICT = {409: ErrorSerializer}


def answer(prompt_import: PromptImport, *, status: int = 200) -> Response:
    """The import as it is now."""
    return Response(PromptImportSerializer(prompt_import).data, status=status)


class PromptImportListView(GenericAPIView[Any]):
    """Imports of prompts. Uploading a file lets a worker preview it, and writes no prompt."""

    required_role = Role.RESEARCHER
    parser_classes = (MultiPartParser,)

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        request.upload_handlers = [ImportUploadHandler(request)]
        return super().initialize_request(request, *args, **kwargs)

    @extend_schema(
        operation_id="prompt_imports_list",
        parameters=[ImportQuery],
        responses={200: PromptImportRowSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.imports(**parsed_query(ImportQuery, request)))
        return self.get_paginated_response(PromptImportRowSerializer(page, many=True).data)

    @extend_schema(
        operation_id="prompt_imports_preview",
        request={"multipart/form-data": UploadPrompts},
        responses={201: PromptImportSerializer, **BAD_INPUT, **MISSING},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body = parsed(UploadPrompts, request)
        options = options_of(body)
        return answer(actions.upload_import(body["file"], created_by=user, options=options), status=201)


class ImportSourceView(APIView):
    """What this server can read by itself: files and folders of IMPORT_DIR, and datasets of the hub."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompt_sources_list", responses={200: IncomingSerializer(many=True), **MISSING})
    def get(self, request: Request) -> Response:
        return Response(IncomingSerializer(list_incoming(), many=True).data)

    @extend_schema(
        operation_id="prompt_sources_preview",
        request=NameSource,
        responses={201: PromptImportSerializer, **BAD_INPUT, **MISSING},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body = parsed(NameSource, request)
        options = options_of(body)
        if body["source"] == "hub":
            made = actions.import_from_hub(body["name"], revision=body["revision"], created_by=user, options=options)
        else:
            made = actions.import_incoming(body["name"], created_by=user, options=options)
        return answer(made, status=201)


class PromptImportView(APIView):
    """One import."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompt_imports_retrieve", responses={200: PromptImportSerializer, **MISSING})
    def get(self, request: Request, import_id: int) -> Response:
        return answer(queries.access_import(import_id))


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
        return answer(actions.confirm_import(preview, on_error=parsed(ConfirmImport, request)["on_error"]))


class UndoImportView(APIView):
    """Taking an import back: prompts that nobody has used go, the others are archived."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_imports_undo",
        request=None,
        responses={200: PromptImportSerializer, **MISSING, **CONFLICT},
    )
    def post(self, request: Request, import_id: int) -> Response:
        return answer(actions.undo_import(queries.access_import(import_id)))


class ResumeImportView(APIView):
    """Going on with an import that stopped with an error."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_imports_resume",
        request=None,
        responses={200: PromptImportSerializer, **MISSING, **CONFLICT},
    )
    def post(self, request: Request, import_id: int) -> Response:
        return answer(actions.resume_import(queries.access_import(import_id)))


class StopFollowingView(APIView):
    """Importing no more of what is added to a log."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_imports_stop_following", request=None, responses={200: PromptImportSerializer, **MISSING}
    )
    def post(self, request: Request, import_id: int) -> Response:
        return answer(actions.stop_following(queries.access_import(import_id)))


class DroppedLinesView(GenericAPIView[Any]):
    """The lines of an import that became no prompt, each with the reason."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompt_imports_dropped",
        parameters=[DroppedQuery],
        responses={200: DroppedLineSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request, import_id: int) -> Response:
        found = queries.dropped_lines(queries.access_import(import_id), **parsed_query(DroppedQuery, request))
        return self.get_paginated_response(DroppedLineSerializer(self.paginate_queryset(found), many=True).data)


class DroppedLineView(APIView):
    """A line of an import that became no prompt, beside what it is a duplicate of."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompt_imports_dropped_line", responses={200: ComparedLineSerializer, **MISSING})
    def get(self, request: Request, import_id: int, line: int) -> Response:
        return Response(ComparedLineSerializer(alike.compare_line(queries.access_import(import_id), line)).data)


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
            actions.open_bad_lines(found),
            as_attachment=True,
            filename=f"import-{found.pk}-errors.csv",
            content_type="text/csv; charset=utf-8",
        )

"""Writing prompts, over HTTP: everybody writes, and sees what is their own."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.requests import parsed, parsed_query
from labelapp.prompts import authoring
from labelapp.prompts import authoring_queries as queries
from labelapp.prompts.api import BAD_INPUT, CONFLICT, MISSING
from labelapp.prompts.authoring_serializers import (
    ArchiveWritten,
    OwnQuery,
    SavedWritingDraftSerializer,
    SaveWritingDraft,
    SimilarPromptSerializer,
    SimilarQuery,
    WritePromptSerializer,
    WritingDraftSerializer,
    WritingSerializer,
    WrittenContentSerializer,
    WrittenPromptSerializer,
    WrittenRowSerializer,
)


class WritingView(APIView):
    """One's drafts, and how many prompts one may still write."""

    required_role = Role.LABELER

    @extend_schema(operation_id="writing_read", responses={200: WritingSerializer, **MISSING})
    def get(self, request: Request) -> Response:
        user: Any = request.user
        body = {
            "prompt_count": authoring.prompt_count(user),
            "prompt_cap": authoring.PROMPT_CAP,
            "drafts": queries.drafts(user),
        }
        return Response(WritingSerializer(body).data)


class SimilarView(APIView):
    """What one wrote before that resembles what one types. Nothing is kept."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="writing_similar",
        request=SimilarQuery,
        responses={200: SimilarPromptSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body = parsed(SimilarQuery, request)
        found = queries.similar_to(body["text"], author=user, except_id=body.get("except_id"))
        return Response(SimilarPromptSerializer(found, many=True).data)


class DraftView(APIView):
    """One draft: read, kept, thrown away."""

    required_role = Role.LABELER

    @extend_schema(operation_id="writing_drafts_retrieve", responses={200: WritingDraftSerializer, **MISSING})
    def get(self, request: Request, key: UUID) -> Response:
        user: Any = request.user
        return Response(WritingDraftSerializer(queries.access_draft(key, author=user)).data)

    @extend_schema(
        operation_id="writing_drafts_save",
        request=SaveWritingDraft,
        responses={200: SavedWritingDraftSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def put(self, request: Request, key: UUID) -> Response:
        user: Any = request.user
        draft = authoring.save_draft(key, author=user, **parsed(SaveWritingDraft, request))
        return Response(SavedWritingDraftSerializer(draft).data)

    @extend_schema(operation_id="writing_drafts_delete", responses={204: None, **MISSING})
    def delete(self, request: Request, key: UUID) -> Response:
        user: Any = request.user
        authoring.delete_draft(key, author=user)
        return Response(status=204)


class WrittenPromptListView(GenericAPIView[Any]):
    """What one wrote."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="written_prompts_list",
        parameters=[OwnQuery],
        responses={200: WrittenRowSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        user: Any = request.user
        page = self.paginate_queryset(queries.own_written(user, **parsed_query(OwnQuery, request)))
        return self.get_paginated_response(WrittenRowSerializer(page, many=True).data)

    @extend_schema(
        operation_id="written_prompts_create",
        request=WritePromptSerializer,
        responses={201: WrittenPromptSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body = WritePromptSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        written = authoring.write_prompt(body.content(), author=user, key=body.validated_data["key"])
        return Response(_answer(written.pk, user), status=201)


class WrittenPromptView(APIView):
    """One thing that one wrote."""

    required_role = Role.LABELER

    @extend_schema(operation_id="written_prompts_retrieve", responses={200: WrittenPromptSerializer, **MISSING})
    def get(self, request: Request, written_id: int) -> Response:
        return Response(_answer(written_id, request.user))

    @extend_schema(
        operation_id="written_prompts_edit",
        request=WrittenContentSerializer,
        responses={200: WrittenPromptSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def put(self, request: Request, written_id: int) -> Response:
        user: Any = request.user
        written = queries.access_written(written_id, author=user)
        body = WrittenContentSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        authoring.edit_written(written, body.content())
        return Response(_answer(written_id, user))

    @extend_schema(
        operation_id="written_prompts_archive",
        request=ArchiveWritten,
        responses={200: WrittenPromptSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def patch(self, request: Request, written_id: int) -> Response:
        user: Any = request.user
        written = queries.access_written(written_id, author=user)
        authoring.archive_written(written, archived=parsed(ArchiveWritten, request)["archived"])
        return Response(_answer(written_id, user))


def _answer(written_id: int, user: Any) -> Any:
    return WrittenPromptSerializer(queries.access_written(written_id, author=user)).data

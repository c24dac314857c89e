"""Prompts and responses over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.prompts import actions, queries
from labelapp.prompts.explorer import FoundPages, FoundPrompts
from labelapp.prompts.serializers import (
    CreatePrompt,
    FacetsSerializer,
    PromptQuery,
    PromptRowSerializer,
    PromptSerializer,
    SampleBatchQuery,
    SampleBatchSerializer,
    UpdatePrompt,
)

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
CONFLICT = {409: ErrorSerializer}


class PromptListView(GenericAPIView[Any]):
    """All prompts of the workspace."""

    required_role = Role.RESEARCHER
    pagination_class = FoundPages

    @extend_schema(
        operation_id="prompts_list",
        parameters=[PromptQuery],
        responses={200: PromptRowSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        query = parsed_query(PromptQuery, request)
        ordering = query.pop("ordering")
        found: Any = FoundPrompts(queries.PromptFilter(**query), ordering=ordering)
        page = self.paginate_queryset(found)
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
        responses={200: PromptSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
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


class SampleBatchView(APIView):
    """One batch of responses."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="sample_batches_read", responses={200: SampleBatchSerializer, **MISSING})
    def get(self, request: Request, batch_id: int) -> Response:
        return Response(SampleBatchSerializer(queries.access_sample_batch(batch_id)).data)

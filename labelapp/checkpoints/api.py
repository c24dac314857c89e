"""The registry over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.checkpoints import actions, queries
from labelapp.checkpoints.serializers import (
    CheckpointQuery,
    CheckpointSerializer,
    EndpointQuery,
    EndpointSerializer,
    RegisterCheckpoint,
    RegisterEndpoint,
    UpdateCheckpoint,
    UpdateEndpoint,
)
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
TAKEN = {409: ErrorSerializer}


class CheckpointListView(GenericAPIView[Any]):
    """All models that can be sampled from, scored with or trained further."""

    required_roles = {"GET": Role.RESEARCHER, "POST": Role.ADMIN}

    @extend_schema(
        operation_id="checkpoints_list",
        parameters=[CheckpointQuery],
        responses={200: CheckpointSerializer(many=True), **BAD_INPUT},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.checkpoints(**parsed_query(CheckpointQuery, request)))
        return self.get_paginated_response(CheckpointSerializer(page, many=True).data)

    @extend_schema(
        operation_id="checkpoints_register",
        request=RegisterCheckpoint,
        responses={201: CheckpointSerializer, **BAD_INPUT, **TAKEN},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        checkpoint = actions.register_existing(**parsed(RegisterCheckpoint, request), created_by=user)
        return Response(CheckpointSerializer(checkpoint).data, status=201)


class CheckpointView(APIView):
    """One checkpoint."""

    required_roles = {"GET": Role.RESEARCHER, "PATCH": Role.ADMIN}

    @extend_schema(operation_id="checkpoints_retrieve", responses={200: CheckpointSerializer, **MISSING})
    def get(self, request: Request, checkpoint_id: int) -> Response:
        return Response(CheckpointSerializer(queries.access_checkpoint(checkpoint_id)).data)

    @extend_schema(
        operation_id="checkpoints_update",
        request=UpdateCheckpoint,
        responses={200: CheckpointSerializer, **BAD_INPUT, **MISSING},
    )
    def patch(self, request: Request, checkpoint_id: int) -> Response:
        checkpoint = queries.access_checkpoint(checkpoint_id)
        changes = parsed(UpdateCheckpoint, request)
        return Response(CheckpointSerializer(actions.update_checkpoint(checkpoint, **changes)).data)


class EndpointListView(GenericAPIView[Any]):
    """All OpenAI-compatible servers that can be sampled from."""

    required_role = Role.ADMIN

    @extend_schema(
        operation_id="endpoints_list",
        parameters=[EndpointQuery],
        responses={200: EndpointSerializer(many=True), **BAD_INPUT},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.endpoints(**parsed_query(EndpointQuery, request)))
        return self.get_paginated_response(EndpointSerializer(page, many=True).data)

    @extend_schema(
        operation_id="endpoints_register",
        request=RegisterEndpoint,
        responses={201: EndpointSerializer, **BAD_INPUT, **TAKEN},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        endpoint = actions.register_endpoint(**parsed(RegisterEndpoint, request), created_by=user)
        return Response(EndpointSerializer(endpoint).data, status=201)


class EndpointView(APIView):
    """One endpoint."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="endpoints_retrieve", responses={200: EndpointSerializer, **MISSING})
    def get(self, request: Request, endpoint_id: int) -> Response:
        return Response(EndpointSerializer(queries.access_endpoint(endpoint_id)).data)

    @extend_schema(
        operation_id="endpoints_update",
        request=UpdateEndpoint,
        responses={200: EndpointSerializer, **BAD_INPUT, **MISSING, **TAKEN},
    )
    def patch(self, request: Request, endpoint_id: int) -> Response:
        endpoint = queries.access_endpoint(endpoint_id)
        changes = parsed(UpdateEndpoint, request)
        return Response(EndpointSerializer(actions.update_endpoint(endpoint, **changes)).data)

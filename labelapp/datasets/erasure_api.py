"""Requests for deletion over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed
from labelapp.common.serializers import StrictSerializer
from labelapp.datasets import erasures
from labelapp.datasets.filters import MAX_ID
from labelapp.datasets.models import DatasetVersion, Erasure

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer, 409: ErrorSerializer}


class RequestErasure(StrictSerializer):
    """Whose text to leave out of future versions: exactly one of the two."""

    user_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    submitter_id = serializers.IntegerField(min_value=1, max_value=MAX_ID, required=False)
    note = serializers.CharField(max_length=10_000, allow_blank=True, required=False)


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    """A request for deletion."""

    person = serializers.SerializerMethodField()
    created_by = serializers.CharField(source="created_by.__str__", read_only=True)

    class Meta:
        model = Erasure
        fields = ("id", "person", "user_id", "submitter_id", "note", "created_by", "created_at", "withdrawn_at")
        read_only_fields = fields

    def get_person(self, erasure: Erasure) -> str:
        return str(erasure.user or erasure.submitter)


class HoldingVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    """A version that holds the person's text."""

    name = serializers.CharField(source="__str__")

    class Meta:
        model = DatasetVersion
        fields = ("id", "name", "dataset_id")
        read_only_fields = fields


class HoldingSerializer(serializers.Serializer[Any]):
    """How much of it a version holds."""

    version = HoldingVersionSerializer()
    rows = serializers.IntegerField()


class ErasureDetailSerializer(serializers.Serializer[Any]):
    """A request, and the versions that hold what it is about."""

    erasure = ErasureSerializer()
    versions = HoldingSerializer(many=True)


def _detail(erasure: Erasure) -> Any:
    return ErasureDetailSerializer({"erasure": erasure, "versions": erasures.versions_that_hold(erasure)}).data


class ErasureListView(GenericAPIView[Any]):
    """All requests for deletion."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="erasures_list", responses={200: ErasureSerializer(many=True), 404: ErrorSerializer})
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(erasures.erasures())
        return self.get_paginated_response(ErasureSerializer(page, many=True).data)

    @extend_schema(
        operation_id="erasures_create", request=RequestErasure, responses={201: ErasureDetailSerializer, **ERRORS}
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        erasure = erasures.request_erasure(**parsed(RequestErasure, request), created_by=user)
        return Response(_detail(erasure), status=201)


class ErasureView(APIView):
    """One request for deletion."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="erasures_retrieve", responses={200: ErasureDetailSerializer, 404: ErrorSerializer})
    def get(self, request: Request, erasure_id: int) -> Response:
        return Response(_detail(erasures.access_erasure(erasure_id)))


class ErasureWithdrawView(APIView):
    """Taking a request back."""

    required_role = Role.ADMIN

    @extend_schema(
        operation_id="erasures_withdraw",
        request=None,
        responses={200: ErasureSerializer, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    def post(self, request: Request, erasure_id: int) -> Response:
        erasures.withdraw_erasure(erasures.access_erasure(erasure_id))
        return Response(ErasureSerializer(erasures.access_erasure(erasure_id)).data)


class SubmitterVersionsView(APIView):
    """The versions that hold what a submitter asked: they stay as they are when a consent is withdrawn."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="submitters_versions", responses={200: HoldingSerializer(many=True), 404: ErrorSerializer}
    )
    def get(self, request: Request, submitter_id: int) -> Response:
        return Response(HoldingSerializer(erasures.versions_of_submitter(submitter_id), many=True).data)

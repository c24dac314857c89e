"""Cohorts over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role, User
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.common.search import NamedQuery
from labelapp.common.serializers import StrictSerializer
from labelapp.datasets import cohorts
from labelapp.datasets.filters import MAX_ID, MAX_IDS
from labelapp.datasets.models import Cohort

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer, 409: ErrorSerializer}


def _member_ids(*, required: bool) -> serializers.ListField:
    child = serializers.IntegerField(min_value=1, max_value=MAX_ID)
    return serializers.ListField(child=child, min_length=1, max_length=MAX_IDS, required=required)


class CreateCohort(StrictSerializer):
    """A new group of labelers."""

    name = serializers.CharField(max_length=120)
    member_ids = _member_ids(required=True)


class UpdateCohort(StrictSerializer):
    """What may change about a group."""

    name = serializers.CharField(max_length=120, required=False)
    member_ids = _member_ids(required=False)


class CohortMemberSerializer(serializers.ModelSerializer[User]):
    """Who is in a cohort."""

    name = serializers.CharField(source="__str__")

    class Meta:
        model = User
        fields = ("id", "name")
        read_only_fields = fields


class CohortSerializer(serializers.ModelSerializer[Cohort]):
    """A named group of labelers."""

    members = CohortMemberSerializer(many=True, read_only=True)

    class Meta:
        model = Cohort
        fields = ("id", "name", "members", "created_at")
        read_only_fields = fields


class CohortListView(GenericAPIView[Any]):
    """All cohorts."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="cohorts_list",
        parameters=[NamedQuery],
        responses={200: CohortSerializer(many=True), 400: ErrorSerializer, 404: ErrorSerializer},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(cohorts.cohorts(**parsed_query(NamedQuery, request)))
        return self.get_paginated_response(CohortSerializer(page, many=True).data)

    @extend_schema(operation_id="cohorts_create", request=CreateCohort, responses={201: CohortSerializer, **ERRORS})
    def post(self, request: Request) -> Response:
        user: Any = request.user
        cohort = cohorts.create_cohort(**parsed(CreateCohort, request), created_by=user)
        return Response(CohortSerializer(cohort).data, status=201)


class CohortView(APIView):
    """One cohort."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="cohorts_read", responses={200: CohortSerializer, 404: ErrorSerializer})
    def get(self, request: Request, cohort_id: int) -> Response:
        return Response(CohortSerializer(cohorts.access_cohort(cohort_id)).data)

    @extend_schema(operation_id="cohorts_update", request=UpdateCohort, responses={200: CohortSerializer, **ERRORS})
    def patch(self, request: Request, cohort_id: int) -> Response:
        cohorts.update_cohort(cohorts.access_cohort(cohort_id), **parsed(UpdateCohort, request))
        return Response(CohortSerializer(cohorts.access_cohort(cohort_id)).data)

    @extend_schema(operation_id="cohorts_delete", responses={204: None, 404: ErrorSerializer})
    def delete(self, request: Request, cohort_id: int) -> Response:
        cohorts.delete_cohort(cohorts.access_cohort(cohort_id))
        return Response(status=204)

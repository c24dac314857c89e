"""Reading the record: a labeler's own history and progress; for researchers all submissions and skips."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed_query
from labelapp.labeling import queries
from labelapp.labeling.fast_view import asker
from labelapp.labeling.models import Skip, Submission
from labelapp.labeling.record_serializers import (
    HistoryQuerySerializer,
    HistorySerializer,
    ProgressSerializer,
    SkipSerializer,
    SubmissionDetailSerializer,
    SubmissionQuerySerializer,
    SubmissionSerializer,
)

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer}


class HistoryView(ListAPIView[Submission]):
    """One's own answers, newest first."""

    required_role = Role.LABELER
    serializer_class = HistorySerializer

    @extend_schema(
        operation_id="history_list",
        parameters=[HistoryQuerySerializer],
        responses={200: HistorySerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Submission]:
        if getattr(self, "swagger_fake_view", False):
            return Submission.objects.none()
        wanted = parsed_query(HistoryQuerySerializer, self.request)
        return queries.own_history(asker(self.request)).filter(**wanted)


class ProgressView(APIView):
    """What one has done."""

    required_role = Role.LABELER

    @extend_schema(operation_id="progress_read", responses={200: ProgressSerializer, 401: ErrorSerializer})
    def get(self, request: Request) -> Response:
        return Response(ProgressSerializer(queries.own_progress(asker(request))).data)


class SubmissionListView(ListAPIView[Submission]):
    """The record, newest first, every revision of it; what was undone within seconds is left out."""

    required_role = Role.RESEARCHER
    serializer_class = SubmissionSerializer

    @extend_schema(
        operation_id="submissions_list",
        parameters=[SubmissionQuerySerializer],
        responses={200: SubmissionSerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Submission]:
        wanted = parsed_query(SubmissionQuerySerializer, self.request)
        return queries.submission_rows(Submission.objects.standing().filter(**wanted))


class SubmissionView(APIView):
    """One submission."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="submissions_read", responses={200: SubmissionDetailSerializer, 404: ErrorSerializer})
    def get(self, request: Request, submission_id: int) -> Response:
        return Response(SubmissionDetailSerializer(queries.read_submission(submission_id)).data)


class SkipListView(ListAPIView[Skip]):
    """What labelers would not answer, and why."""

    required_role = Role.RESEARCHER
    serializer_class = SkipSerializer

    @extend_schema(
        operation_id="skips_list",
        parameters=[HistoryQuerySerializer],
        responses={200: SkipSerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Skip]:
        wanted = parsed_query(HistoryQuerySerializer, self.request)
        project = {"task__project": wanted["project"]} if wanted else {}
        return queries.skip_rows().filter(**project)

"""The review queue: for researchers, what labelers skipped, flagged and asked, and what is done about it."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.labeling import review_queries
from labelapp.labeling.fast_view import asker
from labelapp.labeling.models import Task
from labelapp.labeling.review import DecisionInput, decide
from labelapp.labeling.review_serializers import (
    DecideSerializer,
    DecisionSerializer,
    ProjectThreadRowSerializer,
    QueueCountsSerializer,
    QueueQuerySerializer,
    QueueRowSerializer,
    ReviewedTaskSerializer,
    ThreadMessageSerializer,
    WriteMessageSerializer,
)
from labelapp.labeling.threads import publish_answer

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer}
WRITE_ERRORS = {**ERRORS, 409: ErrorSerializer}


class ReviewListView(ListAPIView[Task]):
    """The tasks that were skipped, flagged or asked about."""

    required_role = Role.RESEARCHER
    serializer_class = QueueRowSerializer

    @extend_schema(
        operation_id="review_list",
        parameters=[QueueQuerySerializer],
        responses={200: QueueRowSerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Task]:
        wanted = parsed_query(QueueQuerySerializer, self.request)
        return review_queries.review_queue(review_queries.QueueFilter(**wanted))


class ReviewCountsView(APIView):
    """How much is open."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="review_counts", responses={200: QueueCountsSerializer, 404: ErrorSerializer})
    def get(self, _request: Request) -> Response:
        return Response(QueueCountsSerializer(review_queries.queue_counts()).data)


class ReviewThreadsView(APIView):
    """The projects' threads, those with an open question first."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="review_threads", responses={200: ProjectThreadRowSerializer(many=True), 404: ErrorSerializer}
    )
    def get(self, request: Request) -> Response:
        rows = review_queries.project_threads(asker(request))
        return Response(ProjectThreadRowSerializer(rows, many=True).data)


class ReviewView(APIView):
    """One task of the queue."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="review_read", responses={200: ReviewedTaskSerializer, **ERRORS})
    def get(self, request: Request, task_id: int) -> Response:
        reviewed = review_queries.read_review(task_id, user=asker(request))
        return Response(ReviewedTaskSerializer(reviewed, context={"people": reviewed.people}).data)


class DecideView(APIView):
    """A decision."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="review_decide", request=DecideSerializer, responses={201: DecisionSerializer, **WRITE_ERRORS}
    )
    def post(self, request: Request, task_id: int) -> Response:
        """Answer, correct, replace, withdraw or dismiss; what was settled meanwhile is a conflict."""
        wanted = parsed(DecideSerializer, request)
        decision = decide(
            task_id,
            DecisionInput(
                action=wanted["action"],
                note=wanted["note"],
                flag_ids=tuple(wanted.get("flag_ids", ())),
                skip_ids=tuple(wanted.get("skip_ids", ())),
                last_message_id=wanted["last_message_id"],
                is_returned=wanted["return_to_labelers"],
                is_archived=wanted["archive_prompt"],
                changes=dict(wanted.get("changes", {})),
            ),
            decided_by=asker(request),
        )
        return Response(DecisionSerializer(decision).data, status=201)


class PublishView(APIView):
    """An answer for everybody."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="messages_publish",
        request=WriteMessageSerializer,
        responses={201: ThreadMessageSerializer, **WRITE_ERRORS},
    )
    def post(self, request: Request, message_id: int) -> Response:
        """Put an answer from a task's thread, reworded for everybody, into the project's thread."""
        wanted = parsed(WriteMessageSerializer, request)
        message = publish_answer(message_id, author=asker(request), body=wanted["body"], key=wanted["idempotency_key"])
        return Response(ThreadMessageSerializer(message).data, status=201)

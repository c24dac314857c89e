"""Endpoints about the installation itself: is it up, how is it, and what just changed."""

from typing import Any

from django.db import connection
from django.http import HttpResponseBase, JsonResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp import __version__
from labelapp.common import events, health
from labelapp.common.errors import ErrorSerializer, InvalidInput, NotFound, domain_error_response

# accounts stands above common, so the roles are named here by their values.
PUBLIC, LABELER, RESEARCHER, ADMIN = "public", "labeler", "researcher", "admin"
MAX_TOPICS = 20


class HealthSerializer(serializers.Serializer[Any]):
    """Whether the servers behind the app answer."""

    status = serializers.ChoiceField(choices=["ok", "unreachable"])


class HealthView(APIView):
    """For load balancers and for `serve`: 200 when PostgreSQL and Redis answer, else 503."""

    required_role = PUBLIC
    authentication_classes = ()

    @extend_schema(operation_id="health_read", auth=[], responses={200: HealthSerializer, 503: HealthSerializer})
    def get(self, _request: Request) -> Response:
        is_reachable = health.is_reachable()
        return Response({"status": "ok" if is_reachable else "unreachable"}, status=200 if is_reachable else 503)


class ProcessSerializer(serializers.Serializer[Any]):
    """A worker process and when it last gave a sign of life."""

    name = serializers.CharField()
    queues = serializers.ListField(child=serializers.CharField())
    last_seen_at = serializers.DateTimeField()
    is_alive = serializers.BooleanField()


class QueueSerializer(serializers.Serializer[Any]):
    """A queue of the broker."""

    name = serializers.CharField()
    length = serializers.IntegerField()
    is_served = serializers.BooleanField(help_text="A live worker takes tasks from it.")


class StorageSerializer(serializers.Serializer[Any]):
    """The disk under DATA_DIR."""

    free_bytes = serializers.IntegerField()
    total_bytes = serializers.IntegerField()
    used_bytes = serializers.IntegerField(help_text="By runs, datasets, models and imports.")


class DatabaseSerializer(serializers.Serializer[Any]):
    """The PostgreSQL database."""

    size_bytes = serializers.IntegerField()


class SystemSerializer(serializers.Serializer[Any]):
    """What an admin wants to see at a glance."""

    is_redis_reachable = serializers.BooleanField(help_text="If not, workers, beat and queues are unknown.")
    workers = ProcessSerializer(many=True)
    beat = ProcessSerializer(allow_null=True)
    queues = QueueSerializer(many=True)
    storage = StorageSerializer()
    database = DatabaseSerializer()
    version = serializers.CharField()


class SystemView(APIView):
    """Processes, queues, storage."""

    required_role = ADMIN

    @extend_schema(operation_id="system_read", responses={200: SystemSerializer})
    def get(self, _request: Request) -> Response:
        return Response({**health.system_state(), "version": __version__})


class EventStreamRenderer(BaseRenderer):
    """Lets DRF's content negotiation accept what an EventSource asks for; the view streams by itself."""

    media_type = "text/event-stream"
    format = "events"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return JSONRenderer().render(data, accepted_media_type, renderer_context)


class EventsView(APIView):
    """Server-sent events of the topics asked for: what changed, never what it says now."""

    required_role = LABELER
    renderer_classes = (JSONRenderer, EventStreamRenderer)

    @extend_schema(
        operation_id="events_stream",
        parameters=[
            OpenApiParameter(
                "topics",
                str,
                required=True,
                description="Comma-separated: `runs`, `run:<id>`, `datasets`, `system`, `labeling:<project id>`.",
            )
        ],
        responses={
            (200, "text/event-stream"): OpenApiTypes.STR,
            400: ErrorSerializer,
            404: ErrorSerializer,
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        topics = requested_topics(request)
        # A stream lasts for hours; the connection goes back to the pool before it starts.
        connection.close()
        response = StreamingHttpResponse(events.stream(topics), content_type="text/event-stream")
        response["Cache-Control"] = "no-cache"
        response["X-Accel-Buffering"] = "no"
        return response


def requested_topics(request: Request) -> frozenset[str]:
    """Return the topics asked for, if the asker may watch them all."""
    topics = frozenset(topic for topic in request.query_params.get("topics", "").split(",") if topic)
    if not topics or len(topics) > MAX_TOPICS:
        raise InvalidInput(f"Name 1 to {MAX_TOPICS} topics, separated by commas.", field="topics")
    user: Any = request.user
    if not all(topic.startswith("labeling:") for topic in topics) and not user.has_role(RESEARCHER):
        raise NotFound("There is no such topic for you.")
    return topics


def api_not_found(_request: Any) -> JsonResponse:
    """Answer an unknown API address with our error body rather than with the app's page."""
    return domain_error_response(NotFound("There is no such endpoint."))

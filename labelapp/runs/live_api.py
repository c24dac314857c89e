"""Live events over HTTP. Here because only the topmost app knows who may watch what."""

import re
from typing import Any

from django.db import connection
from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from labelapp.accounts.models import Role, User
from labelapp.common import events, health
from labelapp.common.errors import ErrorSerializer, InvalidInput, NotFound
from labelapp.labeling.fast_view import asker
from labelapp.labeling.queries import visible_projects

MAX_TOPICS = 20
TOPIC = re.compile(r"runs|datasets|imports|system|webhooks|review|(?:run|labeling):[0-9]{1,18}")


class EventStreamRenderer(BaseRenderer):
    """Lets DRF's content negotiation accept what an EventSource asks for; the view streams by itself."""

    media_type = "text/event-stream"
    format = "events"

    def render(self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None) -> bytes:
        return JSONRenderer().render(data, accepted_media_type, renderer_context)


class EventsView(APIView):
    """Server-sent events of the topics asked for: what changed, never what it says now."""

    required_role = Role.LABELER
    renderer_classes = (JSONRenderer, EventStreamRenderer)

    @extend_schema(
        operation_id="events_stream",
        parameters=[
            OpenApiParameter(
                "topics",
                str,
                required=True,
                description="Comma-separated: `runs`, `run:<id>`, `datasets`, `imports`, `labeling:<project id>`, "
                "`review`, `system`, `webhooks`.",
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
        looks = {"system": health.picture} if "system" in topics else {}
        chunks = events.stream(topics, looks=looks, connection=request.META.get("gunicorn.socket"))
        response = StreamingHttpResponse(chunks, content_type="text/event-stream")
        response["Cache-Control"] = "no-cache"
        response["X-Accel-Buffering"] = "no"
        return response


def requested_topics(request: Request) -> frozenset[str]:
    """Return the topics asked for. Raises InvalidInput for what is none, NotFound for one not for the asker."""
    topics = frozenset(topic for topic in request.query_params.get("topics", "").split(",") if topic)
    if not topics or len(topics) > MAX_TOPICS:
        raise InvalidInput(f"Name 1 to {MAX_TOPICS} topics, separated by commas.", field="topics")
    for topic in sorted(topics):
        if not TOPIC.fullmatch(topic):
            raise InvalidInput(
                "A topic is runs, run:<id>, datasets, imports, labeling:<project id>, review, system or webhooks.",
                field="topics",
            )
    if topics & {"system", "webhooks"} and not asker(request).has_role(Role.ADMIN):
        raise NotFound("There is no such topic for you.")
    if not asker(request).has_role(Role.RESEARCHER):
        _check_own_projects(topics, user=asker(request))
    return topics


def _check_own_projects(topics: frozenset[str], *, user: User) -> None:
    """A labeler may watch the projects that they are members of, and nothing else."""
    wanted = {int(topic.removeprefix("labeling:")) for topic in topics if topic.startswith("labeling:")}
    if len(wanted) < len(topics) or visible_projects(user).filter(pk__in=wanted).count() < len(wanted):
        raise NotFound("There is no such topic for you.")

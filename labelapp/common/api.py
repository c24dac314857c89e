"""Endpoints about the installation itself: is it up, and how is it."""

from typing import Any

from django.http import JsonResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp import __version__
from labelapp.common import health
from labelapp.common.errors import NotFound, domain_error_response

# accounts stands above common, so the roles are named here by their values.
PUBLIC, ADMIN = "public", "admin"


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


class WorkerSerializer(ProcessSerializer):
    """A worker process with its start."""

    started_at = serializers.DateTimeField()
    unexpected_restarts = serializers.IntegerField(
        help_text="Starts in the last hour of a worker that had not been stopped before: it was killed or it crashed."
    )


class QueueSerializer(serializers.Serializer[Any]):
    """A queue of the broker."""

    name = serializers.CharField()
    length = serializers.IntegerField()
    is_served = serializers.BooleanField(help_text="A live worker takes tasks from it.")


class StorageSerializer(serializers.Serializer[Any]):
    """The disk under DATA_DIR, and the bucket of frozen datasets, where there is one."""

    free_bytes = serializers.IntegerField()
    total_bytes = serializers.IntegerField()
    used_bytes = serializers.IntegerField(help_text="By runs, datasets, models and imports.")
    bucket = serializers.CharField(allow_blank=True, help_text="STORAGE_URL; empty where datasets are on the disk too.")
    bucket_problem = serializers.CharField(
        allow_blank=True, help_text="What a worker found wrong a minute ago at most."
    )


class DatabaseSerializer(serializers.Serializer[Any]):
    """The PostgreSQL database."""

    size_bytes = serializers.IntegerField()


class SystemSerializer(serializers.Serializer[Any]):
    """What an admin wants to see at a glance."""

    is_redis_reachable = serializers.BooleanField(help_text="If not, workers, beat and queues are unknown.")
    workers = WorkerSerializer(many=True)
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


def api_not_found(_request: Any) -> JsonResponse:
    """Answer an unknown API address with our error body rather than with the app's page."""
    return domain_error_response(NotFound("There is no such endpoint."))

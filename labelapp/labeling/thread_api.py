"""What labelers say beside their answers: flags, questions, and which instructions they have read."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role, User
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.labeling import threads
from labelapp.labeling.fast_view import asker
from labelapp.labeling.instruction_reads import last_read, record_read
from labelapp.labeling.queries import access_project
from labelapp.labeling.review_models import ThreadMessage
from labelapp.labeling.review_queries import own_reports
from labelapp.labeling.review_serializers import (
    FlagRequestSerializer,
    FlagSerializer,
    InstructionReadSerializer,
    ProjectThreadQuerySerializer,
    ReadProjectThreadSerializer,
    ReadTaskThreadSerializer,
    RecordReadSerializer,
    ReportSerializer,
    TaskThreadQuerySerializer,
    ThreadMessageSerializer,
    ThreadSerializer,
    ThreadsSerializer,
    WriteMessageSerializer,
    WriteTaskMessageSerializer,
)

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer}
WRITE_ERRORS = {**ERRORS, 409: ErrorSerializer}


def write_message(thread: threads.Thread, *, author: User, wanted: dict[str, Any]) -> ThreadMessage:
    """Post what a person wrote under what they saw; what came in between stays open and unread."""
    return threads.post_message(
        thread,
        author=author,
        body=wanted["body"],
        key=wanted["idempotency_key"],
        answers_up_to=wanted.get("last_message_id"),
    )


class FlagView(APIView):
    """Something wrong with a task."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="tasks_flag",
        request=FlagRequestSerializer,
        responses={200: FlagSerializer, 201: FlagSerializer, **WRITE_ERRORS},
    )
    def post(self, request: Request, task_id: int) -> Response:
        """Flag a task that one was given; the work on it goes on. A retry finds the first (200)."""
        wanted = parsed(FlagRequestSerializer, request)
        key = wanted.pop("idempotency_key")
        flag, is_new = threads.flag_task(task_id, labeler=asker(request), key=key, **wanted)
        return Response(FlagSerializer(flag).data, status=201 if is_new else 200)


class ReportListView(ListAPIView[Any]):
    """What one has skipped and flagged, newest first, and what became of it."""

    required_role = Role.LABELER
    serializer_class = ReportSerializer

    @extend_schema(operation_id="reports_list", responses={200: ReportSerializer(many=True), **ERRORS})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any, Any]:
        return own_reports(asker(self.request))


class ThreadListView(APIView):
    """The threads that one takes part in."""

    required_role = Role.LABELER

    @extend_schema(operation_id="threads_list", responses={200: ThreadsSerializer, 404: ErrorSerializer})
    def get(self, request: Request) -> Response:
        found = threads.own_threads(asker(request))
        return Response(ThreadsSerializer({"unread": sum(one.unread for one in found), "threads": found}).data)


class ProjectThreadView(APIView):
    """A project's thread, which its members read."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="project_thread_read",
        parameters=[ProjectThreadQuerySerializer],
        responses={200: ThreadSerializer, **ERRORS},
    )
    def get(self, request: Request, project_id: int) -> Response:
        thread = threads.project_thread(project_id, user=asker(request))
        wanted = parsed_query(ProjectThreadQuerySerializer, request)
        return Response(ThreadSerializer(threads.view_thread(thread, user=asker(request), **wanted)).data)

    @extend_schema(
        operation_id="project_thread_write",
        request=WriteMessageSerializer,
        responses={201: ThreadMessageSerializer, **WRITE_ERRORS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        thread = threads.project_thread(project_id, user=asker(request))
        wanted = parsed(WriteMessageSerializer, request)
        message = write_message(thread, author=asker(request), wanted=wanted)
        return Response(ThreadMessageSerializer(message).data, status=201)


class ProjectThreadMarkView(APIView):
    """How far one has read a project's thread."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="project_thread_mark", request=ReadProjectThreadSerializer, responses={204: None, **ERRORS}
    )
    def put(self, request: Request, project_id: int) -> Response:
        thread = threads.project_thread(project_id, user=asker(request))
        wanted = parsed(ReadProjectThreadSerializer, request)
        threads.mark_read(thread, user=asker(request), message_id=wanted["message_id"])
        return Response(status=204)


class TaskThreadView(APIView):
    """A labeler's own thread about a task; for researchers also that of a labeler they name."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="task_thread_read",
        parameters=[TaskThreadQuerySerializer],
        responses={200: ThreadSerializer, **ERRORS},
    )
    def get(self, request: Request, task_id: int) -> Response:
        wanted = parsed_query(TaskThreadQuerySerializer, request)
        labeler_id = wanted.pop("labeler", None)
        thread = threads.task_thread(task_id, user=asker(request), labeler_id=labeler_id)
        return Response(ThreadSerializer(threads.view_thread(thread, user=asker(request), **wanted)).data)

    @extend_schema(
        operation_id="task_thread_write",
        request=WriteTaskMessageSerializer,
        responses={201: ThreadMessageSerializer, **WRITE_ERRORS},
    )
    def post(self, request: Request, task_id: int) -> Response:
        wanted = parsed(WriteTaskMessageSerializer, request)
        thread = threads.task_thread(task_id, user=asker(request), labeler_id=wanted.get("labeler_id"))
        message = write_message(thread, author=asker(request), wanted=wanted)
        return Response(ThreadMessageSerializer(message).data, status=201)


class TaskThreadMarkView(APIView):
    """How far one has read a task's thread."""

    required_role = Role.LABELER

    @extend_schema(operation_id="task_thread_mark", request=ReadTaskThreadSerializer, responses={204: None, **ERRORS})
    def put(self, request: Request, task_id: int) -> Response:
        wanted = parsed(ReadTaskThreadSerializer, request)
        thread = threads.task_thread(task_id, user=asker(request), labeler_id=wanted.get("labeler_id"))
        threads.mark_read(thread, user=asker(request), message_id=wanted["message_id"])
        return Response(status=204)


class InstructionReadView(APIView):
    """Which version of a project's instructions one has read last."""

    required_role = Role.LABELER

    @extend_schema(operation_id="instructions_last_read", responses={200: InstructionReadSerializer, **ERRORS})
    def get(self, request: Request, project_id: int) -> Response:
        project = access_project(project_id, user=asker(request))
        read = last_read(project, user=asker(request))
        return Response(InstructionReadSerializer(read or {"version": None, "read_at": None}).data)

    @extend_schema(
        operation_id="instructions_record_read",
        request=RecordReadSerializer,
        responses={200: InstructionReadSerializer, **ERRORS},
    )
    def put(self, request: Request, project_id: int) -> Response:
        project = access_project(project_id, user=asker(request))
        wanted = parsed(RecordReadSerializer, request)
        read = record_read(project, user=asker(request), version_id=wanted["instruction_version_id"])
        return Response(InstructionReadSerializer(read).data)

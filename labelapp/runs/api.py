"""Runs over HTTP."""

from typing import Any

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role, User
from labelapp.checkpoints.queries import access_checkpoint
from labelapp.common import downloads
from labelapp.common.errors import Conflict, ErrorSerializer, InvalidInput, NotFound
from labelapp.common.requests import parsed, parsed_query
from labelapp.common.storage import StoredFile
from labelapp.labeling.models import Project
from labelapp.runs import actions, queries
from labelapp.runs.curves import metrics
from labelapp.runs.home import home
from labelapp.runs.home_serializers import HomeSerializer
from labelapp.runs.kinds import describe_kinds
from labelapp.runs.lineage import checkpoint_lineage, user_lineage
from labelapp.runs.lineage_serializers import CheckpointLineageSerializer, UserLineageSerializer
from labelapp.runs.logs import read_log
from labelapp.runs.models import Run, RunState
from labelapp.runs.outputs import access_output, output_files
from labelapp.runs.serializers import (
    CreateRun,
    LogQuery,
    LogSerializer,
    MetricsQuery,
    MetricsSerializer,
    OutputFileSerializer,
    RunKindSerializer,
    RunQuery,
    RunSerializer,
    SampleInto,
    TinyBaseSerializer,
)
from labelapp.runs.tiny_base import tiny_base_progress

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
CONFLICT = {409: ErrorSerializer}


def shown(run: Run) -> dict[str, Any]:
    """A run as the API answers with it."""
    why_not = queries.why_not_taken() if run.state == RunState.QUEUED else ""
    data: dict[str, Any] = RunSerializer(run, context={"why_not_taken": why_not}).data
    return data


def find_project(project_id: int | None, *, field: str) -> Project | None:
    """The project of an id in a body. Raises InvalidInput naming the field."""
    if project_id is None:
        return None
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        raise InvalidInput("There is no such project.", field=field)
    return project


class RunKindList(APIView):
    """What can be run, and what each kind wants to know."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="run_kinds_list", responses={200: RunKindSerializer(many=True)})
    def get(self, request: Request) -> Response:
        return Response(describe_kinds())


class TinyBase(APIView):
    """Whether the built-in model is there or on its way, for pages that would otherwise say that there is none."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="tiny_base_retrieve", responses={200: TinyBaseSerializer})
    def get(self, request: Request) -> Response:
        return Response(TinyBaseSerializer(tiny_base_progress()).data)


class RunList(GenericAPIView[Any]):
    """All runs; starting one."""

    required_roles = {"GET": Role.RESEARCHER, "POST": Role.ADMIN}

    @extend_schema(
        operation_id="runs_list", parameters=[RunQuery], responses={200: RunSerializer(many=True), **BAD_INPUT}
    )
    def get(self, request: Request) -> Response:
        page: Any = self.paginate_queryset(queries.runs(**parsed_query(RunQuery, request)))
        is_waiting = any(run.state == RunState.QUEUED for run in page)
        context = {"why_not_taken": queries.why_not_taken() if is_waiting else ""}
        return self.get_paginated_response(RunSerializer(page, many=True, context=context).data)

    @extend_schema(
        operation_id="runs_create", request=CreateRun, responses={201: RunSerializer, **BAD_INPUT, **CONFLICT}
    )
    def post(self, request: Request) -> Response:
        body = parsed(CreateRun, request)
        project = find_project(body.pop("target_project_id"), field="target_project_id")
        user: Any = request.user
        run = actions.create_run(body.pop("kind"), **body, target_project=project, created_by=user)
        return Response(shown(queries.access_run(run.pk)), status=201)


class RunDetail(APIView):
    """One run."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="runs_retrieve", responses={200: RunSerializer, **MISSING})
    def get(self, request: Request, run_id: int) -> Response:
        return Response(shown(queries.access_run(run_id)))


class RunCancel(APIView):
    """Stopping a run."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="runs_cancel", request=None, responses={200: RunSerializer, **MISSING, **CONFLICT})
    def post(self, request: Request, run_id: int) -> Response:
        actions.cancel(queries.access_run(run_id))
        return Response(shown(queries.access_run(run_id)))


class RunResume(APIView):
    """Going on with a run that failed or was cancelled."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="runs_resume", request=None, responses={200: RunSerializer, **MISSING, **CONFLICT})
    def post(self, request: Request, run_id: int) -> Response:
        actions.resume(queries.access_run(run_id))
        return Response(shown(queries.access_run(run_id)))


class RunMetrics(APIView):
    """A run's curves."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="runs_metrics",
        parameters=[MetricsQuery],
        responses={200: MetricsSerializer, **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request, run_id: int) -> Response:
        query = MetricsQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        found = metrics(queries.access_run(run_id).path, after=query.validated_data["after"])
        return Response({"rows": found.rows, "next": found.next})


class RunLog(APIView):
    """A run's log."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="runs_log", parameters=[LogQuery], responses={200: LogSerializer, **BAD_INPUT, **MISSING}
    )
    def get(self, request: Request, run_id: int) -> Response:
        query = LogQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        piece = read_log(queries.access_run(run_id).path, after=query.validated_data.get("after"))
        return Response({"text": piece.text, "next": piece.next})


class RunFiles(APIView):
    """What a run left behind."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="runs_files", responses={200: OutputFileSerializer(many=True), **MISSING})
    def get(self, _request: Request, run_id: int) -> Response:
        return Response(OutputFileSerializer(output_files(queries.access_run(run_id)), many=True).data)


class RunFile(APIView):
    """One of those files, to download, whole or from where a download was cut off. Its ETag is its sha256."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="runs_file", parameters=downloads.PARAMETERS, responses={**downloads.RESPONSES, **MISSING}
    )
    def get(self, request: Request, run_id: int, name: str) -> HttpResponseBase:
        path, file = access_output(queries.access_run(run_id), name=name)
        return downloads.file_download(request, StoredFile.at(path), sha256=file.sha256, name=path.name)


class SampleIntoProject(APIView):
    """Putting a checkpoint's outputs into a project's queue."""

    required_role = Role.ADMIN

    @extend_schema(
        operation_id="checkpoints_sample_into",
        request=SampleInto,
        responses={201: RunSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request, checkpoint_id: int) -> Response:
        checkpoint = access_checkpoint(checkpoint_id)
        if checkpoint.archived_at is not None:
            raise Conflict("This checkpoint is archived.", code="checkpoint_archived")
        body = parsed(SampleInto, request)
        project = find_project(body.pop("project_id"), field="project_id")
        assert project is not None
        user: Any = request.user
        run = actions.sample_into(checkpoint, project=project, created_by=user, **body)
        return Response(shown(queries.access_run(run.pk)), status=201)


class CheckpointLineage(APIView):
    """From a model to the labels that made it."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="checkpoints_lineage", responses={200: CheckpointLineageSerializer, **MISSING})
    def get(self, request: Request, checkpoint_id: int) -> Response:
        lineage = checkpoint_lineage(access_checkpoint(checkpoint_id))
        return Response(CheckpointLineageSerializer(lineage).data)


class UserLineage(APIView):
    """From a labeler to the models that they touched."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="users_lineage", responses={200: UserLineageSerializer, **MISSING})
    def get(self, request: Request, user_id: int) -> Response:
        user = User.objects.filter(pk=user_id).first()
        if user is None:
            raise NotFound("There is no such person.")
        return Response(UserLineageSerializer(user_lineage(user)).data)


class HomeView(APIView):
    """What one sees first."""

    required_role = Role.LABELER

    @extend_schema(operation_id="home_read", responses={200: HomeSerializer, 401: ErrorSerializer})
    def get(self, request: Request) -> Response:
        user: Any = request.user
        why_not = queries.why_not_taken() if user.has_role(Role.ADMIN) else ""
        return Response(HomeSerializer(home(user), context={"why_not_taken": why_not}).data)

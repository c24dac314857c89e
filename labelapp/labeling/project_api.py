"""Projects, instructions, members and tasks: what researchers set up and labelers may see of it."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer, InvalidInput
from labelapp.common.requests import parsed, parsed_query
from labelapp.common.search import named
from labelapp.labeling import actions, queries
from labelapp.labeling.calibration import mark_calibration
from labelapp.labeling.fast_view import asker
from labelapp.labeling.models import InstructionVersion, Membership, Project, Task
from labelapp.labeling.project_serializers import (
    AddInstructionsSerializer,
    AddMembersSerializer,
    CalibrationPoolSerializer,
    ChangeProjectSerializer,
    CreatedTasksSerializer,
    CreateProjectSerializer,
    CreateTasksSerializer,
    InstructionVersionSerializer,
    MarkCalibrationSerializer,
    MemberQuerySerializer,
    MemberSerializer,
    ProjectQuerySerializer,
    ProjectSerializer,
    TaskQuerySerializer,
    TaskSerializer,
    WithdrawnTaskSerializer,
)
from labelapp.labeling.questions import QUESTION_JSON
from labelapp.labeling.serializers import QuestionSerializer
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.models import Prompt, SampleBatch
from labelapp.prompts.queries import PromptFilter

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer}
LABELERS_READ_RESEARCHERS_WRITE = {"GET": Role.LABELER, "POST": Role.RESEARCHER, "PATCH": Role.RESEARCHER}


class QuestionListView(APIView):
    """The paper's questions."""

    required_role = Role.LABELER

    @extend_schema(operation_id="questions_list", responses={200: QuestionSerializer(many=True), 401: ErrorSerializer})
    def get(self, request: Request) -> Response:
        return Response([*QUESTION_JSON.values()])


class ProjectListView(ListAPIView[Project]):
    """The projects that one may know of."""

    required_roles = LABELERS_READ_RESEARCHERS_WRITE
    serializer_class = ProjectSerializer

    @extend_schema(
        operation_id="projects_list",
        parameters=[ProjectQuerySerializer],
        responses={200: ProjectSerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Project]:
        wanted = parsed_query(ProjectQuerySerializer, self.request)
        rows = named(queries.project_rows(asker(self.request)), wanted.pop("search", ""), "name")
        return rows.filter(**{f"{column}__in": values for column, values in wanted.items()})

    @extend_schema(
        operation_id="projects_create", request=CreateProjectSerializer, responses={201: ProjectSerializer, **ERRORS}
    )
    def post(self, request: Request) -> Response:
        user = asker(request)
        project = actions.create_project(created_by=user, **parsed(CreateProjectSerializer, request))
        return Response(ProjectSerializer(queries.project_rows(user).get(pk=project.pk)).data, status=201)


class ProjectView(APIView):
    """One project."""

    required_roles = LABELERS_READ_RESEARCHERS_WRITE

    @extend_schema(operation_id="projects_read", responses={200: ProjectSerializer, **ERRORS})
    def get(self, request: Request, project_id: int) -> Response:
        project = queries.access_project(project_id, user=asker(request))
        return Response(ProjectSerializer(queries.project_rows(asker(request)).get(pk=project.pk)).data)

    @extend_schema(
        operation_id="projects_change", request=ChangeProjectSerializer, responses={200: ProjectSerializer, **ERRORS}
    )
    def patch(self, request: Request, project_id: int) -> Response:
        project = actions.update_project(project_id, changes=parsed(ChangeProjectSerializer, request))
        return Response(ProjectSerializer(queries.project_rows(asker(request)).get(pk=project.pk)).data)


class InstructionListView(ListAPIView[InstructionVersion]):
    """A project's instructions, newest first."""

    required_roles = LABELERS_READ_RESEARCHERS_WRITE
    serializer_class = InstructionVersionSerializer

    @extend_schema(operation_id="instructions_list", responses={200: InstructionVersionSerializer(many=True), **ERRORS})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[InstructionVersion]:
        if getattr(self, "swagger_fake_view", False):
            return InstructionVersion.objects.none()
        project = queries.access_project(self.kwargs["project_id"], user=asker(self.request))
        return project.instruction_versions.order_by("-number")

    @extend_schema(
        operation_id="instructions_add",
        request=AddInstructionsSerializer,
        responses={201: InstructionVersionSerializer, **ERRORS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        user = asker(request)
        project = queries.access_project(project_id, user=user)
        body = parsed(AddInstructionsSerializer, request)["body"]
        version = actions.add_instructions(project, body=body, created_by=user)
        return Response(InstructionVersionSerializer(version).data, status=201)


class MemberListView(ListAPIView[Membership]):
    """Who labels in a project."""

    required_role = Role.RESEARCHER
    serializer_class = MemberSerializer

    @extend_schema(
        operation_id="members_list",
        parameters=[MemberQuerySerializer],
        responses={200: MemberSerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Membership]:
        if getattr(self, "swagger_fake_view", False):
            return Membership.objects.none()
        project = queries.access_project(self.kwargs["project_id"], user=asker(self.request))
        members = project.memberships.filter(left_at=None).select_related("user")
        search = parsed_query(MemberQuerySerializer, self.request).get("search", "")
        return named(members, search, "user__name", "user__email").order_by("user__name", "user_id")

    @extend_schema(
        operation_id="members_add",
        request=AddMembersSerializer,
        responses={201: MemberSerializer(many=True), **ERRORS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        project = queries.access_project(project_id, user=asker(request))
        actions.add_members(project, user_ids=parsed(AddMembersSerializer, request)["user_ids"])
        response = self.list(request)
        response.status_code = 201
        return response


class MemberView(APIView):
    """One membership."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="members_remove", responses={204: None, **ERRORS})
    def delete(self, request: Request, project_id: int, user_id: int) -> Response:
        project = queries.access_project(project_id, user=asker(request))
        actions.remove_member(project, user_id=user_id)
        return Response(status=204)


class TaskListView(ListAPIView[Task]):
    """A project's tasks."""

    required_role = Role.RESEARCHER
    serializer_class = TaskSerializer

    @extend_schema(
        operation_id="tasks_list",
        parameters=[TaskQuerySerializer],
        responses={200: TaskSerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Task]:
        if getattr(self, "swagger_fake_view", False):
            return Task.objects.none()
        project = queries.access_project(self.kwargs["project_id"], user=asker(self.request))
        return queries.task_rows(project).filter(**parsed_query(TaskQuerySerializer, self.request))

    @extend_schema(
        operation_id="tasks_create", request=CreateTasksSerializer, responses={201: CreatedTasksSerializer, **ERRORS}
    )
    def post(self, request: Request, project_id: int) -> Response:
        project = queries.access_project(project_id, user=asker(request))
        wanted = parsed(CreateTasksSerializer, request)
        created = create_tasks(
            project.pk, prompts=_chosen_prompts(wanted), batch=_batch(wanted), limit=wanted.get("limit")
        )
        return Response(CreatedTasksSerializer(created).data, status=201)


def _chosen_prompts(wanted: dict[str, Any]) -> QuerySet[Prompt]:
    if "filter" in wanted:
        return PromptFilter(**wanted["filter"]).apply(Prompt.objects.all())
    ids = wanted["prompt_ids"]
    known = set(Prompt.objects.filter(pk__in=ids).values_list("pk", flat=True))
    errors = [(f"prompt_ids.{i}", f"There is no prompt {pk}.") for i, pk in enumerate(ids) if pk not in known]
    if errors:
        raise InvalidInput(errors[0][1], errors=errors)
    return Prompt.objects.filter(pk__in=ids)


def _batch(wanted: dict[str, Any]) -> SampleBatch | None:
    batch_id = wanted.get("batch_id")
    if batch_id is None:
        return None
    batch = SampleBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise InvalidInput(f"There is no batch {batch_id}.", field="batch_id")
    return batch


class CalibrationView(APIView):
    """Which of a project's tasks are its calibration pool."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="calibration_mark",
        request=MarkCalibrationSerializer,
        responses={200: CalibrationPoolSerializer, **ERRORS},
    )
    def post(self, request: Request, project_id: int) -> Response:
        tasks = mark_calibration(project_id, **parsed(MarkCalibrationSerializer, request))
        return Response(CalibrationPoolSerializer({"tasks": tasks}).data)


class WithdrawTaskView(APIView):
    """A task out of the queue."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="tasks_withdraw", request=None, responses={200: WithdrawnTaskSerializer, **ERRORS})
    def post(self, request: Request, task_id: int) -> Response:
        return Response(WithdrawnTaskSerializer(actions.withdraw_task(task_id)).data)

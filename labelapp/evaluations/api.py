"""Results of evaluations, what is behind them, and what can be evaluated."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed_query
from labelapp.evaluations.answers import AnswerFilter
from labelapp.evaluations.exports import judgments_csv, results_csv
from labelapp.evaluations.record import JudgmentFilter, judgments_behind
from labelapp.evaluations.results import evaluate
from labelapp.evaluations.serializers import (
    CountedJudgmentSerializer,
    JudgmentsQuerySerializer,
    ResultsQuerySerializer,
    ResultsSerializer,
    SharedPromptsQuerySerializer,
    SharedPromptsSerializer,
)
from labelapp.labeling.fast_view import asker
from labelapp.labeling.models import Judgment
from labelapp.labeling.queries import access_project
from labelapp.labeling.sources import answered_by_all
from labelapp.prompts.models import Prompt, Split

ERRORS = {400: ErrorSerializer, 404: ErrorSerializer}
CSV: dict[Any, Any] = {(200, "text/csv"): OpenApiTypes.STR, **ERRORS}


class ResultsView(APIView):
    """How each source of an evaluation did."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="evaluations_results",
        parameters=[ResultsQuerySerializer],
        responses={200: ResultsSerializer, **ERRORS},
    )
    def get(self, request: Request, project_id: int) -> Response:
        project = access_project(project_id, user=asker(request))
        wanted = AnswerFilter(**parsed_query(ResultsQuerySerializer, request))
        return Response(ResultsSerializer(evaluate(project, wanted)).data)


class ResultsFileView(APIView):
    """The same numbers as CSV."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="evaluations_results_file", parameters=[ResultsQuerySerializer], responses=CSV)
    def get(self, request: Request, project_id: int) -> StreamingHttpResponse:
        project = access_project(project_id, user=asker(request))
        wanted = AnswerFilter(**parsed_query(ResultsQuerySerializer, request))
        return _download(results_csv(evaluate(project, wanted)), name=f"evaluation-{project.pk}-results.csv")


class JudgmentsFileView(APIView):
    """Every judgment with its source, as CSV."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="evaluations_judgments_file", parameters=[ResultsQuerySerializer], responses=CSV)
    def get(self, request: Request, project_id: int) -> StreamingHttpResponse:
        project = access_project(project_id, user=asker(request))
        wanted = AnswerFilter(**parsed_query(ResultsQuerySerializer, request))
        return _download(judgments_csv(project, wanted), name=f"evaluation-{project.pk}-judgments.csv")


def _download(lines: Iterator[str], *, name: str) -> StreamingHttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8", headers=headers)


class CountedJudgmentsView(ListAPIView[Judgment]):
    """The judgments behind a number."""

    required_role = Role.RESEARCHER
    serializer_class = CountedJudgmentSerializer

    @extend_schema(
        operation_id="evaluations_judgments",
        parameters=[JudgmentsQuerySerializer],
        responses={200: CountedJudgmentSerializer(many=True), **ERRORS},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Judgment]:
        if getattr(self, "swagger_fake_view", False):
            return Judgment.objects.none()
        project = access_project(self.kwargs["project_id"], user=asker(self.request))
        wanted = parsed_query(JudgmentsQuerySerializer, self.request)
        names = JudgmentFilter.__dataclass_fields__
        behind = JudgmentFilter(**{name: value for name, value in wanted.items() if name in names})
        answers = AnswerFilter(**{name: value for name, value in wanted.items() if name not in names})
        return judgments_behind(project, answers, behind)


class SharedPromptsView(APIView):
    """What these batches can be compared on."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="evaluations_shared_prompts",
        parameters=[SharedPromptsQuerySerializer],
        responses={200: SharedPromptsSerializer, **ERRORS},
    )
    def get(self, request: Request) -> Response:
        batch_ids = parsed_query(SharedPromptsQuerySerializer, request)["batch_ids"]
        shared = answered_by_all(Prompt.objects.filter(archived_at=None), batch_ids).values("pk")
        by_split = Prompt.objects.filter(pk__in=shared).order_by().values_list("submitter__split")
        counts = dict(by_split.annotate(Count("pk")))
        return Response({split: counts.get(split, 0) for split in Split.values})

"""How well the labeling goes."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.labeling.fast_view import asker
from labelapp.labeling.queries import access_project
from labelapp.quality.calibration import own_agreements
from labelapp.quality.serializers import OwnAgreementSerializer, ProjectStatisticsSerializer
from labelapp.quality.statistics import project_statistics


class ProjectStatisticsView(APIView):
    """A project's record in numbers."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="projects_statistics", responses={200: ProjectStatisticsSerializer, 404: ErrorSerializer}
    )
    def get(self, request: Request, project_id: int) -> Response:
        project = access_project(project_id, user=asker(request))
        return Response(ProjectStatisticsSerializer(project_statistics(project)).data)


class OwnAgreementView(APIView):
    """How often the person who asks agrees with the researchers of their projects, where a project shows it."""

    required_role = Role.LABELER

    @extend_schema(operation_id="agreement_own", responses={200: OwnAgreementSerializer(many=True)})
    def get(self, request: Request) -> Response:
        return Response(OwnAgreementSerializer(own_agreements(asker(request)), many=True).data)

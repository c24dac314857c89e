"""Shapes of each role's first page."""

from typing import Any

from rest_framework import serializers

from labelapp.accounts.models import Role
from labelapp.common.api import SystemSerializer
from labelapp.datasets.models import DatasetKind, DatasetVersion
from labelapp.labeling.project_serializers import ProjectSerializer
from labelapp.labeling.record_serializers import DayCountSerializer, ProgressSerializer
from labelapp.runs.serializers import RunSerializer


class HomeAgreementSerializer(serializers.Serializer[Any]):
    """How often the labelers of a project agree; up to a minute old."""

    tasks = serializers.IntegerField()
    pairs = serializers.IntegerField()
    agreeing = serializers.IntegerField()
    tied_pairs = serializers.IntegerField()
    rate = serializers.FloatField()
    low = serializers.FloatField(help_text="95 % interval.")
    high = serializers.FloatField()


class HomeQueueSerializer(serializers.Serializer[Any]):
    """A project that is not archived, with how far it is."""

    project = ProjectSerializer()
    agreement = HomeAgreementSerializer(allow_null=True)


class HomeDatasetSerializer(serializers.ModelSerializer[DatasetVersion]):
    """A dataset version."""

    name = serializers.CharField(source="__str__", read_only=True)
    dataset_id = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(source="dataset.kind", choices=DatasetKind.choices, read_only=True)

    class Meta:
        model = DatasetVersion
        fields = ("id", "name", "dataset_id", "number", "kind", "state", "rows_total", "rows_written", "created_at")
        read_only_fields = fields


class ResearcherHomeSerializer(serializers.Serializer[Any]):
    """How the labeling goes."""

    queues = HomeQueueSerializer(many=True)
    throughput = DayCountSerializer(many=True)
    datasets = HomeDatasetSerializer(many=True)


class ProblemSerializer(serializers.Serializer[Any]):
    """Something to see to, and what to do."""

    code = serializers.ChoiceField(choices=("redis_away", "queue_unserved", "beat_stopped", "little_space"))
    message = serializers.CharField()


class AdminHomeSerializer(serializers.Serializer[Any]):
    """How the machines and their runs go."""

    live_runs = RunSerializer(many=True)
    ended_runs = RunSerializer(many=True, help_text="The last five.")
    system = SystemSerializer()
    problems = ProblemSerializer(many=True)


class HomeSerializer(serializers.Serializer[Any]):
    """A person's first page; the parts of higher roles are null."""

    role = serializers.ChoiceField(choices=Role.choices)
    labeler = ProgressSerializer()
    researcher = ResearcherHomeSerializer(allow_null=True)
    admin = AdminHomeSerializer(allow_null=True)

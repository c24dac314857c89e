"""Shapes of a project's statistics."""

from typing import Any

from rest_framework import serializers

from labelapp.labeling.project_serializers import PersonSerializer
from labelapp.labeling.record_serializers import DayCountSerializer
from labelapp.quality.agreement import Agreement
from labelapp.quality.calibration import LEAST_TASKS


class LabelerStatisticsSerializer(serializers.Serializer[Any]):
    """One labeler's work in the project."""

    user = PersonSerializer()
    count = serializers.IntegerField()
    median_active_seconds = serializers.FloatField(allow_null=True)
    skips = serializers.IntegerField()


class AgreementSerializer(serializers.Serializer[Agreement]):
    """How often two labelers of a task put the same one of two responses first; tied pairs are left out.

    Each task weighs alike in the rate, however many have answered it; the pairs are mere counts.
    """

    tasks = serializers.IntegerField()
    pairs = serializers.IntegerField()
    agreeing = serializers.IntegerField()
    tied_pairs = serializers.IntegerField()
    rate = serializers.FloatField()
    interval = serializers.SerializerMethodField(help_text="95 %, Wilson, tasks as clusters: [low, high].")

    def get_interval(self, agreement: Agreement) -> list[float]:
        return [agreement.low, agreement.high]


class AgreedProjectSerializer(serializers.Serializer[Any]):
    """A project by its name."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class ShareSerializer(serializers.Serializer[Agreement]):
    """An agreement in whole percents: a fraction, or a count, would say more than the labeler is to know."""

    rate = serializers.SerializerMethodField()
    interval = serializers.SerializerMethodField(help_text="95 %, Wilson, tasks as clusters: [low, high].")

    def get_rate(self, agreement: Agreement) -> float:
        return round(agreement.rate, 2)

    def get_interval(self, agreement: Agreement) -> list[float]:
        return [round(agreement.low, 2), round(agreement.high, 2)]


class OwnAgreementSerializer(serializers.Serializer[Any]):
    """How often one agrees with the researchers of a project, as of today; null while too few tasks could tell it."""

    project = AgreedProjectSerializer()
    least_tasks = serializers.SerializerMethodField(help_text="From so many common tasks on the agreement is told.")
    agreement = ShareSerializer(allow_null=True)

    def get_least_tasks(self, _own: object) -> int:
        return LEAST_TASKS


class ProjectStatisticsSerializer(serializers.Serializer[Any]):
    """What the project's record says of its labelers."""

    throughput = DayCountSerializer(many=True)
    labelers = LabelerStatisticsSerializer(many=True)
    agreement = AgreementSerializer(allow_null=True)
    ties_rate = serializers.FloatField(allow_null=True)

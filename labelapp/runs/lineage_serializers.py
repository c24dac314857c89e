"""Shapes of lineage: from a checkpoint to the labelers, and from a labeler to the checkpoints."""

from typing import Any

from drf_spectacular.helpers import lazy_serializer
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from labelapp.checkpoints.models import CheckpointKind, CheckpointParent
from labelapp.datasets.models import DatasetKind
from labelapp.runs.models import RunKind
from labelapp.runs.serializers import CheckpointBriefSerializer


class LineageRunSerializer(serializers.Serializer[Any]):
    """The run that made a checkpoint."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=RunKind.choices)


class LineageVersionSerializer(serializers.Serializer[Any]):
    """A dataset version by name."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    dataset_id = serializers.IntegerField()
    number = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=DatasetKind.choices)


class LineageLabelerSerializer(serializers.Serializer[Any]):
    """A labeler and how many rows of a version are theirs."""

    pseudonym = serializers.CharField()
    count = serializers.IntegerField()


class LineageDatasetSerializer(serializers.Serializer[Any]):
    """A dataset version that a checkpoint was trained on, and who said what is in it."""

    role = serializers.CharField()
    version = LineageVersionSerializer()
    rows = serializers.IntegerField()
    labelers = LineageLabelerSerializer(many=True)


class LineageNodeSerializer(serializers.Serializer[Any]):
    """A checkpoint and what it was made from. One that stands in the tree already is not unfolded a second time."""

    checkpoint = CheckpointBriefSerializer()
    run = LineageRunSerializer(allow_null=True)
    is_repeated = serializers.BooleanField()
    datasets = LineageDatasetSerializer(many=True)
    parents = serializers.SerializerMethodField()

    @extend_schema_field(lazy_serializer("labelapp.runs.lineage_serializers.LineageParentSerializer")(many=True))
    def get_parents(self, node: dict[str, Any]) -> Any:
        """The nodes of its parents."""
        return LineageParentSerializer(node["parents"], many=True).data


class LineageParentSerializer(LineageNodeSerializer):
    """A parent, and as what it was used."""

    used_as = serializers.ChoiceField(choices=CheckpointParent.As.choices)


class LineageChildSerializer(serializers.Serializer[Any]):
    """A checkpoint that was made from this one."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=CheckpointKind.choices)
    used_as = serializers.ChoiceField(choices=CheckpointParent.As.choices)


class CheckpointLineageSerializer(LineageNodeSerializer):
    """Where a checkpoint comes from and what came of it."""

    children = LineageChildSerializer(many=True)


class UserDatasetSerializer(serializers.Serializer[Any]):
    """A dataset version with something that a person said."""

    version = LineageVersionSerializer()
    rows = serializers.IntegerField()
    rows_of_user = serializers.IntegerField()


class UserCheckpointSerializer(serializers.Serializer[Any]):
    """A checkpoint that a person's labels touched: trained on them, or descended from one that was."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=CheckpointKind.choices)
    is_direct = serializers.BooleanField()


class UserLineageSerializer(serializers.Serializer[Any]):
    """What became of a person's labels."""

    submissions = serializers.IntegerField()
    datasets = UserDatasetSerializer(many=True)
    checkpoints = UserCheckpointSerializer(many=True)

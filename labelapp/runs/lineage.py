"""From a model back to the labels that made it, and from a labeler to the models that they touched."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count

from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint, CheckpointParent
from labelapp.datasets.models import DatasetRow, DatasetVersion
from labelapp.labeling.models import Submission
from labelapp.runs.models import Run, RunInput


@dataclass(slots=True)
class _Family:
    """A checkpoint's ancestors, itself included, with what made each; read in a few queries however many they are."""

    checkpoints: dict[int, Checkpoint] = field(default_factory=dict)
    links: dict[int, list[CheckpointParent]] = field(default_factory=lambda: defaultdict(list))
    runs: dict[int, Run] = field(default_factory=dict)
    datasets: dict[int, list[RunInput]] = field(default_factory=lambda: defaultdict(list))
    labelers: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))


def checkpoint_lineage(checkpoint: Checkpoint) -> dict[str, Any]:
    """What a checkpoint was made from, all the way back to the labelers, and what was made from it."""
    family = _read_family(checkpoint)
    children = checkpoint.child_links.select_related("child").order_by("child_id", "used_as")
    return _node(checkpoint.pk, family=family, seen=set()) | {
        "children": [brief(link.child) | {"used_as": link.used_as} for link in children]
    }


def brief(checkpoint: Checkpoint) -> dict[str, Any]:
    """A checkpoint by name."""
    return {"id": checkpoint.pk, "name": checkpoint.name, "kind": checkpoint.kind}


def _node(pk: int, *, family: _Family, seen: set[int]) -> dict[str, Any]:
    """One checkpoint with its parents' nodes. One that stands in the tree already is not unfolded again.

    A policy and its reward model often share an ancestor, so an unfolded tree would double at each turn of the loop.
    """
    is_repeated = pk in seen
    seen.add(pk)
    run = family.runs.get(pk)
    return {
        "checkpoint": brief(family.checkpoints[pk]),
        "run": {"id": run.pk, "name": run.name, "kind": run.kind} if run else None,
        "is_repeated": is_repeated,
        "datasets": [] if is_repeated else [_dataset(given, family=family) for given in family.datasets[pk]],
        "parents": []
        if is_repeated
        else [
            {"used_as": link.used_as, **_node(link.parent_id, family=family, seen=seen)} for link in family.links[pk]
        ],
    }


def _dataset(given: RunInput, *, family: _Family) -> dict[str, Any]:
    version = given.dataset_version
    assert version is not None
    return {"role": given.role, **_version(version), "labelers": family.labelers[version.pk]}


def _version(version: DatasetVersion) -> dict[str, Any]:
    return {
        "version": {
            "id": version.pk,
            "name": str(version),
            "dataset_id": version.dataset_id,
            "number": version.number,
            "kind": version.dataset.kind,
        },
        "rows": version.rows_total or 0,
    }


def _read_family(checkpoint: Checkpoint) -> _Family:
    family = _Family(checkpoints={checkpoint.pk: checkpoint})
    newest = [checkpoint.pk]
    while newest:
        links = CheckpointParent.objects.filter(child__in=newest).select_related("parent").order_by("used_as", "pk")
        newest = []
        for link in links:
            family.links[link.child_id].append(link)
            if link.parent_id not in family.checkpoints:
                family.checkpoints[link.parent_id] = link.parent
                newest.append(link.parent_id)
    _read_runs(family)
    return family


def _read_runs(family: _Family) -> None:
    for run in Run.objects.filter(checkpoint__in=family.checkpoints).order_by("pk"):
        assert run.checkpoint_id is not None
        family.runs[run.checkpoint_id] = run
    given = RunInput.objects.filter(run__checkpoint__in=family.checkpoints, dataset_version__isnull=False)
    for row in given.select_related("run", "dataset_version__dataset").order_by("run_id", "role"):
        assert row.run.checkpoint_id is not None
        family.datasets[row.run.checkpoint_id].append(row)
    versions = {row.dataset_version_id for rows in family.datasets.values() for row in rows}
    counts = (
        DatasetRow.objects.filter(version__in=versions, submission__isnull=False)
        .values("version_id", "submission__labeler__pseudonym")
        .annotate(count=Count("pk"))
        .order_by("version_id", "-count", "submission__labeler__pseudonym")
    )
    for count in counts:
        labeler = {"pseudonym": count["submission__labeler__pseudonym"], "count": count["count"]}
        family.labelers[count["version_id"]].append(labeler)


def user_lineage(user: User) -> dict[str, Any]:
    """Which dataset versions hold what a person said, and which checkpoints were trained on these or descend so."""
    rows = (
        DatasetRow.objects.filter(submission__labeler=user)
        .values("version_id")
        .annotate(count=Count("pk"))
        .values_list("version_id", "count")
    )
    counts = dict(rows.order_by("version_id"))
    versions = DatasetVersion.objects.filter(pk__in=counts).select_related("dataset").order_by("pk")
    runs = Run.objects.filter(inputs__dataset_version__in=counts, checkpoint__isnull=False).distinct()
    direct = {pk for pk in runs.order_by("pk").values_list("checkpoint_id", flat=True) if pk is not None}
    touched = Checkpoint.objects.filter(pk__in=_with_descendants(direct)).order_by("pk")
    return {
        "submissions": Submission.objects.standing().filter(labeler=user).count(),
        "datasets": [_version(version) | {"rows_of_user": counts[version.pk]} for version in versions],
        "checkpoints": [brief(checkpoint) | {"is_direct": checkpoint.pk in direct} for checkpoint in touched],
    }


def _with_descendants(checkpoints: set[int]) -> set[int]:
    found, newest = set(checkpoints), set(checkpoints)
    while newest:
        links = CheckpointParent.objects.filter(parent__in=newest).order_by("pk").values_list("child_id", flat=True)
        newest = set(links) - found
        found |= newest
    return found

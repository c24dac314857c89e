"""Reads of datasets, their versions and where each row comes from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Left

from labelapp.common.errors import Conflict, NotFound
from labelapp.datasets.filters import parse_filters
from labelapp.datasets.models import Dataset, DatasetKind, DatasetRow, DatasetVersion
from labelapp.datasets.selection import Selection, measure
from labelapp.datasets.writing import MANIFEST
from labelapp.prompts.models import Split

EXCERPT_LENGTH = 200
LARGE_SHARE = 0.5
CONTENT_TYPES = {
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a query would freeze now, and what one should know before."""

    rows: int
    pairs: int
    split_counts: dict[str, int]
    labelers: int
    warnings: list[str]


def preview(kind: str, query: Any) -> Preview:
    """Count what `query` finds now. Raises InvalidInput for a wrong filter."""
    found = measure(kind, parse_filters(kind, query))
    return Preview(found.rows, found.pairs, found.split_counts, found.labelers, _warnings(kind, found))


def _warnings(kind: str, found: Selection) -> list[str]:
    if not found.rows:
        return ["Nothing matches these filters: there is nothing to freeze."]
    warnings = []
    if kind == DatasetKind.COMPARISONS and not found.pairs:
        warnings.append("All rankings are ties throughout: there is no pair to learn from, and nothing to freeze.")
    elif found.rows_without_pairs:
        warnings.append(f"{found.rows_without_pairs} of {found.rows} rankings are ties throughout and give no pair.")
    if not found.split_counts[Split.TRAIN]:
        warnings.append("No row is in the train split: no run can train on this. Splits go by the prompts' submitters.")
    elif not found.split_counts[Split.VALID]:
        warnings.append("No row is in the validation split: a run has nothing to measure itself on.")
    if found.labelers == 1:
        warnings.append("All of it is one labeler's: a model would learn that person's taste.")
    elif found.largest_share > LARGE_SHARE:
        warnings.append(f"{found.largest_share:.0%} of the rows are one labeler's.")
    return warnings


def datasets(*, kind: str = "", archived: bool = False) -> QuerySet[Dataset]:
    """The datasets by name, with their newest version and how many there are."""
    found = _with_versions().filter(archived_at__isnull=not archived)
    return found.filter(kind=kind) if kind else found


def access_dataset(dataset_id: int) -> Dataset:
    """Return one dataset as `datasets` does, archived or not. Raises NotFound."""
    found: Dataset | None = _with_versions().filter(pk=dataset_id).first()
    if found is None:
        raise NotFound("There is no such dataset.")
    return found


def _with_versions() -> QuerySet[Any, Any]:
    newest = DatasetVersion.objects.filter(dataset=OuterRef("pk")).order_by("-number")
    return Dataset.objects.annotate(
        version_count=Count("versions"),
        newest_id=Subquery(newest.values("pk")[:1]),
        newest_number=Subquery(newest.values("number")[:1]),
        newest_state=Subquery(newest.values("state")[:1]),
    ).order_by("name")


def versions(*, kind: str = "", state: str = "", dataset: int | None = None) -> QuerySet[DatasetVersion]:
    """The versions, newest first."""
    filters = {"dataset__kind": kind, "state": state}
    found = DatasetVersion.objects.filter(**{column: value for column, value in filters.items() if value})
    if dataset is not None:
        found = found.filter(dataset__pk=dataset)
    return found.select_related("dataset", "created_by").order_by("-created_at", "-pk")


def access_version(version_id: int) -> DatasetVersion:
    """Return one version. Raises NotFound."""
    version = DatasetVersion.objects.select_related("dataset", "created_by").filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such dataset version.")
    return version


def access_file(version: DatasetVersion, name: str) -> tuple[Path, str]:
    """Return a file's path and content type. Only names that the version lists are opened: no path can lead out.

    Raises:
        NotFound: the version has no such file (yet).
        Conflict: it is no longer on the disk.
    """
    known = {entry["name"] for entry in version.files} | {MANIFEST}
    if version.state != DatasetVersion.State.READY or name not in known:
        raise NotFound("This version has no such file.")
    path: Path = settings.DATA_DIR / version.directory / name
    if not path.is_file():
        raise Conflict(f"{name} is no longer on the server's disk. Restore it from a backup.", code="file_gone")
    return path, CONTENT_TYPES[path.suffix.removeprefix(".")]


def version_rows(version: DatasetVersion, *, split: str = "") -> QuerySet[DatasetRow]:
    """The rows of a version in the order of its files, each with the label and the prompt that it comes from."""
    found = version.rows.select_related("submission__labeler", "submission__project", "prompt")
    found = found.defer("prompt__messages", "prompt__text", "prompt__search", "submission__demonstration")
    if split:
        found = found.filter(split=split)
    return found.annotate(prompt_text=Left("prompt__text", EXCERPT_LENGTH)).order_by("split", "number")

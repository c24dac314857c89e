"""Reads of datasets, their versions and where each row comes from."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery

from labelapp.accounts.models import User
from labelapp.common.errors import NotFound
from labelapp.common.search import named
from labelapp.common.storage import StoredFile
from labelapp.datasets.figures import Figures, Warning, figures_of, warnings_of
from labelapp.datasets.filters import parse_filters
from labelapp.datasets.models import Dataset, DatasetRow, DatasetVersion
from labelapp.datasets.storing import MANIFEST, stored_file
from labelapp.labeling.models import InstructionVersion
from labelapp.prompts.erased import excerpt

EXCERPT_LENGTH = 200
CONTENT_TYPES = {
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a query would freeze now, and what one should know before."""

    query: dict[str, Any]
    figures: Figures
    labelers: list[dict[str, Any]]
    instruction_versions: list[dict[str, Any]]
    warnings: list[Warning]


def preview(kind: str, query: Any) -> Preview:
    """Count what `query` finds now. Raises InvalidInput for a wrong filter."""
    filters = parse_filters(kind, query)
    found = figures_of(kind, filters)
    return Preview(
        query=filters,
        figures=found,
        labelers=labeler_counts(found.labelers),
        instruction_versions=instruction_counts(found.instruction_versions),
        warnings=warnings_of(found, filters),
    )


def labeler_counts(counts: Mapping[int, int]) -> list[dict[str, Any]]:
    """Who they are that gave so many answers, the most first."""
    people = User.objects.in_bulk(list(counts))
    rows = [{"user": people[pk], "rows": rows} for pk, rows in counts.items()]
    return sorted(rows, key=lambda row: (-row["rows"], row["user"].pk))


def instruction_counts(counts: Mapping[int, int]) -> list[dict[str, Any]]:
    """Which instructions so many answers followed, by project."""
    versions = InstructionVersion.objects.filter(pk__in=counts).select_related("project").defer("body")
    return [{"version": one, "rows": counts[one.pk]} for one in versions.order_by("project__name", "number")]


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


def versions(
    *,
    kind: Collection[str] = (),
    state: str = "",
    dataset: int | None = None,
    before: int | None = None,
    search: str = "",
) -> QuerySet[DatasetVersion]:
    """The versions, newest first; with `before`, those of a lower number."""
    filters = {"dataset__kind__in": kind, "state": state, "dataset": dataset, "number__lt": before}
    found = DatasetVersion.objects.filter(**{column: value for column, value in filters.items() if value})
    return named(found, search, "dataset__name").select_related("dataset", "created_by").order_by("-created_at", "-pk")


def access_version(version_id: int) -> DatasetVersion:
    """Return one version. Raises NotFound."""
    version = DatasetVersion.objects.select_related("dataset", "created_by").filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such dataset version.")
    return version


@dataclass(frozen=True, slots=True)
class VersionFile:
    """A file of a version."""

    stored: StoredFile
    content_type: str
    sha256: str


def access_file(version: DatasetVersion, name: str) -> VersionFile:
    """Return a file of a version. Only names that the version lists are opened: no path can lead out.

    Raises:
        NotFound: the version has no such file (yet).
        Conflict: it is no longer there.
        StorageUnavailable: the bucket does not answer.
    """
    known = {entry["name"]: entry["sha256"] for entry in version.files} | {MANIFEST: version.sha256}
    if version.state != DatasetVersion.State.READY or name not in known:
        raise NotFound("This version has no such file.")
    return VersionFile(stored_file(version, name), CONTENT_TYPES[name.rpartition(".")[2]], known[name])


def version_sources(version: DatasetVersion) -> dict[str, list[dict[str, Any]]]:
    """Whose answers a version holds and which instructions they followed, with how many rows came of each."""
    rows = version.rows.filter(submission__isnull=False).order_by()

    def counts(column: str) -> dict[int, int]:
        return dict(rows.values_list(f"submission__{column}").annotate(Count("pk")))

    return {
        "labelers": labeler_counts(counts("labeler")),
        "instruction_versions": instruction_counts(counts("instruction_version")),
    }


def version_rows(version: DatasetVersion, *, split: str = "") -> QuerySet[DatasetRow]:
    """The rows of a version in the order of its files, each with the label and the prompt that it comes from."""
    found = version.rows.select_related(
        "submission__labeler",
        "submission__project",
        "submission__instruction_version",
        "submission__task__batch__checkpoint",
        "submission__task__batch__endpoint",
        "prompt",
    )
    found = found.defer("submission__instruction_version__body", "submission__project__questions")
    found = found.defer("prompt__messages", "prompt__text", "prompt__search", "submission__demonstration")
    if split:
        found = found.filter(split=split)
    return found.annotate(prompt_text=excerpt(EXCERPT_LENGTH, of="prompt__")).order_by("split", "number")

"""Writes of datasets and their versions. The files themselves are written in `writing`."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.enqueue import enqueue_on_commit
from labelapp.common.errors import Conflict, InvalidInput
from labelapp.common.events import publish_on_commit
from labelapp.datasets import tasks
from labelapp.datasets.filters import parse_filters, without
from labelapp.datasets.models import Dataset, DatasetKind, DatasetVersion
from labelapp.datasets.selection import selected_prompts, selected_submissions
from labelapp.labeling.models import Judgment


def create_dataset(name: str, *, kind: str, created_by: User, description: str = "") -> Dataset:
    """Add a dataset without versions. Raises Conflict where the name is taken."""
    dataset = Dataset(name=name, kind=kind, description=description, created_by=created_by)
    _save(dataset)
    publish_on_commit("datasets", type="dataset", id=dataset.pk)
    return dataset


def update_dataset(
    dataset: Dataset, *, name: str | None = None, description: str | None = None, archived: bool | None = None
) -> Dataset:
    """Change what is not given as None. Raises Conflict where the name is taken."""
    dataset.name = name or dataset.name
    dataset.description = dataset.description if description is None else description
    if archived is not None:
        dataset.archived_at = (dataset.archived_at or timezone.now()) if archived else None
    _save(dataset)
    publish_on_commit("datasets", type="dataset", id=dataset.pk)
    return dataset


@transaction.atomic
def freeze(dataset: Dataset, *, query: Any, created_by: User) -> DatasetVersion:
    """Number a new version and have its files written in the background.

    Raises:
        InvalidInput: a filter is wrong, or nothing would be in the version that can be trained on.
        Conflict: the dataset is archived.
    """
    locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
    if locked.archived_at is not None:
        raise Conflict("This dataset is archived. Restore it first.", code="dataset_archived")
    filters = parse_filters(locked.kind, query)
    _check_not_empty(locked.kind, filters)
    last = locked.versions.aggregate(last=Max("number"))["last"] or 0
    version = DatasetVersion.objects.create(dataset=locked, number=last + 1, query=filters, created_by=created_by)
    enqueue_on_commit(tasks.write, version.pk)
    publish_on_commit("datasets", type="version", id=version.pk)
    return version


def rebuild(
    version: DatasetVersion,
    *,
    created_by: User,
    without_labeler_id: int | None = None,
    without_instruction_version_id: int | None = None,
) -> DatasetVersion:
    """Freeze the same query again as the next version, without a labeler or without a version of the instructions.

    Raises:
        InvalidInput: not exactly one is given, the version has nothing of it, or nothing would be left.
        Conflict: the dataset is archived.
    """
    asked = {
        "without_labeler_id": without_labeler_id,
        "without_instruction_version_id": without_instruction_version_id,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    if len(given) != 1:
        raise InvalidInput(f"Give either {' or '.join(asked)}.", field="without_labeler_id")
    ((name, value),) = given.items()
    column = name.removeprefix("without_").removesuffix("_id")
    if not version.rows.filter(**{f"submission__{column}": value}).exists():
        raise InvalidInput(f"{version} has no row of this {column.replace('_', ' ')}.", field=name)
    changed = without(version.query, **{name.removeprefix("without_"): value})
    return freeze(version.dataset, query=changed, created_by=created_by)


def _check_not_empty(kind: str, filters: dict[str, Any]) -> None:
    """Refuse at once what can be seen at once; what the rules on ties and agreement leave, the writer will see."""
    if kind == DatasetKind.PROMPTS:
        if not selected_prompts(filters).exists():
            raise InvalidInput("No prompts match these filters.", field="query", code="no_rows")
        return
    found = selected_submissions(kind, filters).order_by()
    if not found.exists():
        raise InvalidInput("No submissions match these filters.", field="query", code="no_rows")
    # Ranks are dense: where any is above 1, it is below another.
    if kind == DatasetKind.COMPARISONS and not Judgment.objects.filter(submission__in=found, rank__gt=1).exists():
        message = f"All {found.count()} rankings are ties throughout: there is no pair to learn from."
        raise InvalidInput(message, field="query", code="no_pairs")


def _save(dataset: Dataset) -> None:
    try:
        with transaction.atomic():
            dataset.save()
    except IntegrityError as error:
        raise Conflict(f"There is already a dataset called {dataset.name}.", field="name", code="name_taken") from error

"""What an evaluation compares: batches of responses, one of them the baseline, under names that labelers never see."""

import re
from collections.abc import Sequence

from django.db.models import Count, Q, QuerySet

from labelapp.common.errors import InvalidInput
from labelapp.labeling.models import EVALUATIONS, MAX_RESPONSES, MIN_SOURCES, Project, ProjectSource
from labelapp.prompts.models import Prompt, SampleBatch

MIN_TELLING = 3  # a model called "a" is in every sentence


def add_sources(project: Project, *, batch_ids: Sequence[int], baseline_id: int | None) -> None:
    """Write down what the project compares; from then on it is fixed.

    Raises:
        InvalidInput: a batch is unknown or empty, or the project's name or description names one of the models.
    """
    known = SampleBatch.objects.select_related("checkpoint", "endpoint").in_bulk(batch_ids)
    answered = set(SampleBatch.objects.filter(pk__in=batch_ids, responses__isnull=False).values_list("pk", flat=True))
    wrong = {pk: f"Batch {pk} has no responses." if pk in known else f"There is no batch {pk}." for pk in batch_ids}
    errors = [(f"source_ids.{i}", wrong[pk]) for i, pk in enumerate(batch_ids) if pk not in answered]
    if errors:
        raise InvalidInput(errors[0][1], errors=errors)
    ProjectSource.objects.bulk_create(
        ProjectSource(project=project, batch_id=pk, is_baseline=pk == baseline_id, position=position)
        for position, pk in enumerate(batch_ids)
    )
    check_blind(project)


def check_sources(kind: str, batch_ids: Sequence[int], *, baseline_id: int | None) -> None:
    """Check that an evaluation has sources and one of them as its baseline, and that nothing else has any.

    Raises:
        InvalidInput: names the field.
    """
    if kind not in EVALUATIONS:
        if batch_ids or baseline_id is not None:
            raise InvalidInput("Only an evaluation has sources.", field="source_ids")
        return
    if not MIN_SOURCES <= len(batch_ids) <= MAX_RESPONSES:
        message = f"An evaluation compares {MIN_SOURCES} to {MAX_RESPONSES} batches, not {len(batch_ids)}."
        raise InvalidInput(message, field="source_ids")
    if len(set(batch_ids)) < len(batch_ids):
        raise InvalidInput("A batch can be a source only once.", field="source_ids")
    if baseline_id not in batch_ids:
        raise InvalidInput("The baseline must be one of the sources.", field="baseline_id")


def check_blind(project: Project) -> None:
    """Check that what labelers read in their list of projects does not name a model that they are to judge blind.

    Raises:
        InvalidInput: it does.
    """
    check_text_blind(project, name=project.name, description=project.description)


def check_text_blind(project: Project, **texts: str) -> None:
    """Check that `texts`, by the names of their fields, do not name a model that this project's labelers judge blind.

    Raises:
        InvalidInput: one of them does.
    """
    sources = project.sources.select_related("batch__checkpoint", "batch__endpoint")
    names = {name for source in sources for name in names_of(source.batch)}
    for field, text in texts.items():
        told = sorted(name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE))
        if told:
            message = f"Labelers read this, and it names what they are to judge blind: {', '.join(told)}."
            raise InvalidInput(message, field=field, code="not_blind")


def names_of(batch: SampleBatch) -> set[str]:
    """Return every name that would give away where the responses of this batch come from."""
    endpoint = {batch.endpoint.name, batch.endpoint.model} if batch.endpoint else set()
    checkpoint = {batch.checkpoint.name} if batch.checkpoint else set()
    return {name for name in {batch.name, *checkpoint, *endpoint} if len(name) >= MIN_TELLING}


def answered_by_all(prompts: QuerySet[Prompt], batch_ids: Sequence[int]) -> QuerySet[Prompt]:
    """Return those of `prompts` that have a response in each of these batches."""
    found = Count("responses__batch", filter=Q(responses__batch__in=batch_ids), distinct=True)
    return prompts.filter(responses__batch__in=batch_ids).annotate(answered=found).filter(answered=len(batch_ids))

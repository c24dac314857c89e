"""Reads of prompts, responses and imports."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Count, Exists, F, Func, IntegerField, Max, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce, Left

from labelapp.common.errors import NotFound
from labelapp.common.search import named
from labelapp.prompts.erased import shown
from labelapp.prompts.importing.forgetting import is_withheld
from labelapp.prompts.importing.parsing import anonymous
from labelapp.prompts.models import (
    ImportLine,
    PiiState,
    Prompt,
    PromptImport,
    PromptKind,
    Response,
    SampleBatch,
    Split,
    UseCase,
)
from labelapp.prompts.statistics import lasting

EXCERPT_LENGTH = 300
GOOD_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PromptFilter:
    """Which prompts are meant; what is empty does not matter. `archived` None means both.

    What somebody sent who asked for deletion is never meant.
    """

    search: str = ""
    use_case: str = ""
    kind: str = ""
    split: str = ""
    language: str = ""
    submitter: str = ""
    tag: str = ""
    pii_state: str = ""
    prompt_import: int | None = None
    up_to_id: int | None = None
    archived: bool | None = False

    def apply(self, prompts: QuerySet[Prompt]) -> QuerySet[Prompt]:
        """Return those of `prompts` that are meant."""
        wanted = {
            "use_case": self.use_case,
            "kind": self.kind,
            "submitter__split": self.split,
            "language": self.language,
            "submitter__key": self.submitter,
            "pii_state": self.pii_state,
            "prompt_import": self.prompt_import,
            "pk__lte": self.up_to_id,
            "tags__contains": [self.tag] if self.tag else None,
        }
        found = shown(prompts).filter(**{column: value for column, value in wanted.items() if value})
        if self.tag:
            found = found.exclude(tags=[])  # said so, the index is used, which leaves out those without a tag
        if self.search.strip():
            query = SearchQuery(self.search, config="simple", search_type="websearch")
            found = found.filter(search=query)
        return found if self.archived is None else found.filter(archived_at__isnull=not self.archived)


def count_prompts(prompts: PromptFilter) -> dict[str, int | None]:
    """Count the prompts to the last one; `up_to_id` is the newest that was counted."""
    found = prompts.apply(Prompt.objects.order_by()).aggregate(count=Count("pk"), up_to_id=Max("pk"))
    return dict(found)


def access_prompt(prompt_id: int) -> Prompt:
    """Return one prompt with all its responses. Raises NotFound."""
    responses = Response.objects.select_related("batch__checkpoint", "batch__endpoint").order_by("-batch_id", "number")
    prompt = (
        Prompt.objects.filter(pk=prompt_id)
        .select_related("submitter", "written")
        .defer("search")
        .prefetch_related(Prefetch("responses", responses))
        .first()
    )
    if prompt is None:
        raise NotFound("There is no such prompt.")
    return prompt


def is_redacted(prompt: Prompt) -> bool:
    """Say whether a person took personal data out of it."""
    return prompt.pii_reviews.filter(original_messages__isnull=False).exists()


def batches_of(prompt: Prompt) -> list[dict[str, Any]]:
    """Return the batches that have responses to a prompt of `access_prompt`, newest first, each with them."""
    batches: dict[int, dict[str, Any]] = {}
    for response in prompt.responses.all():
        entry = batches.setdefault(response.batch_id, {"batch": response.batch, "responses": []})
        entry["responses"].append(response)
    return list(batches.values())


def family_of(prompt: Prompt) -> list[int]:
    """Return the ids of the prompts that were written at once with this one, itself among them, in their order."""
    return list(Prompt.objects.filter(written=prompt.written).order_by("written_number").values_list("pk", flat=True))


def replaced_by(prompt: Prompt) -> list[int]:
    """Return the ids of the corrected copies that researchers put in this prompt's place, in the order of time."""
    return _ids(Prompt.objects.filter(replaces__task__prompt=prompt))


def replaced(prompt: Prompt) -> list[int]:
    """Return the ids of the prompts in whose place this one is, in the order of time."""
    return _ids(Prompt.objects.filter(tasks__decisions__replacement_prompt=prompt))


def _ids(prompts: QuerySet[Prompt]) -> list[int]:
    return list(prompts.order_by("pk").values_list("pk", flat=True).distinct())


def facets() -> dict[str, list[dict[str, Any]]]:
    """Return how many unarchived prompts have each value, for every filter that offers a choice.

    Of a large workspace the figures may be some minutes old.
    """
    return lasting("prompts:facets", _facets)


def _facets() -> dict[str, list[dict[str, Any]]]:
    columns = ("use_case", "kind", "submitter__split", "language", "pii_state")
    unarchived = shown(Prompt.objects.filter(archived_at=None).order_by())
    # One look at the table for all of them: there are few combinations.
    together = list(unarchived.values_list(*columns).annotate(Count("pk")))
    use_cases, kinds, splits, languages, pii_states = (_counts(together, place) for place in range(len(columns)))
    tagged = unarchived.exclude(tags=[]).annotate(tag=Func(F("tags"), function="unnest"))
    tags = dict(tagged.values_list("tag").annotate(Count("pk")))
    return {
        "use_case": _choices(UseCase.choices, use_cases),
        "kind": _choices(PromptKind.choices, kinds),
        "split": _choices(Split.choices, splits),
        "language": _choices([(code, code) for code in sorted(languages) if code], languages),
        "pii_state": _choices(PiiState.choices, pii_states),
        "tag": _choices([(tag, tag) for tag in sorted(tags)], tags),
    }


def _counts(together: list[tuple[Any, ...]], place: int) -> Counter[str]:
    counts: Counter[str] = Counter()
    for *values, count in together:
        counts[values[place]] += count
    return counts


def _choices(choices: list[tuple[str, Any]], counts: Mapping[str, int]) -> list[dict[str, Any]]:
    return [{"value": value, "label": str(label), "count": counts.get(value, 0)} for value, label in choices]


def sample_batches(*, checkpoint: int | None = None, search: str = "") -> QuerySet[SampleBatch]:
    """The batches, newest first, with the number of their responses."""
    responses = Response.objects.filter(batch=OuterRef("pk")).order_by().values("batch").annotate(found=Count("pk"))
    found = SampleBatch.objects.select_related("checkpoint", "endpoint").annotate(
        response_count=Coalesce(Subquery(responses.values("found"), output_field=IntegerField()), 0)
    )
    if checkpoint is not None:
        found = found.filter(checkpoint__pk=checkpoint)
    return named(found, search, "name", "checkpoint__name", "endpoint__name").order_by("-id")


def access_sample_batch(batch_id: int) -> SampleBatch:
    """Return one batch. Raises NotFound."""
    batch = sample_batches().filter(pk=batch_id).first()
    if batch is None:
        raise NotFound("There is no such batch of responses.")
    return batch


def imports(*, state: str = "", search: str = "") -> QuerySet[PromptImport]:
    """The imports, newest first, without their reports."""
    found = named(PromptImport.objects.order_by("-created_at", "-id"), search, "title", "file_name")
    if state:
        found = found.filter(state=state)
    return found.defer("report").select_related("created_by")


def prompts_to_review() -> QuerySet[Prompt]:
    """The prompts whose findings of personal data wait for a person, the oldest first."""
    found = shown(Prompt.objects.filter(pii_state=PiiState.OPEN))  # what is archived can be read, too
    return found.select_related("submitter").defer("search", "text", "fingerprints").order_by("id")


def dropped_lines(prompt_import: PromptImport, *, verdict: str = "") -> QuerySet[ImportLine]:
    """The lines of an import that became no prompt, and why; before it is confirmed, those that will not."""
    found = ImportLine.objects.filter(prompt_import=prompt_import).exclude(verdict=ImportLine.Verdict.NEW)
    if verdict:
        found = found.filter(verdict=verdict)
    return _explained(found).order_by("line")


def dropped_in_favour_of(prompt: Prompt) -> QuerySet[ImportLine]:
    """The lines of imports that were left out because this prompt was there."""
    return _explained(ImportLine.objects.filter(duplicate_of=prompt)).order_by("prompt_import", "line")


def _explained(lines: QuerySet[ImportLine]) -> QuerySet[ImportLine]:
    """The lines with what their explanations need."""
    needed = ("line", "verdict", "duplicate_of_line", "similarity", "submitter", "model", "text")
    options = ("prefix_characters", "near_similarity", "cap_per_submitter")
    return (
        lines.annotate(is_withheld=is_withheld())
        .select_related("duplicate_of__submitter", "prompt_import")
        .only(
            *needed,
            "duplicate_of__text",
            "duplicate_of__submitter__erased_at",
            *(f"prompt_import__{name}" for name in options),
        )
    )


def import_report(prompt_import: PromptImport) -> dict[str, list[dict[str, Any]]]:
    """The first bad lines of an import, and the first good ones as they are now; of an undone one, what is kept.

    Their texts are not stored with it: they are the prompts', where somebody may redact them.
    """
    ids = prompt_import.report.get("kept", [])
    texts = dict(shown(Prompt.objects.filter(pk__in=ids)).values_list("pk", Left("text", EXCERPT_LENGTH)))
    kept = [{"id": pk, "text": texts.get(pk, "")} for pk in ids]
    return {"bad": prompt_import.report.get("bad", []), "good": list(_good_lines(prompt_import)), "kept": kept}


def _good_lines(prompt_import: PromptImport) -> Iterator[dict[str, Any]]:
    if prompt_import.state in (PromptImport.State.PREVIEWED, PromptImport.State.REFUSED):
        there = Prompt.objects.filter(dedup_key=OuterRef("dedup_key"))
        new = ImportLine.objects.filter(~Exists(there), prompt_import=prompt_import, verdict=ImportLine.Verdict.NEW)
        for line in new.order_by("line")[:GOOD_SHOWN]:
            yield _good_line(line, line.line, submitter=line.submitter, responses=len(line.responses or []))
    elif prompt_import.state == PromptImport.State.IMPORTED:
        written = shown(Prompt.objects.filter(prompt_import=prompt_import)).select_related("submitter").defer("search")
        first = list(written.order_by("import_line")[:GOOD_SHOWN])
        said = Response.objects.filter(prompt__in=first, batch__prompt_import=prompt_import).order_by()
        counts = dict(said.values_list("prompt").annotate(Count("pk")))
        for prompt in first:
            owner = prompt.submitter.key
            named = "" if owner == anonymous(prompt.dedup_key) else owner
            yield _good_line(prompt, prompt.import_line or 0, submitter=named, responses=counts.get(prompt.pk, 0))


def _good_line(row: Prompt | ImportLine, line: int, *, submitter: str, responses: int) -> dict[str, Any]:
    known = {"kind": row.kind, "use_case": row.use_case, "language": row.language}
    return {"line": line, "text": row.text[:EXCERPT_LENGTH], **known, "submitter": submitter, "responses": responses}


def access_import(import_id: int) -> PromptImport:
    """Return one import. Raises NotFound."""
    found = PromptImport.objects.select_related("created_by").filter(pk=import_id).first()
    if found is None:
        raise NotFound("There is no such import.")
    return found

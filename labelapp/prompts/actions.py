"""Writes of prompts, their submitters and their responses."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from formats.errors import FormatError
from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint, Endpoint
from labelapp.common.errors import Conflict, InvalidInput
from labelapp.prompts.bulk import check_restorable, of_locked_senders
from labelapp.prompts.content import MAX_TAGS, PromptContent, check_annotations, check_language
from labelapp.prompts.dedup import dedup_key
from labelapp.prompts.erased import check_shown
from labelapp.prompts.importing.near import compared_text, fingerprints
from labelapp.prompts.models import Prompt, Response, SampleBatch, Submitter
from labelapp.prompts.splits import split_of

INSERT_ROWS = 1000


@dataclass(frozen=True, slots=True)
class NewResponse:
    """One response to add to a batch. `number` tells it from the batch's others for the same prompt."""

    prompt_id: int
    number: int
    text: str
    finish_reason: str = ""
    prompt_tokens: int | None = None
    response_tokens: int | None = None
    seed: int | None = None


@transaction.atomic
def create_prompt(fields: Mapping[str, Any], *, created_by: User) -> Prompt:
    """Add one prompt; without a submitter it is its author's. Raises InvalidInput, and Conflict where it exists."""
    try:
        content = PromptContent.from_json(dict(fields))
    except FormatError as error:
        raise invalid_format(error) from error
    submitter = ensure_submitter(content.submitter) if content.submitter else submitter_of(created_by)
    prompt = new_prompt(content, submitter=submitter, created_by=created_by)
    try:
        with transaction.atomic():
            prompt.save(force_insert=True)
    except IntegrityError as error:
        existing = Prompt.objects.get(dedup_key=prompt.dedup_key)
        raise Conflict("This prompt is there already.", code="duplicate_prompt", prompt_id=existing.pk) from error
    return prompt


def new_prompt(content: PromptContent, *, submitter: Submitter, created_by: User) -> Prompt:
    """Return a prompt that is not saved yet."""
    return Prompt(
        messages=[message.to_json() for message in content.turns()],
        text=content.text(),
        kind=content.kind,
        use_case=content.use_case,
        submitter=submitter,
        language=content.language,
        annotations=content.annotations,
        deployment_context=content.deployment_context,
        dedup_key=dedup_key(content.turns()),
        fingerprints=fingerprints(compared_text(content.turns(), kind=content.kind)),
        created_by=created_by,
    )


@transaction.atomic
def update_prompt(
    prompt: Prompt,
    *,
    use_case: str | None = None,
    annotations: Mapping[str, bool] | None = None,
    change_annotations: Mapping[str, bool | None] | None = None,
    language: str | None = None,
    deployment_context: str | None = None,
    archived: bool | None = None,
    add_tags: Iterable[str] = (),
    remove_tags: Iterable[str] = (),
) -> Prompt:
    """Change what is known of a prompt where it is not given as None; its text never changes.

    Of its tags only those named, and of its annotations only those in `change_annotations` (None: no longer said);
    what others changed since somebody looked stays so. `annotations` takes the place of them all.
    Raises InvalidInput, and Conflict where it was erased or may not be brought back.
    """
    check_shown(prompt)
    changed = change_annotations or {}
    try:
        check_annotations(dict(annotations or {}), "annotations")
        check_annotations({name: bool(value) for name, value in changed.items()}, "change_annotations")
        check_language(language or "", "language")
    except FormatError as error:
        raise invalid_format(error) from error
    given: dict[str, Any] = {
        "use_case": use_case,
        "annotations": annotations,
        "language": language,
        "deployment_context": deployment_context,
    }
    changes = {column: value for column, value in given.items() if value is not None}
    if archived is not None:
        changes["archived_at"] = (prompt.archived_at or timezone.now()) if archived else None
    if archived is False:
        check_restorable(of_locked_senders(Prompt.objects.filter(pk=prompt.pk)))
    locked = Prompt.objects.select_for_update(no_key=True)
    if changed:
        said = annotations
        if said is None:
            said = locked.values_list("annotations", flat=True).get(pk=prompt.pk)
        changes["annotations"] = annotated(said, changed)
    if add_tags or remove_tags:
        now = locked.values_list("tags", flat=True).get(pk=prompt.pk)
        changes["tags"] = sorted(({*now} - {*remove_tags}) | {*add_tags})
        if len(changes["tags"]) > max(MAX_TAGS, len(now)):
            raise InvalidInput(f"A prompt has at most {MAX_TAGS} tags; it has {len(now)} now.", field="add_tags")
    for column, value in changes.items():
        setattr(prompt, column, value)
    prompt.save(update_fields=list(changes))
    return prompt


def annotated(said: Mapping[str, bool], changed: Mapping[str, bool | None]) -> dict[str, bool]:
    """Return the annotations with those changed that are named; None takes one off."""
    return {name: value for name, value in {**said, **changed}.items() if value is not None}


def invalid_format(error: FormatError) -> InvalidInput:
    """The API's error for one of formats/, whose fields have brackets where the API's have dots."""
    field = re.sub(r"\[(\d+)\]", r".\1", error.field)
    return InvalidInput(f"{field} {error.message}.", errors=[(field, error.message)])


def ensure_submitter(key: str) -> Submitter:
    """Return the submitter of this key, made at the first use; the key decides the split."""
    submitter, _ = Submitter.objects.get_or_create(key=key, defaults={"split": split_of(key)})
    return submitter


def ensure_submitters(keys: Iterable[str]) -> dict[str, int]:
    """Return the ids of many submitters by key, made where they are new."""
    wanted = sorted(set(keys))
    Submitter.objects.bulk_create(
        [Submitter(key=key, split=split_of(key)) for key in wanted], ignore_conflicts=True, batch_size=INSERT_ROWS
    )
    return dict(Submitter.objects.filter(key__in=wanted).values_list("key", "pk"))


def submitter_of(user: User) -> Submitter:
    """Return the submitter that stands for a person of this workspace, under their pseudonym."""
    submitter = ensure_submitter(f"user:{user.pseudonym}")
    # An import may have named them before they wrote anything themselves.
    if submitter.user_id is None:
        Submitter.objects.filter(pk=submitter.pk, user=None).update(user=user)
    return submitter


@transaction.atomic
def create_sample_batch(
    name: str,
    *,
    responses: Iterable[NewResponse],
    checkpoint: Checkpoint | None = None,
    endpoint: Endpoint | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> SampleBatch:
    """Add responses that were drawn together, from one checkpoint or endpoint or brought along from elsewhere."""
    batch = SampleBatch.objects.create(
        name=name, checkpoint=checkpoint, endpoint=endpoint, parameters=dict(parameters or {})
    )
    add_responses(batch, responses)
    return batch


def add_responses(batch: SampleBatch, responses: Iterable[NewResponse]) -> None:
    """Add responses to a batch."""
    rows = (
        Response(
            prompt_id=response.prompt_id,
            batch=batch,
            number=response.number,
            text=response.text,
            finish_reason=response.finish_reason,
            prompt_tokens=response.prompt_tokens,
            response_tokens=response.response_tokens,
            seed=response.seed,
        )
        for response in responses
    )
    Response.objects.bulk_create(rows, batch_size=INSERT_ROWS)

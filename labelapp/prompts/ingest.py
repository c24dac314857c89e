"""Prompts that customers send, one at a time, as they are sent to a model: kept where their sender has consented.

The same rules hold as for an import: exact and near duplicates, the cap, the split of the submitter.
"""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction

from formats.errors import FormatError
from formats.messages import Message
from labelapp.accounts.models import User
from labelapp.common.errors import Conflict
from labelapp.prompts.actions import invalid_format, new_prompt
from labelapp.prompts.consent import has_consent, locked_submitter
from labelapp.prompts.content import PromptContent
from labelapp.prompts.importing.actions import DEFAULT_CAP_PER_SUBMITTER, ImportOptions
from labelapp.prompts.importing.deciding import candidates
from labelapp.prompts.importing.near import compared_text, shares_beginning, similarity
from labelapp.prompts.models import Prompt, PromptKind


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a prompt: `kept`, or left out as `duplicate`, `prefix`, `near` or `over_cap`, and why."""

    fate: str
    prompt_id: int | None
    explanation: str


@transaction.atomic
def ingest_prompt(fields: dict[str, Any], *, model: str, sent_by: User) -> Ingested:
    """Keep a customer's prompt. Raises InvalidInput, and Conflict where there is no consent."""
    try:
        content = PromptContent.from_json({**fields, "kind": PromptKind.CUSTOMER.value})
    except FormatError as error:
        raise invalid_format(error) from error
    submitter = locked_submitter(content.submitter)
    if not has_consent(submitter, model=model):
        message = f"{content.submitter} has not consented to the use of what goes to {model}. Record the consent first."
        raise Conflict(message, code="consent_missing", submitter=content.submitter, model=model)
    prompt = new_prompt(content, submitter=submitter, created_by=sent_by)
    prompt.model = model
    if (alike := _alike(prompt)) is not None:
        return alike
    if Prompt.objects.filter(submitter=submitter).count() >= DEFAULT_CAP_PER_SUBMITTER:
        return Ingested("over_cap", None, f"{content.submitter} has {DEFAULT_CAP_PER_SUBMITTER} prompts already.")
    try:
        with transaction.atomic():
            prompt.save(force_insert=True)
    except IntegrityError:
        return _same(Prompt.objects.get(dedup_key=prompt.dedup_key).pk)
    return Ingested("kept", prompt.pk, "It is kept.")


def _same(prompt_id: int) -> Ingested:
    return Ingested("duplicate", prompt_id, f"It has the same words as prompt {prompt_id}.")


def _alike(prompt: Prompt) -> Ingested | None:
    """The prompt of the workspace that this one is a duplicate of, and how."""
    same = Prompt.objects.filter(dedup_key=prompt.dedup_key).values_list("pk", flat=True).first()
    if same is not None:
        return _same(same)
    options = ImportOptions()
    own = compared_text(_turns(prompt), kind=prompt.kind)
    if not prompt.fingerprints:
        return None
    for other in candidates(prompt.fingerprints):
        if shares_beginning(own, other.text, characters=options.prefix_characters):
            told = f"Its first {options.prefix_characters} characters are those of prompt {other.prompt_id}."
            return Ingested("prefix", other.prompt_id, told)
        if (score := similarity(own, other.text)) >= options.near_similarity:
            told = f"It shares {round(100 * score)} % of its word triples with prompt {other.prompt_id}."
            return Ingested("near", other.prompt_id, told)
    return None


def _turns(prompt: Prompt) -> Any:
    return [Message(turn["role"], turn["content"]) for turn in prompt.messages]

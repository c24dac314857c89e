"""What a person decides about personal data in a prompt: each finding is redacted, or is none.

Redaction puts a placeholder in the prompt's text, which is what everybody reads, searches, labels and trains on. What
it said before stays beside it, for admins alone, and each look at it is recorded. The key by which duplicates are
found stays that of the original, so that the same prompt does not come in again.
"""

from typing import Any

from django.db import transaction

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict, InvalidInput, NotFound
from labelapp.prompts.erased import check_shown
from labelapp.prompts.importing.forgetting import forget_alike
from labelapp.prompts.models import PiiState, Prompt
from labelapp.prompts.record_models import OriginalAccess, PiiReview


@transaction.atomic
def review(prompt_id: int, *, redacted: list[int], reviewed_by: User, findings: list[dict[str, Any]]) -> Prompt:
    """Redact the findings with these numbers, and take the others for none.

    Args:
        findings: those that the person saw; what is decided must be what is there.

    Raises:
        NotFound: there is no such prompt.
        Conflict: it waits for no review, was looked at anew meanwhile, or was erased.
        InvalidInput: there is no finding of a number.
    """
    prompt = Prompt.objects.select_for_update(no_key=True).filter(pk=prompt_id).first()
    if prompt is None:
        raise NotFound("There is no such prompt.")
    check_shown(prompt)
    if prompt.pii_state != PiiState.OPEN or prompt.pii_findings != findings:
        raise Conflict("Somebody has reviewed this prompt, or it was changed, since you opened it.", code="pii_changed")
    for number in redacted:
        if number >= len(prompt.pii_findings):
            raise InvalidInput(f"There is no finding {number}.", field="redacted")
    decided = [{**found, "is_redacted": number in redacted} for number, found in enumerate(prompt.pii_findings)]
    original = prompt.messages if redacted else None
    PiiReview.objects.create(prompt=prompt, reviewed_by=reviewed_by, findings=decided, original_messages=original)
    prompt.messages = redact(prompt.messages, [found for found in decided if found["is_redacted"]])
    prompt.text = "\n\n".join(message["content"] for message in prompt.messages)
    prompt.pii_state, prompt.pii_findings = PiiState.REVIEWED, []
    prompt.save(update_fields=["messages", "text", "pii_state", "pii_findings"])
    if original:
        forget_alike(prompt.pk)
        _redact_beside(prompt, original, decided)
    return prompt


def _redact_beside(prompt: Prompt, original: list[dict[str, str]], decided: list[dict[str, Any]]) -> None:
    """Redact the same words in what its author gave beside it: the use case it was made from, and their responses."""
    if prompt.written is None:
        return
    words = {
        original[found["message"]]["content"][found["start"] : found["end"]]: f"[{found['kind']}]"
        for found in decided
        if found["is_redacted"]
    }
    for row, name in [(prompt.written, "source"), *((one, "written_response") for one in prompt.written.prompts.all())]:
        text = getattr(row, name)
        for word, placeholder in words.items():
            text = text.replace(word, placeholder)
        type(row)._base_manager.filter(pk=row.pk).update(**{name: text})


def redact(messages: list[dict[str, str]], findings: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the messages with `[email_address]` and the like in the place of what was found."""
    redacted = [dict(message) for message in messages]
    for found in sorted(findings, key=lambda one: -one["start"]):
        message = redacted[found["message"]]
        text = message["content"]
        message["content"] = f"{text[: found['start']]}[{found['kind']}]{text[found['end'] :]}"
    return redacted


@transaction.atomic
def read_original(prompt_id: int, *, seen_by: User) -> PiiReview:
    """Return what a prompt said before it was redacted, and record who looked. Raises NotFound."""
    redacted = PiiReview.objects.filter(prompt_id=prompt_id, original_messages__isnull=False)
    found = redacted.select_related("prompt__submitter").order_by("id").first()
    if found is None or found.prompt.is_withheld:
        raise NotFound("Nothing was redacted in this prompt.")
    OriginalAccess.objects.create(prompt_id=prompt_id, seen_by=seen_by)
    return found

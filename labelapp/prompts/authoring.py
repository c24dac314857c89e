"""Writes of the prompts that people of the workspace write themselves, and of their drafts."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict, InvalidInput
from labelapp.prompts.actions import new_prompt, submitter_of
from labelapp.prompts.content import PromptContent
from labelapp.prompts.importing.actions import DEFAULT_CAP_PER_SUBMITTER
from labelapp.prompts.models import Prompt, Submitter, WritingDraft, WrittenPrompt
from labelapp.prompts.written import WrittenContent, content_of

PROMPT_CAP = DEFAULT_CAP_PER_SUBMITTER
MAX_DRAFTS = 20
# Whatever refers to a prompt from above this app: tasks, datasets. Then its text is somebody else's ground.
IN_USE = (
    Q(tasks__isnull=False)
    | Q(responses__isnull=False)
    | Q(dataset_rows__isnull=False)
    | Q(pii_reviews__isnull=False)  # what it said before a redaction is a record
)


@transaction.atomic
def write_prompt(content: WrittenContent, *, author: User, key: UUID) -> WrittenPrompt:
    """Add what somebody wrote, and end its draft; the same key again returns what it became.

    Raises:
        InvalidInput: names every field that is wrong.
        Conflict: it exists already, or its author has too many prompts.
    """
    submitter = _locked_submitter(author)
    earlier = WrittenPrompt.objects.filter(author=author, key=key).first()
    if earlier is not None:
        if content_of(list(earlier.prompts.order_by("written_number")), source=earlier.source) != content:
            raise Conflict("This draft has become another prompt.", code="idempotency_mismatch")
        return earlier
    _refuse_wrong(content)
    _refuse_over_cap(submitter, adding=len(content.conversations()))
    written = WrittenPrompt.objects.create(author=author, key=key, source=content.source)
    _save_prompts(content, written=written, submitter=submitter, replaced=[])
    WritingDraft.objects.filter(author=author, key=key).delete()
    return written


@transaction.atomic
def edit_written(written: WrittenPrompt, content: WrittenContent) -> WrittenPrompt:
    """Replace what was written, while nothing uses it. Raises InvalidInput, and Conflict as `write_prompt` does."""
    submitter = _locked_submitter(written.author)
    # A task that is being made of one of them waits here, or is seen.
    replaced = list(written.prompts.select_for_update().order_by("written_number"))
    if Prompt.objects.filter(IN_USE, written=written).exists():
        raise Conflict("It is in use: people may have answered it. Archive it and write another.", code="prompt_in_use")
    if any(prompt.archived_at for prompt in replaced):
        raise Conflict("It is archived. Bring it back first.", code="prompt_archived")
    _refuse_wrong(content)
    _refuse_over_cap(submitter, adding=len(content.conversations()) - len(replaced))
    written.source, written.edited_at = content.source, timezone.now()
    written.save(update_fields=["source", "edited_at"])
    _save_prompts(content, written=written, submitter=submitter, replaced=replaced)
    return written


@transaction.atomic
def archive_written(written: WrittenPrompt, *, archived: bool) -> None:
    """Take all that was written at once out of use, or bring it back. Raises Conflict where that is too much.

    What people have been asked about is the researchers' to archive: their answers go out of use with it.
    """
    submitter = _locked_submitter(written.author)
    if Prompt.objects.filter(IN_USE, written=written).exists():
        raise Conflict("It is in use: ask a researcher.", code="prompt_in_use")
    found = written.prompts.filter(archived_at__isnull=archived)
    if not archived:
        _refuse_over_cap(submitter, adding=found.count())
    found.update(archived_at=timezone.now() if archived else None)


def prompt_count(author: User) -> int:
    """Return how many prompts of theirs count towards the cap: those that are not archived."""
    return Prompt.objects.filter(submitter__user=author, archived_at=None).count()


@transaction.atomic
def save_draft(key: UUID, *, author: User, content: dict[str, Any], revision: int) -> WritingDraft:
    """Keep a draft on top of its `revision`, 0 where there is none yet.

    Raises:
        Conflict: a newer one is there (its revision and content come along), or there are too many.
    """
    saved = WritingDraft.objects.filter(author=author, key=key, revision=revision).update(
        content=content, revision=F("revision") + 1, updated_at=timezone.now()
    )
    if not saved:
        _refuse_stale_draft(key, author=author, revision=revision)
        WritingDraft.objects.create(author=author, key=key, content=content)
    return WritingDraft.objects.get(author=author, key=key)


def delete_draft(key: UUID, *, author: User) -> None:
    """Throw a draft away; one that is not there is gone already."""
    WritingDraft.objects.filter(author=author, key=key).delete()


def _refuse_stale_draft(key: UUID, *, author: User, revision: int) -> None:
    # One at a time for each author: two first saves at once, or the last two drafts under the limit.
    User.objects.select_for_update().get(pk=author.pk)
    newer = WritingDraft.objects.filter(author=author, key=key).first()
    if newer is not None:
        message = "This draft was changed elsewhere."
        raise Conflict(message, code="draft_conflict", revision=newer.revision, content=newer.content)
    if WrittenPrompt.objects.filter(author=author, key=key).exists():
        raise Conflict("This draft has become a prompt.", code="draft_written")
    if WritingDraft.objects.filter(author=author).count() >= MAX_DRAFTS:
        raise Conflict(f"You have {MAX_DRAFTS} drafts. Finish or delete some.", code="too_many_drafts")


def _locked_submitter(author: User) -> Submitter:
    """Two prompts at once would each see room for itself under the cap."""
    return Submitter.objects.select_for_update().get(pk=submitter_of(author).pk)


def _refuse_wrong(content: WrittenContent) -> None:
    if problems := content.problems():
        raise InvalidInput(problems[0][1], errors=problems)


def _refuse_over_cap(submitter: Submitter, *, adding: int) -> None:
    count = Prompt.objects.filter(submitter=submitter, archived_at=None).count()
    if adding > 0 and count + adding > PROMPT_CAP:
        message = f"One person may have {PROMPT_CAP} prompts. You have {count}, and this would add {adding}."
        raise Conflict(f"{message} Archive some first.", code="over_cap", count=count, cap=PROMPT_CAP, adding=adding)


def _save_prompts(
    content: WrittenContent, *, written: WrittenPrompt, submitter: Submitter, replaced: Sequence[Prompt]
) -> None:
    """Write the prompts in the place of those that were there before, which keep their ids."""
    # Pairs may have changed places: no prompt may hold the key that another is about to get.
    for prompt in replaced:
        Prompt.objects.filter(pk=prompt.pk).update(dedup_key=f"edited {prompt.pk}")
    for number, messages in enumerate(content.conversations()):
        said = PromptContent(
            messages=messages,
            kind=content.kind,
            use_case=content.use_case,
            language=content.language,
            annotations=content.annotations,
        )
        prompt = new_prompt(said, submitter=submitter, created_by=written.author)
        prompt.written, prompt.written_number = written, number
        prompt.written_response = content.pairs[number].response if content.pairs else ""
        if number < len(replaced):
            before = replaced[number]
            prompt.pk, prompt.created_at = before.pk, before.created_at
            prompt.deployment_context, prompt.tags = before.deployment_context, before.tags
        _save_new(prompt, author=written.author, field=f"pairs.{number}.query" if content.pairs else "text")
    written.prompts.filter(written_number__gte=len(content.conversations())).delete()


def _save_new(prompt: Prompt, *, author: User, field: str) -> None:
    try:
        with transaction.atomic():
            prompt.save(force_insert=prompt.pk is None, force_update=prompt.pk is not None)
    except IntegrityError as error:
        raise _duplicate(prompt.dedup_key, author=author, field=field) from error


def _duplicate(key: str, *, author: User, field: str) -> Conflict:
    """Say which prompt of theirs is the same one; of another person's they only learn that there is one."""
    existing = Prompt.objects.select_related("written").get(dedup_key=key)
    own = existing.written if existing.written and existing.written.author_id == author.pk else None
    if own is None:
        message = "This very prompt is in the workspace already; somebody else sent it."
    else:
        message = f"You wrote this very prompt before{', and archived it' if existing.archived_at else ''}."
    return Conflict(message, code="duplicate_prompt", errors=[(field, message)], written_id=own.pk if own else None)

"""Reads of what people wrote themselves: each sees their own."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, QuerySet

from labelapp.accounts.models import User
from labelapp.common.errors import NotFound
from labelapp.prompts.authoring import IN_USE
from labelapp.prompts.models import Prompt, WritingDraft, WrittenPrompt
from labelapp.prompts.queries import EXCERPT_LENGTH
from labelapp.prompts.similar import Similar, find_similar
from labelapp.prompts.written import WrittenContent, content_of


@dataclass(frozen=True, slots=True)
class SimilarPrompt:
    """An earlier prompt of the author's that resembles what they type, with its beginning."""

    similar: Similar
    text: str
    is_archived: bool


def own_written(author: User, *, archived: bool = False) -> QuerySet[WrittenPrompt]:
    """What somebody wrote, newest first, each with its prompts in order and whether anything uses them."""
    used = Prompt.objects.filter(IN_USE, written=OuterRef("pk"))
    live = Prompt.objects.filter(written=OuterRef("pk"), archived_at=None)
    found = WrittenPrompt.objects.filter(author=author).annotate(is_used=Exists(used), is_live=Exists(live))
    return found.filter(is_live=not archived).prefetch_related(_prompts()).order_by("-id")


def access_written(written_id: int, *, author: User) -> WrittenPrompt:
    """Return one of the author's own, archived or not. Raises NotFound."""
    used = Prompt.objects.filter(IN_USE, written=OuterRef("pk"))
    found = WrittenPrompt.objects.filter(pk=written_id, author=author).annotate(is_used=Exists(used))
    written: WrittenPrompt | None = found.select_related("author").prefetch_related(_prompts()).first()
    if written is None:
        raise NotFound("There is no such prompt of yours.")
    return written


def written_content(written: WrittenPrompt) -> WrittenContent:
    """Return what the author gave, from a row of this module."""
    return content_of(list(written.prompts.all()), source=written.source)


def drafts(author: User) -> QuerySet[WritingDraft]:
    """Somebody's drafts, the last changed first."""
    return WritingDraft.objects.filter(author=author).order_by("-updated_at", "-id")


def access_draft(key: UUID, *, author: User) -> WritingDraft:
    """Return one draft. Raises NotFound."""
    draft = WritingDraft.objects.filter(author=author, key=key).first()
    if draft is None:
        raise NotFound("There is no such draft of yours.")
    return draft


def similar_to(text: str, *, author: User, except_id: int | None) -> list[SimilarPrompt]:
    """Return what the author wrote before that resembles `text`; `except_id` is the one being edited."""
    families = WrittenPrompt.objects.filter(author=author).exclude(pk=except_id or 0).prefetch_related(_prompts())
    prompts = {written.pk: list(written.prompts.all()) for written in families.order_by("-id")}
    texts = {number: content_of(family, source="").compared_text() for number, family in prompts.items()}
    return [
        SimilarPrompt(
            similar, texts[similar.id][:EXCERPT_LENGTH], all(prompt.archived_at for prompt in prompts[similar.id])
        )
        for similar in find_similar(text, texts.items())
    ]


def _prompts() -> "Prefetch[Any]":
    return Prefetch("prompts", Prompt.objects.defer("search", "text").order_by("written_number"))

"""The same change to many prompts at once: those that were picked, or all that a filter finds."""

from dataclasses import dataclass
from enum import StrEnum

from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from labelapp.common.errors import Conflict
from labelapp.prompts.models import Prompt
from labelapp.prompts.record_models import Consent

MOST_AT_ONCE = 10_000
MAX_TAGS = 50
ADD_TAGS = """
UPDATE prompts_prompt SET tags = ARRAY(SELECT DISTINCT unnest(tags || %s::varchar[]) ORDER BY 1)
WHERE id = ANY(%s) AND NOT tags @> %s::varchar[]
"""
REMOVE_TAGS = """
UPDATE prompts_prompt SET tags = ARRAY(SELECT tag FROM unnest(tags) tag WHERE tag <> ALL(%s::varchar[]) ORDER BY 1)
WHERE id = ANY(%s) AND tags && %s::varchar[]
"""


class BulkAction(StrEnum):
    """What can be done to many prompts."""

    ARCHIVE = "archive"
    RESTORE = "restore"
    ADD_TAGS = "add_tags"
    REMOVE_TAGS = "remove_tags"


@dataclass(frozen=True, slots=True)
class Changed:
    """How many prompts are different now, and whether the filter finds more than were looked at."""

    changed: int
    has_more: bool


@transaction.atomic
def change_prompts(prompts: QuerySet[Prompt], *, action: str, tags: list[str]) -> Changed:
    """Do the same to the first MOST_AT_ONCE of `prompts`, in the order of their ids, that it would change.

    Raises Conflict where some may not be brought back.
    """
    wanted = _that_it_changes(prompts, action=action, tags=tags)
    # Locked in one order, so that two changes at once wait for each other.
    ids = list(wanted.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
    chosen, has_more = ids[:MOST_AT_ONCE], len(ids) > MOST_AT_ONCE
    if action == BulkAction.RESTORE:
        check_restorable(Prompt.objects.filter(pk__in=chosen))
    if action in (BulkAction.ARCHIVE, BulkAction.RESTORE):
        archived_at = timezone.now() if action == BulkAction.ARCHIVE else None
        return Changed(Prompt.objects.filter(pk__in=chosen).update(archived_at=archived_at), has_more)
    with connection.cursor() as cursor:
        cursor.execute(ADD_TAGS if action == BulkAction.ADD_TAGS else REMOVE_TAGS, [tags, chosen, tags])
        return Changed(cursor.rowcount, has_more)


def check_restorable(prompts: QuerySet[Prompt]) -> None:
    """Raise Conflict where the consent to what was sent is withdrawn: that stays archived."""
    record = Consent.objects.filter(submitter=OuterRef("submitter"), model=OuterRef("model")).order_by("-id")
    withdrawn = prompts.alias(consent=Subquery(record.values("action")[:1])).filter(consent=Consent.Action.WITHDRAWN)
    if count := withdrawn.count():
        raise Conflict(
            f"Prompts whose submitter has withdrawn the consent to their use stay archived ({count} of those here).",
            code="consent_withdrawn",
            prompt_ids=list(withdrawn.order_by("pk").values_list("pk", flat=True)[:100]),
        )


def _that_it_changes(prompts: QuerySet[Prompt], *, action: str, tags: list[str]) -> QuerySet[Prompt]:
    if action == BulkAction.ARCHIVE:
        return prompts.filter(archived_at=None)
    if action == BulkAction.RESTORE:
        return prompts.exclude(archived_at=None)
    if action == BulkAction.ADD_TAGS:
        return prompts.exclude(tags__contains=tags)
    return prompts.filter(tags__overlap=tags)

"""Who consented to the use of what they send to which model: an append-only record, of which the latest entry holds.

The paper's customers were told, at each switch to a model, that what they send to it may be used for training. So
consent is given for a submitter and a model; a withdrawal ends it, and archives what was sent to that model.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict, InvalidInput
from labelapp.prompts.actions import ensure_submitter
from labelapp.prompts.bulk import lock_prompts
from labelapp.prompts.importing.forgetting import wish_forgotten
from labelapp.prompts.models import Prompt, Submitter
from labelapp.prompts.record_models import Consent


@dataclass(frozen=True, slots=True)
class Wording:
    """What somebody agreed to, the name of this version of it, and how they said so."""

    version: str
    text: str
    way: str = ""


@transaction.atomic
def record_consent(
    *, submitter: str, model: str, wording: Wording, occurred_at: datetime | None, recorded_by: User
) -> Consent:
    """Note that a submitter consented. Raises InvalidInput for a time that has not come."""
    return Consent.objects.create(
        submitter=locked_submitter(submitter),
        model=model,
        action=Consent.Action.GIVEN,
        wording_version=wording.version,
        wording=wording.text,
        way=wording.way,
        occurred_at=_past(occurred_at),
        recorded_by=recorded_by,
    )


@transaction.atomic
def withdraw_consent(
    *, submitter: str, model: str, occurred_at: datetime | None, recorded_by: User, way: str = ""
) -> tuple[Consent, int]:
    """Note that a submitter consents no longer, and archive what they sent to the model; return how much that was.

    Raises Conflict where there is no consent to withdraw.
    """
    owner = locked_submitter(submitter)
    if not has_consent(owner, model=model):
        raise Conflict(f"{submitter} has given no consent for {model} that could be withdrawn.", code="no_consent")
    withdrawn = Consent.objects.create(
        submitter=owner,
        model=model,
        action=Consent.Action.WITHDRAWN,
        way=way,
        occurred_at=_past(occurred_at),
        recorded_by=recorded_by,
    )
    wish_forgotten([owner], model=model)
    sent = Prompt.objects.filter(submitter=owner, model=model, archived_at=None)
    lock_prompts(sent)
    return withdrawn, sent.update(archived_at=timezone.now())


def has_consent(submitter: Submitter, *, model: str) -> bool:
    """Say whether the latest entry for a submitter and a model is a consent."""
    latest = Consent.objects.filter(submitter=submitter, model=model).order_by("-id").values_list("action").first()
    return latest == (Consent.Action.GIVEN,)


def consents(*, submitter: str = "", model: str = "") -> QuerySet[Consent]:
    """The record, the latest entry first."""
    wanted = {"submitter__key": submitter, "model": model}
    found = Consent.objects.filter(**{column: value for column, value in wanted.items() if value})
    return found.select_related("submitter", "recorded_by").order_by("-id")


def standing_consents(*, search: str = "", model: str = "", action: str = "") -> QuerySet[Consent]:
    """The entry that holds for each submitter and model, the latest first, with the prompts that were sent.

    Args:
        search: how the submitters' keys begin.
    """
    wanted = {"submitter__key__startswith": search, "model": model, "action": action}
    later = Consent.objects.filter(submitter=OuterRef("submitter"), model=OuterRef("model"), pk__gt=OuterRef("pk"))
    sent = (
        Prompt.objects.filter(submitter=OuterRef("submitter"), model=OuterRef("model")).order_by().values("submitter")
    )
    return (
        Consent.objects.filter(**{column: value for column, value in wanted.items() if value})
        .exclude(Exists(later))
        .select_related("submitter", "recorded_by")
        .annotate(
            sent_count=Coalesce(Subquery(sent.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0),
            used_count=Coalesce(
                Subquery(
                    sent.annotate(n=Count("pk", filter=Q(archived_at=None))).values("n"), output_field=IntegerField()
                ),
                0,
            ),
        )
        .order_by("-id")
    )


def submitters(*, search: str = "") -> QuerySet[Submitter]:
    """Those whose key begins with `search`, in the order of the keys."""
    return Submitter.objects.filter(key__startswith=search).select_related("user").order_by("key")


def locked_submitter(key: str) -> Submitter:
    """Return the submitter, locked: a prompt must not slip in beside a withdrawal."""
    return Submitter.objects.select_for_update().get(pk=ensure_submitter(key).pk)


def _past(moment: datetime | None) -> datetime:
    now = timezone.now()
    if moment is not None and moment > now:
        raise InvalidInput("Give a time that has passed, or none for now.", field="occurred_at")
    return moment or now

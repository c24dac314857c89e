"""Requests for deletion: what a person said or asked is in no future version, and who holds it already is listed.

What they asked is shown nowhere any more, and the tasks on it are withdrawn.

A frozen version stays what it was: it cannot be changed, only left unused and rebuilt without the person. What is to
leave it, and the models trained on it, is for people to decide, who get the list.
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict, InvalidInput, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.datasets.models import DatasetRow, DatasetVersion, Erasure
from labelapp.labeling.actions import withdraw_tasks_of
from labelapp.prompts.actions import submitter_of
from labelapp.prompts.erased import mark_erased, unmark_erased
from labelapp.prompts.importing.forgetting import wish_forgotten
from labelapp.prompts.models import Submitter


def erasures() -> QuerySet[Erasure]:
    """All requests, the newest first."""
    return Erasure.objects.select_related("user", "submitter", "created_by").order_by("-pk")


def access_erasure(erasure_id: int) -> Erasure:
    """Return one request. Raises NotFound."""
    erasure = erasures().filter(pk=erasure_id).first()
    if erasure is None:
        raise NotFound("There is no such request for deletion.")
    return erasure


def versions_that_hold(erasure: Erasure) -> list[dict[str, Any]]:
    """Which versions have rows that the person said or asked, and how many."""
    theirs = Q(prompt__submitter=erasure.submitter_id)
    if erasure.user_id is not None:
        theirs = Q(submission__labeler=erasure.user_id) | Q(prompt__submitter__user=erasure.user_id)
    return _holding(theirs)


def versions_of_submitter(submitter_id: int) -> list[dict[str, Any]]:
    """Which versions have rows on prompts of a submitter, and how many. Raises NotFound."""
    if not Submitter.objects.filter(pk=submitter_id).exists():
        raise NotFound("There is no such submitter.")
    return _holding(Q(prompt__submitter=submitter_id))


def _holding(theirs: Q) -> list[dict[str, Any]]:
    counts = dict(DatasetRow.objects.filter(theirs).order_by().values_list("version").annotate(Count("pk")))
    versions = DatasetVersion.objects.filter(pk__in=counts).select_related("dataset").order_by("-pk")
    return [{"version": version, "rows": counts[version.pk]} for version in versions]


def request_erasure(
    *, created_by: User, user_id: int | None = None, submitter_id: int | None = None, note: str = ""
) -> Erasure:
    """Leave a person, or a submitter who is no user, out of all future versions; show nothing more of what they asked.

    Raises:
        InvalidInput: not exactly one of the two is given, or there is no such person.
        Conflict: this was asked for already.
    """
    if (user_id is None) == (submitter_id is None):
        raise InvalidInput("Give either user_id or submitter_id.", field="user_id")
    if user_id is not None and not User.objects.filter(pk=user_id).exists():
        raise InvalidInput(f"There is no user {user_id}.", field="user_id")
    if submitter_id is not None and not Submitter.objects.filter(pk=submitter_id).exists():
        raise InvalidInput(f"There is no submitter {submitter_id}.", field="submitter_id")
    erasure = Erasure(user_id=user_id, submitter_id=submitter_id, note=note, created_by=created_by)
    try:
        with transaction.atomic():
            erasure.save()
            if erasure.user is not None:
                submitter_of(erasure.user)  # what they write later is theirs, too
            theirs = _locked_submitters(erasure)
            mark_erased(theirs)
            wish_forgotten(theirs)
            withdraw_tasks_of(theirs)
            publish_on_commit("datasets", type="erasure", id=erasure.pk)
    except IntegrityError as error:
        raise Conflict("This person is left out already.", code="already_erased") from error
    return erasure


@transaction.atomic
def withdraw_erasure(erasure: Erasure) -> Erasure:
    """Let a person's text back into future versions, and show it; tasks stay withdrawn.

    Raises Conflict where that was done already.
    """
    locked = Erasure.objects.select_for_update().get(pk=erasure.pk)
    if locked.withdrawn_at is not None:
        raise Conflict("This request was withdrawn already.", code="withdrawn")
    locked.withdrawn_at = timezone.now()
    locked.save(update_fields=["withdrawn_at"])
    unmark_erased([one for one in _locked_submitters(locked) if not _standing(one)])
    publish_on_commit("datasets", type="erasure", id=locked.pk)
    return locked


def _locked_submitters(erasure: Erasure) -> list[Submitter]:
    """Whose prompts a request is about, locked: another one about them waits."""
    theirs = Submitter.objects.filter(Q(pk=erasure.submitter_id) | Q(user=erasure.user_id, user__isnull=False))
    return list(theirs.select_for_update(no_key=True).order_by("pk"))


def _standing(submitter: Submitter) -> bool:
    """Whether a request that was not withdrawn is about a submitter."""
    asked = Erasure.objects.filter(withdrawn_at=None)
    return asked.filter(Q(submitter=submitter) | Q(user=submitter.user_id, user__isnull=False)).exists()

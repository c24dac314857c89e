"""What submitters sent who asked for deletion: it stays for what refers to it, and its text is shown no more.

Who asked is known above, in datasets; here it is a mark on the submitter, so that no list needs more than a look at
the few who have one.
"""

from collections.abc import Collection

from django.db.models import Case, CharField, QuerySet, Value, When
from django.db.models.functions import Left
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict
from labelapp.prompts.models import Prompt, Submitter


def shown(prompts: QuerySet[Prompt]) -> QuerySet[Prompt]:
    """Leave out what was sent by those who asked for deletion; an index is read in its order all the same."""
    return prompts.exclude(submitter__in=Submitter.objects.filter(erased_at__isnull=False))


def excerpt(length: int, *, of: str = "") -> Case:
    """The first `length` characters of a prompt, reached by the path `of`; empty where it was erased."""
    beginning = Left(f"{of}text", length)
    return Case(
        When(**{f"{of}submitter__erased_at": None}, then=beginning), default=Value(""), output_field=CharField()
    )


def is_erased(user: User) -> bool:
    """Say whether a person of the workspace asked for the deletion of what they said."""
    submitter: Submitter | None = getattr(user, "submitter", None)
    return submitter is not None and submitter.erased_at is not None


def check_shown(prompt: Prompt) -> None:
    """Raise Conflict where a prompt was erased."""
    if prompt.is_withheld:
        raise Conflict("This prompt was erased: its submitter asked for deletion.", code="prompt_erased")


def mark_erased(submitters: Collection[Submitter]) -> None:
    """Show nothing more of what these sent."""
    Submitter.objects.filter(pk__in=[one.pk for one in submitters], erased_at=None).update(erased_at=timezone.now())


def unmark_erased(submitters: Collection[Submitter]) -> None:
    """Show again what these sent."""
    Submitter.objects.filter(pk__in=[one.pk for one in submitters]).update(erased_at=None)

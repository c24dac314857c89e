"""What submitters sent who asked for deletion: it stays for what refers to it, and its text is shown no more.

Who asked is known above, in datasets; here it is a mark on the submitter, so that no list needs more than a look at
the few who have one.
"""

from collections.abc import Collection

from django.db.models import QuerySet
from django.utils import timezone

from labelapp.prompts.models import Prompt, Submitter


def shown(prompts: QuerySet[Prompt]) -> QuerySet[Prompt]:
    """Leave out what was sent by those who asked for deletion; an index is read in its order all the same."""
    return prompts.exclude(submitter__in=Submitter.objects.filter(erased_at__isnull=False))


def mark_erased(submitters: Collection[Submitter]) -> None:
    """Show nothing more of what these sent."""
    Submitter.objects.filter(pk__in=[one.pk for one in submitters], erased_at=None).update(erased_at=timezone.now())


def unmark_erased(submitters: Collection[Submitter]) -> None:
    """Show again what these sent."""
    Submitter.objects.filter(pk__in=[one.pk for one in submitters]).update(erased_at=None)

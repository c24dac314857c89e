"""Groups of labelers by name, for the filters of datasets."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict, InvalidInput, NotFound
from labelapp.common.search import named
from labelapp.datasets.models import Cohort


def cohorts(*, search: str = "") -> QuerySet[Cohort]:
    """The cohorts by name, with their members."""
    return named(Cohort.objects.prefetch_related("members"), search, "name").order_by("name")


def access_cohort(cohort_id: int) -> Cohort:
    """Return one cohort. Raises NotFound."""
    cohort = cohorts().filter(pk=cohort_id).first()
    if cohort is None:
        raise NotFound("There is no such cohort.")
    return cohort


@transaction.atomic
def create_cohort(name: str, *, member_ids: Iterable[int], created_by: User) -> Cohort:
    """Name a group of labelers. Raises Conflict where the name is taken and InvalidInput for unknown members."""
    cohort = Cohort(name=name, created_by=created_by)
    _save(cohort)
    _set_members(cohort, member_ids)
    return cohort


@transaction.atomic
def update_cohort(cohort: Cohort, *, name: str | None = None, member_ids: Iterable[int] | None = None) -> Cohort:
    """Change what is not None; versions that are frozen keep the members of their day."""
    cohort.name = name or cohort.name
    _save(cohort)
    if member_ids is not None:
        _set_members(cohort, member_ids)
    return cohort


def delete_cohort(cohort: Cohort) -> None:
    """Forget a group; nothing refers to it, since queries keep its members."""
    cohort.delete()


def _set_members(cohort: Cohort, member_ids: Iterable[int]) -> None:
    wanted = set(member_ids)
    found = User.objects.filter(pk__in=wanted)
    missing = sorted(wanted - set(found.values_list("pk", flat=True)))
    if missing:
        raise InvalidInput(f"There is no user {', '.join(map(str, missing))}.", field="member_ids")
    cohort.members.set(found)


def _save(cohort: Cohort) -> None:
    try:
        with transaction.atomic():
            cohort.save()
    except IntegrityError as error:
        raise Conflict(f"There is already a cohort called {cohort.name}.", field="name", code="name_taken") from error

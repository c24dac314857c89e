"""Lists that people choose from by name: one parameter, one meaning."""

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet
from rest_framework import serializers

from labelapp.common.serializers import StrictSerializer

RowT = TypeVar("RowT", bound=Model)


class NamedQuery(StrictSerializer):
    """The filter of every list whose rows a person picks by name."""

    search = serializers.CharField(
        max_length=160, allow_blank=True, required=False, help_text="A part of the name, in any case."
    )


def named(rows: QuerySet[RowT], search: str, *columns: str) -> QuerySet[RowT]:
    """Return those of `rows` where one of `columns` contains `search` in any case; all of them for ''."""
    if not search:
        return rows
    wanted: Any = Q()
    for column in columns:
        wanted |= Q(**{f"{column}__icontains": search})
    return rows.filter(wanted)

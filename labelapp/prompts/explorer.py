"""The list of prompts: what a filter finds, read a page at a time of however many there are.

First only the NEAREST prompts of the order are looked through, which takes no longer the more there are. If they fill
the page, that is all: so what is common is quick, and so is a phrase of common words, of which the index only knows who
has both. If not, what is looked for is rare, or elsewhere, and no order is to be trusted: it is looked up among all by
an index and sorted, which costs as much as there is of it. Only what the planner takes to be in a COMMON share of all
prompts is cheaper to walk to: not even all the others are as many.
"""

import json
from contextlib import suppress
from functools import cached_property
from typing import Any

from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Left

from labelapp.prompts.by_index import by_index
from labelapp.prompts.models import Prompt, Response
from labelapp.prompts.paging import CappedPages, CappedPaginator
from labelapp.prompts.queries import EXCERPT_LENGTH, PromptFilter

# Ids are in the order of time.
ORDERINGS = {"-created_at": "-id", "created_at": "id"}
DEFAULT_ORDERING = "-created_at"
# So many are looked through, by their words, in some 40 ms.
NEAREST = 50_000
COMMON = 1 / 4


class FoundPaginator(CappedPaginator):
    """Looks as far as the page needs, and counts what was found."""

    def page(self, number: Any) -> Any:
        prompts: Any = self.object_list
        with suppress(ValueError):  # what is no number is told below
            prompts.needed = int(number) * self.per_page + 1  # or nobody would look for the next page
        return super().page(number)

    @cached_property
    def found(self) -> int:
        prompts: Any = self.object_list
        return len(prompts.ids)

    @property
    def is_capped(self) -> bool:
        prompts: Any = self.object_list
        return bool(prompts.has_more)


class FoundPrompts:
    """The prompts that a filter finds, in an order; a slice of it reads their rows.

    `needed` says how many are wanted; `has_more` that there may be more than were looked for.
    """

    def __init__(self, wanted: PromptFilter, *, ordering: str = DEFAULT_ORDERING) -> None:
        self.wanted, self.ordering, self.is_all = wanted, ordering, True
        self.needed = FoundPaginator.most_counted + 1  # who asks for the last page wants all

    @cached_property
    def edge(self) -> int | None:
        """The first prompt that is not one of the nearest; None where all are."""
        in_order = Prompt.objects.order_by(ORDERINGS[self.ordering]).values_list("pk", flat=True)
        return in_order[NEAREST : NEAREST + 1].first()

    def near(self) -> QuerySet[Prompt, int]:
        """The ids of those found among the nearest, in order."""
        found = self._found()
        if self.edge is None:
            return found
        return found.filter(pk__gt=self.edge) if self.ordering.startswith("-") else found.filter(pk__lt=self.edge)

    def anywhere(self) -> QuerySet[Prompt, int]:
        """The ids of those found among all, in order; looked up and sorted unless they are common."""
        if self._is_common():
            return self._found()
        by_id = F("id") + 0  # no index has this order, so that none is walked
        return self._found().order_by(by_id.desc() if self.ordering.startswith("-") else by_id)

    def _found(self) -> QuerySet[Prompt, int]:
        return self.wanted.apply(Prompt.objects.order_by(ORDERINGS[self.ordering])).values_list("pk", flat=True)

    def _is_common(self) -> bool:
        every = Prompt.objects.order_by()
        found, there = (_estimated(prompts) for prompts in (self.wanted.apply(every), every))
        return found >= COMMON * there

    @cached_property
    def ids(self) -> list[int]:
        """Those found, as far as was looked, and no more than one above what the list shows."""
        most = FoundPaginator.most_counted + 1
        with by_index():
            found = list(self.near()[:most])
            self.is_all = self.edge is None or len(found) < self.needed
            return list(self.anywhere()[:most]) if self.is_all and self.edge is not None else found

    @property
    def has_more(self) -> bool:
        """Whether there may be more than the list shows."""
        found = len(self.ids)
        return not self.is_all or found > FoundPaginator.most_counted

    def page(self, part: slice) -> QuerySet[Prompt]:
        """Rows in order: the beginning of each text, and how many responses there are to it."""
        responses = Response.objects.filter(prompt=OuterRef("pk")).order_by().values("prompt")
        counts = Subquery(responses.annotate(found=Count("pk")).values("found"), output_field=IntegerField())
        return (
            Prompt.objects.filter(pk__in=self.ids[part])
            .select_related("submitter")
            .defer("messages", "text", "search", "pii_findings", "deployment_context", "fingerprints")
            .annotate(excerpt=Left("text", EXCERPT_LENGTH), response_count=Coalesce(counts, 0))
            .order_by(ORDERINGS[self.ordering])
        )

    def __getitem__(self, part: slice) -> list[Prompt]:
        return list(self.page(part))


def _estimated(prompts: QuerySet[Prompt]) -> float:
    """How many the planner expects, by its statistics."""
    return float(json.loads(prompts.explain(format="json"))[0]["Plan"]["Plan Rows"])


class FoundPages(CappedPages):
    """Numbered pages of FoundPrompts."""

    django_paginator_class = FoundPaginator

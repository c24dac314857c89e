"""The list of prompts: what a filter finds, read a page at a time of however many there are.

A search is looked up once, by an index, until there are more than the list shows: so it is quick
whether its words are rare or common, and however few of the prompts with both words of a phrase have them in a row.
What few it finds is then read by id. Of more than that the page itself is read, in its order: one is soon full.
"""

from functools import cached_property
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Left

from labelapp.prompts.by_index import by_index
from labelapp.prompts.models import Prompt, Response
from labelapp.prompts.paging import CappedPages, CappedPaginator
from labelapp.prompts.queries import EXCERPT_LENGTH, PromptFilter

# Each is an index's order, so that a page of a million prompts is read and not sorted. Ids are in the order of time.
ORDERINGS = {"-created_at": ("-id",), "created_at": ("id",), "use_case": ("use_case", "-id")}
DEFAULT_ORDERING = "-created_at"


class FoundPaginator(CappedPaginator):
    """Counts what was found, which is looked up once."""

    most_counted = 1_000

    @cached_property
    def found(self) -> int:
        prompts: Any = self.object_list
        return len(prompts.ids)


class FoundPrompts:
    """The prompts that a filter finds, in an order; a slice of it reads their rows."""

    def __init__(self, wanted: PromptFilter, *, ordering: str = DEFAULT_ORDERING) -> None:
        self.wanted, self.ordering = wanted, ordering

    def matches(self) -> QuerySet[Prompt, int]:
        """The ids of those found, no more than one above what is counted; what is searched for in no order."""
        found = self.wanted.apply(Prompt.objects.order_by(*([] if self.wanted.search.strip() else ["-id"])))
        return found.values_list("pk", flat=True)[: FoundPaginator.most_counted + 1]

    @cached_property
    def ids(self) -> list[int]:
        """What `matches` finds."""
        with by_index():
            return list(self.matches())

    def rows(self) -> QuerySet[Prompt]:
        """The rows in order: the beginning of each text, and how many responses there are to it."""
        is_all = len(self.ids) <= FoundPaginator.most_counted
        prompts = Prompt.objects.filter(pk__in=self.ids) if is_all else self.wanted.apply(Prompt.objects.all())
        responses = Response.objects.filter(prompt=OuterRef("pk")).order_by().values("prompt")
        counts = Subquery(responses.annotate(found=Count("pk")).values("found"), output_field=IntegerField())
        return (
            prompts.select_related("submitter")
            .defer("messages", "text", "search", "pii_findings", "deployment_context", "fingerprints")
            .annotate(excerpt=Left("text", EXCERPT_LENGTH), response_count=Coalesce(counts, 0))
            .order_by(*ORDERINGS[self.ordering])
        )

    def __getitem__(self, part: slice) -> list[Prompt]:
        return list(self.rows()[part])


class FoundPages(CappedPages):
    """Numbered pages of FoundPrompts."""

    django_paginator_class = FoundPaginator

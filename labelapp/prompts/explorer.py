"""The list of prompts: what a filter finds, read a page at a time of however many there are.

What is found is looked up once, by an index, until there is more than the list shows, and a page is then read by id:
so it is quick whether words are rare or common, and however few of the prompts with both words of a phrase have them in
a row. Only of a search that finds more than MOST_LOOKED_UP is the page itself read, in its order. It is soon full, but
not where all that is found is at the other end: words of an old import's own cost as much as what came after it.
"""

from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, Left

from labelapp.prompts.by_index import by_index
from labelapp.prompts.models import Prompt, Response
from labelapp.prompts.paging import CappedPages, CappedPaginator
from labelapp.prompts.queries import EXCERPT_LENGTH, PromptFilter

# Each is an index's order, so that a page of a million prompts is read and not sorted. Ids are in the order of time.
ORDERINGS = {"-created_at": ("-id",), "created_at": ("id",), "use_case": ("use_case", "-id")}
DEFAULT_ORDERING = "-created_at"
# An index of words has no order: each that it gives is read wherever it is.
MOST_LOOKED_UP = 1_000
# Those of a search that an index can look for: "T" where it has only words that a prompt must not have.
NEEDED_WORDS = "SELECT querytree(websearch_to_tsquery('simple', %s))"


class FoundPaginator(CappedPaginator):
    """Counts what was found, which is looked up once; of a search no further than MOST_LOOKED_UP."""

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        prompts: Any = self.object_list
        self.most_counted = prompts.most_counted

    @cached_property
    def found(self) -> int:
        prompts: Any = self.object_list
        return len(prompts.ids)


class FoundPrompts:
    """The prompts that a filter finds, in an order; a slice of it reads their rows."""

    def __init__(self, wanted: PromptFilter, *, ordering: str = DEFAULT_ORDERING) -> None:
        self.wanted, self.ordering = wanted, ordering

    @cached_property
    def is_looked_up(self) -> bool:
        """Whether a search has words that a prompt must have; if it only has others, no index says who has none."""
        if not self.wanted.search.strip():
            return False
        with connection.cursor() as cursor:
            cursor.execute(NEEDED_WORDS, [self.wanted.search])
            return bool(cursor.fetchone() != ("T",))

    @cached_property
    def most_counted(self) -> int:
        return MOST_LOOKED_UP if self.is_looked_up else CappedPaginator.most_counted

    def matches(self) -> QuerySet[Prompt, int]:
        """The ids of those found, no more than one above what is counted; what an index looks up in no order."""
        found = self.wanted.apply(Prompt.objects.order_by(*([] if self.is_looked_up else ORDERINGS[self.ordering])))
        return found.values_list("pk", flat=True)[: self.most_counted + 1]

    @cached_property
    def ids(self) -> list[int]:
        """What `matches` finds."""
        with by_index():
            return list(self.matches())

    def page(self, part: slice) -> QuerySet[Prompt]:
        """Rows in order: the beginning of each text, and how many responses there are to it."""
        if not self.is_looked_up:
            return self._rows(Prompt.objects.filter(pk__in=self.ids[part]))
        if len(self.ids) > self.most_counted:
            return self._rows(self.wanted.apply(Prompt.objects.all()))[part]
        return self._rows(Prompt.objects.filter(pk__in=self.ids))[part]

    def _rows(self, prompts: QuerySet[Prompt]) -> QuerySet[Prompt]:
        responses = Response.objects.filter(prompt=OuterRef("pk")).order_by().values("prompt")
        counts = Subquery(responses.annotate(found=Count("pk")).values("found"), output_field=IntegerField())
        return (
            prompts.select_related("submitter")
            .defer("messages", "text", "search", "pii_findings", "deployment_context", "fingerprints")
            .annotate(excerpt=Left("text", EXCERPT_LENGTH), response_count=Coalesce(counts, 0))
            .order_by(*ORDERINGS[self.ordering])
        )

    def __getitem__(self, part: slice) -> list[Prompt]:
        return list(self.page(part))


class FoundPages(CappedPages):
    """Numbered pages of FoundPrompts."""

    django_paginator_class = FoundPaginator

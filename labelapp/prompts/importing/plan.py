"""Decide what becomes of each row of a file: a new prompt, a duplicate, one too many of its submitter, or an error.

The same plan is made for the preview and, in the transaction that writes, for the import itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice

from django.db.models import Count

from formats.errors import FormatError
from labelapp.prompts.content import PromptContent
from labelapp.prompts.dedup import dedup_key
from labelapp.prompts.importing.lines import BadLine, RawRow, bad_line
from labelapp.prompts.models import Prompt

CHUNK_ROWS = 1000


class Fate(StrEnum):
    """What happens to a row that is a prompt. Only a new one is written."""

    NEW = "new"
    DUPLICATE = "duplicate"
    OVER_CAP = "over_cap"


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row that is a prompt, the key by which it is compared, and whose it is."""

    line: int
    content: PromptContent
    key: str
    submitter: str
    fate: Fate = Fate.NEW


def plan_rows(rows: Iterable[RawRow | BadLine], *, cap_per_submitter: int) -> Iterator[list[PlannedRow | BadLine]]:
    """Yield the rows' fates in chunks, in the file's order, against the workspace as it is now."""
    seen: set[bytes] = set()
    counts: Counter[str] = Counter()
    counted: set[str] = set()
    for chunk in _chunks(parse_rows(rows)):
        planned = [row for row in chunk if isinstance(row, PlannedRow)]
        existing = _existing_keys(planned)
        _count_submitters(planned, counts=counts, counted=counted)
        yield [
            _decide(row, seen=seen, existing=existing, counts=counts, cap=cap_per_submitter)
            if isinstance(row, PlannedRow)
            else row
            for row in chunk
        ]


def parse_rows(rows: Iterable[RawRow | BadLine]) -> Iterator[PlannedRow | BadLine]:
    """Check each row against the rules for prompts, without a look at the workspace."""
    for row in rows:
        yield _parse(row) if isinstance(row, RawRow) else row


def _parse(row: RawRow) -> PlannedRow | BadLine:
    try:
        content = PromptContent.from_json(row.value)
    except FormatError as error:
        return bad_line(row.line, error.field, error.message, row.excerpt)
    key = dedup_key(content.turns())
    return PlannedRow(row.line, content, key, content.submitter or f"anonymous:{key[:32]}")


def _chunks(rows: Iterator[PlannedRow | BadLine]) -> Iterator[list[PlannedRow | BadLine]]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk


def _existing_keys(rows: list[PlannedRow]) -> set[str]:
    keys = [row.key for row in rows]
    return set(Prompt.objects.filter(dedup_key__in=keys).order_by().values_list("dedup_key", flat=True))


def _count_submitters(rows: list[PlannedRow], *, counts: Counter[str], counted: set[str]) -> None:
    """Add to `counts` how many prompts the workspace has of the submitters that appear for the first time."""
    fresh = {row.content.submitter for row in rows if row.content.submitter} - counted
    counted |= fresh
    found = Prompt.objects.filter(submitter__key__in=fresh).order_by().values_list("submitter__key")
    counts.update(dict(found.annotate(Count("pk"))))


def _decide(row: PlannedRow, *, seen: set[bytes], existing: set[str], counts: Counter[str], cap: int) -> PlannedRow:
    digest = bytes.fromhex(row.key)
    if digest in seen or row.key in existing:
        return replace(row, fate=Fate.DUPLICATE)
    # Prompts of nobody in particular are each their own submitter: a cap on them would mean nothing.
    if row.content.submitter and counts[row.submitter] >= cap:
        return replace(row, fate=Fate.OVER_CAP)
    seen.add(digest)
    counts[row.submitter] += bool(row.content.submitter)
    return row

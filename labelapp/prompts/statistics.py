"""The paper's tables of a workspace: where its prompts come from, what they are for, how long they are, and whose.

Tables 1 and 6 to 8 of the paper (sources by split, shares of the use cases, lengths, prompts by submitter). Lengths are
in characters: tokens are a model's own.
"""

import csv
import io
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from labelapp.prompts.importing.bad_lines import formula_safe

# From so many rows on the tables are read at most once a minute: each is a look at the whole table.
EXACT_UNTIL_ROWS = 50_000
KEPT_SECONDS = 60
TOP_SUBMITTERS = 50

# As the list of prompts has them: without what is archived, and without those who asked for deletion.
LISTED = "archived_at IS NULL AND submitter_id NOT IN (SELECT id FROM prompts_submitter WHERE erased_at IS NOT NULL)"
SOURCES = f"""
SELECT prompt.kind AS source, submitter.split, count(*) AS prompts, count(DISTINCT submitter.id) AS submitters
FROM prompts_prompt prompt JOIN prompts_submitter submitter ON submitter.id = prompt.submitter_id
WHERE {LISTED} GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - of a constant
USE_CASES = f"""
SELECT use_case, count(*) AS prompts, round(count(*) / sum(count(*)) OVER (), 6)::float AS share
FROM prompts_prompt WHERE {LISTED} GROUP BY 1 ORDER BY 2 DESC, 1
"""  # noqa: S608 - of a constant
LENGTHS = f"""
SELECT prompt.kind AS source, submitter.split, round(avg(length), 1)::float AS mean,
       percentile_disc(0.5) WITHIN GROUP (ORDER BY length) AS median,
       percentile_disc(0.95) WITHIN GROUP (ORDER BY length) AS p95, max(length) AS longest
FROM (SELECT kind, submitter_id, char_length(text) AS length FROM prompts_prompt WHERE {LISTED}) prompt
JOIN prompts_submitter submitter ON submitter.id = prompt.submitter_id GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - of a constant
SUBMITTERS = f"""
SELECT submitter.key AS submitter, submitter.split, found.prompts FROM (
    SELECT submitter_id, count(*) AS prompts FROM prompts_prompt WHERE {LISTED}
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {TOP_SUBMITTERS}) found
JOIN prompts_submitter submitter ON submitter.id = found.submitter_id ORDER BY 3 DESC, 1
"""  # noqa: S608 - of constants
SPREAD = f"""
SELECT CASE WHEN prompts = 1 THEN '1' WHEN prompts <= 5 THEN '2–5' WHEN prompts <= 20 THEN '6–20'
            WHEN prompts <= 100 THEN '21–100' WHEN prompts <= 200 THEN '101–200' ELSE 'over 200' END AS prompts_each,
       count(*) AS submitters, sum(prompts)::bigint AS prompts
FROM (SELECT submitter_id, count(*) AS prompts FROM prompts_prompt WHERE {LISTED} GROUP BY 1) each
GROUP BY 1 ORDER BY min(each.prompts)
"""  # noqa: S608 - of a constant
TABLES = {
    "sources": SOURCES,
    "use_cases": USE_CASES,
    "lengths": LENGTHS,
    "submitters": SUBMITTERS,
    "prompts_per_submitter": SPREAD,
}


def tables() -> dict[str, Any]:
    """Return every table, and `as_of`, the moment of which it is the picture."""
    return lasting("prompts:tables", lambda: {"as_of": timezone.now(), **{name: _rows(name) for name in TABLES}})


def table_csv(name: str) -> str:
    """Return one table as a CSV whose cells no spreadsheet computes."""
    rows: list[dict[str, Any]] = tables()[name]
    text = io.StringIO()
    writer = csv.writer(text)
    if rows:
        writer.writerow(rows[0])
    for row in rows:
        writer.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in row.values()])
    return text.getvalue()


def lasting(key: str, read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what `read` returns; of a large workspace, at most a minute old."""
    if _estimated_prompts() < EXACT_UNTIL_ROWS:
        return read()
    kept: dict[str, Any] | None = cache.get(key)
    if kept is None:
        kept = read()
        cache.set(key, kept, KEPT_SECONDS)
    return kept


def _estimated_prompts() -> int:
    """About how many prompts there are, as the planner believes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'prompts_prompt'::regclass")
        return int(cursor.fetchone()[0])


def _rows(name: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES[name])
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

"""The paper's tables of a workspace: where its prompts come from, what they are for, how long they are, and whose.

Tables 1 and 6 to 8 of the paper (sources by split, shares of the use cases, lengths, prompts by submitter). Lengths are
in characters: tokens are a model's own.
"""

import csv
import io
import time
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from labelapp.prompts.importing.bad_lines import formula_safe

# From so many rows on figures are read only when something changed, at most once a minute and for at most a sixtieth of
# the time: each is a look at the whole table.
EXACT_UNTIL_ROWS = 50_000
KEPT_SECONDS = 60
SHARE_OF_TIME = 1 / 60
FORGOTTEN_SECONDS = 24 * 3600
TOP_SUBMITTERS = 50

WORKSPACE = """
SELECT (SELECT reltuples::bigint FROM pg_class WHERE oid = 'prompts_prompt'::regclass),
       (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del)::bigint FROM pg_stat_all_tables
        WHERE relid IN ('prompts_prompt'::regclass, 'prompts_submitter'::regclass)),
       (SELECT concat(count(*), ':', extract(epoch FROM max(erased_at)))
        FROM prompts_submitter WHERE erased_at IS NOT NULL)
"""
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
    """Return what `read` returns; of a large workspace as it was a minute ago, or sixty times as long as it takes."""
    rows, *state = _workspace()
    if rows < EXACT_UNTIL_ROWS:
        return read()
    key = f"{key}:{state.pop()}"
    kept: dict[str, Any] = cache.get(key) or {"state": None, "until": 0}
    begun = time.time()
    if kept["state"] != state and kept["until"] <= begun:
        kept = {"state": state, "figures": read()}
        kept["until"] = begun + max(KEPT_SECONDS, (time.time() - begun) / SHARE_OF_TIME)
        cache.set(key, kept, FORGOTTEN_SECONDS)
    figures: dict[str, Any] = kept["figures"]
    return figures


def _workspace() -> list[Any]:
    """About how many prompts there are, as the planner believes; how many rows were written; who was erased last.

    What was written is told some seconds later: read before the figures, it can only make them be read once too often.
    """
    with connection.cursor() as cursor:
        cursor.execute(WORKSPACE)
        return list(cursor.fetchone())


def _rows(name: str) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(TABLES[name])
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

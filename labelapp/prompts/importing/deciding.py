"""Second step of an import: what becomes of each line, against the file itself and the workspace as it is now.

In this order: no consent, the same prompt, the same long beginning, nearly the same, one too many of its submitter. The
first of a file is the one that is kept. All of it is one transaction, done inside the database but for the comparison
of the few texts that share a fingerprint.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from formats.messages import Message
from labelapp.prompts.by_index import by_index
from labelapp.prompts.import_models import ImportLine, PromptImport
from labelapp.prompts.importing.claiming import advance, lock_lines
from labelapp.prompts.importing.forgetting import REDACTED
from labelapp.prompts.importing.near import CANDIDATES, compared_text, shares_beginning, similarity
from labelapp.prompts.models import Prompt, Response

Verdict = ImportLine.Verdict
CHUNK_LINES, MOST_COMPARED = 200, 8

RESET = """
UPDATE prompts_importline SET verdict = 'new', duplicate_of_id = NULL, duplicate_of_line = NULL, similarity = NULL
WHERE prompt_import_id = %(id)s AND line > %(after)s AND verdict <> 'new'
"""
SAME_IN_WORKSPACE = """
UPDATE prompts_importline line SET verdict = 'duplicate'
FROM prompts_prompt prompt
WHERE line.prompt_import_id = %(id)s AND line.line > %(after)s AND line.verdict = 'new'
  AND prompt.dedup_key = line.dedup_key
"""
SAME_IN_FILE = """
UPDATE prompts_importline line SET verdict = 'duplicate', duplicate_of_line = found.first
FROM (SELECT line, first_value(line) OVER (PARTITION BY dedup_key ORDER BY line) AS first FROM prompts_importline
      WHERE prompt_import_id = %(id)s AND line > %(after)s AND verdict = 'new') found
WHERE line.prompt_import_id = %(id)s AND line.line = found.line AND found.first < found.line
"""
# Of each fingerprint's lines: the first, and the one just before.
ALIKE_IN_FILE = """
SELECT line, NULL::bigint AS prompt_id, other FROM (
    SELECT line, first_value(line) OVER same AS first, lag(line) OVER same AS before FROM (
        SELECT line, unnest(fingerprints) AS fingerprint FROM prompts_importline
        WHERE prompt_import_id = %(id)s AND line > %(after)s AND verdict = 'new' AND %(compares)s) printed
    WINDOW same AS (PARTITION BY fingerprint ORDER BY line)) found
CROSS JOIN LATERAL (VALUES (first), (before)) AS others(other)
WHERE other < line
"""
IN_WORKSPACE = CANDIDATES.format(fingerprints="line.fingerprints", most=MOST_COMPARED)
ALIKE_IN_WORKSPACE = f"""
SELECT line.line, prompt.id AS prompt_id, NULL::bigint AS other
FROM prompts_importline line CROSS JOIN LATERAL ({IN_WORKSPACE}) prompt
WHERE line.prompt_import_id = %(id)s AND line.line > %(after)s AND line.verdict = 'new' AND line.fingerprints <> '{{}}'
  AND %(compares)s
"""  # noqa: S608 - of constants
# All that a line may name, before one does: naming one locks it, and who undoes their import locks them in this order.
# One that is deleted meanwhile is not there any more, and is not named.
LOCK_MATCHED = """
SELECT FROM prompts_prompt WHERE id IN (
    SELECT same.id FROM prompts_importline line JOIN prompts_prompt same ON same.dedup_key = line.dedup_key
    WHERE line.prompt_import_id = %(id)s AND line.line > %(after)s AND line.verdict = 'duplicate'
    UNION SELECT prompt_id FROM alike)
ORDER BY id FOR KEY SHARE
"""
NAME_SAME = """
UPDATE prompts_importline line SET duplicate_of_id = prompt.id
FROM prompts_prompt prompt
WHERE line.prompt_import_id = %(id)s AND line.line > %(after)s AND line.verdict = 'duplicate'
  AND line.duplicate_of_line IS NULL AND prompt.dedup_key = line.dedup_key
"""
DROP_ALIKE = """
UPDATE prompts_importline line SET verdict = found.verdict, duplicate_of_id = found.prompt_id,
       duplicate_of_line = found.other, similarity = found.similarity
FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::float[])
     AS found(line, verdict, prompt_id, other, similarity)
WHERE line.prompt_import_id = %s AND line.line = found.line
"""
WITHOUT_CONSENT = """
UPDATE prompts_importline line SET verdict = 'no_consent'
WHERE prompt_import_id = %(id)s AND line > %(after)s AND line <= coalesce(%(last)s, line)
  AND verdict IN ('new', 'duplicate') AND coalesce((
    SELECT consent.action FROM prompts_consent consent JOIN prompts_submitter submitter ON submitter.id = submitter_id
    WHERE submitter.key = line.submitter AND consent.model = line.model
    ORDER BY consent.id DESC LIMIT 1), '') <> 'given'
"""
OVER_CAP = """
WITH named AS (
    SELECT line, submitter, row_number() OVER (PARTITION BY submitter ORDER BY line) AS place FROM prompts_importline
    WHERE prompt_import_id = %(id)s AND line > %(after)s AND verdict = 'new' AND submitter <> ''
), there AS (
    SELECT submitter.key, count(*) AS prompts FROM prompts_submitter submitter
    JOIN prompts_prompt prompt ON prompt.submitter_id = submitter.id
    WHERE submitter.key IN (SELECT submitter FROM named) GROUP BY submitter.key
)
UPDATE prompts_importline line SET verdict = 'over_cap'
FROM named LEFT JOIN there ON there.key = named.submitter
WHERE line.prompt_import_id = %(id)s AND line.line = named.line AND named.place + coalesce(there.prompts, 0) > %(cap)s
"""
COUNTS = """
SELECT verdict, count(*), coalesce(sum(jsonb_array_length(responses))
                                   FILTER (WHERE verdict = 'new' OR verdict = 'duplicate' AND %(all)s), 0)
FROM prompts_importline WHERE prompt_import_id = %(id)s GROUP BY verdict
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """A text that others are compared with: a prompt of the workspace, or a line of the file (then `prompt_id` None).

    `root` is the line that is kept in its place, where it is dropped itself.
    """

    text: str
    prompt_id: int | None
    line: int | None
    root: int | None = None


@transaction.atomic
def decide(claimed: PromptImport) -> None:
    """Give every line after the last decided one its verdict, and count them. Raises ClaimLost."""
    bound = {"id": claimed.pk, "after": claimed.position.get("written", 0), "cap": claimed.cap_per_submitter}
    compares = bool(claimed.prefix_characters or claimed.near_similarity)
    bound |= {"last": None, "all": not is_repeat(claimed), "compares": compares}
    lock_lines(claimed.pk)
    newest = _newest_prompt()
    with connection.cursor() as cursor:
        # The planner must know how many lines were just copied, and that looking one up is cheap.
        cursor.execute("ANALYZE prompts_importline (prompt_import_id, line, verdict, dedup_key, submitter)")
        first = (RESET, WITHOUT_CONSENT) if needs_consent(claimed) else (RESET,)
        for statement in (*first, SAME_IN_WORKSPACE, SAME_IN_FILE):
            cursor.execute(statement, bound)
    with _alike_lines(ALIKE_IN_WORKSPACE, bound), connection.cursor() as cursor:
        cursor.execute(LOCK_MATCHED, bound)
        cursor.execute(NAME_SAME, bound)
        _drop_alike(claimed)
    with _alike_lines(ALIKE_IN_FILE, bound):
        _drop_alike(claimed)
    with connection.cursor() as cursor:
        cursor.execute(OVER_CAP, bound)
        cursor.execute(COUNTS, bound)
        counts = {verdict: (lines, responses) for verdict, lines, responses in cursor.fetchall()}
    written = Response.objects.filter(batch__prompt_import=claimed)
    advance(
        claimed,
        position={**claimed.position, "newest_prompt": newest},
        response_count=written.count() + sum(responses for _, responses in counts.values()),
        good_count=claimed.imported_count + counts.get("new", (0, 0))[0],
        **{f"{verdict}_count": counts.get(verdict, (0, 0))[0] for verdict in Verdict.values if verdict != "new"},
    )


def needs_consent(claimed: PromptImport) -> bool:
    """Say whether each line needs a recorded consent of its submitter's."""
    return claimed.file_format == PromptImport.Format.CHAT_LOG and not claimed.consent_note


def is_repeat(claimed: PromptImport) -> bool:
    """Say whether the very same lines were imported before: their responses are there."""
    same = PromptImport.objects.filter(state=PromptImport.State.IMPORTED, follows=False).exclude(pk=claimed.pk)
    is_same_file = Q(file_sha256=claimed.file_sha256) if claimed.file_sha256 else Q()
    digest = claimed.position.get("digest")
    alike = is_same_file | Q(position__digest=digest) if digest else is_same_file
    return bool(alike) and same.filter(alike).exists()


def is_outdated(claimed: PromptImport) -> bool:
    """Say whether prompts were added or deleted, or consents given or withdrawn, since the lines were decided."""
    if needs_consent(claimed) or claimed.position.get("newest_prompt") != _newest_prompt():
        return True
    # Dropped in favour of a prompt that is gone.
    return ImportLine.objects.filter(
        prompt_import=claimed,
        line__gt=claimed.position.get("written", 0),
        verdict__in=(Verdict.DUPLICATE, Verdict.PREFIX, Verdict.NEAR),
        duplicate_of=None,
        duplicate_of_line=None,
    ).exists()


def _newest_prompt() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0) FROM prompts_prompt")
        return int(cursor.fetchone()[0])


def candidates(fingerprints: list[int]) -> list[Compared]:
    """The prompts of the workspace that one with these fingerprints is to be compared with, the likeliest first."""
    with by_index() as cursor:
        cursor.execute(CANDIDATES.format(fingerprints="%(own)s::int[]", most=MOST_COMPARED), {"own": fingerprints})
        ids = [pk for (pk,) in cursor.fetchall()]
    found = _prompts_by_id(set(ids))
    return [found[pk] for pk in ids]


@contextmanager
def _alike_lines(pairs_of_lines: str, bound: dict[str, Any]) -> Iterator[None]:
    """Hold in the table `alike` which lines are to be compared with which prompts or lines."""
    with by_index() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE alike ON COMMIT DROP AS " + pairs_of_lines, bound)
        # Each chunk would read and sort all of it: at a million lines, for hours.
        cursor.execute("CREATE INDEX ON alike (line)")
        cursor.execute("ANALYZE alike")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE alike")


def _drop_alike(claimed: PromptImport) -> None:
    """Compare each line with those that share a fingerprint with it, in the file's order; drop what is alike."""
    after = -1
    while pairs := _next_pairs(after):
        _compare_chunk(claimed, pairs)
        after = pairs[-1][0]


def _next_pairs(after: int) -> list[tuple[int, int | None, int | None]]:
    """The candidates of the next lines, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT line, prompt_id, other FROM alike WHERE line > %s AND line <= ("
            " SELECT max(line) FROM (SELECT DISTINCT line FROM alike WHERE line > %s ORDER BY line LIMIT %s) next)"
            " ORDER BY line, prompt_id, other",
            [after, after, CHUNK_LINES],
        )
        return list(cursor.fetchall())


def _compare_chunk(claimed: PromptImport, pairs: list[tuple[int, int | None, int | None]]) -> None:
    lines = _lines_by_number(claimed, {number for line, _, other in pairs for number in (line, other) if number})
    roots = {found.root for found in lines.values() if found.root} - lines.keys()
    lines |= _lines_by_number(claimed, roots)
    prompts = _prompts_by_id({prompt_id for _, prompt_id, _ in pairs if prompt_id})
    dropped: dict[int, tuple[str, int | None, int | None, float]] = {}
    for number, group in groupby(pairs, key=lambda pair: pair[0]):
        others = list(_others(group, lines=lines, prompts=prompts, dropped=dropped))
        if found := _alike(lines[number], others, claimed):
            dropped[number] = found
    if dropped:
        rows = [(number, *found) for number, found in dropped.items()]
        with connection.cursor() as cursor:
            cursor.execute(DROP_ALIKE, [*(list(column) for column in zip(*rows, strict=True)), claimed.pk])


def _others(
    pairs: Iterable[tuple[int, int | None, int | None]],
    *,
    lines: dict[int, Compared],
    prompts: dict[int, Compared],
    dropped: dict[int, tuple[str, int | None, int | None, float]],
) -> Iterator[Compared]:
    """What a line is compared with: of a line that is dropped itself, the one that is kept in its place."""
    for _, prompt_id, other in pairs:
        if prompt_id is not None:
            if prompt_id in prompts:  # it may be gone by now
                yield prompts[prompt_id]
        elif other is not None:
            root = dropped[other][2] if other in dropped else lines[other].root
            if root is None or root in lines:
                yield lines[root or other]


def _alike(
    own: Compared, others: list[Compared], claimed: PromptImport
) -> tuple[str, int | None, int | None, float] | None:
    """The verdict, of which prompt or line it is a duplicate, and how similar they are; None where it is kept."""
    best: tuple[str, int | None, int | None, float] | None = None
    for other in others:
        score = similarity(own.text, other.text)
        if claimed.prefix_characters and shares_beginning(own.text, other.text, characters=claimed.prefix_characters):
            return Verdict.PREFIX, other.prompt_id, other.line, score
        is_near = claimed.near_similarity and score >= claimed.near_similarity
        if is_near and (best is None or score > best[3]):
            best = Verdict.NEAR, other.prompt_id, other.line, score
    return best


def _lines_by_number(claimed: PromptImport, numbers: set[int]) -> dict[int, Compared]:
    found = ImportLine.objects.filter(prompt_import=claimed, line__in=numbers).order_by()
    return {
        line: Compared(_compared(messages, kind), None, line, root)
        for line, messages, kind, root in found.values_list("line", "messages", "kind", "duplicate_of_line")
    }


def _prompts_by_id(ids: set[int]) -> dict[int, Compared]:
    """The prompts as they were given: what was redacted since makes no new prompt of what comes in again."""
    found = Prompt.objects.filter(pk__in=ids).order_by().values_list("pk", "messages", "kind")
    given = dict(REDACTED.filter(prompt__in=ids).order_by("-id").values_list("prompt", "original_messages"))
    return {pk: Compared(_compared(given.get(pk, messages), kind), pk, None) for pk, messages, kind in found}


def _compared(messages: list[dict[str, str]], kind: str) -> str:
    return compared_text((Message(turn["role"], turn["content"]) for turn in messages), kind=kind)  # type: ignore[arg-type]

"""First step of an import: its rows are read, checked and copied into the table of lines, a batch at a time.

A batch's lines and the position after it are committed together. So a worker that is killed goes on at the next line,
and memory holds one batch, however long the source is.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from django.db import connection, transaction

from labelapp.prompts.import_models import PromptImport
from labelapp.prompts.importing.bad_lines import BadLineFile, bad_lines_path
from labelapp.prompts.importing.claiming import advance
from labelapp.prompts.importing.lines import BadLine
from labelapp.prompts.importing.near import compared_text, fingerprints
from labelapp.prompts.importing.parsing import ParsedLine, parse_rows
from labelapp.prompts.importing.sources import Source, SourceProblem
from labelapp.prompts.splits import split_of

BATCH_LINES, BATCH_CHARACTERS = 2000, 4_000_000
BAD_SHOWN = 200
# What a source may come to when it is unpacked: so much, or so many times its size.
MOST_UNPACKED, UNPACKED_RATIO = 8 * 1024**3, 100
COPY_LINES = """
COPY prompts_importline (prompt_import_id, line, verdict, messages, text, kind, use_case, submitter, split, language,
                         annotations, deployment_context, model, responses, dedup_key, fingerprints) FROM STDIN
"""


def read_source(claimed: PromptImport, source: Source) -> None:
    """Read what is left of the source. Raises ClaimLost, and SourceProblem where it unpacks to too much."""
    advance(claimed, steps_total=source.bytes_total)
    most = max(MOST_UNPACKED, UNPACKED_RATIO * source.bytes_total)
    path = bad_lines_path(claimed)
    with BadLineFile(path, size=claimed.position.get("bad_bytes", 0)) as bad_lines:
        for batch in _batches(parse_rows(source.rows(), source.reading)):
            bad = [_named(line, is_log=source.is_log) for line in batch if isinstance(line, BadLine)]
            good = [line for line in batch if isinstance(line, ParsedLine)]
            unpacked = claimed.position.get("unpacked", 0) + sum(map(_length, good))
            if unpacked > most and not source.is_growing:
                raise SourceProblem(
                    f"It unpacks to more than {most:,} characters, at line {batch[-1].line:,}. Cut it up."
                )
            for line in bad:
                bad_lines.write(line)
            with transaction.atomic():
                _copy(good, prompt_import_id=claimed.pk)
                advance(
                    claimed,
                    position={
                        **claimed.position,
                        **source.position,
                        "bad_bytes": bad_lines.settle(),
                        "unpacked": unpacked,
                        "digest": _digest(claimed.position.get("digest", ""), good),
                    },
                    steps_done=source.bytes_read,
                    line_count=claimed.line_count + len(batch),
                    bad_count=claimed.bad_count + len(bad),
                    **_report(claimed, bad),
                )
    advance(claimed, position={**claimed.position, **source.position})


def _batches(lines: Iterator[ParsedLine | BadLine]) -> Iterator[list[ParsedLine | BadLine]]:
    """Cut the lines into batches by their number and their length: prompts may be long."""
    batch: list[ParsedLine | BadLine] = []
    characters = 0
    for line in lines:
        batch.append(line)
        characters += 200 if isinstance(line, BadLine) else _length(line)
        if len(batch) >= BATCH_LINES or characters >= BATCH_CHARACTERS:
            yield batch
            batch, characters = [], 0
    if batch:
        yield batch


def _length(line: ParsedLine) -> int:
    return sum(len(turn.content) for turn in line.content.turns()) + sum(map(len, line.content.response_texts()))


def _named(bad: BadLine, *, is_log: bool) -> BadLine:
    """The line as it is reported: whether the people in a log agreed to be read, nobody has looked up."""
    return replace(bad, excerpt="") if is_log else bad


def _digest(before: str, lines: list[ParsedLine]) -> str:
    """What two sources share that say the same, however they were cut into batches: a chain of sha256."""
    for line in lines:
        said = json.dumps([before, line.key, line.content.response_texts()])
        before = hashlib.sha256(said.encode()).hexdigest()
    return before


def _report(claimed: PromptImport, bad: list[BadLine]) -> dict[str, Any]:
    """The report with as many bad lines as it shows; nothing where it stays as it is."""
    shown = claimed.report.get("bad", [])
    if not bad or len(shown) >= BAD_SHOWN:
        return {}
    return {"report": {**claimed.report, "bad": [*shown, *map(_shown, bad)][:BAD_SHOWN]}}


def _shown(bad: BadLine) -> dict[str, Any]:
    values = asdict(bad)
    return {**{key: values[key] for key in ("line", "field", "message")}, "text": bad.excerpt}


def _copy(lines: list[ParsedLine], *, prompt_import_id: int) -> None:
    if not lines:
        return
    # Django translates what its own methods raise, and COPY is none.
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(COPY_LINES) as copy:
        for line in lines:
            copy.write_row(_row(line, prompt_import_id))


def _row(line: ParsedLine, prompt_import_id: int) -> tuple[Any, ...]:
    content = line.content
    turns = content.turns()
    found = fingerprints(compared_text(turns, kind=content.kind))
    responses = content.response_texts()
    return (
        prompt_import_id,
        line.line,
        "new",
        _json([{"role": turn.role, "content": turn.content} for turn in turns]),
        content.text(),
        content.kind,
        content.use_case,
        content.submitter,
        str(split_of(line.owner)),
        content.language,
        _json(content.annotations) if content.annotations else "{}",
        content.deployment_context,
        line.model,
        _json(responses) if responses else None,
        line.key,
        f"{{{','.join(map(str, found))}}}",
    )


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

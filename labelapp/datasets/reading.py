"""Rows out of the database, a task's answers together, in constant memory however many there are.

COPY … TO STDOUT streams them: the server sends a row when it has made one, and we hold one task at a time. Its CSV is
told to separate by a control character. In JSON such a character is escaped and the other columns are numbers, so no
field ever has to be quoted, and a row is split in one call.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet
from psycopg import ClientCursor

from labelapp.datasets.models import DatasetKind
from labelapp.datasets.policy import Answer, Ranks
from labelapp.datasets.selection import selected_prompts, selected_submissions, split_column

SEPARATOR = b"\x02"
COPY_OUT = "COPY ({}) TO STDOUT (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')"

# What is computed of each row stands outside the sorted part: what is sorted is a few numbers a row.
LABELS = """SELECT chosen.id, task_id, labeler_id, instruction_version_id, split{columns}
FROM ({chosen}) chosen(id, task_id, labeler_id, instruction_version_id, split, prompt_id)"""
MARKS = """, ARRAY(
    SELECT judgment.rank * 10 + coalesce(judgment.quality, 0) FROM labeling_judgment judgment
    WHERE judgment.submission_id = chosen.id ORDER BY judgment.response_id)"""
PROMPT = """, prompt_id,
    (SELECT json_build_array(asked.messages, asked.use_case) FROM prompts_prompt asked WHERE asked.id = prompt_id)"""
DEMONSTRATION = """,
    (SELECT to_json(said.demonstration) FROM labeling_submission said WHERE said.id = chosen.id)"""
JUDGED = """,
    (SELECT json_agg(json_build_array(response.id, response.text, response.finish_reason, response.batch_id,
                                      judgment.answers, judgment.notes, judgment.shown_position)
                     ORDER BY judgment.response_id)
     FROM labeling_judgment judgment JOIN prompts_response response ON response.id = judgment.response_id
     WHERE judgment.submission_id = chosen.id)"""
PROMPTS = """SELECT chosen.id, split, submitter_id,
    (SELECT json_build_array(asked.messages, asked.use_case) FROM prompts_prompt asked WHERE asked.id = chosen.id)
FROM ({chosen}) chosen(id, split, submitter_id)"""


def answers_by_task(kind: str, query: Mapping[str, Any], *, with_content: bool = False) -> Iterator[list[Answer]]:
    """Yield the answers to each task that a query's filters leave, in the order of their ids.

    Their content is the prompt's id, its messages and use case, and either the demonstration or the judged responses,
    each as the database wrote it.
    """
    columns = MARKS if kind == DatasetKind.COMPARISONS else ", '{}'"
    if with_content:
        columns += PROMPT + (JUDGED if kind == DatasetKind.COMPARISONS else DEMONSTRATION)
    chosen = selected_submissions(kind, query).values_list(
        "pk", "task_id", "labeler_id", "instruction_version_id", split_column(kind), "task__prompt_id"
    )
    answers = (_answer(fields) for fields in _copied(LABELS, chosen, columns=columns))
    for _, group in groupby(answers, key=attrgetter("task_id")):
        yield list(group)


def prompt_fields(query: Mapping[str, Any]) -> Iterator[list[bytes]]:
    """Yield id, split, submitter's id, and messages with use case of each prompt that a query finds."""
    chosen = selected_prompts(query).values_list("pk", split_column(DatasetKind.PROMPTS), F("submitter_id"))
    return _copied(PROMPTS, chosen)


def _copied(statement: str, chosen: QuerySet[Any, Any], **parts: str) -> Iterator[list[bytes]]:
    sql, parameters = chosen.query.sql_with_params()
    statement = COPY_OUT.format(statement.format(chosen=sql, **parts))
    with connection.cursor() as cursor:
        # COPY takes no parameters, so they are written into it here, by the driver.
        copied = ClientCursor(cursor.connection).mogrify(statement, parameters)
        # Django translates what its own methods raise, and COPY is none.
        with connection.wrap_database_errors, cursor.copy(copied) as copy:
            for row in copy:
                yield bytes(row)[:-1].split(SEPARATOR)


def _answer(fields: list[bytes]) -> Answer:
    submission, task, labeler, instructions, split, marks, *content = fields
    ranks, qualities = _marks(marks)
    return Answer(
        int(submission), int(task), int(labeler), int(instructions), split.decode(), ranks, qualities, tuple(content)
    )


@lru_cache(maxsize=65_536)
def _marks(text: bytes) -> tuple[Ranks, tuple[int | None, ...]]:
    """Read a PostgreSQL array of rank · 10 + rating, where 0 is no rating."""
    marks = [int(mark) for mark in text[1:-1].split(b",")] if len(text) > 2 else []
    return tuple(mark // 10 for mark in marks), tuple(mark % 10 or None for mark in marks)

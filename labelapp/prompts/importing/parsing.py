"""Check the rows of a file against the rules for prompts, without a look at the workspace."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from formats.errors import FormatError
from labelapp.prompts.content import PromptContent
from labelapp.prompts.dedup import dedup_key
from labelapp.prompts.importing.chat_log import from_chat, from_log_entry
from labelapp.prompts.importing.lines import BadLine, RawRow, bad_line


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """A row that is a prompt, and the key by which it is compared. `model` is the one that it was sent to."""

    line: int
    content: PromptContent
    key: str
    model: str = ""

    @property
    def owner(self) -> str:
        """Whose it is; a prompt of nobody in particular is its own, so that such a file is in no single split."""
        return self.content.submitter or anonymous(self.key)


def anonymous(key: str) -> str:
    """The submitter of a prompt that names none."""
    return f"anonymous:{key[:32]}"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source's rows become prompts.

    `columns` says which column holds which field (all others are left out); `is_log` that each row is a request to a
    chat API, maybe with its response; `cuts_answers` that a conversation which ends with the assistant is a prompt and
    a response.
    """

    columns: dict[str, str] = field(default_factory=dict)
    is_log: bool = False
    cuts_answers: bool = False


def parse_rows(rows: Iterable[RawRow | BadLine], reading: Reading = Reading()) -> Iterator[ParsedLine | BadLine]:
    """Check each row."""
    for row in rows:
        yield parse_row(row, reading) if isinstance(row, RawRow) else row


def parse_row(row: RawRow, reading: Reading) -> ParsedLine | BadLine:
    """Return the row as a prompt, or why it is none."""
    try:
        value, model = _fields(row.value, reading)
        content = PromptContent.from_json(value)
    except FormatError as error:
        return bad_line(row.line, error.field, row.place + error.message, row.excerpt)
    return ParsedLine(row.line, content, dedup_key(content.turns()), model)


def _fields(value: Any, reading: Reading) -> tuple[Any, str]:
    """The row as PromptContent reads it, and the model it was sent to."""
    if reading.is_log:
        return from_log_entry(value)
    if reading.columns and isinstance(value, dict):
        missing = [column for column in reading.columns.values() if column not in value]
        if missing and not any(column in value for column in reading.columns.values()):
            raise FormatError(missing[0], f"is not there; the columns are {', '.join(map(str, value))}"[:500])
        value = {name: value[column] for name, column in reading.columns.items() if value.get(column) is not None}
    if reading.cuts_answers and isinstance(value, dict) and isinstance(value.get("messages"), list):
        messages, said = from_chat(value["messages"], "messages")
        responses = value.get("responses", [])
        if isinstance(responses, list):  # what is none is told as any other mistake
            responses = [*responses, *said]
        value = {**value, "messages": messages, "responses": responses}
    return value, ""

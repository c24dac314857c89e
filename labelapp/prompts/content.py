"""What a prompt may consist of: the one set of rules for prompts that are typed, imported, or loaded.

`PromptContent.from_json` raises formats.FormatError, which names the field and says what would be right.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from formats.codec import Format, join
from formats.errors import FormatError
from formats.messages import Message, check_prompt_messages
from labelapp.prompts.annotations import ANNOTATIONS
from labelapp.prompts.models import PromptKind, UseCase

MAX_TEXT_LENGTH = 100_000
MAX_NOTES_LENGTH = 10_000
MAX_TAGS = 50
MAX_SUBMITTER_LENGTH = 200
MAX_RESPONSES = 64
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
MAX_LANGUAGE_LENGTH = 12
KINDS, USE_CASES = tuple(PromptKind.values), tuple(UseCase.values)


@dataclass(frozen=True, slots=True)
class PromptContent(Format):
    """A prompt as people give it: either `prompt`, one user message, or `messages`; and what is known of it.

    `responses` are outputs that somebody brings along, each a text or `{"text": …}`.
    """

    prompt: str | None = None
    messages: tuple[Message, ...] | None = None
    kind: str = PromptKind.IMPORTED.value
    use_case: str = UseCase.OTHER.value
    submitter: str = ""
    language: str = ""
    annotations: dict[str, bool] = field(default_factory=dict)
    deployment_context: str = ""
    responses: tuple[Any, ...] = ()

    def check_rules(self, field: str) -> None:
        check_choice(self.kind, KINDS, join(field, "kind"))
        check_choice(self.use_case, USE_CASES, join(field, "use_case"))
        check_text(self.submitter, join(field, "submitter"), limit=MAX_SUBMITTER_LENGTH)
        if self.submitter != self.submitter.strip():
            # Two keys of one submitter may be in two splits.
            raise FormatError(join(field, "submitter"), "must not begin or end with a space")
        check_text(self.deployment_context, join(field, "deployment_context"), limit=MAX_NOTES_LENGTH)
        check_language(self.language, join(field, "language"))
        check_annotations(self.annotations, join(field, "annotations"))
        self._check_messages(field)
        self._check_responses(join(field, "responses"))

    def turns(self) -> tuple[Message, ...]:
        """The messages, also where the prompt was given as one text."""
        return self.messages if self.messages is not None else (Message("user", self.prompt or ""),)

    def text(self) -> str:
        """The contents in one text: what is searched and shown in lists."""
        return "\n\n".join(message.content for message in self.turns())

    def response_texts(self) -> list[str]:
        """The responses as plain texts."""
        return [response if isinstance(response, str) else response["text"] for response in self.responses]

    def _check_messages(self, field: str) -> None:
        if (self.prompt is None) == (self.messages is None):
            raise FormatError(join(field, "prompt"), "must be given, or messages in its place, and not both")
        if self.prompt is not None:
            _check_content(self.prompt, join(field, "prompt"))
            return
        check_prompt_messages(self.messages or (), join(field, "messages"))
        for index, message in enumerate(self.messages or ()):
            _check_content(message.content, join(field, f"messages[{index}].content"))
        if len(self.text()) > MAX_TEXT_LENGTH:
            raise FormatError(join(field, "messages"), f"must have at most {MAX_TEXT_LENGTH:,} characters in all")

    def _check_responses(self, field: str) -> None:
        if len(self.responses) > MAX_RESPONSES:
            raise FormatError(field, f"must hold at most {MAX_RESPONSES} responses, not {len(self.responses)}")
        for index, response in enumerate(self.responses):
            where = f"{field}[{index}]"
            if isinstance(response, dict) and list(response) == ["text"]:
                response, where = response["text"], f"{where}.text"
            if not isinstance(response, str):
                raise FormatError(where, 'must be a text, or an object of the form {"text": "…"}')
            check_text(response, where)


def check_text(text: str, field: str, *, limit: int = MAX_TEXT_LENGTH) -> None:
    """Raise FormatError for what is too long or cannot be stored."""
    if len(text) > limit:
        raise FormatError(field, f"must have at most {limit:,} characters, not {len(text):,}")
    if "\x00" in text:
        raise FormatError(field, "must not contain the NUL character")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise FormatError(field, "must be writable as UTF-8; it has a lone surrogate") from error


def check_choice(value: str, choices: Iterable[str], field: str) -> None:
    """Raise FormatError unless `value` is one of `choices`."""
    if value not in choices:
        raise FormatError(field, f"must be one of {', '.join(choices)}, not {value[:60]!r}")


def check_language(language: str, field: str) -> None:
    """Raise FormatError unless `language` is empty or looks like a language tag."""
    if language and (len(language) > MAX_LANGUAGE_LENGTH or not LANGUAGE.fullmatch(language)):
        raise FormatError(field, f"must be a language code such as en or pt-BR, not {language[:60]!r}")


def check_annotations(annotations: dict[str, Any], field: str) -> None:
    """Raise FormatError unless every name is known and every value true or false."""
    for name, value in annotations.items():
        if name not in ANNOTATIONS:
            close = difflib.get_close_matches(name, ANNOTATIONS, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the known ones are {', '.join(ANNOTATIONS)}"
            raise FormatError(join(field, name[:60]), f"is not a known annotation; {hint}")
        if not isinstance(value, bool):
            raise FormatError(join(field, name), "must be true or false; leave it out where it is not known")


def _check_content(text: str, field: str) -> None:
    if not text.strip():
        raise FormatError(field, "must not be empty")
    check_text(text, field)

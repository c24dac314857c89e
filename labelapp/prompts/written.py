"""What somebody of the workspace writes as a prompt, and what prompts it becomes (the paper, section 3.2).

- plain: any task, one user message.
- user_based: the same, made vague and anonymous from somebody's use case, which is kept apart as `source`.
- few_shot: an instruction and K query/response pairs. They become K prompts: each has the instruction as the system's
  message, the K−1 other pairs as turns in their order, and its own query last. Its own response stays beside it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from formats.errors import FormatError
from formats.messages import Message
from labelapp.prompts.content import MAX_NOTES_LENGTH, MAX_TEXT_LENGTH, check_annotations, check_language
from labelapp.prompts.dedup import dedup_key
from labelapp.prompts.models import Prompt, PromptKind

MIN_PAIRS, MAX_PAIRS = 2, 16
Problem = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """One query of a few-shot prompt and its author's response to it."""

    query: str
    response: str


@dataclass(frozen=True, slots=True)
class WrittenContent:
    """A prompt as its author gives it. Only the fields of its kind may say something."""

    kind: str
    use_case: str
    text: str = ""
    instruction: str = ""
    pairs: tuple[Pair, ...] = ()
    source: str = ""
    language: str = ""
    annotations: dict[str, bool] = field(default_factory=dict)

    def problems(self) -> list[Problem]:
        """Return (field, message) for each thing that is wrong."""
        return [*self._of_kind(), *self._of_length(), *_checked(self.annotations, self.language)]

    def conversations(self) -> list[tuple[Message, ...]]:
        """The messages of each prompt that this becomes: one, or one for each pair."""
        if self.kind != PromptKind.FEW_SHOT:
            return [(Message("user", self.text),)]
        return [tuple(self._example(number)) for number in range(len(self.pairs))]

    def compared_text(self) -> str:
        """All of it in one text, in the order in which it is written: what is compared with what was written before."""
        pairs = [part for pair in self.pairs for part in (pair.query, pair.response)]
        return "\n\n".join(part for part in (self.instruction, self.text, *pairs) if part)

    def _example(self, number: int) -> Iterator[Message]:
        yield Message("system", self.instruction)
        for other, pair in enumerate(self.pairs):
            if other != number:
                yield Message("user", pair.query)
                yield Message("assistant", pair.response)
        yield Message("user", self.pairs[number].query)

    def _of_kind(self) -> Iterator[Problem]:
        is_few_shot, is_user_based = self.kind == PromptKind.FEW_SHOT, self.kind == PromptKind.USER_BASED
        if is_few_shot:
            yield from self._of_pairs()
        yield from _given("text", self.text, is_asked=not is_few_shot, said="Write the prompt.")
        yield from _given("instruction", self.instruction, is_asked=is_few_shot, said="Write the instruction.")
        source = "Say which use case it was made from. Only researchers see this."
        yield from _given("source", self.source, is_asked=is_user_based, said=source)
        if self.pairs and not is_few_shot:
            yield "pairs", "Only a few-shot prompt has pairs."

    def _of_pairs(self) -> Iterator[Problem]:
        if not MIN_PAIRS <= len(self.pairs) <= MAX_PAIRS:
            yield "pairs", f"A few-shot prompt has {MIN_PAIRS} to {MAX_PAIRS} pairs, not {len(self.pairs)}."
        seen: dict[str, int] = {}
        for number, pair in enumerate(self.pairs):
            for name, text in (("query", pair.query), ("response", pair.response)):
                if not text.strip():
                    yield f"pairs.{number}.{name}", f"Write the {name}."
            first = seen.setdefault(dedup_key([Message("user", pair.query)]), number)
            if first != number and pair.query.strip():
                yield f"pairs.{number}.query", f"This is the query of pair {first + 1} again."

    def _of_length(self) -> Iterator[Problem]:
        if len(self.compared_text()) > MAX_TEXT_LENGTH:
            yield "pairs" if self.pairs else "text", f"A prompt may have at most {MAX_TEXT_LENGTH:,} characters in all."
        if len(self.source) > MAX_NOTES_LENGTH:
            yield "source", f"This may have at most {MAX_NOTES_LENGTH:,} characters."


def content_of(prompts: list[Prompt], *, source: str) -> WrittenContent:
    """Return what its author gave, from the prompts that it became, in their order."""
    first = prompts[0]
    is_few_shot = first.kind == PromptKind.FEW_SHOT
    return WrittenContent(
        kind=first.kind,
        use_case=first.use_case,
        text="" if is_few_shot else first.messages[-1]["content"],
        instruction=first.messages[0]["content"] if is_few_shot else "",
        pairs=tuple(_pairs(prompts)) if is_few_shot else (),
        source=source,
        language=first.language,
        annotations=first.annotations,
    )


def _pairs(prompts: list[Prompt]) -> Iterator[Pair]:
    for prompt in prompts:
        yield Pair(prompt.messages[-1]["content"], prompt.written_response)


def _given(name: str, text: str, *, is_asked: bool, said: str) -> Iterator[Problem]:
    if is_asked and not text.strip():
        yield name, said
    if text and not is_asked:
        yield name, "A prompt of this kind does not have this."


def _checked(annotations: dict[str, bool], language: str) -> Iterator[Problem]:
    try:
        check_annotations(annotations, "annotations")
        check_language(language, "language")
    except FormatError as error:
        yield error.field, f"{error.field} {error.message}."

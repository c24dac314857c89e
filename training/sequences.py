"""From records to token ids, under the one truncation policy of all stages.

A prompt longer than `max_prompt_tokens` is left out (the paper filters them), and counted. A response longer than
`max_response_tokens` is cut at its end and then carries no end-of-text token: it looks as a rollout does that ran into
the same limit. Nothing is ever cut out of a prompt, so a reward never stands for a question that was not read.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from formats.configs.sft import TrainedTurns
from formats.messages import Message
from formats.records import Demonstration, PretrainingText, Prompt, Ranking
from formats.shared_settings import Training
from inference.models import LoadedModel, context_length, rescaled_after
from inference.prompts import encode_prompt, encode_response
from training.errors import TrainingError

Record = TypeVar("Record")
Encoded = TypeVar("Encoded")
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TokenSequence:
    """A prompt's ids and the ids of one response to it.

    Where several turns of a conversation are trained on, the response begins with the first of them, and `unlearnt` are
    the pieces [start, end) of it that other people say.
    """

    prompt_ids: list[int]
    response_ids: list[int]
    unlearnt: tuple[tuple[int, int], ...] = ()

    @property
    def length(self) -> int:
        """How many tokens both have."""
        return len(self.prompt_ids) + len(self.response_ids)

    @property
    def learnt_count(self) -> int:
        """How many tokens the loss is on."""
        return len(self.response_ids) - sum(end - start for start, end in self.unlearnt)

    def is_learnt(self) -> list[bool]:
        """Of each response token, whether the loss is on it."""
        learnt = [True] * len(self.response_ids)
        for start, end in self.unlearnt:
            learnt[start:end] = [False] * (end - start)
        return learnt


@dataclass(frozen=True, slots=True)
class TokenRanking:
    """The K responses to one prompt and the (better, worse) pairs among them, ties dropped."""

    sequences: list[TokenSequence]
    pairs: list[tuple[int, int]]
    record: Ranking | None = None  # what it was made from, to name its responses in the output
    reference: list[float] | None = None  # log-probabilities of the responses under the policy that DPO began from

    @property
    def labeler(self) -> str:
        """Who ranked."""
        return self.record.labeler if self.record else ""

    @property
    def weight(self) -> float:
        """How much it counts beside other rankings."""
        return self.record.weight if self.record else 1.0

    def ties(self) -> list[tuple[int, int]]:
        """The pairs that no rank tells apart, the lower index first."""
        ordered = {frozenset(pair) for pair in self.pairs}
        count = len(self.sequences)
        return [(i, j) for i in range(count) for j in range(i + 1, count) if frozenset((i, j)) not in ordered]

    def quality_gap(self, better: int, worse: int) -> int:
        """By how many points the better response was rated higher; 0 where a rating is missing or says the opposite."""
        if self.record is None:
            return 0
        above, below = self.record.responses[better].quality, self.record.responses[worse].quality
        return max(0, above - below) if above is not None and below is not None else 0


@dataclass(frozen=True, slots=True)
class TokenPrompt:
    """A prompt to roll out."""

    id: str
    ids: list[int]


@dataclass(frozen=True, slots=True)
class Lengths:
    """The limits of a run, in tokens."""

    max_prompt_tokens: int
    max_response_tokens: int

    @property
    def why_too_long(self) -> str:
        """Why rows are left out."""
        # By the form's name, and by that of the file of settings.
        label = Training.__dataclass_fields__["max_prompt_tokens"].metadata["label"]
        return f"their prompts are longer than {self.max_prompt_tokens} tokens (“{label}”, max_prompt_tokens)"

    def check_fit(self, model: PreTrainedModel) -> None:
        """Raise TrainingError where a longest prompt with a longest response would not fit the model, or rescale it."""
        available = context_length(model)
        wanted = self.max_prompt_tokens + self.max_response_tokens
        if available is not None and wanted > available:
            message = (
                f"max_prompt_tokens + max_response_tokens is {wanted}, more than the model's context of {available}"
            )
            raise TrainingError("context_too_long", message, field="config.max_response_tokens")
        limit = rescaled_after(model.config.get_text_config())
        if limit is not None and wanted > limit:
            message = (
                f"max_prompt_tokens + max_response_tokens is {wanted}, and beyond {limit} tokens this model rescales "
                "the positions of a whole batch by its longest row, so that neighbours would change a reward"
            )
            raise TrainingError("context_too_long", message, field="config.max_response_tokens")


@dataclass(frozen=True, slots=True)
class Encoder:
    """Turns records into ids, leaving out those whose prompts are too long."""

    tokenizer: PreTrainedTokenizerBase
    lengths: Lengths

    def prompt_ids(self, messages: Sequence[Message]) -> list[int] | None:
        """The ids of a prompt, or None where it is too long."""
        ids = encode_prompt(self.tokenizer, [message.to_json() for message in messages])
        return ids if len(ids) <= self.lengths.max_prompt_tokens else None

    def conversations(self, records: Iterable[Demonstration], *, turns: TrainedTurns) -> list[list[TokenSequence]]:
        """Of each demonstration whose prompt fits, the rows to train on: one, or with all turns it may be several."""
        found = []
        for record in records:
            prompt_ids = self.prompt_ids(record.messages)
            if prompt_ids is not None:
                last = TokenSequence(prompt_ids, self._response_ids(record.response, ended=True))
                found.append([last] if turns == "last" else self._all_turns(record.messages, last))
        return found

    def _all_turns(self, messages: Sequence[Message], last: TokenSequence) -> list[TokenSequence]:
        """The demonstration and what the assistant said before it, each behind the tokens that it is sampled behind.

        Where a turn and its prompt stand in the last prompt as they were, as in most chat templates, it is learnt in
        its place there. Where the template writes history otherwise, as the plain one does, it is a row of its own.
        """
        in_place: list[tuple[int, int]] = []
        apart: list[TokenSequence] = []
        for number, message in enumerate(messages):
            if message.role != "assistant" or number == 0 or messages[number - 1].role != "user":
                continue  # a model answers what a user said last, and nothing else
            before = encode_prompt(self.tokenizer, [earlier.to_json() for earlier in messages[:number]])
            said = encode_response(self.tokenizer, message.content)
            end = len(before) + len(said)
            if last.prompt_ids[:end] == [*before, *said]:
                in_place.append((len(before), end))
            else:
                apart.append(TokenSequence(before, said[: self.lengths.max_response_tokens]))
        return [*apart, _with_turns(last, in_place)]

    def demonstrations(self, records: Iterable[Demonstration]) -> list[TokenSequence]:
        """The demonstrations whose prompts fit, one row each."""
        return [row for [row] in self.conversations(records, turns="last")]

    def rankings(self, records: Iterable[Ranking]) -> list[TokenRanking]:
        """The rankings whose prompts fit."""
        found = []
        for record in records:
            prompt_ids = self.prompt_ids(record.messages)
            if prompt_ids is not None:
                responses = [
                    self._response_ids(response.text, ended=response.finish_reason == "stop")
                    for response in record.responses
                ]
                sequences = [TokenSequence(prompt_ids, ids) for ids in responses]
                found.append(TokenRanking(sequences, record.pairs(), record))
        return found

    def prompts(self, records: Iterable[Prompt]) -> list[TokenPrompt]:
        """The prompts that fit."""
        encoded = [(record.id, self.prompt_ids(record.messages)) for record in records]
        return [TokenPrompt(id, ids) for id, ids in encoded if ids is not None]

    def texts(self, records: Iterable[PretrainingText]) -> list[TokenSequence]:
        """Ordinary texts; all tokens but the first are learnt, and the whole context is used."""
        limit = self.lengths.max_prompt_tokens + self.lengths.max_response_tokens
        start = self.tokenizer.bos_token_id
        found = []
        for record in records:
            ids = ([start] if start is not None else []) + encode_response(self.tokenizer, record.text)
            if len(ids) > 1:
                found.append(TokenSequence(ids[:1], ids[1:limit]))
        return found

    def _response_ids(self, text: str, *, ended: bool) -> list[int]:
        return encode_response(self.tokenizer, text, ended=ended, max_tokens=self.lengths.max_response_tokens)


def _with_turns(row: TokenSequence, turns: Sequence[tuple[int, int]]) -> TokenSequence:
    """The row with pieces [start, end) of its prompt, in order, trained on too."""
    if not turns:
        return row
    first = turns[0][0]
    next_starts = [*(start for start, _ in turns[1:]), len(row.prompt_ids)]
    between = [(end - first, start - first) for (_, end), start in zip(turns, next_starts, strict=True)]
    return TokenSequence(row.prompt_ids[:first], row.prompt_ids[first:] + row.response_ids, tuple(between))


def check_same_tokens(policy: LoadedModel, reward_model: LoadedModel, *, role: str) -> None:
    """Raise TrainingError where a reward model of some role reads other tokens than the policy writes."""
    if policy.tokenizer.get_vocab() != reward_model.tokenizer.get_vocab():
        message = "the reward model and the policy have different tokenizers; train both from one model"
        raise TrainingError("tokenizer_mismatch", message, field=f"inputs.{role}")


def keep_some(
    encode: Callable[[list[Record]], list[Encoded]],
    records: list[Record],
    *,
    role: str,
    reason: str,
    field: str,
    warn: Callable[[str], None],
) -> list[Encoded]:
    """The encoded records; warns of those left out, and raises TrainingError where none of some is left."""
    encoded = encode(records)
    if len(encoded) < len(records):
        left_out = len(records) - len(encoded)
        warn(f"{role}: {left_out} of {len(records)} rows are left out: {reason}.")
    if records and not encoded:
        raise TrainingError("no_rows_left", f"all {len(records)} rows are left out: {reason}", field=field)
    return encoded

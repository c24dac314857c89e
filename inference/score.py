"""Score responses with a reward model, without a server: for pipelines of any kind.

    python -m inference.score MODEL [IN.jsonl [OUT.jsonl]]

MODEL is a directory or a name on the Hugging Face hub; IN and OUT are files, or standard input and output (`-`, the
default). docs/scoring.md says what stands in them.
"""

import argparse
import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, get_args

import torch

from formats.codec import Format, join
from formats.errors import FormatError
from formats.files import write_atomically
from formats.jsonl import dump_json, parse_line
from formats.messages import Message, check_prompt_messages
from formats.records import FinishReason
from formats.shared_settings import Device, Precision
from inference.errors import InferenceError, ModelError, PromptError, PromptTooLong
from inference.models import LoadedModel, context_length, load_reward_model, quiet_libraries
from inference.packing_support import prepare_packing
from inference.prompts import encode_prompt, encode_response
from inference.scoring import score

EXIT_DONE, EXIT_SOME_FAILED, EXIT_CANNOT_RUN = 0, 1, 2
# So many lines are read, sorted by length and written together: enough to fill rows well, little enough to stream.
WINDOW_LINES = 512


@dataclass(frozen=True, slots=True)
class LineToScore(Format):
    """A prompt, as a text or as messages, and one response or several. Those that were cut have no end token."""

    prompt: str = ""
    messages: tuple[Message, ...] = ()
    response: str | None = None
    responses: tuple[str, ...] | None = None
    finish_reason: FinishReason = "stop"
    id: str | int | None = None

    def check_rules(self, field: str) -> None:
        if bool(self.prompt) == bool(self.messages):
            raise FormatError(join(field, "prompt"), "or messages is required, and not both")
        if (self.response is None) == (self.responses is None):
            raise FormatError(join(field, "responses"), "or response is required, and not both")
        if self.responses == ():
            raise FormatError(join(field, "responses"), "must hold at least one response")
        check_prompt_messages(self.conversation, join(field, "messages"))

    @property
    def conversation(self) -> tuple[Message, ...]:
        """The prompt as messages."""
        return self.messages or (Message("user", self.prompt),)

    @property
    def texts(self) -> tuple[str, ...]:
        """The responses."""
        return self.responses if self.responses is not None else (self.response or "",)


@dataclass(frozen=True, slots=True)
class ScoredLine(Format):
    """The reward of each response of a line, in its order, or why there are none."""

    line: int
    id: str | int | None
    rewards: tuple[float, ...] | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Scorer:
    """A reward model, whether it can read a prompt once for all its responses, and how many tokens at once."""

    loaded: LoadedModel
    is_packed: bool
    batch_tokens: int

    def score(self, lines: Iterable[bytes]) -> Iterator[ScoredLine]:
        """A result for each line, in order; a line that is wrong costs the others nothing."""
        numbered = enumerate(lines, start=1)
        while window := list(islice(numbered, WINDOW_LINES)):
            yield from self.score_rows({number: _parsed(line) for number, line in window})

    def score_rows(self, rows: Mapping[int, LineToScore | FormatError]) -> list[ScoredLine]:
        """A result for each row by its number, in the order given."""
        found: dict[int, ScoredLine] = {}
        prompts: list[list[int]] = []
        responses: list[list[list[int]]] = []
        for number, row in rows.items():
            id = None if isinstance(row, FormatError) else row.id
            try:
                prompt, own = self._encode(row)
            except (FormatError, PromptError) as error:
                found[number] = ScoredLine(number, id, None, str(error))
                continue
            found[number] = ScoredLine(number, id, ())
            prompts.append(prompt)
            responses.append(own)
        model, tokenizer = self.loaded.model, self.loaded.tokenizer
        rewards = score(model, tokenizer, prompts, responses, batch_tokens=self.batch_tokens, is_packed=self.is_packed)
        readable = [line for line in found.values() if not line.error]
        for line, values in zip(readable, rewards, strict=True):
            found[line.line] = replace(line, rewards=tuple(values))
        return list(found.values())

    def _encode(self, row: LineToScore | FormatError) -> tuple[list[int], list[list[int]]]:
        """The row's ids. A response is not cut to fit: half of it may deserve another reward."""
        if isinstance(row, FormatError):
            raise row
        tokenizer = self.loaded.tokenizer
        prompt = encode_prompt(tokenizer, [message.to_json() for message in row.conversation])
        responses = [encode_response(tokenizer, text, ended=row.finish_reason == "stop") for text in row.texts]
        room = context_length(self.loaded.model)
        longest = len(prompt) + max(map(len, responses))
        if room is not None and longest > room:
            raise PromptTooLong(f"{longest} tokens do not fit the model's context of {room}")
        return prompt, responses


def _parsed(line: bytes) -> LineToScore | FormatError:
    try:
        return LineToScore.from_json(parse_line(line))
    except FormatError as error:
        return error


def load_scorer(model: str, *, device: Device, precision: Precision, batch_tokens: int) -> Scorer:
    """The model, ready to score. Raises ModelError; one that cannot be packed is told of on standard error."""
    loaded = load_reward_model(model, device=device, precision=precision)
    try:
        prepare_packing(loaded.model, longest=context_length(loaded.model) or sys.maxsize)
    except ModelError as error:
        _say(f"each response is read with its own prompt: {error.message}")
        return Scorer(loaded, is_packed=False, batch_tokens=batch_tokens)
    return Scorer(loaded, is_packed=True, batch_tokens=batch_tokens)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when all lines are scored, 1 when some have an error instead, 2 when it cannot run."""
    given = _parser().parse_args(arguments)
    quiet_libraries()
    torch.set_num_threads(given.threads)
    failed: list[int] = []

    def chunks(results: Iterable[ScoredLine]) -> Iterator[bytes]:
        for result in results:
            if result.error:
                failed.append(result.line)
            yield dump_json(result.to_json()) + b"\n"

    try:
        with contextlib.ExitStack() as stack:
            # Opened first: a name mistyped should not cost the time to load a model.
            lines: BinaryIO = (
                sys.stdin.buffer if given.rows == "-" else stack.enter_context(Path(given.rows).open("rb"))
            )
            scorer = load_scorer(
                given.model, device=given.device, precision=given.precision, batch_tokens=given.batch_tokens
            )
            results = chunks(scorer.score(lines))
            if given.out == "-":
                for chunk in results:
                    sys.stdout.buffer.write(chunk)
                    sys.stdout.buffer.flush()
            else:
                write_atomically(Path(given.out), results)
    except (InferenceError, OSError) as error:
        _say(str(error))
        return EXIT_CANNOT_RUN
    except torch.OutOfMemoryError:
        _say("the GPU has too little memory for this model; lower --batch-tokens")
        return EXIT_CANNOT_RUN
    if failed:
        _say(f"{len(failed)} lines have an error instead of rewards, the first is line {failed[0]}")
    return EXIT_SOME_FAILED if failed else EXIT_DONE


def _say(message: str) -> None:
    print(f"inference.score: {message}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.score",
        description="Score responses with a reward model; a line of JSON in, a line of JSON out.",
        epilog='A line in: {"prompt": "Hi", "responses": ["Hello.", "Go away."]}. '
        'A line out: {"line": 1, "id": null, "rewards": [1.2, -0.7], "error": ""}.',
    )
    parser.add_argument("model", help="a directory, or a name on the Hugging Face hub")
    parser.add_argument("rows", nargs="?", default="-", metavar="IN.jsonl", help="default: standard input")
    parser.add_argument("out", nargs="?", default="-", metavar="OUT.jsonl", help="default: standard output")
    parser.add_argument("--batch-tokens", type=_positive, default=8192, help="tokens computed at once; default 8192")
    parser.add_argument("--device", choices=get_args(Device), default="auto")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32")
    parser.add_argument("--threads", type=_positive, default=1, help="CPU threads; default 1")
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())

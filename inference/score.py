"""Score responses with a reward model.

    python -m inference.score MODEL IN.jsonl OUT.jsonl

A line of IN is {"messages": [...], "response": "...", "finish_reason": "stop", "id": ""}, the last two optional; a line
of OUT is {"id", "reward"}, or {"id", "reward": null, "error"} where the prompt does not fit the model. OUT has a line
for each line of IN, in its order, and appears whole or not at all.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch

from formats.codec import Format, join
from formats.errors import FormatError
from formats.jsonl import read_jsonl, write_jsonl
from formats.messages import Message, check_prompt_messages
from formats.records import FinishReason
from formats.shared_settings import Device, Precision
from inference.errors import InferenceError, PromptError, PromptTooLong
from inference.models import LoadedModel, context_length, load_reward_model, quiet_libraries
from inference.prompts import encode_prompt, encode_response
from inference.scoring import score


@dataclass(frozen=True, slots=True)
class ResponseToScore(Format):
    """A response and what it answers. One that was cut (`length`) is read without an end token."""

    messages: tuple[Message, ...]
    response: str
    finish_reason: FinishReason = "stop"
    id: str = ""

    def check_rules(self, field: str) -> None:
        check_prompt_messages(self.messages, join(field, "messages"))


@dataclass(frozen=True, slots=True)
class ScoredResponse(Format):
    """A reward, or why there is none."""

    id: str
    reward: float | None
    error: str = ""


def score_rows(loaded: LoadedModel, rows: Sequence[ResponseToScore], *, batch_size: int) -> list[ScoredResponse]:
    """The reward of each row, in order."""
    scored = [ScoredResponse(row.id, None) for row in rows]
    kept, prompts, responses = [], [], []
    for index, row in enumerate(rows):
        try:
            prompt, response = _encode(loaded, row)
        except PromptError as error:
            scored[index] = ScoredResponse(row.id, None, error.message)
            continue
        kept.append(index)
        prompts.append(prompt)
        responses.append(response)
    values = score(loaded.model, loaded.tokenizer, prompts, responses, batch_size=batch_size)
    for index, value in zip(kept, values, strict=True):
        scored[index] = ScoredResponse(rows[index].id, value)
    return scored


def _encode(loaded: LoadedModel, row: ResponseToScore) -> tuple[list[int], list[int]]:
    """The row's ids. A response is not cut to fit: half of it may deserve another reward."""
    prompt = encode_prompt(loaded.tokenizer, [message.to_json() for message in row.messages])
    response = encode_response(loaded.tokenizer, row.response, ended=row.finish_reason == "stop")
    room = context_length(loaded.model)
    if room is not None and len(prompt) + len(response) > room:
        raise PromptTooLong(f"{len(prompt) + len(response)} tokens do not fit the model's context of {room}")
    return prompt, response


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when OUT stands, 1 with one clear line when not."""
    given = _parser().parse_args(arguments)
    quiet_libraries()
    torch.set_num_threads(given.threads)
    try:
        rows = list(read_jsonl(given.rows, ResponseToScore))
        loaded = load_reward_model(given.model, device=given.device, precision=given.precision)
        write_jsonl(given.out, score_rows(loaded, rows, batch_size=given.batch_size))
    except (InferenceError, FormatError, OSError) as error:
        print(f"inference.score: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference.score", description="Score responses with a reward model."
    )
    parser.add_argument("model", help="a directory, or a name on the Hugging Face hub")
    parser.add_argument("rows", type=Path, metavar="IN.jsonl")
    parser.add_argument("out", type=Path, metavar="OUT.jsonl")
    parser.add_argument("--batch-size", type=_positive, default=32)
    parser.add_argument("--device", choices=get_args(Device), default="auto")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32")
    parser.add_argument("--threads", type=_positive, default=1)
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


if __name__ == "__main__":
    sys.exit(main())

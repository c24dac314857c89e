"""The shapes in which others read comparisons, demonstrations and prompts: pure functions from a line to rows.

A frozen version is written once, in our own shape; each of these is made of its lines when somebody asks. The names of
the columns and what stands in them are those that TRL 1.16 (its page on dataset formats) and OpenRLHF (its datasets'
`preprocess_data`) read. A prompt as text is spelled as our own models without a chat template are given it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from formats.plain_text import plain_text
from labelapp.datasets.models import DatasetKind
from labelapp.datasets.parquet import MESSAGES, SCHEMAS

Line = dict[str, Any]
TEXT = pa.string()
# Of 1 to 7. The middle is neither: KTO knows desirable and undesirable only.
LEAST_DESIRABLE, MOST_UNDESIRABLE = 5, 3


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to spell the rows of a kind; `reader` says who reads it, and with which options."""

    name: str
    label: str
    reader: str
    schema: pa.Schema
    rows: Callable[[Line], Iterator[Line]]


def _assistant(text: str) -> list[Line]:
    return [{"role": "assistant", "content": text}]


def _as_it_is(line: Line) -> Iterator[Line]:
    yield line


def _pairs(line: Line) -> Iterator[tuple[str, str]]:
    """Every pair of texts, the better first; ties give none."""
    responses = line["responses"]
    for better in responses:
        for worse in responses:
            if better["rank"] < worse["rank"]:
                yield better["text"], worse["text"]


def _explicit_text(line: Line) -> Iterator[Line]:
    prompt = plain_text(line["messages"])
    for chosen, rejected in _pairs(line):
        yield {"prompt": prompt, "chosen": chosen, "rejected": rejected}


def _explicit_chat(line: Line) -> Iterator[Line]:
    for chosen, rejected in _pairs(line):
        yield {"prompt": line["messages"], "chosen": _assistant(chosen), "rejected": _assistant(rejected)}


def _implicit_text(line: Line) -> Iterator[Line]:
    prompt = plain_text(line["messages"])
    for chosen, rejected in _pairs(line):
        yield {"chosen": prompt + chosen, "rejected": prompt + rejected}


def _implicit_chat(line: Line) -> Iterator[Line]:
    messages = line["messages"]
    for chosen, rejected in _pairs(line):
        yield {"chosen": messages + _assistant(chosen), "rejected": messages + _assistant(rejected)}


def _rated(line: Line) -> Iterator[tuple[str, bool]]:
    for response in line["responses"]:
        quality = response["quality"]
        if quality is not None and not MOST_UNDESIRABLE < quality < LEAST_DESIRABLE:
            yield response["text"], quality >= LEAST_DESIRABLE


def _ratings_text(line: Line) -> Iterator[Line]:
    prompt = plain_text(line["messages"])
    for text, label in _rated(line):
        yield {"prompt": prompt, "completion": text, "label": label}


def _ratings_chat(line: Line) -> Iterator[Line]:
    for text, label in _rated(line):
        yield {"prompt": line["messages"], "completion": _assistant(text), "label": label}


def _messages(line: Line) -> Iterator[Line]:
    yield {"messages": line["messages"] + _assistant(line["response"])}


def _completion_text(line: Line) -> Iterator[Line]:
    yield {"prompt": plain_text(line["messages"]), "completion": line["response"]}


def _completion_chat(line: Line) -> Iterator[Line]:
    yield {"prompt": line["messages"], "completion": _assistant(line["response"])}


def _input_output(line: Line) -> Iterator[Line]:
    yield {"input": line["messages"], "output": _assistant(line["response"])}


def _prompt_text(line: Line) -> Iterator[Line]:
    yield {"prompt": plain_text(line["messages"])}


def _prompt_chat(line: Line) -> Iterator[Line]:
    yield {"prompt": line["messages"]}


def _context_messages(line: Line) -> Iterator[Line]:
    yield {"context_messages": line["messages"]}


def _columns(**types: pa.DataType) -> pa.Schema:
    return pa.schema(list(types.items()))


TEXT_PAIR = _columns(prompt=TEXT, chosen=TEXT, rejected=TEXT)
CHAT_PAIR = _columns(prompt=MESSAGES, chosen=MESSAGES, rejected=MESSAGES)
OWN = "labelapp's own, with everything that is known of a row"
_OF_KIND: dict[str, tuple[Shape, ...]] = {
    DatasetKind.COMPARISONS: (
        Shape("rankings", "Rankings", OWN, SCHEMAS[DatasetKind.COMPARISONS], _as_it_is),
        Shape("pairs_chat", "Pairs, conversational", "TRL: DPOTrainer, RewardTrainer", CHAT_PAIR, _explicit_chat),
        Shape("pairs", "Pairs, text", "TRL: DPOTrainer, RewardTrainer", TEXT_PAIR, _explicit_text),
        Shape(
            "pairs_implicit_chat",
            "Pairs, conversational, prompt inside",
            "TRL: RewardTrainer, DPOTrainer",
            _columns(chosen=MESSAGES, rejected=MESSAGES),
            _implicit_chat,
        ),
        Shape(
            "pairs_implicit",
            "Pairs, text, prompt inside",
            "TRL: RewardTrainer, DPOTrainer",
            _columns(chosen=TEXT, rejected=TEXT),
            _implicit_text,
        ),
        Shape(
            "ratings_chat",
            "Ratings, conversational (5 to 7 desirable, 1 to 3 not)",
            "TRL: KTOTrainer; OpenRLHF: --input_key prompt --output_key completion --label_key label",
            _columns(prompt=MESSAGES, completion=MESSAGES, label=pa.bool_()),
            _ratings_chat,
        ),
        Shape(
            "ratings",
            "Ratings, text (5 to 7 desirable, 1 to 3 not)",
            "TRL: KTOTrainer",
            _columns(prompt=TEXT, completion=TEXT, label=pa.bool_()),
            _ratings_text,
        ),
        Shape(
            "openrlhf",
            "OpenRLHF pairs",
            "OpenRLHF: --prompt_key prompt --chosen_key chosen --rejected_key rejected --apply_chat_template",
            CHAT_PAIR,
            _explicit_chat,
        ),
    ),
    DatasetKind.DEMONSTRATIONS: (
        Shape("demonstrations", "Demonstrations", OWN, SCHEMAS[DatasetKind.DEMONSTRATIONS], _as_it_is),
        Shape("messages", "Conversations", "TRL: SFTTrainer", _columns(messages=MESSAGES), _messages),
        Shape(
            "completions_chat",
            "Prompt and completion, conversational",
            "TRL: SFTTrainer",
            _columns(prompt=MESSAGES, completion=MESSAGES),
            _completion_chat,
        ),
        Shape(
            "completions",
            "Prompt and completion, text",
            "TRL: SFTTrainer",
            _columns(prompt=TEXT, completion=TEXT),
            _completion_text,
        ),
        Shape(
            "openrlhf",
            "OpenRLHF demonstrations",
            "OpenRLHF: --input_key input --output_key output --apply_chat_template",
            _columns(input=MESSAGES, output=MESSAGES),
            _input_output,
        ),
    ),
    DatasetKind.PROMPTS: (
        Shape("prompts", "Prompts", OWN, SCHEMAS[DatasetKind.PROMPTS], _as_it_is),
        Shape("ppo_chat", "Prompts, conversational", "TRL: GRPO, RLOO", _columns(prompt=MESSAGES), _prompt_chat),
        Shape("ppo", "Prompts, text", "TRL: GRPO, RLOO", _columns(prompt=TEXT), _prompt_text),
        Shape(
            "openrlhf",
            "OpenRLHF prompts",
            "OpenRLHF: --input_key context_messages --apply_chat_template",
            _columns(context_messages=MESSAGES),
            _context_messages,
        ),
    ),
}
SHAPES: dict[str, dict[str, Shape]] = {
    kind: {shape.name: shape for shape in shapes} for kind, shapes in _OF_KIND.items()
}

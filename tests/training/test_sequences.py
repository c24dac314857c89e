import copy
import random
from functools import partial
from itertools import groupby
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerBase

from benchmarks.toy_preference import ToyResponse, make_ranking
from formats.configs.sft import TrainedTurns
from formats.messages import Message
from formats.records import Demonstration, PretrainingText, Prompt
from inference.models import load_causal_lm
from training.errors import TrainingError
from training.sequences import Encoder, Lengths, keep_some


@pytest.fixture(scope="module")
def encoder(llama: Path) -> Encoder:
    return Encoder(load_causal_lm(llama, device="cpu").tokenizer, Lengths(max_prompt_tokens=13, max_response_tokens=5))


def demonstration(question: str, response: str) -> Demonstration:
    return Demonstration("1", "p", (Message("user", question),), response, "l")


def test_a_response_that_fits_ends_with_the_end_token_and_a_cut_one_does_not(encoder: Encoder) -> None:
    end = encoder.tokenizer.eos_token_id
    fits, cut = encoder.demonstrations([demonstration("Hi", "abcd"), demonstration("Hi", "abcde")])
    assert fits.response_ids == [*b"abcd", end]
    assert cut.response_ids == [*b"abcde"]
    assert fits.prompt_ids == cut.prompt_ids


def test_a_prompt_is_never_cut_and_one_that_is_too_long_is_left_out(encoder: Encoder) -> None:
    # <|bos|>, <|user|>, ten bytes, <|assistant|> are 13 tokens.
    found = encoder.demonstrations([demonstration("x" * 10, "a"), demonstration("x" * 11, "a")])
    assert [len(sequence.prompt_ids) for sequence in found] == [13]


def test_a_sample_that_was_cut_off_carries_no_end_token(encoder: Encoder) -> None:
    prompt = Prompt("p", (Message("user", "Hi"),))
    responses = [ToyResponse("a", "ab"), ToyResponse("b", "ab", "length"), ToyResponse("c", "", "length")]
    [found] = encoder.rankings([make_ranking(prompt, responses, labeler="l", order=random.Random(0))])
    end = encoder.tokenizer.eos_token_id
    assert [sequence.response_ids for sequence in found.sequences] == [[*b"ab", end], [*b"ab"], []]


TALK = (
    Message("system", "Be brief"),
    Message("user", "Hi"),
    Message("assistant", "Yo"),
    Message("user", "Who"),
    Message("assistant", "Me"),
    Message("user", "Why"),
)


def talk(tokenizer: PreTrainedTokenizerBase, *, turns: TrainedTurns, messages: tuple[Message, ...] = TALK) -> list[str]:
    """The rows of a conversation as text, what is learnt in brackets."""
    encoder = Encoder(tokenizer, Lengths(max_prompt_tokens=99, max_response_tokens=5))
    [rows] = encoder.conversations([Demonstration("1", "p", messages, "So", "l")], turns=turns)
    found = []
    for row in rows:
        text = str(tokenizer.decode(row.prompt_ids))
        for is_learnt, own in groupby(zip(row.is_learnt(), row.response_ids, strict=True), lambda pair: pair[0]):
            piece = str(tokenizer.decode([id for _, id in own]))
            text += f"[{piece}]" if is_learnt else piece
        assert row.learnt_count == sum(row.is_learnt())
        found.append(text)
    return found


def test_the_last_turn_alone_is_learnt_unless_all_are_asked_for(encoder: Encoder) -> None:
    before = "<|bos|><|system|>Be brief<|user|>Hi<|assistant|>"
    assert talk(encoder.tokenizer, turns="last") == [
        f"{before}Yo<|eos|><|user|>Who<|assistant|>Me<|eos|><|user|>Why<|assistant|>[So<|eos|>]"
    ]
    assert talk(encoder.tokenizer, turns="all") == [
        f"{before}[Yo<|eos|>]<|user|>Who<|assistant|>[Me<|eos|>]<|user|>Why<|assistant|>[So<|eos|>]"
    ]


def test_without_a_chat_template_each_turn_is_learnt_behind_what_it_is_sampled_behind(encoder: Encoder) -> None:
    """The plain text writes history with a space that a sampled response does not have, and without an end token."""
    plain = copy.deepcopy(encoder.tokenizer)
    plain.chat_template = None
    first = "System: Be brief\n\nUser: Hi\n\nAssistant:"
    second = f"{first} Yo\n\nUser: Who\n\nAssistant:"
    last = f"{second} Me\n\nUser: Why\n\nAssistant:[So<|eos|>]"
    assert talk(plain, turns="last") == [last]
    assert talk(plain, turns="all") == [f"{first}[Yo<|eos|>]", f"{second}[Me<|eos|>]", last]


def test_a_template_that_rewrites_history_gives_rows_of_their_own(encoder: Encoder) -> None:
    """As those do that take the thoughts out of earlier turns."""
    forgetful = copy.deepcopy(encoder.tokenizer)
    forgetful.chat_template = str(forgetful.chat_template).replace(
        "message['content'] }}", "(message['content'] if message['role'] != 'assistant' else '...') }}"
    )
    found = talk(forgetful, turns="all", messages=TALK[1:4])
    assert found == [
        "<|bos|><|user|>Hi<|assistant|>[Yo<|eos|>]",
        "<|bos|><|user|>Hi<|assistant|>...<|eos|><|user|>Who<|assistant|>[So<|eos|>]",
    ]


def test_what_the_assistant_says_unasked_is_not_learnt(encoder: Encoder) -> None:
    greeting = (Message("assistant", "Yo"), Message("user", "Hi"))
    assert talk(encoder.tokenizer, turns="all", messages=greeting) == [
        "<|bos|><|assistant|>Yo<|eos|><|user|>Hi<|assistant|>[So<|eos|>]"
    ]


def test_ordinary_text_is_learnt_from_its_first_byte_to_its_end(encoder: Encoder) -> None:
    [short, long] = encoder.texts([PretrainingText("abc"), PretrainingText("a" * 30)])
    start, end = encoder.tokenizer.bos_token_id, encoder.tokenizer.eos_token_id
    assert short.prompt_ids + short.response_ids == [start, *b"abc", end]
    assert long.prompt_ids + long.response_ids == [start, *b"a" * 17]


def test_nothing_left_is_an_error_and_nothing_given_is_not(encoder: Encoder) -> None:
    too_long = [demonstration("x" * 11, "a")] * 2
    said: list[str] = []
    keep = partial(keep_some, reason=encoder.lengths.why_too_long, field="config.max_prompt_tokens", warn=said.append)
    with pytest.raises(TrainingError, match="all 2 rows are left out: their prompts are longer") as caught:
        keep(encoder.demonstrations, too_long, role="train")
    assert caught.value.field == "config.max_prompt_tokens"
    said.clear()
    assert keep(encoder.demonstrations, [], role="validation") == []
    assert said == []
    assert len(keep(encoder.demonstrations, [*too_long, demonstration("x", "a")], role="train")) == 1
    assert said == [
        "train: 2 of 3 rows are left out: "
        "their prompts are longer than 13 tokens (“Longest prompt”, max_prompt_tokens)."
    ]


def test_lengths_beyond_the_models_context_are_refused(llama: Path) -> None:
    model = load_causal_lm(llama, device="cpu").model
    Lengths(512, 512).check_fit(model)
    with pytest.raises(TrainingError, match="is 1025, more than the model's context of 1024") as caught:
        Lengths(512, 513).check_fit(model)
    assert caught.value.code == "context_too_long"


def test_lengths_at_which_positions_would_be_rescaled_by_the_longest_row_are_refused(llama: Path) -> None:
    model = load_causal_lm(llama, device="cpu").model
    model.config.rope_parameters = {"rope_type": "longrope", "original_max_position_embeddings": 100}
    Lengths(64, 36).check_fit(model)
    with pytest.raises(TrainingError, match="is 101, and beyond 100 tokens this model rescales") as caught:
        Lengths(64, 37).check_fit(model)
    assert (caught.value.code, caught.value.field) == ("context_too_long", "config.max_response_tokens")

import random
from functools import partial
from pathlib import Path

import pytest

from benchmarks.toy_preference import ToyResponse, make_ranking
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
    assert said == ["train: 2 of 3 rows are left out: their prompts are longer than max_prompt_tokens=13."]


def test_lengths_beyond_the_models_context_are_refused(llama: Path) -> None:
    model = load_causal_lm(llama, device="cpu").model
    Lengths(512, 512).check_fit(model)
    with pytest.raises(TrainingError, match="is 1025, more than the model's context of 1024") as caught:
        Lengths(512, 513).check_fit(model)
    assert caught.value.code == "context_too_long"

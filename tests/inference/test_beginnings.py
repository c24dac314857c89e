"""Beginnings that different prompts share: read once, and nothing that is drawn changes for it."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, BloomConfig, GPT2Config, LlamaConfig, Qwen3Config

from inference import beginnings
from inference.beginnings import Beginnings, least_shared
from inference.decoding import SlotDecoder
from inference.sampling import SampledBatch, SamplingSettings, sample
from tests.inference.test_architectures import LLAMA_LIKE, SHARED, TOKENIZER, make
from tests.inference.test_decoding import check

SYSTEM, FIRST_TASK, SECOND_TASK = [257, *range(40)], [*range(100, 140)], [*range(140, 180)]
# Some share the system message, some of these a few-shot preamble too; one prompt stands twice, one shares nothing.
PROMPTS = [
    [*SYSTEM, *FIRST_TASK, 1, 2, 3],
    [*SYSTEM, *SECOND_TASK, 4],
    [7, 8, 9, 10, 11, 12, 13, 14, 15],
    [*SYSTEM, *FIRST_TASK, 1, 5],
    [*SYSTEM, 6, 6],
    [*SYSTEM, *SECOND_TASK, 5, 5, 5],
    [*SYSTEM, *FIRST_TASK, 1, 2, 3],
    [*SYSTEM, *FIRST_TASK],
]
SEEDS = [[2 * number, 2 * number + 1] for number in range(len(PROMPTS))]
CONFIGS: dict[str, Callable[[], Any]] = {
    "llama": lambda: LlamaConfig(**SHARED, **LLAMA_LIKE),
    "gpt2": lambda: GPT2Config(**SHARED, n_embd=32, n_layer=2, n_head=2, n_positions=128),
    "grouped heads": lambda: Qwen3Config(**SHARED, **LLAMA_LIKE, num_key_value_heads=1, head_dim=16),
}
# The scale of its positions, and so its first keys, hang on how long a prompt is.
RESCALED = LlamaConfig(
    **SHARED, **LLAMA_LIKE, rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}
)


def draw(model: Any, *, batch_size: int) -> SampledBatch:
    settings = SamplingSettings(max_new_tokens=20)
    return sample(model, TOKENIZER, PROMPTS, seeds=SEEDS, settings=settings, batch_size=batch_size)


@pytest.mark.parametrize("name", CONFIGS)
def test_samples_are_those_of_prompts_that_are_read_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows all at once, and rows that come in a few at a time where others have ended."""
    model = make(AutoModelForCausalLM, CONFIGS[name]())
    shared = [draw(model, batch_size=batch_size) for batch_size in (64, 4)]
    monkeypatch.setattr(beginnings, "LEAST_SHARED", math.inf)
    whole = draw(model, batch_size=64)
    assert whole.prefill_tokens == sum(map(len, PROMPTS))
    for one in shared:
        assert one.samples == whole.samples
        assert one.decode_tokens == whole.decode_tokens
    assert shared[0].prefill_tokens < 0.5 * whole.prefill_tokens
    assert shared[1].prefill_tokens < 0.8 * whole.prefill_tokens


@pytest.mark.parametrize("name", CONFIGS)
@torch.no_grad()
def test_logits_are_those_of_prompts_that_are_read_whole(name: str) -> None:
    model = make(AutoModelForCausalLM, CONFIGS[name]()).double()
    decoder = SlotDecoder(model, slots=10, columns=100, pad_id=256)
    decoder.admit(PROMPTS[:2], [1, 2])
    decoder.step(check(decoder, model, [PROMPTS[0], PROMPTS[1], PROMPTS[1]]))
    decoder.keep([2, 0])
    before = decoder.prefill_tokens
    decoder.admit(PROMPTS[2:], [1] * 6)
    assert decoder.prefill_tokens - before < 0.3 * sum(map(len, PROMPTS[2:])), "rows that are there are begun from"
    expected = torch.cat([model(torch.tensor([prompt])).logits[:, -1] for prompt in PROMPTS[2:]])
    torch.testing.assert_close(decoder.logits[2:], expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("config", [BloomConfig(**SHARED, hidden_size=32, n_layer=2, n_head=2), RESCALED], ids=str)
def test_a_model_whose_keys_hang_on_more_reads_prompts_whole(config: Any) -> None:
    model = make(AutoModelForCausalLM, config)
    assert least_shared(model) == math.inf
    assert draw(model, batch_size=64).prefill_tokens == sum(map(len, PROMPTS))


def test_prompts_that_share_little_are_read_at_once() -> None:
    model = make(AutoModelForCausalLM, CONFIGS["llama"]())
    passes: list[torch.Size] = []
    model.register_forward_pre_hook(
        lambda _model, _inputs, named: passes.append(named["input_ids"].shape), with_kwargs=True
    )
    prompts = [[*SYSTEM[:20], *range(50 + number, 60)] for number in range(4)]
    sample(model, TOKENIZER, prompts, seeds=[[0]] * 4, settings=SamplingSettings(1), batch_size=8)
    assert passes == [(4, 30)]


def test_a_beginning_within_a_beginning_is_read_once_too() -> None:
    """8 tasks of 40 tokens behind 64 that all share, two prompts of each with 5 of their own."""
    model = make(AutoModelForCausalLM, CONFIGS["llama"]())
    prompts = [[*range(64), *[64 + task] * 40, *[80 + half] * 5] for task in range(8) for half in range(2)]
    decoder = SlotDecoder(model, slots=16, columns=120, pad_id=256)
    with torch.no_grad():
        decoder.admit(prompts, [1] * 16)
    assert decoder.prefill_tokens == 64 + 8 * 40 + 16 * 5


def test_those_that_others_begin_like_are_read_first() -> None:
    """By hand: in lexical order they are 2, 0, 3 and 1, which share 4, 2 and 5 with the one before."""
    prompts = [[1, 1, 1, 1, 9, 9], [1, 1, 5, 5, 5, 7], [1, 1, 1, 1, 8], [1, 1, 5, 5, 5, 6]]
    assert Beginnings({}, least=3).leaders(prompts) == [2, 3]
    assert Beginnings({}, least=4).leaders(prompts) == [2]
    assert Beginnings({(1, 1, 5, 5, 5): 0}, least=3).leaders(prompts) == [2]
    assert Beginnings({}, least=math.inf).leaders(prompts) == []


TOKENS = st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple)


@given(known=st.lists(TOKENS, unique=True), prompt=TOKENS)
def test_the_nearest_has_most_of_a_prompt(known: list[tuple[int, ...]], prompt: tuple[int, ...]) -> None:
    place, tokens = Beginnings({one: place for place, one in enumerate(known)}, least=1).nearest(prompt)
    most = [max(n for n in range(len(prompt)) if prompt[:n] == one[:n]) for one in known]
    assert tokens == max(most, default=0)
    assert tokens == 0 or most[place] == tokens

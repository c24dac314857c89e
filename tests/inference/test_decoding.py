"""Places of fixed size: whatever comes in, moves and leaves, each row goes on as if it were read anew each time."""

from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig

from inference.decoding import SlotDecoder
from tests.inference.test_architectures import CONFIGS, LLAMA_LIKE, SHARED, make

PROMPTS = [[257, *range(1, 30)], [257, 1], [257, 9, 8, 7], [257, *range(40, 52)]]
# In double precision: with weights so large single precision rounds by more than is to be seen.
MAKERS = {name: CONFIGS[name] for name in ("gpt2", "qwen3")} | {"llama": lambda: LlamaConfig(**SHARED, **LLAMA_LIKE)}


def whole(model: Any, rows: list[list[int]]) -> torch.Tensor:
    """(N, V) of each row's next token, without a cache and without padding."""
    with torch.no_grad():
        return torch.cat([model(torch.tensor([row], device=model.device)).logits[:, -1] for row in rows])


def check(decoder: SlotDecoder, model: Any, rows: list[list[int]]) -> torch.Tensor:
    """The likeliest tokens, which are those of the rows read anew."""
    expected = whole(model, rows)
    torch.testing.assert_close(decoder.logits, expected, atol=1e-5, rtol=1e-5)
    greedy = decoder.logits.argmax(dim=-1)
    assert greedy.tolist() == expected.argmax(dim=-1).tolist()
    return greedy


def go_on(decoder: SlotDecoder, model: Any, rows: list[list[int]], *, steps: int) -> list[list[int]]:
    for _ in range(steps):
        tokens = check(decoder, model, rows)
        decoder.step(tokens)
        rows = [[*row, token] for row, token in zip(rows, tokens.tolist(), strict=True)]
    return rows


@torch.no_grad()
def walk(decoder: SlotDecoder, model: Any) -> None:
    """Ragged prompts with branches; some rows leave, others come in beside those that stay."""
    decoder.admit(PROMPTS[:3], [1, 2, 2])
    rows = go_on(decoder, model, [PROMPTS[index] for index in (0, 1, 1, 2, 2)], steps=6)
    decoder.keep([4, 1, 2])
    rows = go_on(decoder, model, [rows[place] for place in (4, 1, 2)], steps=4)
    decoder.admit([PROMPTS[3]], [2])
    rows = go_on(decoder, model, [*rows, PROMPTS[3], PROMPTS[3]], steps=6)
    check(decoder, model, rows)


@pytest.mark.parametrize("column_block", [1, 16], ids=["as needed", "in blocks"])
@pytest.mark.parametrize("name", MAKERS)
def test_rows_come_move_and_leave(name: str, column_block: int) -> None:
    """In blocks is how a GPU computes, but for the graphs."""
    model = make(AutoModelForCausalLM, MAKERS[name]()).double()
    walk(SlotDecoder(model, slots=5, columns=47, pad_id=256, column_block=column_block), model)


def test_in_blocks_there_are_few_extents() -> None:
    model = make(AutoModelForCausalLM, MAKERS["llama"]())
    decoder = SlotDecoder(model, slots=6, columns=50, pad_id=256, column_block=16)
    found = {(rows, columns): decoder.extent(rows, columns) for rows in range(1, 7) for columns in range(1, 51)}
    assert set(found.values()) == {(rows, columns) for rows in (1, 2, 4, 6) for columns in (16, 32, 48, 50)}
    assert all(needed <= computed for pair, own in found.items() for needed, computed in zip(pair, own, strict=True))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", MAKERS)
def test_captured_steps_are_those_that_are_not(name: str) -> None:
    model = make(AutoModelForCausalLM, MAKERS[name]()).double().cuda()
    decoder = SlotDecoder(model, slots=5, columns=47, pad_id=256, column_block=16)
    walk(decoder, model)
    assert decoder.graphs is not None
    assert decoder.graphs.captured

"""Places of fixed size: whatever comes in, moves and leaves, each row goes on as if it were read anew each time."""

import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from transformers import AutoModelForCausalLM, LlamaConfig

from inference import cuda_graphs
from inference.cuda_graphs import Graphs, can_be_captured
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


def blocks() -> tuple[SlotDecoder, Any]:
    """A decoder that computes as on a GPU, with graphs."""
    model = make(AutoModelForCausalLM, MAKERS["llama"]()).double()
    decoder = SlotDecoder(model, slots=5, columns=47, pad_id=256, column_block=16)
    decoder.graphs = Graphs(model)
    return decoder, model


@pytest.fixture
def two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda_graphs, "WARM_UP_STEPS", 2)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there a capture does not fail")
@pytest.mark.usefixtures("two_steps")
def test_what_cannot_be_captured_runs_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Where there is no GPU, every capture fails."""
    decoder, model = blocks()
    assert can_be_captured(model)
    with caplog.at_level(logging.WARNING):
        walk(decoder, model)
    assert len(caplog.records) == 1
    assert "CUDA_GRAPHS=off" in caplog.text
    assert not can_be_captured(model), "the next decoder does not try again"


def stand_in(monkeypatch: pytest.MonkeyPatch, *, misses: bool) -> list[int]:
    """Graphs for a CPU: a replay runs the pass again, or nothing. Returns a list that gets 1 for each replay."""
    replays: list[int] = []

    def capture(_graphs: Graphs, run_pass: Any) -> Any:
        def replay() -> None:
            replays.append(1)
            if not misses:
                run_pass()

        return SimpleNamespace(replay=replay)

    monkeypatch.setattr(Graphs, "_capture", capture)
    return replays


@pytest.mark.usefixtures("two_steps")
def test_a_graph_that_agrees_is_replayed(monkeypatch: pytest.MonkeyPatch) -> None:
    replays = stand_in(monkeypatch, misses=False)
    decoder, model = blocks()
    walk(decoder, model)
    assert decoder.graphs is not None
    assert len(replays) > len(decoder.graphs.proven) > 0
    assert can_be_captured(model)


@pytest.mark.usefixtures("two_steps")
def test_a_graph_that_computes_something_else_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    replays = stand_in(monkeypatch, misses=True)
    decoder, model = blocks()
    with caplog.at_level(logging.WARNING):
        walk(decoder, model)
    assert len(replays) == 1
    assert "computed something else" in caplog.text
    assert not can_be_captured(model)


def test_graphs_are_for_extents_that_come_often(monkeypatch: pytest.MonkeyPatch) -> None:
    captured: list[Any] = []
    monkeypatch.setattr(Graphs, "_capture", lambda _graphs, run_pass: captured.append(run_pass))
    graphs = Graphs(torch.nn.Linear(1, 1))
    result = torch.zeros(1, 2)

    def run_pass() -> Tensor:
        return result

    for columns in range(100):
        graphs.run((1, columns), run_pass)
    assert not captured
    for _ in range(cuda_graphs.WARM_UP_STEPS - 1):
        graphs.run((1, 7), run_pass)
    assert len(captured) == 1


def test_graphs_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make(AutoModelForCausalLM, MAKERS["llama"]())
    assert can_be_captured(model)
    monkeypatch.setenv("CUDA_GRAPHS", "off")
    assert not can_be_captured(model)


@pytest.fixture
def one_process(tmp_path: Path) -> Any:
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    dist.destroy_process_group()


def test_sharded_weights_are_not_captured(one_process: Any) -> None:
    model = make(AutoModelForCausalLM, MAKERS["llama"]())
    assert can_be_captured(model)
    fully_shard(model, mesh=one_process)
    assert not can_be_captured(model)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.usefixtures("two_steps")
@pytest.mark.parametrize("name", MAKERS)
def test_captured_steps_are_those_that_are_not(name: str) -> None:
    """Twice, as a PPO run samples again with weights that were changed in place."""
    model = make(AutoModelForCausalLM, MAKERS[name]()).double().cuda()
    for _ in range(2):
        decoder = SlotDecoder(model, slots=5, columns=47, pad_id=256, column_block=16)
        walk(decoder, model)
        assert decoder.graphs is not None
        assert decoder.graphs.proven
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(0.9)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.usefixtures("two_steps")
@torch.no_grad()
def test_captured_steps_under_autocast() -> None:
    """Weights that autocast has lowered: as near to steps without graphs as bfloat16 is."""
    model = make(AutoModelForCausalLM, MAKERS["llama"]()).cuda()
    tokens = torch.tensor([5, 6, 7], device="cuda")
    found = []
    for has_graphs in (False, True):
        decoder = SlotDecoder(model, slots=4, columns=64, pad_id=256, column_block=64)
        decoder.graphs = decoder.graphs if has_graphs else None
        with torch.autocast("cuda", torch.bfloat16):
            decoder.admit(PROMPTS[:3], [1, 1, 1])
            for step in range(12):
                decoder.step(tokens + step)
        assert not has_graphs or (decoder.graphs is not None and decoder.graphs.proven)
        found.append(decoder.logits.float())
    torch.testing.assert_close(found[0], found[1], atol=0.05 * float(found[0].std()), rtol=0.05)

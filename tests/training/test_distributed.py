"""A run in two processes is the run in one: the same losses, the same weights, and it resumes as one process does."""

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from formats.run_directory import EXIT_BAD_INPUT, EXIT_DONE, EXIT_PREEMPTED, RunDirectory, read_metrics
from inference import models
from tests.training import test_cross_validation
from tests.training.processes import LOOPBACK, TIMEOUT_SECONDS, SignalAt, context, launched, run_world
from tests.training.toy_runs import make_toy_run, resumed_at, start
from training.distributed import World, join_world

CLOCKS = ("time", "second", "seconds")


def curves(directory: RunDirectory) -> list[dict[str, float]]:
    rows = read_metrics(directory.attempts()[-1].metrics_path)
    return [{name: value for name, value in row.items() if not name.endswith(CLOCKS)} for row in rows]


@pytest.fixture(scope="module")
def reward_model(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = make_toy_run(tmp_path_factory.mktemp("rm") / "run", kind="reward_model", models={"model": llama})
    assert start(directory) == EXIT_DONE
    return directory.model_output


LORA = {"method": "lora", "gradient_checkpointing": True}
PADDED = {"packing": "unpacked"}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("sft", {"epochs": 1}),
        ("sft", PADDED | {"epochs": 1}),
        ("reward_model", {}),
        ("ppo", {"episodes": 24}),
        ("ppo", LORA | {"episodes": 24}),
        ("ppo", PADDED | {"episodes": 16}),
        ("dpo", LORA),
    ],
)
def test_two_processes_give_the_losses_of_one(
    tmp_path: Path, llama: Path, reward_model: Path, kind: str, changes: dict[str, Any]
) -> None:
    judges = {"reward_model": reward_model, "gold_reward_model": reward_model}
    wanted = {"ppo": judges, "sft": {"reward_model": reward_model}}
    inputs = {"model": llama} | wanted.get(kind, {})
    one = make_toy_run(tmp_path / "one", kind=kind, models=inputs, **changes)
    two = make_toy_run(tmp_path / "two", kind=kind, models=inputs, **changes)
    assert start(one) == EXIT_DONE
    assert run_world(two, size=2) == [EXIT_DONE, EXIT_DONE], (two.root / "rank-0.txt").read_text()[-3000:]
    for own, theirs in zip(curves(two), curves(one), strict=True):
        assert own == pytest.approx(theirs, rel=1e-5, abs=1e-6)
    own_weights, their_weights = (load_file(run.model_output / "model.safetensors") for run in (two, one))
    torch.testing.assert_close(own_weights, their_weights, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(("kind", "networks"), [("sft", 2), ("ppo", 5)])
def test_each_network_is_sharded_before_the_next_is_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, llama: Path, reward_model: Path, kind: str, networks: int
) -> None:
    """A GPU has room for one of them as a whole, not for all."""
    events: list[str] = []

    def told(event: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def tell(*given: Any, **more: Any) -> Any:
            events.append(event)
            return function(*given, **more)

        return tell

    monkeypatch.setattr(models, "_load", told("load", models._load))
    monkeypatch.setattr(World, "shard", told("shard", World.shard))
    inputs = {"model": llama, "reward_model": reward_model}
    inputs |= {"gold_reward_model": reward_model} if kind == "ppo" else {}
    changes: dict[str, Any] = {"episodes": 8, "best_of_n_samples": 0} if kind == "ppo" else {"epochs": 1}
    assert start(make_toy_run(tmp_path / "run", kind=kind, models=inputs, **changes)) == EXIT_DONE
    assert events == ["load", "shard"] * networks


def test_two_processes_find_of_groups_of_labelers_what_one_does(tmp_path: Path, llama: Path) -> None:
    """On padded rows too, of reward models."""
    changes: dict[str, Any] = PADDED | {"epochs": 1, "micro_batch_tokens": 2000}
    one, two = (test_cross_validation.make(tmp_path / name, llama, **changes) for name in ("one", "two"))
    assert start(one) == EXIT_DONE
    assert run_world(two, size=2) == [EXIT_DONE, EXIT_DONE], (two.root / "rank-0.txt").read_text()[-3000:]
    expected = test_cross_validation.folds_of(one)
    assert len(expected) == 2
    assert test_cross_validation.folds_of(two) == expected
    for fold in ("fold-0-seed-0", "fold-1-seed-0"):
        below = [RunDirectory(directory.root / "cross_validation" / fold) for directory in (two, one)]
        for own, theirs in zip(*map(curves, below), strict=True):
            assert own == pytest.approx(theirs, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("size_after", [1, 2])
def test_a_run_that_is_stopped_goes_on_in_as_many_processes_or_others(
    tmp_path: Path, llama: Path, size_after: int
) -> None:
    one = make_toy_run(tmp_path / "one", kind="sft", models={"model": llama})
    assert start(one) == EXIT_DONE
    stopped = make_toy_run(tmp_path / "stopped", kind="sft", models={"model": llama})
    # A launcher tells all; that one is told is enough.
    codes = run_world(stopped, size=2, signal_at=SignalAt(signal.SIGTERM, rank=1, step=5))
    assert codes == [EXIT_PREEMPTED, EXIT_PREEMPTED]
    assert stopped.attempt(1).checkpoint_steps() == [5]
    codes = run_world(stopped, size=2) if size_after == 2 else [start(stopped)]
    assert codes == [EXIT_DONE] * size_after
    assert stopped.attempts()[-1].epoch == 2
    for own, theirs in zip(curves(stopped), curves(one), strict=True):
        assert own == pytest.approx(theirs, rel=1e-5, abs=1e-6)


def test_a_process_that_dies_takes_the_others_with_it_and_the_run_goes_on(tmp_path: Path, llama: Path) -> None:
    """Its peers end too, with an error of their own, and the next attempt finds a whole checkpoint."""
    directory = make_toy_run(tmp_path / "run", kind="sft", models={"model": llama})
    codes = run_world(directory, size=2, signal_at=SignalAt(signal.SIGKILL, rank=1, step=5))
    assert codes == [1, -signal.SIGKILL]
    error = directory.attempt(1).read_error()
    assert error is not None
    assert error.code == "crash"
    assert not directory.is_done()
    assert start(directory) == EXIT_DONE
    assert resumed_at(directory) == 4


def test_what_is_wrong_is_said_once(tmp_path: Path, llama: Path) -> None:
    directory = make_toy_run(tmp_path / "run", kind="sft", models={"model": llama}, max_prompt_tokens=4)
    assert run_world(directory, size=2) == [EXIT_BAD_INPUT, EXIT_BAD_INPUT]
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("no_rows_left", "config.max_prompt_tokens")


def test_shares_are_all_of_the_work_once_and_as_many_for_each() -> None:
    items = list("abcdefg")
    shares = [list(World(rank, 3).deal(items)) for rank in range(3)]
    assert {len(own) for own in shares} == {3}
    counted = sorted((share.index, share.item) for own in shares for share in own if share.weight)
    assert counted == list(enumerate(items))
    assert [list(World(rank, 3).deal([])) for rank in range(3)] == [[], [], []]


def average_gradients(path: Path, rank: int, port: int) -> None:
    """Of two processes whose gradients are 1 and 4, what each has after the mean."""
    launched(rank=rank, size=2, port=port)
    module = torch.nn.Linear(1, 1, bias=False)
    module.weight.grad = torch.tensor([[1.0 + 3.0 * rank]])
    with join_world(device=lambda: "cpu") as world:
        world.mean_gradients(module)
    (path / str(rank)).write_text(str(module.weight.grad.item()))


def test_gradients_outside_the_sharded_model_are_averaged(tmp_path: Path) -> None:
    store = TCPStore(LOOPBACK, 0, is_master=True, wait_for_workers=False)
    both = [context().Process(target=average_gradients, args=(tmp_path, rank, store.port)) for rank in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(TIMEOUT_SECONDS)
    assert [(tmp_path / str(rank)).read_text() for rank in range(2)] == ["2.5", "2.5"]


@pytest.mark.parametrize(("device", "backend"), [("cpu", "gloo"), ("auto", "cpu:gloo,cuda:nccl")])
def test_a_gpu_that_is_there_is_used_only_where_the_settings_allow_it(
    monkeypatch: pytest.MonkeyPatch, device: Any, backend: str
) -> None:
    chosen: list[Any] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda backend, **_: chosen.append(backend))
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: None)
    for name in ("get_rank", "get_world_size"):
        monkeypatch.setattr(torch.distributed, name, lambda: 1)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    with join_world(device=lambda: device):
        pass
    assert chosen == ([] if device == "cpu" else [1]) + [backend]

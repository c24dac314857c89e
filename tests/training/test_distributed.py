"""A run in two processes is the run in one: the same losses, the same weights, and it resumes as one process does."""

from pathlib import Path
from typing import Any

import pytest

from formats.run_directory import EXIT_DONE, RunDirectory, read_metrics
from tests.training.processes import run_world
from tests.training.toy_runs import make_toy_run, start

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


@pytest.mark.parametrize(
    ("kind", "changes"), [("sft", {}), ("reward_model", {}), ("ppo", {}), ("ppo", LORA), ("dpo", LORA)]
)
def test_two_processes_give_the_losses_of_one(
    tmp_path: Path, llama: Path, reward_model: Path, kind: str, changes: dict[str, Any]
) -> None:
    models = {"model": llama} | ({"reward_model": reward_model} if kind == "ppo" else {})
    one = make_toy_run(tmp_path / "one", kind=kind, models=models, **changes)
    two = make_toy_run(tmp_path / "two", kind=kind, models=models, **changes)
    assert start(one) == EXIT_DONE
    assert run_world(two, size=2) == [EXIT_DONE, EXIT_DONE], (two.root / "rank-0.txt").read_text()[-3000:]
    for own, theirs in zip(curves(two), curves(one), strict=True):
        assert own == pytest.approx(theirs, rel=1e-5, abs=1e-6)

from pathlib import Path
from typing import Any

import pytest
import torch

from formats.run_directory import RunDirectory
from training.checkpointing import (
    TENSORS,
    load_checkpoint,
    newest_checkpoint,
    remove_checkpoints,
    save_checkpoint,
)


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    for epoch in (1, 2):
        (tmp_path / f"attempt-{epoch}").mkdir()
    return RunDirectory(tmp_path)


def save(directory: RunDirectory, *, epoch: int = 1, step: int = 1, state: dict[str, Any] | None = None) -> Path:
    return save_checkpoint(directory.attempt(epoch), step=step, state=state or {"x": torch.ones(2)})


def test_an_optimizers_state_survives_to_the_bit(directory: RunDirectory) -> None:
    weights = torch.nn.Parameter(torch.randn(3))
    optimizer = torch.optim.AdamW([weights], lr=0.1, betas=(0.9, 0.95))
    weights.square().sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    path = save(directory, state={"optimizer": optimizer.state_dict(), "beta": 0.1, "tied": [weights, weights]})
    state = load_checkpoint(path)
    other = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(3))], lr=5.0)
    other.load_state_dict(state["optimizer"])
    assert other.param_groups[0]["betas"] == [0.9, 0.95]
    for name, value in optimizer.state[weights].items():
        assert torch.equal(other.state_dict()["state"][0][name], value), name
    assert state["beta"] == 0.1
    assert all(torch.equal(tied, weights) for tied in state["tied"])


def test_random_numbers_go_on_where_they_were(directory: RunDirectory) -> None:
    torch.manual_seed(5)
    path = save(directory)
    expected = torch.rand(4)
    load_checkpoint(path)
    assert torch.equal(torch.rand(4), expected)


def test_the_furthest_whole_checkpoint_counts(directory: RunDirectory) -> None:
    save(directory, epoch=1, step=9)
    save(directory, epoch=2, step=10)
    found = newest_checkpoint(directory)
    assert found == (directory.attempt(2), 10)
    (directory.attempt(2).checkpoint(10) / TENSORS).write_bytes(b"torn")
    assert newest_checkpoint(directory) == (directory.attempt(1), 9)
    (directory.attempt(1).checkpoint(9) / "manifest.json").unlink()
    assert newest_checkpoint(directory) is None


def test_a_checkpoint_amid_writing_is_not_seen_and_is_tidied_up(directory: RunDirectory) -> None:
    half = directory.attempt(1).checkpoints / ".step-8-ab12"
    half.mkdir(parents=True)
    kept = save(directory, step=3)
    assert newest_checkpoint(directory) == (directory.attempt(1), 3)
    remove_checkpoints(directory, keep=kept)
    assert [path.name for path in directory.attempt(1).checkpoints.iterdir()] == ["step-3"]


def test_saving_a_step_again_replaces_it(directory: RunDirectory) -> None:
    save(directory, state={"x": torch.zeros(1)})
    assert load_checkpoint(save(directory, state={"x": torch.ones(1)}))["x"].item() == 1.0


def test_nothing_in_a_checkpoint_is_pickled(directory: RunDirectory) -> None:
    names = {path.name for path in save(directory).iterdir()}
    assert names == {"tensors.safetensors", "state.json", "manifest.json"}

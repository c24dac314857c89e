"""Checkpoints from which a killed run goes on to the same losses, bit for bit on the CPU.

A checkpoint is a directory with `tensors.safetensors`, `state.json` and a manifest, written beside its name and
renamed: it is whole or it does not exist. Nothing is pickled, so opening one runs no code. It holds models, optimizers,
averages, random states and the step; learning rates and the order of the data are functions of the step. Nothing in it
depends on how many processes wrote it: a run may go on in fewer or more.
"""

import logging
import secrets
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from formats.files import sync_directory
from formats.jsonl import read_json, write_json
from formats.run_directory import AttemptDirectory, RunDirectory, is_whole, write_manifest
from training.distributed import ALONE, World, sharded_like, whole_tensor

TENSORS = "tensors.safetensors"
STATE = "state.json"
logger = logging.getLogger(__name__)


def save_checkpoint(attempt: AttemptDirectory, *, step: int, state: dict[str, Any], world: World = ALONE) -> Path:
    """Write `state`, a tree of dicts, lists, tensors and JSON values, as the checkpoint of a step.

    All processes call it, since sharded tensors are gathered; the first one writes.
    """
    target = attempt.checkpoint(step)
    tensors: dict[str, Tensor] = {}
    tree = _take_tensors(state | {"random": _random_state()}, tensors if world.is_main else None, "")
    if not world.is_main:
        return target
    attempt.checkpoints.mkdir(parents=True, exist_ok=True)
    staging = attempt.checkpoints / f".step-{step}-{secrets.token_hex(4)}"
    staging.mkdir()
    save_file(tensors, staging / TENSORS)
    write_json(staging / STATE, tree)
    write_manifest(staging, kind="checkpoint", summary={"step": step})
    if target.exists():  # from an earlier preemption at this very step
        shutil.rmtree(target)
    staging.rename(target)
    sync_directory(attempt.checkpoints)
    return target


def load_checkpoint(path: Path) -> dict[str, Any]:
    """The tree that was saved, on the CPU; random states are set back as a side effect of resuming."""
    state = _put_tensors(read_json(path / STATE), load_file(path / TENSORS))
    _set_random_state(state.pop("random"))
    assert isinstance(state, dict)
    return state


def restore_optimizer(optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """Put a saved state into an optimizer, whose parameters may be sharded."""
    weights = [own for group in optimizer.param_groups for own in group["params"]]
    state = {
        number: {
            name: sharded_like(value, weights[number]) if isinstance(value, Tensor) else value
            for name, value in own.items()
        }
        for number, own in saved["state"].items()
    }
    optimizer.load_state_dict(saved | {"state": state})


def newest_checkpoint(directory: RunDirectory) -> tuple[AttemptDirectory, int] | None:
    """The attempt and step of the furthest whole checkpoint of a run, the newest attempt's where two are as far."""
    found = [(step, attempt.epoch) for attempt in directory.attempts() for step in attempt.checkpoint_steps()]
    for step, epoch in sorted(found, reverse=True):
        attempt = directory.attempt(epoch)
        if is_whole(attempt.checkpoint(step)):
            return attempt, step
        logger.warning("%s is damaged and is passed over", attempt.checkpoint(step).name)
    return None


def remove_checkpoints(directory: RunDirectory, *, keep: Path | None) -> None:
    """Remove all checkpoints of a run except one, and what a kill left half written."""
    for attempt in directory.attempts():
        for path in [*attempt.checkpoints.glob("step-*"), *attempt.checkpoints.glob(".step-*")]:
            if path != keep:
                shutil.rmtree(path, ignore_errors=True)


def _random_state() -> dict[str, Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if _uses_gpu():
        state["cuda"] = torch.cuda.get_rng_state()
    return state


def _uses_gpu() -> bool:
    """Whether this process computes on a GPU: one that is merely there is left alone."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]


def _set_random_state(state: dict[str, Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    if "cuda" in state and _uses_gpu():
        torch.cuda.set_rng_state(state["cuda"])


def _take_tensors(value: Any, tensors: dict[str, Tensor] | None, path: str) -> Any:
    """`value` as JSON, its tensors moved into `tensors`, if these are kept, and named by where they stood."""
    if isinstance(value, Tensor):
        whole = whole_tensor(value.detach())
        if tensors is not None:
            tensors[path] = whole.cpu().contiguous().clone()  # tied weights share memory, safetensors may not
        return {"tensor": path}
    if isinstance(value, dict):
        # Optimizers number their parameters, and JSON has no numbers as keys.
        return {"items": [[key, _take_tensors(item, tensors, f"{path}/{key}")] for key, item in value.items()]}
    if isinstance(value, list | tuple):
        return {"list": [_take_tensors(item, tensors, f"{path}/{index}") for index, item in enumerate(value)]}
    return {"value": value}


def _put_tensors(node: dict[str, Any], tensors: dict[str, Tensor]) -> Any:
    [(kind, content)] = node.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "items":
        return {key: _put_tensors(item, tensors) for key, item in content}
    if kind == "list":
        return [_put_tensors(item, tensors) for item in content]
    return content

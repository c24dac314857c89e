"""Committed curves of each stage: a refactor must not move them.

Written by `python -m tests.training.test_reference_losses`, which is to be run only where a change of the numbers is
meant, and said in the commit.
"""

import json
import tempfile
from pathlib import Path

import pytest
import torch

from formats.run_directory import read_metrics
from inference.byte_tokenizer import build_byte_tokenizer
from inference.tiny import TinyConfig, build_tiny_model
from tests.training.toy_runs import make_toy_run, start

GOLDEN = Path(__file__).parents[1] / "golden" / "training_losses.json"
CURVES = {
    "sft": ("loss", "validation_loss", "gradient_norm", "learning_rate"),
    "reward_model": ("loss", "accuracy", "reward_mean", "reward_std", "validation_loss"),
    "ppo": ("policy_loss", "value_loss", "ptx_loss", "kl_nats", "reward_mean", "kl_coefficient", "entropy_nats"),
}


def curves(root: Path) -> dict[str, dict[str, list[float]]]:
    """The curves of the three stages, one after the other, from an untrained model."""
    torch.set_num_threads(1)
    base = root / "base"
    tokenizer = build_byte_tokenizer(context_length=1024)
    build_tiny_model(TinyConfig(hidden_size=32, layers=1, heads=2), tokenizer=tokenizer).save_pretrained(base)
    tokenizer.save_pretrained(base)
    models = {"model": base}
    found = {}
    for kind, names in CURVES.items():
        directory = make_toy_run(root / kind, kind=kind, models=models)
        assert start(directory) == 0
        rows = read_metrics(directory.attempt(1).metrics_path)
        found[kind] = {name: [row[name] for row in rows if name in row] for name in names}
        if kind == "sft":
            models = {"model": directory.model_output}
        else:
            models = models | {"reward_model": directory.model_output}
    return found


def test_the_curves_are_the_committed_ones(tmp_path: Path) -> None:
    expected = json.loads(GOLDEN.read_text())
    found = curves(tmp_path)
    for kind, names in CURVES.items():
        for name in names:
            # Not to the last bit: another processor adds in another order.
            assert found[kind][name] == pytest.approx(expected[kind][name], rel=1e-4, abs=1e-6), f"{kind} {name}"


def test_the_committed_curves_are_of_a_run_that_learns() -> None:
    expected = json.loads(GOLDEN.read_text())
    for kind in ("sft", "reward_model"):
        losses = expected[kind]["loss"]
        assert losses[-1] < losses[0]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        GOLDEN.write_text(json.dumps(curves(Path(scratch)), indent=1) + "\n")

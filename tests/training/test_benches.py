"""The benchmarks of training, where nothing is installed and no GPU is needed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from benchmarks.contenders import DEFAULT_MODELS, MODELS, Bench
from benchmarks.reward_model import RewardModelCase, measure_reward_model, write_case
from benchmarks.training import make_bench, parse_options
from inference.byte_tokenizer import build_byte_tokenizer
from inference.tiny import build_tiny_model

FAST = ["--without-trl", "--quick", "--responses", "4", "--prompts", "128", "--steps", "1"]


def bench_of(folder: Path, *arguments: str) -> Bench:
    return make_bench(parse_options([*FAST, *arguments]), folder)


def test_a_bench_without_trl_says_all_of_ours_and_compares_with_nobody(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, "--precision", "bfloat16", "--peak-teraflops", "0.5")
    row = measure_reward_model(RewardModelCase("tiny", 2, 16, 8, 1), bench)
    assert set(row["comparisons_per_second"]) == set(row["peak_mib"]) == {"unpacked", "packed"}
    assert not [name for name in row if "trl" in name or name == "of_formula"]
    assert (row["precision"], row["peak_teraflops"]) == ("bfloat16", 0.5)
    # A comparison is a ranking here, of 16 + 2 · 8 tokens.
    parameters = build_tiny_model(MODELS["tiny"], tokenizer=build_byte_tokenizer(context_length=64)).num_parameters()
    expected = 6 * parameters * row["comparisons_per_second"]["packed"] * 32 / 0.5e12
    assert row["mfu"] == pytest.approx(expected, rel=0.05, abs=1e-4)


def test_a_share_of_the_peak_is_said_only_where_the_peak_is_known(tmp_path: Path) -> None:
    assert bench_of(tmp_path).mfu(parameters=1e9, tokens_per_second=1000) == {}
    # 6 operations a parameter and token: 6e12 a second.
    found = bench_of(tmp_path, "--peak-teraflops", "12").mfu(parameters=1e9, tokens_per_second=1000)
    assert found == {"peak_teraflops": 12.0, "mfu": 0.5}


def test_both_sides_are_told_the_precision_and_the_tokens(tmp_path: Path) -> None:
    bench = bench_of(tmp_path, "--precision", "bfloat16", "--micro-batch-tokens", "2048")
    case = json.loads(write_case(RewardModelCase("tiny", 4, 128, 128, 1), bench).read_text())
    # 2048 tokens are 8 rows of 256: the largest number of pairs up to 4 that divides 6.
    assert (case["precision"], case["micro_batch_tokens"], case["trl_pairs_per_micro_batch"]) == ("bfloat16", 2048, 3)


def test_a_model_of_a_billion_parameters_is_measured_where_it_is_named() -> None:
    assert "1b" in MODELS
    assert "1b" not in DEFAULT_MODELS
    assert parse_options(["--models", "1b"]).models == ["1b"]
    with torch.device("meta"):
        model = build_tiny_model(MODELS["1b"], tokenizer=build_byte_tokenizer(context_length=64))
    assert model.num_parameters() == pytest.approx(1.02e9, rel=0.01)
    assert {size % 128 for size in (model.config.hidden_size, model.config.intermediate_size)} == {0}


def test_the_demo_s_rows_are_read_outside_of_django() -> None:
    script = (
        "import json; from benchmarks.demo import demo_rows as rows; "
        "print(json.dumps({kind: {role: len(own) for role, own in roles.items()} for kind, roles in rows().items()}))"
    )
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    counts = json.loads(done.stdout)
    assert {kind: set(roles) for kind, roles in counts.items()} == {
        "sft": {"train", "validation"},
        "reward_model": {"train", "validation", "demonstrations"},
        "ppo": {"prompts"},
    }
    assert all(count for roles in counts.values() for count in roles.values())

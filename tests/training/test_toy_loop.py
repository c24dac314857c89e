"""SFT, reward model and PPO through their real command lines, judged by the preference that is known."""

import dataclasses
import math
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from benchmarks import toy_preference as toy
from formats.codec import Format
from formats.configs import Config
from formats.records import Prompt
from formats.run_directory import EXIT_DONE, RunDirectory, read_manifest
from inference.models import load_causal_lm
from inference.prompts import encode_prompt
from inference.sampling import Sample, SamplingSettings, sample, sample_seed
from inference.tiny import TinyConfig, build
from tests.training.toy_runs import MODULES, make_run

ROOT = Path(__file__).parents[2]
# A quarter of the built-in model, pretrained for less: what takes its loop a minute takes this one a few seconds.
BASE = TinyConfig(hidden_size=64, steps=200)
SFT = dataclasses.replace(toy.sft_config(), learning_rate=5e-3)
REWARD_MODEL = toy.reward_model_config()
PPO = dataclasses.replace(toy.ppo_config(), episodes=12 * 64, learning_rate=1e-3)
PROMPTS = toy.make_prompts(96)


def run(
    root: Path, *, kind: str, models: dict[str, Path], config: Config, rows: dict[str, Iterable[Format]]
) -> RunDirectory:
    directory = make_run(root / kind, kind=kind, models=models, config=config, rows=rows)
    command = [sys.executable, "-m", MODULES[kind], str(directory.root)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert ended.returncode == EXIT_DONE, ended.stderr
    return directory


def draw(model: Path, *, count: int, seed: int) -> list[list[Sample]]:
    loaded = load_causal_lm(model, device="cpu", precision="float32")
    ids = [encode_prompt(loaded.tokenizer, [m.to_json() for m in prompt.messages]) for prompt in PROMPTS]
    seeds = [[sample_seed(seed, prompt.id, number) for number in range(count)] for prompt in PROMPTS]
    settings = SamplingSettings(max_new_tokens=80)
    return sample(loaded.model, loaded.tokenizer, ids, seeds=seeds, settings=settings, batch_size=96).samples


def known_scores(model: Path) -> list[float]:
    """The known score of eight responses to each prompt, with a seed that training has not used."""
    return [toy.known_score(response.text) for own in draw(model, count=8, seed=99) for response in own]


def standard_error(scores: list[float]) -> float:
    return statistics.stdev(scores) / math.sqrt(len(scores))


def of(split: str) -> list[Prompt]:
    return [prompt for prompt in PROMPTS if prompt.split == split]


@pytest.mark.slow
def test_ppo_raises_the_known_preference(tmp_path: Path) -> None:
    base = tmp_path / "base"
    build(base, config=BASE)
    demonstrations = toy.make_demonstrations(of("train"))

    rows: dict[str, Iterable[Format]] = {"train": demonstrations}
    sft = run(tmp_path, kind="sft", models={"model": base}, config=SFT, rows=rows).model_output

    order = random.Random(0)
    rankings = [
        toy.make_ranking(
            prompt,
            [toy.ToyResponse(f"{n}", r.text, r.finish_reason) for n, r in enumerate(own)],
            labeler="labeler-0",
            order=order,
        )
        for prompt, own in zip(PROMPTS, draw(sft, count=4, seed=0), strict=True)
    ]
    rows = {
        "train": [ranking for ranking in rankings if ranking.split == "train"],
        "validation": [ranking for ranking in rankings if ranking.split == "valid"],
        "demonstrations": demonstrations,
    }
    reward_run = run(tmp_path, kind="reward_model", models={"model": sft}, config=REWARD_MODEL, rows=rows)
    assert float(read_manifest(reward_run.output).summary["validation_accuracy"]) >= 0.8

    ppo = run(
        tmp_path,
        kind="ppo",
        models={"model": sft, "reward_model": reward_run.model_output},
        config=PPO,
        rows={"prompts": of("train")},
    )
    before, after = known_scores(sft), known_scores(ppo.model_output)
    margin = 3 * math.hypot(standard_error(before), standard_error(after))
    assert statistics.mean(after) > statistics.mean(before) + margin

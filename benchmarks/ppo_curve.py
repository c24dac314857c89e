"""The learning curve of PPO on the toy task beside that of the last TRL that had it, 1.12, at equal hyper-parameters.

    python -m benchmarks.ppo_curve [--seeds 5] [--jobs 2] [--out benchmarks/ppo_curve.json]

Both begin from one supervised policy, one reward model and one set of prompts (`benchmarks.toy_task`), and take turns
for as many episodes. After each few iterations one judge asks both policies for responses to held-out prompts, with the
same random numbers: reward, the known preference (gold), and KL from the policy that both began from. One JSON line a
seed; the last one has means over seeds with their standard errors, and the difference of the two within seeds.

Equal are batches, one optimizer step a batch (TRL's micro-batch is the batch: see `benchmarks.ppo.write_contest`), one
constant learning rate for policy and value network, Adam, clipping, β, γ, λ, whitened advantages. TRL clips no
gradient, so neither does ours; it keeps no average of the weights, so ours is judged without. The reward model has no
constant bias here: TRL's value network could not begin with it. What cannot be made equal, and how much it is:
docs/experiment-log.md.
"""

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, stdev
from threading import Lock
from typing import Any

import torch

from benchmarks import toy_preference as toy
from benchmarks.contenders import Contender, trl_environment
from benchmarks.ppo import TRL_VERSION, write_contest
from benchmarks.toy_task import ToyModels, draw, drift, judged, split_prompts, train_models
from formats.configs import PpoConfig
from formats.records import Prompt
from formats.run_directory import RunDirectory
from inference.models import load_causal_lm, load_reward_model, quiet_libraries, save_reward_model

BATCH = 32
EPISODES = 32 * BATCH
EVERY = 4  # iterations between looks at the held-out prompts
SAMPLES = 8  # responses to each of them
FIGURES = ("reward", "gold", "kl_nats")

Point = dict[str, float]


def settings(seed: int) -> PpoConfig:
    """The toy task's, as far as TRL has them."""
    return replace(
        toy.ppo_config(),
        episodes=EPISODES,
        batch_size=BATCH,
        minibatch_size=BATCH,
        rollout_batch_size=BATCH,
        learning_rate=3e-4,
        value_learning_rate=3e-4,
        kl_coefficient=0.1,
        value_clip_range=0.2,
        warmup_iterations=0,
        gradient_clip_norm=0.0,
        kl_budget_nats=0.0,
        ema_decay=0.0,
        best_of_n_samples=0,
        seed=seed,
        device="cpu",
    )


class HeldOut:
    """The judge of both: responses to prompts that nobody trained on."""

    def __init__(self, models: ToyModels, prompts: Sequence[Prompt]) -> None:
        self.prompts = prompts
        self.lock = Lock()  # transformers cannot load two models in two threads
        self.reference = load_causal_lm(models.policy, device="cpu", precision="float32")
        self.reward = load_reward_model(models.reward, device="cpu", precision="float32")

    def look(self, directory: Path, *, episodes: int) -> Point:
        """What the policy in a directory does."""
        with self.lock:
            loaded = load_causal_lm(directory, device="cpu", precision="float32")
            policy = replace(self.reference, model=loaded.model)
            samples = draw(policy, self.prompts, count=SAMPLES, seed=99)
            found = [one for own in judged(policy, self.reward, self.prompts, samples) for one in own]
            kl_nats = drift(policy, self.reference, self.prompts, samples)
        return {
            "episodes": episodes,
            "reward": fmean(reward for reward, _ in found),
            "gold": fmean(gold for _, gold in found),
            "kl_nats": kl_nats,
        }


def contest(folder: Path, models: ToyModels, *, seed: int, trl_python: Path, judge: HeldOut) -> dict[str, list[Point]]:
    """Both curves of one seed, the contenders taking turns."""
    train, _ = split_prompts()
    inputs = {"model": str(models.policy), "reward_model": str(models.reward)}
    commands = {
        "trl": [str(trl_python), "-m", "benchmarks.ppo_trl"],
        "ours": [sys.executable, "-m", "benchmarks.ppo_ours"],
    }
    contenders: dict[str, Contender] = {}
    curves: dict[str, list[Point]] = {}
    for name, command in commands.items():
        policy = folder / name / "policy"
        judge.reference.tokenizer.save_pretrained(policy)
        path = write_contest(
            folder / name,
            settings(seed),
            inputs=inputs,
            tokenizer=judge.reference.tokenizer,
            prompts=train,
            trl_micro_batch=BATCH,
            policy_directory=str(policy),
        )
        contenders[name] = Contender([*command, str(path)], threads=1)
        curves[name] = [judge.look(models.policy, episodes=0)]
    with contenders["trl"], contenders["ours"]:
        for iteration in range(1, EPISODES // BATCH + 1):
            for name, contender in contenders.items():
                contender.step()
                if iteration % EVERY == 0:
                    point = judge.look(folder / name / "policy", episodes=iteration * BATCH)
                    print(f"seed {seed}, {name}: {point}", file=sys.stderr, flush=True)
                    curves[name].append(point)
    return curves


def prepare_models(folder: Path) -> ToyModels:
    """The toy task's models, the reward model's scores less their constant; those that an earlier run left there."""
    reward = folder / "reward"
    if reward.exists():
        return ToyModels(RunDirectory(folder / "sft").model_output, reward)
    models = train_models(folder)
    loaded = load_reward_model(models.reward, device="cpu", precision="float32")
    loaded.model.config.reward_bias = 0.0
    save_reward_model(loaded, reward)
    return ToyModels(models.policy, reward)


def summary(curves: Sequence[Mapping[str, Sequence[Point]]]) -> dict[str, Any]:
    """Means over seeds with standard errors at each look, and over all looks at the area under each curve."""
    looks = range(len(curves[0]["ours"]))
    names = list(curves[0])
    return {
        "curve": {
            name: [
                {"episodes": curves[0][name][look]["episodes"]}
                | {figure: _mean([seed[name][look][figure] for seed in curves]) for figure in FIGURES}
                for look in looks
            ]
            for name in names
        },
        # The first look is the same for both: the mean over the others is the area under the curve.
        "over_all_looks": {
            name: {figure: _mean([_area(seed[name], figure) for seed in curves]) for figure in FIGURES}
            for name in names
        },
        "ours_less_trl": {
            figure: _mean([_area(seed["ours"], figure) - _area(seed["trl"], figure) for seed in curves])
            for figure in FIGURES
        },
    }


def _area(curve: Sequence[Point], figure: str) -> float:
    return fmean(point[figure] for point in curve[1:])


def _mean(values: Sequence[float]) -> dict[str, float]:
    error = stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return {"mean": round(fmean(values), 4), "standard_error": round(error, 4)}


def rows(models: ToyModels, folder: Path, *, seeds: Sequence[int], jobs: int) -> Iterator[dict[str, Any]]:
    """A line for each seed, and the summary."""
    trl_python = trl_environment(TRL_VERSION)
    _, held_out = split_prompts()
    judge = HeldOut(models, held_out)

    def curves_of(seed: int) -> dict[str, list[Point]]:
        return contest(folder / f"seed-{seed}", models, seed=seed, trl_python=trl_python, judge=judge)

    found = []
    with ThreadPoolExecutor(jobs) as pool:
        for seed, curves in zip(seeds, pool.map(curves_of, seeds), strict=True):
            found.append(curves)
            yield {"bench": "ppo_curve", "seed": seed} | {
                name: [{key: round(value, 4) for key, value in point.items()} for point in curve]
                for name, curve in curves.items()
            }
    yield {
        "bench": "ppo_curve",
        "seeds": len(found),
        "held_out_responses": len(held_out) * SAMPLES,
        "trl_version": TRL_VERSION,
        "torch_version": version("torch"),
        "settings": settings(0).to_json(),
        **summary(found),
    }


def benched_rows(folder: Path, *, quick: bool) -> Iterator[dict[str, Any]]:
    """The lines, as `benchmarks.training` asks for them."""
    torch.set_num_threads(1)
    models = prepare_models(folder)
    yield from rows(models, folder, seeds=range(2 if quick else 5), jobs=1)


def main() -> None:
    """Print the lines, and write the summary to a file where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 0 (default: 5; at least 2)")
    parser.add_argument("--jobs", type=int, default=1, help="seeds at the same time (default: 1)")
    parser.add_argument("--models", type=Path, help="train the models in this folder, or take those that are there")
    parser.add_argument("--out", type=Path, help="write the last line here, too")
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("--seeds must be at least 2: one says nothing of how seeds differ")
    quiet_libraries()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        row: dict[str, Any] = {}
        models = prepare_models(options.models or Path(folder))
        for row in rows(models, Path(folder), seeds=range(options.seeds), jobs=options.jobs):
            print(json.dumps(row), flush=True)
    if options.out:
        options.out.write_text(json.dumps(row, indent=1) + "\n")


if __name__ == "__main__":
    main()

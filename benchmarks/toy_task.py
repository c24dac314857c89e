"""The toy task from random weights, without the web app: PPO against best-of-n on one reward model, and the gold score.

    python -m benchmarks.toy_task [--seed N] [--out CURVE.json]

It builds the tiny model, fine-tunes it on mixed demonstrations, has a scripted labeler rank its samples, trains a
reward model and PPO, and judges both by the preference that is known (`benchmarks.toy_preference`). The JSON has:

- `rm_accuracy`: on held-out pairs of the known preference;
- `ppo`: for each iteration KL, reward and gold score of its rollouts, so that a reward that rises without the gold is
  seen; and `ppo_held_out`, the same of the final average on held-out prompts;
- `kl_budget_nats`: at no more than which PPO is to be better than best-of-4;
- `best_of_n`: on the same held-out prompts and reward model, from the supervised model, with the bound on its KL.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from benchmarks import toy_preference as toy
from formats.codec import Format
from formats.configs import Config, PpoConfig, RewardModelConfig, SftConfig
from formats.jsonl import write_jsonl
from formats.records import Prompt
from formats.run_directory import RunDirectory
from formats.run_spec import RunSpec
from inference.models import LoadedModel, load_causal_lm, load_reward_model, quiet_libraries
from inference.prompts import decode_response, encode_prompt, pad_id
from inference.sampling import Sample, SamplingSettings, sample, sample_seed
from inference.scoring import response_logprobs, score
from inference.sequences import collate
from inference.tiny import build
from training.best_of_n import best_of_n, best_of_n_kl
from training.experience import summarize
from training.gold import gold_figures
from training.ppo import Ppo, prepare
from training.process import TrainingRun
from training.process import main as run_main
from training.reward_model import train_reward_model
from training.rollouts import Rollout, rollout_settings, write_rollouts
from training.sequences import TokenPrompt
from training.sft import train_sft

SAMPLES = 16
BEST_OF = (1, 2, 4, 8, 16)


@dataclass(frozen=True, slots=True)
class ToyModels:
    """What PPO begins from: the directories of the supervised model and of the reward model."""

    policy: Path
    reward: Path


def run_task(folder: Path, *, seed: int = 0) -> dict[str, Any]:
    """All stages; what they came to. The seed is that of all but the built-in model and the prompts."""
    started_at, worked = time.perf_counter(), time.process_time()
    train, held_out = split_prompts()
    models = train_models(folder, seed=seed)
    policy = load_causal_lm(models.policy, device="cpu", precision="float32")
    judge = load_reward_model(models.reward, device="cpu", precision="float32")

    roles = {"model": models.policy, "reward_model": models.reward}
    directory = make_run(folder / "ppo", "ppo", roles, replace(toy.ppo_config(), seed=seed), {"prompts": train})
    directory.attempt(1).root.mkdir()
    spec = directory.read_spec()
    assert isinstance(spec.config, PpoConfig)
    run = TrainingRun(directory, directory.attempt(1), spec.config, spec.inputs)
    ppo = prepare(run, gold=partial(known_scores, policy))
    curve: list[dict[str, float]] = []
    for iteration in range(spec.config.episodes // spec.config.batch_size):
        rollouts = ppo.sample(iteration)
        figures = figures_of(ppo, rollouts)
        if figures["kl_nats"] > spec.config.kl_budget_nats:
            break  # as `training.ppo` ends
        curve.append(figures)
        learn(ppo, rollouts, iteration=iteration)
    ppo.outcome()
    candidates = judged(policy, judge, held_out, draw(policy, held_out, count=SAMPLES, seed=7))
    return {
        "seed": seed,
        "seconds": round(time.perf_counter() - started_at, 1),
        "cpu_seconds": round(time.process_time() - worked, 1),
        "rm_accuracy": round(accuracy([pair for own in candidates for pair in combinations(own, 2)]), 4),
        "kl_budget_nats": spec.config.kl_budget_nats,
        "ppo_held_out": judge_policy(ppo, held_out, count=4),
        "best_of_n": [frontier_point(candidates, n=n) for n in BEST_OF],
        "ppo": curve,
    }


def split_prompts() -> tuple[list[Prompt], list[Prompt]]:
    """Those to train on, and those held out."""
    prompts = toy.make_prompts(96)
    return [one for one in prompts if one.split == "train"], [one for one in prompts if one.split != "train"]


def train_models(folder: Path, *, seed: int = 0) -> ToyModels:
    """The built-in model, supervised training on demonstrations, and a reward model from rankings of its samples."""
    train, _ = split_prompts()
    build(folder / "base")
    demonstrations = toy.make_demonstrations(train, seed=seed)
    sft_config = replace(toy.sft_config(), seed=seed)
    sft = make_run(folder / "sft", "sft", {"model": folder / "base"}, sft_config, {"train": demonstrations})
    finish(run_main(train_sft, SftConfig, [str(sft.root)]))
    policy = load_causal_lm(sft.model_output, device="cpu", precision="float32")
    prompts = toy.make_prompts(96)
    ranked = rank(prompts, draw(policy, prompts, count=4, seed=seed), seed=seed)
    rankings = [one for one in ranked if one.split == "train"]
    rows: dict[str, Iterable[Format]] = {"train": rankings, "demonstrations": demonstrations}
    rm_config = replace(toy.reward_model_config(), seed=seed)
    rm = make_run(folder / "rm", "reward_model", {"model": sft.model_output}, rm_config, rows)
    finish(run_main(train_reward_model, RewardModelConfig, [str(rm.root)]))
    return ToyModels(sft.model_output, rm.model_output)


def known_scores(policy: LoadedModel, rollouts: Sequence[Rollout]) -> list[float]:
    """The known preference as the judge that PPO does not learn from (`training.gold.Judge`)."""
    texts = [decode_response(policy.tokenizer, one.sequence.response_ids) for one in rollouts]
    return [toy.known_score(text) for text in texts]


def learn(ppo: Ppo, rollouts: list[Rollout], *, iteration: int) -> None:
    """Learn from the rollouts of an iteration."""
    ppo.learner.warm_up(iteration)
    experience = ppo.score(rollouts)
    ppo.learner.update(experience, ppo.targets(experience), iteration=iteration)


def judge_policy(ppo: Ppo, prompts: Sequence[Prompt], *, count: int) -> dict[str, float]:
    """What the policy does on held-out prompts."""
    policy = ppo.actors.policy
    asked = [TokenPrompt(prompt.id, ids_of(policy, prompt)) for prompt in prompts for _ in range(count)]
    settings = rollout_settings(policy, max_response_tokens=ppo.config.max_response_tokens, temperature=1.0)
    return figures_of(ppo, write_rollouts(ppo.writer, policy, asked, first_episode=0, seed=99, settings=settings))


def figures_of(ppo: Ppo, rollouts: list[Rollout]) -> dict[str, float]:
    """KL, reward and gold score of some rollouts."""
    experience = ppo.score(rollouts)
    found = summarize(experience, ppo.targets(experience), kl_coefficient=ppo.learner.kl.coefficient)
    gold = gold_figures(ppo.gold, rollouts)["gold_mean"]
    return {"kl_nats": round(found["kl_nats"], 4), "reward": round(found["reward_mean"], 4), "gold": round(gold, 4)}


def mean_kl(start: Path, policy: Path, prompts: Sequence[Prompt], *, count: int) -> float:
    """KL in nats a response from a saved policy to another, on `count` responses of the first to each prompt."""
    drawn_from, other = (load_causal_lm(path, device="cpu", precision="float32") for path in (policy, start))
    return drift(drawn_from, other, prompts, draw(drawn_from, prompts, count=count, seed=99))


@torch.no_grad()
def drift(
    policy: LoadedModel, start: LoadedModel, prompts: Sequence[Prompt], samples: Sequence[Sequence[Sample]]
) -> float:
    """KL in nats a response from a policy to where it started, on its samples for each prompt."""
    asked = [ids_of(policy, prompt) for prompt, own in zip(prompts, samples, strict=True) for _ in own]
    drawn = [one.token_ids for own in samples for one in own]
    batch = collate(asked, drawn, pad_id=pad_id(policy.tokenizer), device=policy.device)
    ratios = response_logprobs(policy.model, batch) - response_logprobs(start.model, batch)
    return float(ratios.sum(dim=1).mean())


def judged(
    policy: LoadedModel, judge: LoadedModel, prompts: Sequence[Prompt], samples: Sequence[Sequence[Sample]]
) -> list[list[tuple[float, float]]]:
    """For each prompt the (reward, gold score) of its samples."""
    ids = [ids_of(policy, prompt) for prompt in prompts]
    responses = [[one.token_ids for one in own] for own in samples]
    rewards = score(judge.model, judge.tokenizer, ids, responses, batch_tokens=4096)
    gold = [[toy.known_score(one.text) for one in own] for own in samples]
    return [list(zip(*columns, strict=True)) for columns in zip(rewards, gold, strict=True)]


def frontier_point(candidates: Sequence[Sequence[tuple[float, float]]], *, n: int) -> dict[str, float]:
    """Best-of-n over all prompts."""
    columns = [([reward for reward, _ in own], [gold for _, gold in own]) for own in candidates]
    return {
        "n": n,
        "kl_nats": round(best_of_n_kl(n), 4),
        "reward": round(fmean(best_of_n(rewards, rewards, n=n) for rewards, _ in columns), 4),
        "gold": round(fmean(best_of_n(rewards, gold, n=n) for rewards, gold in columns), 4),
    }


def accuracy(pairs: Sequence[tuple[tuple[float, float], tuple[float, float]]]) -> float:
    """Of the pairs that the known preference orders, how many the reward model orders the same way."""
    apart = [(one, other) for one, other in pairs if abs(one[1] - other[1]) > toy.TIE_WITHIN]
    return fmean((one[0] - other[0]) * (one[1] - other[1]) > 0 for one, other in apart)


def draw(policy: LoadedModel, prompts: Sequence[Prompt], *, count: int, seed: int) -> list[list[Sample]]:
    """Samples of a policy to some prompts."""
    seeds = [[sample_seed(seed, prompt.id, number) for number in range(count)] for prompt in prompts]
    ids = [ids_of(policy, prompt) for prompt in prompts]
    settings = SamplingSettings(max_new_tokens=80)
    return sample(policy.model, policy.tokenizer, ids, seeds=seeds, settings=settings, batch_size=128).samples


def rank(prompts: Sequence[Prompt], drawn: Sequence[Sequence[Sample]], *, seed: int) -> list[Any]:
    """A scripted labeler's rankings."""
    order = random.Random(seed)
    return [
        toy.make_ranking(
            prompt,
            [toy.ToyResponse(str(n), one.text, one.finish_reason) for n, one in enumerate(own)],
            labeler="labeler-0",
            order=order,
        )
        for prompt, own in zip(prompts, drawn, strict=True)
    ]


def ids_of(policy: LoadedModel, prompt: Prompt) -> list[int]:
    """A prompt as the policy reads it."""
    return encode_prompt(policy.tokenizer, [message.to_json() for message in prompt.messages])


def make_run(
    root: Path, kind: Any, models: Mapping[str, Path], config: Config, rows: Mapping[str, Iterable[Format]]
) -> RunDirectory:
    """A run directory that is ready to start."""
    directory = RunDirectory(root)
    places = {role: f"inputs/{role}.jsonl" for role in rows}
    directory.write_spec(RunSpec(kind, config, {role: str(path) for role, path in models.items()} | places))
    for role, own in rows.items():
        write_jsonl(directory.inputs / f"{role}.jsonl", own)
    return directory


def finish(code: int) -> None:
    """End where a stage did not end well; its log has said why."""
    if code:
        raise SystemExit(code)


def main() -> None:
    """Print the outcome, and write it to a file where one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of demonstrations, labeler, samples and training")
    parser.add_argument("--out", type=Path, help="write the JSON here, too")
    options = parser.parse_args()
    quiet_libraries()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        outcome = run_task(Path(folder), seed=options.seed)
    if options.out:
        options.out.write_text(json.dumps(outcome, indent=1) + "\n")
    print(json.dumps({name: value for name, value in outcome.items() if name != "ppo"}))


if __name__ == "__main__":
    main()

"""A second judge of a policy's responses, from whom it does not learn: what over-optimisation is seen by.

A policy that exploits the faults of its reward model raises that model's score and lowers what the score stands for
(Gao et al. 2022, arXiv 2210.10760, where a larger reward model is the gold standard). A judge that shares none of those
faults shows it: a reward model of other labels, or, in the toy task, the preference itself.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from statistics import fmean, pstdev
from typing import Protocol

import torch
from transformers import PreTrainedModel

from training.distributed import World
from training.experience import scores_of
from training.optimizing import Arithmetic
from training.rollouts import Rollout
from training.token_batches import TokenBatcher


class Judge(Protocol):
    """Whatever gives each of some responses a score, higher for a better one."""

    def __call__(self, rollouts: Sequence[Rollout]) -> list[float]: ...


@dataclass(frozen=True, slots=True)
class RewardJudge:
    """A reward model as a judge; each process scores its share, and all know all scores."""

    model: PreTrainedModel
    batcher: TokenBatcher
    precision: Arithmetic
    world: World
    missing_eos_penalty: float = 0.0

    @torch.no_grad()
    def __call__(self, rollouts: Sequence[Rollout]) -> list[float]:
        """The scores, in the order of the responses."""
        parts = list(self.batcher.split([rollout.scored for rollout in rollouts]))

        def score(part: list[int]) -> list[float]:
            own = [rollouts[index] for index in part]
            penalty = self.missing_eos_penalty
            scores: list[float] = scores_of(
                self.model, own, batcher=self.batcher, missing_eos_penalty=penalty, world=self.world
            ).tolist()
            return scores

        with self.precision():
            scores = self.world.spread(parts, score)
        pairs = zip(chain.from_iterable(parts), chain.from_iterable(scores), strict=True)
        return [score for _, score in sorted(pairs)]


def gold_figures(judge: Judge | None, rollouts: Sequence[Rollout]) -> dict[str, float]:
    """What the judge says of a batch, and how sure a mean over so many is; nothing without a judge."""
    if judge is None:
        return {}
    scores = judge(rollouts)
    return {"gold_mean": fmean(scores), "gold_standard_error": pstdev(scores) / math.sqrt(len(scores))}

"""Rewards of whole rankings, whose prompts, where rows are packed, go through the model once."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.micro_batches import micro_batches
from inference.models import LoadedModel
from inference.scoring import rewards
from training.distributed import ALONE, World
from training.sequences import TokenRanking, TokenSequence
from training.token_batches import TokenBatcher


@dataclass(frozen=True, slots=True)
class RankingScorer:
    """How a run turns rankings into rewards."""

    model: LoadedModel
    batcher: TokenBatcher
    world: World = ALONE

    def rewards(self, rankings: Sequence[TokenRanking]) -> Tensor:
        """(N,) float32 rewards of all responses of some rankings laid end to end."""
        return self.world.call(rewards, self.model.model, self.batcher.collate(rows_of(rankings)))

    def micro_batches(self, rankings: Sequence[TokenRanking]) -> Iterator[list[int]]:
        """Indices of rankings that go through the model together, those of like length side by side.

        Each holds at most `micro_batch_tokens` tokens, padding counted, or one ranking alone that is longer.
        """
        return micro_batches(rankings, tokens=self.tokens, limit=self.batcher.micro_batch_tokens)

    def tokens(self, rankings: Sequence[TokenRanking]) -> int:
        """What the rankings take together."""
        return self.batcher.tokens(rows_of(rankings))


def rows_of(rankings: Sequence[TokenRanking]) -> list[TokenSequence]:
    """All responses of some rankings, each with its prompt."""
    return [row for ranking in rankings for row in ranking.sequences]


def all_rewards(scorer: RankingScorer, rankings: Sequence[TokenRanking]) -> list[Tensor]:
    """(K,) the rewards of each ranking, in the order given, without gradient."""
    return by_ranking(scorer, rankings, scorer.rewards)


@torch.no_grad()
def by_ranking(
    scorer: RankingScorer, rankings: Sequence[TokenRanking], compute: Callable[[Sequence[TokenRanking]], Tensor]
) -> list[Tensor]:
    """(K,) for each ranking in the order given, of what `compute` finds for the responses of a micro-batch."""
    found: list[Tensor] = [torch.empty(0)] * len(rankings)
    parts = list(scorer.micro_batches(rankings))
    every = scorer.world.spread(parts, lambda part: compute([rankings[index] for index in part]))
    for part, own in zip(parts, every, strict=True):
        sizes = [len(rankings[index].sequences) for index in part]
        for index, values in zip(part, torch.split(own, sizes), strict=True):
            found[index] = values
    return found

"""Rewards of whole rankings, along either path: packed, each prompt once, or unpacked, each response with its prompt.

Both give the same rewards and gradients (`tests/training/test_packing.py`); which is taken is a matter of speed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from formats.shared_settings import Packing
from inference.micro_batches import micro_batches
from inference.models import LoadedModel
from inference.packing import PackedBatch, pack, packed_tokens
from inference.prompts import pad_id
from inference.scoring import packed_rewards, rewards
from training.batches import collate
from training.distributed import ALONE, World
from training.packing import takes_packed_rows
from training.sequences import Lengths, TokenRanking, TokenSequence


@dataclass(frozen=True, slots=True)
class RankingScorer:
    """How a run turns rankings into rewards: along which path, and how many tokens at once."""

    model: LoadedModel
    is_packed: bool
    micro_batch_tokens: int
    world: World = ALONE

    def rewards(self, rankings: Sequence[TokenRanking]) -> Tensor:
        """(N,) float32 rewards of all responses of some rankings laid end to end."""
        if not self.is_packed:
            rows = [row for ranking in rankings for row in ranking.sequences]
            return score_rows(self.model, rows, world=self.world)
        return self.world.call(packed_rewards, self.model.model, self.packed(rankings))

    def packed(self, rankings: Sequence[TokenRanking]) -> PackedBatch:
        """Some rankings as one row."""
        return pack(
            [ranking.sequences[0].prompt_ids for ranking in rankings],
            [[row.response_ids for row in ranking.sequences] for ranking in rankings],
            pad_id=pad_id(self.model.tokenizer),
            device=self.model.device,
        )

    def micro_batches(self, rankings: Sequence[TokenRanking]) -> Iterator[list[int]]:
        """Indices of rankings that go through the model together, those of like length side by side.

        Each holds at most `micro_batch_tokens` tokens, padding counted, or one ranking alone that is longer.
        """
        return micro_batches(rankings, tokens=self.tokens, limit=self.micro_batch_tokens)

    def tokens(self, rankings: Sequence[TokenRanking]) -> int:
        """What the rankings take together: real tokens in a row, or rows times the widest, padded as `collate` does."""
        if self.is_packed:
            return sum(
                packed_tokens(ranking.sequences[0].prompt_ids, [row.response_ids for row in ranking.sequences])
                for ranking in rankings
            )
        rows = [row for ranking in rankings for row in ranking.sequences]
        return len(rows) * (max(len(row.prompt_ids) for row in rows) + max(len(row.response_ids) for row in rows))


def make_scorer(
    model: LoadedModel,
    *,
    packing: Packing,
    lengths: Lengths,
    micro_batch_tokens: int,
    warn: Callable[[str], None],
    world: World = ALONE,
) -> RankingScorer:
    """The path that a run takes, prepared. Raises TrainingError where it asks for one that the model cannot take."""
    is_packed = takes_packed_rows(model.model, packing=packing, lengths=lengths, warn=warn)
    return RankingScorer(model, is_packed, micro_batch_tokens, world)


def score_rows(model: LoadedModel, rows: Sequence[TokenSequence], *, world: World = ALONE) -> Tensor:
    """(N,) the rewards of some rows, each with its own prompt."""
    return world.call(rewards, model.model, collate(rows, pad_id=pad_id(model.tokenizer), device=model.device))


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

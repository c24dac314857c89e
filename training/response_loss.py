"""The loss of a language model on the responses of some rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from inference.models import evaluating
from inference.scoring import token_logprobs
from training.batches import draw_seed, own_randomness
from training.distributed import ALONE, World
from training.optimizing import Arithmetic
from training.sequences import TokenSequence
from training.token_batches import TokenBatcher


@dataclass(frozen=True, slots=True)
class ResponseLoss:
    """The negative log-likelihood of the learnt tokens of rows, in nats."""

    model: PreTrainedModel
    batcher: TokenBatcher
    world: World = ALONE

    def summed(self, rows: Sequence[TokenSequence]) -> Tensor:
        """() over all learnt tokens of some rows, which go through the model together."""
        logprobs = self.world.call(token_logprobs, self.model, self.batcher.collate(rows))
        if any(row.unlearnt for row in rows):
            is_learnt = torch.tensor([learnt for row in rows for learnt in row.is_learnt()], device=logprobs.device)
            logprobs = logprobs[is_learnt]
        return -logprobs.sum()

    def mean(self, rows: Sequence[TokenSequence], *, precision: Arithmetic) -> float:
        """Per learnt token, dropout off, without a gradient."""
        with torch.no_grad(), evaluating(self.model), precision():
            total = sum(self.world.spread(list(self.micro_batches(rows)), lambda part: self.summed(part).item()))
        return total / _learnt_tokens(rows)

    def add_gradients(self, rows: Sequence[TokenSequence], *, precision: Arithmetic, coefficient: float = 1.0) -> float:
        """Add `coefficient` times the gradient of the mean per learnt token to the model's; return that mean.

        Each part is divided by the tokens of all rows: how they are cut into micro-batches changes nothing.
        """
        tokens = _learnt_tokens(rows)
        seed, total = draw_seed(), 0.0
        for share in self.world.deal(list(self.micro_batches(rows))):
            with precision(), own_randomness(seed, share.index, device=self.batcher.device):
                loss = share.weight * self.summed(share.item) / tokens
            (coefficient * self.world.size * loss).backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        [total] = self.world.total([total])
        return total

    def micro_batches(self, rows: Sequence[TokenSequence]) -> Iterator[list[TokenSequence]]:
        """The rows in the parts that go through the model together."""
        for part in self.batcher.split(rows):
            yield [rows[index] for index in part]


def _learnt_tokens(rows: Sequence[TokenSequence]) -> int:
    return sum(row.learnt_count for row in rows)

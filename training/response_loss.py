"""The loss of a language model on the responses of some rows, along either path: packed or padded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.micro_batches import micro_batches
from inference.models import LoadedModel, evaluating
from inference.packing import pack
from inference.prompts import pad_id
from inference.scoring import packed_logprobs, response_logprobs
from training.batches import collate, draw_seed, own_randomness
from training.distributed import ALONE, World
from training.optimizing import Arithmetic
from training.sequences import TokenSequence


@dataclass(frozen=True, slots=True)
class ResponseLoss:
    """The negative log-likelihood of the learnt tokens of rows, in nats, and how many tokens are computed at once."""

    policy: LoadedModel
    is_packed: bool
    micro_batch_tokens: int
    world: World = ALONE

    def summed(self, rows: Sequence[TokenSequence]) -> Tensor:
        """() over all learnt tokens of some rows, which go through the model together."""
        logprobs = self._packed_logprobs(rows) if self.is_packed else self._padded_logprobs(rows)
        if any(row.unlearnt for row in rows):
            is_learnt = torch.tensor([learnt for row in rows for learnt in row.is_learnt()], device=logprobs.device)
            logprobs = logprobs[is_learnt]
        return -logprobs.sum()

    def mean(self, rows: Sequence[TokenSequence], *, precision: Arithmetic) -> float:
        """Per learnt token, dropout off, without a gradient."""
        with torch.no_grad(), evaluating(self.policy.model), precision():
            total = sum(self.world.spread(list(self.micro_batches(rows)), lambda part: self.summed(part).item()))
        return total / _learnt_tokens(rows)

    def add_gradients(self, rows: Sequence[TokenSequence], *, precision: Arithmetic, coefficient: float = 1.0) -> float:
        """Add `coefficient` times the gradient of the mean per learnt token to the model's; return that mean.

        Each part is divided by the tokens of all rows: how they are cut into micro-batches changes nothing.
        """
        tokens = _learnt_tokens(rows)
        seed, total = draw_seed(), 0.0
        for share in self.world.deal(list(self.micro_batches(rows))):
            with precision(), own_randomness(seed, share.index, device=self.policy.device):
                loss = share.weight * self.summed(share.item) / tokens
            (coefficient * self.world.size * loss).backward()  # type: ignore[no-untyped-call]
            total += loss.item()
        [total] = self.world.total([total])
        return total

    def micro_batches(self, rows: Sequence[TokenSequence]) -> Iterator[list[TokenSequence]]:
        """The rows in parts of at most `micro_batch_tokens` tokens, or of one row that is longer."""
        for part in micro_batches(rows, tokens=self.tokens, limit=self.micro_batch_tokens):
            yield [rows[index] for index in part]

    def tokens(self, rows: Sequence[TokenSequence]) -> int:
        """What the rows take together: real tokens, or rows times the widest, padded as `collate` does."""
        if self.is_packed:
            return sum(row.length for row in rows)
        return len(rows) * (max(len(row.prompt_ids) for row in rows) + max(len(row.response_ids) for row in rows))

    def _packed_logprobs(self, rows: Sequence[TokenSequence]) -> Tensor:
        """(M,) of the response tokens of all rows laid end to end; each row is a prompt with one branch."""
        batch = pack(
            [row.prompt_ids for row in rows],
            [[row.response_ids] for row in rows],
            pad_id=pad_id(self.policy.tokenizer),
            device=self.policy.device,
        )
        return self.world.call(packed_logprobs, self.policy.model, batch)

    def _padded_logprobs(self, rows: Sequence[TokenSequence]) -> Tensor:
        """The same from rows that are padded to the longest."""
        batch = collate(rows, pad_id=pad_id(self.policy.tokenizer), device=self.policy.device)
        return response_logprobs(self.policy.model, batch)[batch.response_mask]


def _learnt_tokens(rows: Sequence[TokenSequence]) -> int:
    return sum(row.learnt_count for row in rows)

"""Prompts with their responses as micro-batches of a model: packed where it can be, padded where it cannot.

Packed, nothing is padded and a prompt that several rows have goes through once. Along both ways the tokens of a
micro-batch come out flat, (M,), response by response in the order of its rows. Both give the same losses and gradients
(`tests/training/test_packing.py`, `test_sft.py`): which is taken is a matter of speed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Self

import torch
from transformers import PreTrainedModel

from formats.shared_settings import Packing
from inference.errors import ModelError
from inference.micro_batches import micro_batches
from inference.models import LoadedModel
from inference.packing import PackedBatch, pack
from inference.packing_support import prepare_packing
from inference.prompts import pad_id
from inference.sequences import SequenceBatch, collate, padded_tokens
from training.errors import TrainingError
from training.sequences import Lengths, TokenSequence


@dataclass(frozen=True, slots=True)
class TokenBatcher:
    """How rows go through a run's models: packed or padded, and how many tokens at once."""

    pad_id: int
    device: torch.device
    is_packed: bool
    micro_batch_tokens: int

    @classmethod
    def of(cls, model: LoadedModel, *, is_packed: bool, micro_batch_tokens: int) -> Self:
        """For rows of a model's tokens, on its device."""
        return cls(pad_id(model.tokenizer), model.device, is_packed, micro_batch_tokens)

    def collate(self, rows: Sequence[TokenSequence]) -> SequenceBatch | PackedBatch:
        """One micro-batch; in a packed one, rows with the same prompt share it where they stand side by side."""
        if not self.is_packed:
            prompts, responses = [row.prompt_ids for row in rows], [row.response_ids for row in rows]
            return collate(prompts, responses, pad_id=self.pad_id, device=self.device)
        groups = [(prompt, [row.response_ids for row in own]) for prompt, own in groupby(rows, lambda r: r.prompt_ids)]
        prompts, branches = [prompt for prompt, _ in groups], [own for _, own in groups]
        return pack(prompts, branches, pad_id=self.pad_id, device=self.device)

    def split(self, rows: Sequence[TokenSequence]) -> Iterator[list[int]]:
        """Indices of rows that go through together: packed those of one prompt, else those of like length.

        A micro-batch takes at most `micro_batch_tokens` tokens, padding counted, or is one row that is longer.
        """
        place = _place if self.is_packed else None
        return micro_batches(rows, tokens=self.tokens, limit=self.micro_batch_tokens, place=place)

    def tokens(self, rows: Sequence[TokenSequence]) -> int:
        """How many tokens the rows take as one micro-batch."""
        if not self.is_packed:
            return padded_tokens([row.prompt_ids for row in rows], [row.response_ids for row in rows])
        prompts = sum(len(prompt) for prompt, _ in groupby(row.prompt_ids for row in rows))
        return prompts + sum(len(row.response_ids) for row in rows)


def make_batcher(
    model: LoadedModel,
    *others: PreTrainedModel,
    packing: Packing,
    micro_batch_tokens: int,
    lengths: Lengths,
    warn: Callable[[str], None],
) -> TokenBatcher:
    """The batcher of a run, its models prepared: packed where all of them take packed rows (`takes_packed_rows`)."""
    is_packed = all(
        takes_packed_rows(one, packing=packing, lengths=lengths, warn=warn) for one in (model.model, *others)
    )
    return TokenBatcher.of(model, is_packed=is_packed, micro_batch_tokens=micro_batch_tokens)


def takes_packed_rows(
    model: PreTrainedModel, *, packing: Packing, lengths: Lengths, warn: Callable[[str], None]
) -> bool:
    """Whether a network takes packed rows, where they are wanted; it is prepared for them then.

    `auto` warns of the reason where it does not; `packed` raises TrainingError then.
    """
    if packing == "unpacked":
        return False
    try:
        prepare_packing(model, longest=lengths.max_prompt_tokens + lengths.max_response_tokens)
    except ModelError as error:
        if packing == "packed":
            message = f"{error.message}; choose auto or unpacked"
            raise TrainingError("not_packable", message, field="config.packing") from error
        warn(f"Rows are not packed: {error.message}.")
        return False
    return True


def _place(row: TokenSequence) -> tuple[int, list[int], int]:
    return -len(row.prompt_ids), row.prompt_ids, -len(row.response_ids)

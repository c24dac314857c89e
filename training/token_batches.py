"""Prompts with their responses as micro-batches of a model: packed where it can be, padded where it cannot.

Packed, nothing is padded and a prompt that several rows have goes through once. Along both ways the tokens of a
micro-batch come out flat, (M,), response by response in the order of its rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch

from inference.packing import PackedBatch, pack
from inference.sequences import SequenceBatch, collate
from training.sequences import TokenSequence


@dataclass(frozen=True, slots=True)
class TokenBatcher:
    """How rows go through a run's models: packed or padded, and how many tokens at once."""

    pad_id: int
    device: torch.device
    is_packed: bool
    micro_batch_tokens: int

    def collate(self, rows: Sequence[TokenSequence]) -> SequenceBatch | PackedBatch:
        """One micro-batch; in a packed one, rows with the same prompt share it where they stand side by side."""
        if not self.is_packed:
            prompts, responses = [row.prompt_ids for row in rows], [row.response_ids for row in rows]
            return collate(prompts, responses, pad_id=self.pad_id, device=self.device)
        groups = [(prompt, [row.response_ids for row in own]) for prompt, own in groupby(rows, lambda r: r.prompt_ids)]
        prompts, branches = [prompt for prompt, _ in groups], [own for _, own in groups]
        return pack(prompts, branches, pad_id=self.pad_id, device=self.device)

    def split(self, rows: Sequence[TokenSequence]) -> list[list[int]]:
        """Indices of rows that go through together: those of one prompt, then those of like length, side by side.

        A micro-batch takes at most `micro_batch_tokens` tokens, padding counted, or is one row that is longer.
        """
        parts: list[list[int]] = []
        for index in sorted(range(len(rows)), key=lambda index: _place(rows[index])):
            if parts and self.tokens([rows[i] for i in [*parts[-1], index]]) <= self.micro_batch_tokens:
                parts[-1].append(index)
            else:
                parts.append([index])
        return parts

    def tokens(self, rows: Sequence[TokenSequence]) -> int:
        """How many tokens the rows take as one micro-batch."""
        if not self.is_packed:
            width = max(len(row.prompt_ids) for row in rows) + max(len(row.response_ids) for row in rows)
            return len(rows) * width
        prompts = sum(len(prompt) for prompt, _ in groupby(row.prompt_ids for row in rows))
        return prompts + sum(len(row.response_ids) for row in rows)


def _place(row: TokenSequence) -> tuple[int, list[int], int]:
    return -len(row.prompt_ids), row.prompt_ids, -len(row.response_ids)

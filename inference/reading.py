"""The reading of prompts, those of like length together, into a cache that goes on as branches."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

from inference.errors import ModelError
from inference.sequences import collate, last_logits, positions

# A prompt is read beside a longer one only if it is at least this part of its length.
_LIKE_LENGTH = 0.75


def read_prompts(
    model: Any, prompts: Sequence[Sequence[int]], cache: DynamicCache, *, pad_id: int, before: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Read N prompts, padded on the left, or what is left of them behind columns that the cache has of them.

    `before` is the mask of these, (N, C). Returns the mask of all columns that the cache has then, (N, W), and what
    follows each prompt, (N, V).
    """
    batch = collate(prompts, [[]] * len(prompts), pad_id=pad_id, device=next(model.parameters()).device)
    mask = batch.attention_mask if before is None else torch.cat([before.long(), batch.attention_mask], dim=1)
    output = last_logits(
        model,
        columns=1,
        input_ids=batch.input_ids,
        attention_mask=mask,
        position_ids=positions(mask)[:, -batch.prompt_width :],
        past_key_values=cache,
        use_cache=True,
    )
    return mask, output.logits[:, -1]


def like_lengths(prompts: Sequence[Sequence[int]]) -> Iterator[list[int]]:
    """Indices of prompts to be read together, the longest first."""
    group: list[int] = []
    for index in sorted(range(len(prompts)), key=lambda index: -len(prompts[index])):
        if group and len(prompts[index]) < _LIKE_LENGTH * len(prompts[group[0]]):
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def branching_cache(model: Any) -> DynamicCache:
    """An empty cache that can go on as several branches. Raises ModelError for models with recurrent state."""
    cache = DynamicCache(config=model.config)
    if getattr(model, "_is_stateful", False) or not all(
        hasattr(layer, "batch_select_indices") for layer in cache.layers
    ):
        kind = getattr(model.config, "model_type", type(model).__name__)
        raise ModelError(
            f"a model of type {kind} keeps recurrent state, which cannot branch: use one with attention only"
        )
    return cache

"""The keys and values of a batch of responses while they are drawn: prompts are read once, then one token a row.

Prompts of like length are read together, so that little is padded though their lengths may lie a hundredfold apart.
What comes then is written in place into buffers that have room for the longest response: a step copies nothing of what
was there. Rows that are finished leave the buffers (`keep`).
"""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from inference.errors import ModelError
from inference.sequences import collate, last_logits

# A prompt is read beside a longer one only if it is at least this part of its length.
_LIKE_LENGTH = 0.75


class Decoder:
    """A batch of rows: `logits` (N, V) are those of each row's next token."""

    logits: Tensor

    def __init__(
        self, model: Any, prompts: Sequence[Sequence[int]], owners: Sequence[int], *, pad_id: int, room: int
    ) -> None:
        """Read the prompts; row n goes on from prompt `owners[n]`, for at most `room` tokens."""
        self.model = model
        self.decode_tokens = 0
        self._pad_id = pad_id
        self._device = next(model.parameters()).device
        width = max(map(len, prompts))
        lengths = [len(prompts[owner]) for owner in owners]
        self.lengths = torch.tensor(lengths, device=self._device)
        columns = torch.arange(width, device=self._device)
        self.mask = (columns >= width - self.lengths[:, None]).long()
        self.cache = _branching_cache(model)
        if all(type(layer) is DynamicLayer for layer in self.cache.layers):
            self._read_by_length(prompts, owners, width=width, room=room)
        else:
            self.logits = self._read(prompts, self.cache)
            self.keep_cache(torch.tensor(owners, device=self._device))

    def step(self, tokens: Tensor) -> None:
        """Read the token that was drawn for each row, (N,)."""
        self.mask = torch.cat([self.mask, torch.ones_like(self.mask[:, :1])], dim=1)
        output = last_logits(
            self.model,
            columns=1,
            input_ids=tokens[:, None],
            attention_mask=self.mask,
            position_ids=self.lengths[:, None],
            past_key_values=self.cache,
            use_cache=True,
        )
        self.logits = output.logits[:, -1]
        self.lengths = self.lengths + 1
        self.decode_tokens += len(tokens)

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows alone, in this order."""
        self.mask, self.lengths = self.mask[rows], self.lengths[rows]
        self.keep_cache(rows)

    def keep_cache(self, rows: Tensor) -> None:
        """Keep these rows of what was read; a row named K times becomes K branches."""
        self.cache.batch_select_indices(rows)
        self.logits = self.logits[rows]

    def _read_by_length(
        self, prompts: Sequence[Sequence[int]], owners: Sequence[int], *, width: int, room: int
    ) -> None:
        """Read the prompts group by group into buffers in which they all end at column `width`."""
        rows = {prompt: [row for row, owner in enumerate(owners) if owner == prompt] for prompt in set(owners)}
        layers: list[_Buffers] = []
        for group in _groups([len(prompt) for prompt in prompts]):
            cache = _branching_cache(self.model)
            logits = self._read([prompts[index] for index in group], cache)
            own = [(place, row) for place, index in enumerate(group) for row in rows.get(index, [])]
            source, target = (torch.tensor(side, device=self._device) for side in zip(*own, strict=True))
            if not layers:
                self.logits = logits.new_zeros(len(owners), logits.shape[-1])
                layers = [_Buffers(layer, rows=len(owners), width=width, room=room) for layer in cache.layers]
            self.logits[target] = logits[source]
            for buffers, layer in zip(layers, cache.layers, strict=True):
                buffers.put(layer, source=source, target=target)
        self.cache.layers = list(layers)

    def _read(self, prompts: Sequence[Sequence[int]], cache: DynamicCache) -> Tensor:
        """(N, V) what follows each prompt; their keys and values are left in the cache, padded on the left."""
        batch = collate(prompts, [[]] * len(prompts), pad_id=self._pad_id, device=self._device)
        output = last_logits(
            self.model,
            columns=1,
            input_ids=batch.input_ids,
            attention_mask=batch.attention_mask,
            position_ids=batch.position_ids,
            past_key_values=cache,
            use_cache=True,
        )
        logits: Tensor = output.logits[:, -1]
        return logits


class _Buffers(DynamicLayer):  # type: ignore[no-untyped-call]
    """A layer's keys and values, (N, H, width + room, D) each, of which the first `length` columns are in use."""

    def __init__(self, like: Any, *, rows: int, width: int, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.is_initialized = True
        self.length = width
        _, heads, _, key_size = like.keys.shape
        # Zeros: what stands at padding is masked, and must still be finite.
        self.key_buffer: Tensor = like.keys.new_zeros(rows, heads, width + room, key_size)
        self.value_buffer: Tensor = like.values.new_zeros(rows, heads, width + room, like.values.shape[-1])

    def put(self, layer: Any, *, source: Tensor, target: Tensor) -> None:
        """Take over rows of a layer whose prompts have been read, so that they end where the others do."""
        start = self.length - layer.keys.shape[2]
        self.key_buffer[target, :, start : self.length] = layer.keys[source]
        self.value_buffer[target, :, start : self.length] = layer.values[source]

    def update(self, key_states: Tensor, value_states: Tensor, *_args: Any, **_named: Any) -> tuple[Tensor, Tensor]:
        """Write the new columns behind those in use; return all that are."""
        end = self.length + key_states.shape[2]
        self.key_buffer[:, :, self.length : end] = key_states
        self.value_buffer[:, :, self.length : end] = value_states
        self.length = end
        return self.key_buffer[:, :, :end], self.value_buffer[:, :, :end]

    def get_seq_length(self) -> int:
        """The columns in use."""
        return self.length

    def batch_select_indices(self, indices: Tensor) -> None:
        """Keep these rows alone."""
        self.key_buffer, self.value_buffer = self.key_buffer[indices], self.value_buffer[indices]


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of prompts to be read together, the longest first."""
    group: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        if group and lengths[index] < _LIKE_LENGTH * lengths[group[0]]:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def _branching_cache(model: Any) -> DynamicCache:
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

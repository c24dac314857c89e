"""The keys and values of responses while they are drawn: a prompt is read once, then a step reads one token a row.

A `SlotDecoder` has a fixed number of places. A row keeps its keys and values from the first column of its place on, and
a step writes one more column of each in place, so that rows of any age go on side by side: where a response has
ended, another prompt comes in. The rows there are stand in the first places, and a step computes no others.

Models with windows keep what transformers keeps of them; their `BatchDecoder` takes new prompts once all rows
have ended.

On a GPU a step that comes often is captured as a CUDA graph, to be launched at once instead of kernel by kernel. A
graph is of one number of rows and columns: both are rounded up, and what is beyond the rows there are is computed for
nothing.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from inference.beginnings import Beginnings, least_shared
from inference.cuda_graphs import Graphs, can_be_captured
from inference.reading import branching_cache, like_lengths, read_prompts
from inference.sequences import last_logits

# Graphs see whole blocks of so many columns, and a power of two of rows.
_GRAPH_COLUMNS = 256


class Decoder(Protocol):
    """Rows of which each has been read up to its newest token."""

    prefill_tokens: int
    decode_tokens: int

    @property
    def logits(self) -> Tensor:
        """(N, V) of each row's next token."""

    @property
    def room(self) -> int:
        """How many rows may come in now."""

    def admit(self, prompts: Sequence[Sequence[int]], counts: Sequence[int]) -> None:
        """Read prompts, and begin counts[i] rows with prompt i behind the rows that are there, prompt by prompt."""

    def keep(self, places: Sequence[int]) -> None:
        """Go on with these of the rows alone, in this order."""

    def step(self, tokens: Tensor) -> None:
        """Read the token that was drawn for each row, (N,)."""


def make_decoder(model: Any, *, slots: int, columns: int, pad_id: int) -> Decoder:
    """Room for `slots` rows of at most `columns` tokens. Raises ModelError for models with recurrent state."""
    # A mask that a model makes of columns itself would see other tokens of rows that end in different ones.
    local = "local" in (getattr(model.config, "attention_layers", None) or ())
    if not local and all(type(layer) is DynamicLayer for layer in branching_cache(model).layers):
        on_gpu = next(model.parameters()).device.type == "cuda"
        return SlotDecoder(
            model, slots=slots, columns=columns, pad_id=pad_id, column_block=_GRAPH_COLUMNS if on_gpu else 1
        )
    return BatchDecoder(model, slots=slots, pad_id=pad_id)


class SlotDecoder:
    """Rows of any age in places of their own.

    With a `column_block` over 1 a step has whole blocks of columns and a power of two of rows, and on a GPU such steps
    are captured. It must be used within one autocast context: a graph reads the weights that this has lowered.
    """

    def __init__(self, model: Any, *, slots: int, columns: int, pad_id: int, column_block: int = 1) -> None:
        self.prefill_tokens = self.decode_tokens = 0
        self._model, self._slots, self._columns, self._pad_id = model, slots, columns, pad_id
        self._least_shared = least_shared(model)
        self._column_block = column_block
        self._device = next(model.parameters()).device
        self.graphs = Graphs(model) if self._device.type == "cuda" and can_be_captured(model) else None
        # Where a graph reads what differs from step to step.
        self._tokens = torch.zeros(slots, dtype=torch.long, device=self._device)
        self._ends = torch.zeros(slots, dtype=torch.long, device=self._device)
        self._lengths: list[int] = []
        self._prompts: list[tuple[int, ...]] = []
        self._logits = torch.empty(0)
        self._cache = branching_cache(model)
        self._layers: list[_Slots] = []

    @property
    def logits(self) -> Tensor:
        """(N, V) of each row's next token."""
        return self._logits[: len(self._lengths)]

    @property
    def room(self) -> int:
        """The places that are free."""
        return self._slots - len(self._lengths)

    def admit(self, prompts: Sequence[Sequence[int]], counts: Sequence[int]) -> None:
        """Read prompts, those of like length together, into the next free places.

        What a prompt shares with one that is there, or that is read before it, is copied.
        """
        known = Beginnings({prompt: place for place, prompt in enumerate(self._prompts)}, least=self._least_shared)
        ends = accumulate(counts, initial=len(self._prompts))
        incoming = [(tuple(prompt), range(*own)) for prompt, own in zip(prompts, pairwise(ends), strict=True)]
        self._prompts += [prompt for prompt, places in incoming for _ in places]
        assert len(self._prompts) <= self._slots
        self._lengths += [len(prompt) for prompt in self._prompts[len(self._lengths) :]]
        self._take_in(incoming, known)

    def _take_in(self, incoming: Sequence[tuple[tuple[int, ...], range]], known: Beginnings) -> None:
        """Read prompts into places, what is not known of them; it is then. Those that others begin like come first."""
        leaders = set(known.leaders([prompt for prompt, _ in incoming]))
        if leaders:  # fewer, as the last in order leads nobody
            self._take_in([incoming[index] for index in sorted(leaders)], known)
            incoming = [one for index, one in enumerate(incoming) if index not in leaders]
        sources = [known.nearest(prompt) for prompt, _ in incoming]
        rests = [prompt[shared:] for (prompt, _), (_, shared) in zip(incoming, sources, strict=True)]
        for group in like_lengths(rests):
            cache = branching_cache(self._model)
            before = self._copy([sources[index] for index in group], cache)
            read = [rests[index] for index in group]
            mask, logits = read_prompts(self._model, read, cache, pad_id=self._pad_id, before=before)
            self.prefill_tokens += sum(map(len, read))
            pairs = [(row, place) for row, index in enumerate(group) for place in incoming[index][1]]
            source, target = torch.tensor(pairs, device=self._device).T
            self._put(cache, logits, mask=mask, source=source, target=target)
        for prompt, places in incoming:
            known.add(prompt, places[0])

    def _copy(self, sources: Sequence[tuple[int, int]], cache: Any) -> Tensor | None:
        """Begin an empty cache with so many columns of these places; the mask of what each has of them, (N, C)."""
        columns = max(shared for _, shared in sources)
        if not columns:
            return None
        places, shared = torch.tensor(sources, device=self._device).T
        for slots, layer in zip(self._layers, cache.layers, strict=True):
            layer.update(slots.key_slots[places, :, :columns], slots.value_slots[places, :, :columns])
        mask: Tensor = torch.arange(columns, device=self._device) < shared[:, None]
        return mask

    def keep(self, places: Sequence[int]) -> None:
        """Copy the rows whose place is to be another one."""
        moved = [(place, target) for target, place in enumerate(places) if place != target]
        self._lengths = [self._lengths[place] for place in places]
        self._prompts = [self._prompts[place] for place in places]
        if moved:
            source, target = torch.tensor(moved, device=self._device).T
            columns = max(self._lengths)
            self._logits[target] = self._logits[source]
            for layer in self._layers:
                layer.move(source, target, columns=columns)

    def step(self, tokens: Tensor) -> None:
        """Read the token that was drawn for each row, (N,)."""
        count = len(tokens)
        self._tokens[:count] = tokens
        # A place without a row writes its first column, which the next row overwrites.
        self._ends.copy_(torch.tensor(self._lengths + [0] * self.room))
        rows, columns = self.extent(count, max(self._lengths) + 1)
        if self.graphs is None:
            self._pass(rows, columns)
        else:
            self.graphs.run((rows, columns), lambda: self._pass(rows, columns))
        self._lengths = [length + 1 for length in self._lengths]
        self.decode_tokens += count

    def extent(self, rows: int, columns: int) -> tuple[int, int]:
        """How many rows and columns a step computes for so many that it needs."""
        if self._column_block == 1:
            return rows, columns
        blocks = -(-columns // self._column_block)
        return min(1 << (rows - 1).bit_length(), self._slots), min(blocks * self._column_block, self._columns)

    def _pass(self, rows: int, columns: int) -> Tensor:
        """A pass through the model from tensors that stay where they are to tensors that do: the logits, (rows, V)."""
        ends = self._ends[:rows]
        for layer in self._layers:
            layer.write_at(ends, columns=columns)
        output = last_logits(
            self._model,
            columns=1,
            input_ids=self._tokens[:rows, None],
            attention_mask=(torch.arange(columns, device=self._device) <= ends[:, None]).long(),
            position_ids=ends[:, None],
            past_key_values=self._cache,
            use_cache=True,
        )
        self._logits[:rows] = output.logits[:, -1]
        return self._logits[:rows]

    def _put(self, cache: DynamicCache, logits: Tensor, *, mask: Tensor, source: Tensor, target: Tensor) -> None:
        """Take over rows of what was read, whose real columns a mask tells, so that these are each row's first."""
        if not self._logits.numel():
            self._logits = logits.new_empty(self._slots, logits.shape[-1])
            self._layers = [_Slots(layer, self._slots, self._columns) for layer in cache.layers]
            self._cache.layers = list(self._layers)
        self._logits[target] = logits[source].to(self._logits.dtype)
        # What a row has no use for comes behind it, where it will be overwritten.
        longest = max(self._lengths)
        columns = mask.argsort(dim=1, descending=True, stable=True)[source, :longest]
        for slots, layer in zip(self._layers, cache.layers, strict=True):
            slots.put(layer, source=source[:, None], columns=columns, target=target)


class _Slots(DynamicLayer):  # type: ignore[no-untyped-call]
    """A layer's keys and values, (slots, H, columns, D) each, of which a step sees the first rows and columns."""

    def __init__(self, like: Any, slots: int, columns: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.is_initialized = True
        _, heads, _, key_size = like.keys.shape
        # Zeros: what stands behind a row's end is masked, and must still be finite.
        self.key_slots: Tensor = like.keys.new_zeros(slots, heads, columns, key_size)
        self.value_slots: Tensor = like.values.new_zeros(slots, heads, columns, like.values.shape[-1])

    def put(self, layer: Any, *, source: Tensor, columns: Tensor, target: Tensor) -> None:
        """Take over rows of a layer that has read prompts, (N, W) of its columns each."""
        width = columns.shape[1]
        self.key_slots[target, :, :width] = layer.keys[source, :, columns].transpose(1, 2).to(self.key_slots.dtype)
        values = layer.values[source, :, columns].transpose(1, 2)
        self.value_slots[target, :, :width] = values.to(self.value_slots.dtype)

    def move(self, source: Tensor, target: Tensor, *, columns: int) -> None:
        """Copy the first columns of some places over others."""
        self.key_slots[target, :, :columns] = self.key_slots[source, :, :columns]
        self.value_slots[target, :, :columns] = self.value_slots[source, :, :columns]

    def write_at(self, lengths: Tensor, *, columns: int) -> None:
        """Where the next step writes in each row, (N,), and how many columns it sees."""
        self.lengths, self.columns = lengths, columns
        self.rows = torch.arange(len(lengths), device=lengths.device)

    def update(self, key_states: Tensor, value_states: Tensor, *_args: Any, **_named: Any) -> tuple[Tensor, Tensor]:
        """Write each row's new column; return all that are in use."""
        # Under autocast a step may compute in another format than the reading of a prompt.
        self.key_slots[self.rows, :, self.lengths] = key_states[:, :, 0].to(self.key_slots.dtype)
        self.value_slots[self.rows, :, self.lengths] = value_states[:, :, 0].to(self.value_slots.dtype)
        rows = len(self.rows)
        return self.key_slots[:rows, :, : self.columns], self.value_slots[:rows, :, : self.columns]

    def get_seq_length(self) -> int:
        """The columns before the one that a step may count on; the mask says which of them a row has."""
        return self.columns - 1


class BatchDecoder:
    """Rows that began together, in a cache of transformers' own."""

    def __init__(self, model: Any, *, slots: int, pad_id: int) -> None:
        self.prefill_tokens = self.decode_tokens = 0
        self.logits = torch.empty(0)
        self._model, self._slots, self._pad_id = model, slots, pad_id

    @property
    def room(self) -> int:
        """All or nothing."""
        return 0 if len(self.logits) else self._slots

    def admit(self, prompts: Sequence[Sequence[int]], counts: Sequence[int]) -> None:
        """Read all prompts together."""
        assert not len(self.logits)
        self._cache = branching_cache(self._model)
        self._mask, self.logits = read_prompts(self._model, prompts, self._cache, pad_id=self._pad_id)
        self.prefill_tokens += sum(map(len, prompts))
        self.keep([index for index, count in enumerate(counts) for _ in range(count)])

    def keep(self, places: Sequence[int]) -> None:
        """Copy these rows; one that is named K times becomes K branches."""
        rows = torch.tensor(places, dtype=torch.long, device=self.logits.device)
        self._mask, self.logits = self._mask[rows], self.logits[rows]
        self._cache.batch_select_indices(rows)

    def step(self, tokens: Tensor) -> None:
        """Read the token that was drawn for each row, (N,)."""
        positions = self._mask.sum(dim=1, keepdim=True)
        self._mask = torch.cat([self._mask, torch.ones_like(self._mask[:, :1])], dim=1)
        output = last_logits(
            self._model,
            columns=1,
            input_ids=tokens[:, None],
            attention_mask=self._mask,
            position_ids=positions,
            past_key_values=self._cache,
            use_cache=True,
        )
        self.logits = output.logits[:, -1]
        self.decode_tokens += len(tokens)

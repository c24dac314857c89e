"""Prompts with their responses as one row of tokens: each prompt once, and its responses as branches that share it.

K responses then cost P + KC tokens instead of K(P + C), and nothing is padded. A branch's positions go on from its
prompt's, and it sees its prompt and itself: every token gets what it would get alone, so that rewards and gradients are
those of K separate sequences. What may be seen is never left to be guessed: the layout goes to each attention layer by
name (`inference.packed_attention`), because transformers, given no mask and positions that restart, would take each
branch for a sequence of its own and cut it off from its prompt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from torch.nn.attention.flex_attention import BlockMask
from torch.nn.functional import pad

# On a GPU a row is filled up to whole blocks of FlexAttention, so that few different shapes are compiled.
BLOCK_TOKENS = 128
_PADDING = -1

MaskFunction = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Layout:
    """Who may see whom in a row of T tokens.

    `prompts[i]` is the length of prompt i and `branches[i]` those of its responses, in the order in which they lie in
    the row: prompt 0, its responses, prompt 1, … Then come `padding` tokens, which see and are seen by each other only.
    """

    prompts: tuple[int, ...]
    branches: tuple[tuple[int, ...], ...]
    padding: int
    device: torch.device

    @property
    def total(self) -> int:
        """T, padding included."""
        return sum(self.sizes) + self.padding

    @cached_property
    def sizes(self) -> list[int]:
        """The lengths of all prompts and branches, one after the other."""
        return [size for prompt, own in zip(self.prompts, self.branches, strict=True) for size in (prompt, *own)]

    @cached_property
    def owner(self) -> Tensor:
        """(T,) the number of each token's prompt; below 0 at padding."""
        values = [number for number, own in enumerate(self.branches) for _ in range(len(own) + 1)]
        return self._spread(values, last=_PADDING)

    @cached_property
    def branch(self) -> Tensor:
        """(T,) 0 in a prompt and in padding, 1 to K in its responses."""
        return self._spread([number for own in self.branches for number in range(len(own) + 1)], last=0)

    @cached_property
    def mask_function(self) -> MaskFunction:
        """What FlexAttention compiles, of (batch, head, query, key): true where the query may see the key.

        It may see keys that are not later, of its own prompt, and either in the prompt or in its own branch.
        """
        owner, branch = self.owner, self.branch

        def is_seen(_batch: Tensor, _head: Tensor, query: Tensor, key: Tensor) -> Tensor:
            in_line = (branch[key] == 0) | (branch[key] == branch[query])
            return (key <= query) & (owner[key] == owner[query]) & in_line

        return is_seen

    @cached_property
    def block_mask(self) -> BlockMask:
        """The mask as FlexAttention wants it: blocks in which nothing is seen are never computed.

        `create_block_mask` finds the same by making all T² of it. Here it is worked out from the lengths, in T/128
        numbers for each prompt and branch and (T/128)² for the blocks.
        """
        seen, whole = self._seen_blocks()
        return BlockMask.from_kv_blocks(
            *_in_order(seen & ~whole),
            *_in_order(whole),
            BLOCK_SIZE=BLOCK_TOKENS,
            mask_mod=self.mask_function,
            seq_lengths=(self.total, self.total),
        )

    def _seen_blocks(self) -> tuple[Tensor, Tensor]:
        """(B, B) bool twice, of B query and B key blocks: where some query sees some key, and where all see all."""
        start, end, prompt_start, prompt_end = torch.tensor(self._pieces, device=self.device).T.contiguous()
        edges = torch.arange(0, self.total, BLOCK_TOKENS, device=self.device)

        def tokens(first: Tensor, stop: Tensor) -> Tensor:
            """(S, B) how many of the tokens from each first one up to its stop lie in each block."""
            return (stop[:, None].minimum(edges + BLOCK_TOKENS) - first[:, None].maximum(edges)).clamp(min=0)

        seen_keys = tokens(start, end) + tokens(prompt_start, prompt_end)
        # The pieces that a block has tokens of follow each other: sums over them are differences of running sums.
        first_piece = torch.searchsorted(end, edges, right=True)
        stop_piece = torch.searchsorted(start, edges + BLOCK_TOKENS)

        def pieces(is_so: Tensor) -> Tensor:
            """(B, B) of how many of a query block's pieces it is so."""
            sums = pad(is_so.cumsum(0), (0, 0, 1, 0))
            return sums[stop_piece] - sums[first_piece]

        some = pieces(seen_keys > 0) > 0
        every = pieces(seen_keys == BLOCK_TOKENS) == (stop_piece - first_piece)[:, None]
        is_filled = edges + BLOCK_TOKENS <= self.total
        # Of an earlier block no key is later than a query; of its own each query sees itself, and not all see all.
        return some.tril(), (every & is_filled[:, None]).tril(-1)

    @property
    def _pieces(self) -> list[tuple[int, int, int, int]]:
        """Where each prompt, branch and the padding begins and stops, and what else it sees: a branch, its prompt."""
        found: list[tuple[int, int, int, int]] = []
        place = 0
        for prompt, branches in zip(self.prompts, self.branches, strict=True):
            seen = (place, place + prompt)
            found.append((*seen, 0, 0))
            place += prompt
            for branch in branches:
                found.append((place, place + branch, *seen))
                place += branch
        found.append((place, place + self.padding, 0, 0))
        return [piece for piece in found if piece[0] < piece[1]]

    def branch_mask(self, prompt: int, branch: int) -> Tensor:
        """(C, P + C) bool, true where a branch's tokens may see those of the prompt and then of the branch."""
        found = self._branch_masks.get((prompt, branch))
        if found is None:
            found = torch.ones(branch, prompt + branch, dtype=torch.bool, device=self.device).tril(prompt)
            self._branch_masks[prompt, branch] = found
        return found

    @cached_property
    def _branch_masks(self) -> dict[tuple[int, int], Tensor]:
        return {}

    def _spread(self, values: list[int], *, last: int) -> Tensor:
        counts = torch.tensor([*self.sizes, self.padding])
        return torch.repeat_interleave(torch.tensor([*values, last]), counts).to(self.device)


def _in_order(blocks: Tensor) -> tuple[Tensor, Tensor]:
    """(1, 1, B) how many blocks a row has, and (1, 1, B, B) their numbers, those that it has not after them."""
    ordered = blocks.int().argsort(dim=-1, descending=True, stable=True)
    return blocks.sum(-1)[None, None].int(), ordered[None, None].int()


@dataclass(frozen=True)
class PackedBatch:
    """A row of T tokens, (1, T) each, and where each response ends in it, (N,), in the order given."""

    input_ids: Tensor
    position_ids: Tensor
    last_index: Tensor
    read_index: Tensor  # the same, each once: the prompt's last token stands for all its empty responses
    layout: Layout

    @cached_property
    def target_index(self) -> Tensor:
        """(M,) where the tokens of all responses stand in the row, in the order given."""
        return self._at([place for places in self._response_places for place in places])

    @cached_property
    def predict_index(self) -> Tensor:
        """(M,) where the logits that predict them are made: at the token before, for a first one its prompt's last."""
        starts = zip(self._response_places, self._prompt_ends, strict=True)
        return self._at([place for own, end in starts if own for place in (end, *own[:-1])])

    @property
    def response_sizes(self) -> list[int]:
        """The lengths of the N responses in tokens; their sum is M."""
        return [len(places) for places in self._response_places]

    @cached_property
    def _response_places(self) -> list[range]:
        found: list[range] = []
        start = 0
        for prompt, branches in zip(self.layout.prompts, self.layout.branches, strict=True):
            start += prompt
            for branch in branches:
                found.append(range(start, start + branch))
                start += branch
        return found

    @cached_property
    def _prompt_ends(self) -> list[int]:
        """The last token of each response's prompt."""
        found: list[int] = []
        start = 0
        for prompt, branches in zip(self.layout.prompts, self.layout.branches, strict=True):
            found += [start + prompt - 1] * len(branches)
            start += prompt + sum(branches)
        return found

    def _at(self, places: list[int]) -> Tensor:
        return torch.tensor(places, dtype=torch.long, device=self.input_ids.device)


def pack(
    prompts: Sequence[Sequence[int]],
    responses: Sequence[Sequence[Sequence[int]]],
    *,
    pad_id: int,
    device: torch.device,
) -> PackedBatch:
    """One row of some prompts, each with its own responses. A prompt must not be empty; a response may.

    The reward of an empty response is read at its prompt's last token.
    """
    assert len(prompts) == len(responses) > 0
    assert all(prompts)
    ids: list[int] = []
    positions: list[int] = []
    last: list[int] = []
    for prompt, own in zip(prompts, responses, strict=True):
        ids += prompt
        positions += range(len(prompt))
        prompt_end = len(ids) - 1
        for response in own:
            ids += response
            positions += range(len(prompt), len(prompt) + len(response))
            last.append(len(ids) - 1 if response else prompt_end)
    padding = -len(ids) % BLOCK_TOKENS if device.type == "cuda" else 0
    layout = Layout(
        prompts=tuple(map(len, prompts)),
        branches=tuple(tuple(map(len, own)) for own in responses),
        padding=padding,
        device=device,
    )
    return PackedBatch(
        input_ids=torch.tensor([ids + [pad_id] * padding], device=device),
        position_ids=torch.tensor([positions + [0] * padding], device=device),
        last_index=torch.tensor(last, device=device),
        read_index=torch.tensor(sorted(set(last)), device=device),
        layout=layout,
    )


def packed_tokens(prompt: Sequence[int], responses: Sequence[Sequence[int]]) -> int:
    """How many tokens a prompt and its responses take in a row."""
    return len(prompt) + sum(map(len, responses))

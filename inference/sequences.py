"""Prompts and responses as one padded batch, laid out once for sampling, log-probabilities and rewards.

Prompts are padded on the left and responses on the right, so that every response begins in the same column and a
model computes its vocabulary logits for one contiguous block. Masks and lengths say what is real, never an id: the
pad id may equal the end id.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class SequenceBatch:
    """N sequences of P + R columns: the prompts' P, padded left, then the responses' R, padded right.

    input_ids, attention_mask (1 = real) and position_ids are (N, P + R) integers; response_mask is (N, R) and true
    at real response tokens.
    """

    input_ids: torch.Tensor
    attention_mask: torch.Tensor
    position_ids: torch.Tensor
    response_mask: torch.Tensor

    @property
    def prompt_width(self) -> int:
        """P, the column of the first response token."""
        return self.input_ids.shape[1] - self.response_mask.shape[1]

    @property
    def response_ids(self) -> torch.Tensor:
        """(N, R), with pads where response_mask is false."""
        return self.input_ids[:, self.prompt_width :]

    @property
    def last_index(self) -> torch.Tensor:
        """(N,) the column of each sequence's last real token; an empty response leaves the prompt's last."""
        return self.prompt_width - 1 + self.response_mask.sum(dim=1)

    def to(self, device: torch.device | str) -> "SequenceBatch":
        """The same batch on a device."""
        moved = (self.input_ids, self.attention_mask, self.position_ids, self.response_mask)
        return SequenceBatch(*(tensor.to(device) for tensor in moved))


def collate(
    prompts: Sequence[Sequence[int]],
    responses: Sequence[Sequence[int]],
    *,
    pad_id: int,
    device: torch.device | str = "cpu",
) -> SequenceBatch:
    """One batch of N prompts and their N responses; a prompt must not be empty, a response may."""
    assert len(prompts) == len(responses) > 0
    assert all(prompts)
    prompt_width, response_width = max(map(len, prompts)), max(map(len, responses))
    rows, mask = [], []
    for prompt, response in zip(prompts, responses, strict=True):
        before, after = prompt_width - len(prompt), response_width - len(response)
        rows.append([pad_id] * before + list(prompt) + list(response) + [pad_id] * after)
        mask.append([0] * before + [1] * (len(prompt) + len(response)) + [0] * after)
    attention_mask = torch.tensor(mask)
    return SequenceBatch(
        input_ids=torch.tensor(rows),
        attention_mask=attention_mask,
        position_ids=positions(attention_mask),
        response_mask=attention_mask[:, prompt_width:].bool(),
    ).to(device)


def padded_tokens(prompts: Sequence[Sequence[int]], responses: Sequence[Sequence[int]]) -> int:
    """How many tokens `collate` makes of them, padding counted."""
    return len(prompts) * (max(map(len, prompts)) + max(map(len, responses)))


def positions(attention_mask: torch.Tensor) -> torch.Tensor:
    """Positions that count real tokens from 0, whatever stands before them; 0 at pads. Same shape as the mask."""
    return (attention_mask.cumsum(dim=-1) - 1).clamp(min=0)


def forward(
    model: Any,
    *,
    input_ids: torch.Tensor,
    attention_mask: torch.Tensor,
    position_ids: torch.Tensor,
    **options: Any,
) -> Any:
    """The model's forward pass, always with the attention mask, and with only what it takes of the rest.

    Without a mask, transformers reads positions that restart as several packed sequences and cuts a response off
    from its prompt. Models without position embeddings take no position_ids and place tokens by the mask.
    """
    parameters = inspect.signature(model.forward).parameters
    # A wrapper, such as DDP's, that hands everything on.
    is_open = all(item.kind in (item.VAR_POSITIONAL, item.VAR_KEYWORD) for item in parameters.values())
    given = {"position_ids": position_ids, **options}
    accepted = {name: value for name, value in given.items() if is_open or name in parameters}
    return model(input_ids=input_ids, attention_mask=attention_mask, **accepted)


def last_logits(model: Any, *, columns: int, **arguments: Any) -> Any:
    """Forward pass whose `.logits` cover only the last `columns` columns, (N, columns, V)."""
    output = forward(model, logits_to_keep=columns, **arguments)
    output.logits = output.logits[:, -columns:]
    return output

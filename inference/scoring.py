"""What a model makes of given responses: log-probabilities of their tokens, and a reward model's rewards.

They take a SequenceBatch, or a packed row, keep gradients (wrap them in torch.no_grad() to score alone) and leave the
model's mode as it is: a training loop decides about dropout.
"""

from collections.abc import Sequence
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from inference.micro_batches import micro_batches
from inference.models import evaluating
from inference.packed_attention import packed_hidden_states, packed_logits
from inference.packing import PackedBatch, pack, packed_tokens
from inference.prompts import pad_id
from inference.reward_heads import reward_bias
from inference.sequences import SequenceBatch, collate, forward, last_logits, padded_tokens


def response_logprobs(model: Any, batch: SequenceBatch, *, temperature: float = 1.0) -> torch.Tensor:
    """(N, R) float32 log-probabilities of the response tokens at a temperature; 0 where response_mask is false.

    Over the whole vocabulary, whatever top_p they were sampled with. Logits are made at response positions only.
    """
    width = batch.response_mask.shape[1]
    if width == 0:
        return torch.zeros(batch.response_mask.shape, device=batch.input_ids.device)
    output = last_logits(
        model,
        columns=width + 1,
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        position_ids=batch.position_ids,
        use_cache=False,
    )
    # The logits of a column predict the next one.
    logits = output.logits[:, :-1].float() / temperature
    chosen = logits.gather(-1, batch.response_ids[..., None]).squeeze(-1)
    return torch.where(batch.response_mask, chosen - logits.logsumexp(dim=-1), 0.0)


def rewards(model: Any, batch: SequenceBatch | PackedBatch) -> torch.Tensor:
    """(N,) float32 rewards, read at each sequence's last real token by its index, with the model's reward bias.

    transformers' own classifier looks for the first pad id instead, and so reads too early where pad equals end.
    A packed row is for a model that takes such rows.
    """
    if isinstance(batch, PackedBatch):
        return _read(model, packed_hidden_states(model.base_model, batch)[0, batch.last_index])
    hidden = forward(
        model.base_model,
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        position_ids=batch.position_ids,
        use_cache=False,
    ).last_hidden_state
    return _read(model, hidden[torch.arange(len(hidden), device=hidden.device), batch.last_index])


def _read(model: Any, hidden: torch.Tensor) -> torch.Tensor:
    scores: torch.Tensor = model.score(hidden).squeeze(-1).float()
    return scores + reward_bias(model)


def packed_logprobs(model: Any, batch: PackedBatch, *, temperature: float = 1.0) -> torch.Tensor:
    """(M,) float32 log-probabilities of all response tokens of a packed row, laid end to end."""
    if not len(batch.target_index):
        return torch.zeros(0, device=batch.input_ids.device)
    logits = packed_logits(model, batch).float() / temperature
    chosen = logits.gather(-1, batch.input_ids[0, batch.target_index, None]).squeeze(-1)
    return chosen - logits.logsumexp(dim=-1)


def token_logprobs(model: Any, batch: SequenceBatch | PackedBatch, *, temperature: float = 1.0) -> torch.Tensor:
    """(M,) float32 log-probabilities of all real response tokens of a batch of either kind, response by response."""
    if isinstance(batch, PackedBatch):
        return packed_logprobs(model, batch, temperature=temperature)
    return response_logprobs(model, batch, temperature=temperature)[batch.response_mask]


@torch.no_grad()
def score(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    responses: Sequence[Sequence[Sequence[int]]],
    *,
    batch_tokens: int,
    is_packed: bool = False,
) -> list[list[float]]:
    """The rewards of some responses to each prompt (token ids), in order; like lengths go through together.

    At most `batch_tokens` tokens at once, or one prompt with its responses. `is_packed` reads each prompt once, for a
    model that `packing_support.prepare_packing` has prepared.
    """
    device = next(model.parameters()).device
    pad = pad_id(tokenizer)

    def rows(indices: Sequence[int]) -> tuple[list[Sequence[int]], list[Sequence[int]]]:
        pairs = [(prompts[index], one) for index in indices for one in responses[index]]
        return [prompt for prompt, _ in pairs], [one for _, one in pairs]

    def tokens(indices: Sequence[int]) -> int:
        if is_packed:
            return sum(packed_tokens(prompts[index], responses[index]) for index in indices)
        return padded_tokens(*rows(indices))

    found: list[list[float]] = [[]] * len(prompts)
    with evaluating(model):
        for part in micro_batches(range(len(prompts)), tokens=tokens, limit=batch_tokens):
            own = [responses[index] for index in part]
            batch: SequenceBatch | PackedBatch
            if is_packed:
                batch = pack([prompts[index] for index in part], own, pad_id=pad, device=device)
            else:
                batch = collate(*rows(part), pad_id=pad, device=device)
            values = rewards(model, batch)
            for index, few in zip(part, torch.split(values, [len(some) for some in own]), strict=True):
                found[index] = few.tolist()
    return found

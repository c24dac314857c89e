"""Attention over a packed row (`inference.packing`), behind one function for every device.

On a GPU FlexAttention compiles the mask and skips what nobody sees. On a CPU a dense mask would cost the time of all
T² scores (five times as much at K = 9, P = C = 128), so each prompt and each branch is a call of its own there: the
prompt by itself, and each branch against its prompt and itself under an explicit mask. Nothing is padded.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import flex_attention
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from inference.errors import ModelError
from inference.packing import Layout, PackedBatch

NAME = "packed_rankings"


def packed_attention(
    query: Tensor, key: Tensor, value: Tensor, *, layout: Layout, scaling: float | None, dropout: float = 0.0
) -> Tensor:
    """(1, T, H, D) attention of a packed row; query is (1, H, T, D), key and value (1, H or fewer, T, D)."""
    if layout.device.type == "cuda":
        assert dropout == 0.0, "FlexAttention has no dropout; `why_not_packable` refuses it"
        found = _compiled_flex_attention()(
            query, key, value, block_mask=layout.block_mask, scale=scaling, enable_gqa=key.shape[1] != query.shape[1]
        )
        return found.transpose(1, 2)
    return _attention_by_branch(query, key, value, layout=layout, scaling=scaling, dropout=dropout)


def forward_packed(model: Any, batch: PackedBatch) -> Tensor:
    """(1, T, h) last hidden states of a base model that `enable_packing` was called for."""
    # A mask of four dimensions is handed on as it is; what it would say, the layout says.
    mask = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=batch.input_ids.device)
    output = model(
        input_ids=batch.input_ids,
        attention_mask=mask,
        position_ids=batch.position_ids,
        use_cache=False,
        ranking_layout=batch.layout,
    )
    hidden: Tensor = output.last_hidden_state
    return hidden


def enable_packing(model: PreTrainedModel) -> None:
    """Let a model's attention take layouts; whatever comes without one goes through SDPA as before."""
    model.set_attn_implementation(NAME)
    if model.config._attn_implementation != NAME:
        raise ModelError(f"models of type {model.config.model_type} have an attention that cannot be replaced")


def _attention_by_branch(
    query: Tensor, key: Tensor, value: Tensor, *, layout: Layout, scaling: float | None, dropout: float
) -> Tensor:
    """The same by one SDPA call for each prompt and for each branch."""
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    sizes = [*layout.sizes, *([layout.padding] if layout.padding else [])]
    # One split, whose gradient is one concatenation: slices would each make a gradient as long as the row.
    queries, keys, values = (iter(torch.split(tensor, sizes, dim=2)) for tensor in (query, key, value))
    found: list[Tensor] = []
    for prompt, branches in zip(layout.prompts, layout.branches, strict=True):
        prompt_key, prompt_value = next(keys), next(values)
        own = scaled_dot_product_attention(
            next(queries), prompt_key, prompt_value, is_causal=True, scale=scaling, dropout_p=dropout
        )
        found.append(own)
        for branch in branches:
            branch_query, branch_key, branch_value = next(queries), next(keys), next(values)
            if branch == 0:
                continue
            own = scaled_dot_product_attention(
                branch_query,
                torch.cat([prompt_key, branch_key], dim=2),
                torch.cat([prompt_value, branch_value], dim=2),
                attn_mask=layout.branch_mask(prompt, branch),
                scale=scaling,
                dropout_p=dropout,
            )
            found.append(own)
    if layout.padding:
        found.append(next(values))  # what stands there is read by nobody
    return torch.cat(found, dim=2).transpose(1, 2)


def _attention_layer(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    ranking_layout: Layout | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """What transformers calls in each layer."""
    if ranking_layout is None:
        found: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return found
    wanted = [name for name in ("softcap", "s_aux", "position_bias") if others.get(name) is not None]
    if wanted:
        raise ModelError(f"{type(module).__name__} needs {wanted[0]}, which packed attention does not have")
    return packed_attention(query, key, value, layout=ranking_layout, scaling=scaling, dropout=dropout), None


@cache
def _compiled_flex_attention() -> Callable[..., Tensor]:
    """Compiled once; eager FlexAttention would make all T² scores."""
    compiled: Callable[..., Tensor] = torch.compile(flex_attention)
    return compiled


AttentionInterface.register(NAME, _attention_layer)
AttentionMaskInterface.register(NAME, sdpa_mask)

"""Attention over a packed row (`inference.packing`), behind one function for every device.

On a GPU FlexAttention compiles the mask and skips what nobody sees. On a CPU a dense mask would cost the time of all
T² scores (five times as much at K = 9, P = C = 128), so each prompt and each branch is a call of its own there: the
prompt by itself, and each branch against its prompt and itself under an explicit mask. Nothing is padded.

Of the last layer only the tokens that something is read from are computed beyond their keys and values: the MLP on any
device, the attention on a CPU. What the layer would make of the others is read by nobody.
"""

import contextlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.attention.flex_attention import flex_attention
from torch.nn.functional import pad, scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

from inference.errors import ModelError
from inference.packing import Layout, PackedBatch

NAME = "packed_rankings"
Reads = Literal["all", "responses", "ends"]


def packed_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    *,
    layout: Layout,
    scaling: float | None,
    dropout: float = 0.0,
    reads: Reads = "all",
) -> Tensor:
    """(1, T, H, D) attention of a packed row; query is (1, H, T, D), key and value (1, H or fewer, T, D).

    What `reads` does not name may be 0: "ends" is the last token of each response (of its prompt, where it is empty),
    "responses" are their tokens and the last of each prompt.
    """
    if layout.device.type == "cuda":
        assert dropout == 0.0, "FlexAttention has no dropout; `why_not_packable` refuses it"
        # Under autocast rotary positions leave queries and keys in 32 bits; SDPA lowers them itself, this does not.
        found = _compiled_flex_attention()(
            query.to(value.dtype),
            key.to(value.dtype),
            value,
            block_mask=layout.block_mask,
            scale=scaling,
            enable_gqa=key.shape[1] != query.shape[1],
        )
        return found.transpose(1, 2)
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        key, value = key.repeat_interleave(groups, dim=1), value.repeat_interleave(groups, dim=1)
    attend = partial(scaled_dot_product_attention, scale=scaling, dropout_p=dropout)
    if reads == "ends":
        return _attention_at_ends(query, key, value, layout=layout, attend=attend).transpose(1, 2)
    found = _attention_by_branch(query, key, value, layout=layout, attend=attend, whole_prompts=reads == "all")
    return found.transpose(1, 2)


def packed_hidden_states(model: Any, batch: PackedBatch) -> Tensor:
    """(1, T, h) last hidden states of a base model that `enable_packing` was called for, right at `read_index` only."""
    with _last_mlp_at(model, batch.read_index, row_length=batch.layout.total):
        hidden: Tensor = _forward(model, batch, reads="ends").last_hidden_state
    return hidden


def predicting_hidden_states(model: Any, batch: PackedBatch) -> Tensor:
    """(M, h) last hidden states of a base model from which each of the M response tokens of a row is predicted."""
    read = batch.predict_index.unique()  # type: ignore[no-untyped-call]
    with _last_mlp_at(model, read, row_length=batch.layout.total):
        hidden: Tensor = _forward(model, batch, reads="responses").last_hidden_state
    return hidden[0, batch.predict_index]


def packed_logits(model: Any, batch: PackedBatch) -> Tensor:
    """(M, V) logits of a language model that predict each of the M response tokens of a row, in their order."""
    read = batch.predict_index.unique()  # type: ignore[no-untyped-call]
    with _last_mlp_at(model.base_model, read, row_length=batch.layout.total):
        logits: Tensor = _forward(model, batch, reads="responses", logits_to_keep=batch.predict_index).logits
    return logits[0]


def _forward(model: Any, batch: PackedBatch, *, reads: Reads, **options: Any) -> Any:
    # A mask of four dimensions is handed on as it is; what it would say, the layout says.
    mask = torch.ones(1, 1, 1, 1, dtype=torch.bool, device=batch.input_ids.device)
    return model(
        input_ids=batch.input_ids,
        attention_mask=mask,
        position_ids=batch.position_ids,
        use_cache=False,
        ranking_layout=batch.layout,
        ranking_reads=reads,
        **options,
    )


def enable_packing(model: PreTrainedModel) -> None:
    """Let a model's attention take layouts; whatever comes without one goes through SDPA as before."""
    model.set_attn_implementation(NAME)
    if model.config._attn_implementation != NAME:
        raise ModelError(f"models of type {model.config.model_type} have an attention that cannot be replaced")


def _attention_by_branch(
    query: Tensor, key: Tensor, value: Tensor, *, layout: Layout, attend: Callable[..., Tensor], whole_prompts: bool
) -> Tensor:
    """(1, H, T, D) by one call for each prompt, or for its last token alone, and one for each branch."""
    queries, keys, values = _pieces(query, key, value, layout=layout)
    found: list[Tensor] = []
    for prompt, branches in zip(layout.prompts, layout.branches, strict=True):
        own, prompt_key, prompt_value = next(queries), next(keys), next(values)
        if whole_prompts:
            found.append(attend(own, prompt_key, prompt_value, is_causal=True))
        else:
            found.append(_at_end(attend(own[:, :, -1:], prompt_key, prompt_value), own))
        for branch in branches:
            own, own_key, own_value = next(queries), next(keys), next(values)
            if branch:
                seen_key = torch.cat([prompt_key, own_key], dim=2)
                seen_value = torch.cat([prompt_value, own_value], dim=2)
                found.append(attend(own, seen_key, seen_value, attn_mask=layout.branch_mask(prompt, branch)))
    return torch.cat([*found, *values], dim=2)  # what stands at padding is read by nobody


def _attention_at_ends(
    query: Tensor, key: Tensor, value: Tensor, *, layout: Layout, attend: Callable[..., Tensor]
) -> Tensor:
    """(1, H, T, D) right at the last token of each branch, which sees all of it and needs no mask; else 0."""
    queries, keys, values = _pieces(query, key, value, layout=layout)
    found: list[Tensor] = []
    for branches in layout.branches:
        own, prompt_key, prompt_value = next(queries), next(keys), next(values)
        is_read = 0 in branches
        found.append(
            _at_end(attend(own[:, :, -1:], prompt_key, prompt_value), own) if is_read else torch.zeros_like(own)
        )
        for branch in branches:
            own, own_key, own_value = next(queries), next(keys), next(values)
            if branch:
                seen_key = torch.cat([prompt_key, own_key], dim=2)
                seen_value = torch.cat([prompt_value, own_value], dim=2)
                found.append(_at_end(attend(own[:, :, -1:], seen_key, seen_value), own))
    return torch.cat([*found, *values], dim=2)


def _at_end(found: Tensor, own: Tensor) -> Tensor:
    """(1, H, C, D): 0 but for the last of C tokens, where (1, H, 1, D) `found` stands."""
    return pad(found, (0, 0, own.shape[2] - 1, 0))


def _pieces(*tensors: Tensor, layout: Layout) -> Iterator[Iterator[Tensor]]:
    """The tensors cut along the row into prompts, branches and, if there is any, padding.

    By one split, whose gradient is one concatenation: slices would each make a gradient as long as the row.
    """
    sizes = [*layout.sizes, *([layout.padding] if layout.padding else [])]
    return (iter(torch.split(tensor, sizes, dim=2)) for tensor in tensors)


@contextlib.contextmanager
def _last_mlp_at(model: Any, index: Tensor, *, row_length: int) -> Iterator[None]:
    """Inside, the last layer's MLP computes the tokens of `index` alone and gives 0 for the others.

    Where the MLP is not found, or routes its tokens to experts, it computes all of them.
    """
    mlp = _last_mlp(model)
    if mlp is None:
        yield
        return

    def select(_module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (inputs[0][:, index], *inputs[1:])

    def spread(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        return output.new_zeros(1, row_length, output.shape[-1]).index_copy(1, index, output)

    handles = [mlp.register_forward_pre_hook(select), mlp.register_forward_hook(spread)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _last_mlp(model: Any) -> nn.Module | None:
    config = model.config
    if any(getattr(config, name, None) for name in ("num_experts", "num_local_experts", "n_routed_experts")):
        return None
    layers = getattr(model, "layers", None) or getattr(model, "h", None)
    return getattr(layers[-1], "mlp", None) if isinstance(layers, nn.ModuleList) else None


def _attention_layer(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    ranking_layout: Layout | None = None,
    ranking_reads: Reads = "all",
    **others: Any,
) -> tuple[Tensor, None]:
    """What transformers calls in each layer."""
    if ranking_layout is None:
        plain: tuple[Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return plain
    wanted = [name for name in ("softcap", "s_aux", "position_bias") if others.get(name) is not None]
    if wanted:
        raise ModelError(f"{type(module).__name__} needs {wanted[0]}, which packed attention does not have")
    config: Any = module.config
    is_last = getattr(module, "layer_idx", None) == config.num_hidden_layers - 1
    found = packed_attention(
        query,
        key,
        value,
        layout=ranking_layout,
        scaling=scaling,
        dropout=dropout,
        reads=ranking_reads if is_last else "all",
    )
    return found, None


@cache
def _compiled_flex_attention() -> Callable[..., Tensor]:
    """Compiled once; eager FlexAttention would make all T² scores."""
    compiled: Callable[..., Tensor] = torch.compile(flex_attention)
    return compiled


AttentionInterface.register(NAME, _attention_layer)
AttentionMaskInterface.register(NAME, sdpa_mask)

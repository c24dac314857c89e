"""Which models may be run on a packed row, and why another may not."""

import inspect
from typing import Any

import torch
from transformers import PreTrainedModel

from inference.errors import ModelError
from inference.models import evaluating, rescaled_after
from inference.packed_attention import enable_packing
from inference.packing import pack
from inference.scoring import packed_logprobs, response_logprobs, rewards
from inference.sequences import collate

# Bloom and MPT bias scores by the distance of two columns, which is not that of two positions in a packed row.
_ALIBI_TYPES = frozenset({"bloom", "mpt"})
_WINDOWED = frozenset({"sliding_attention", "chunked_attention"})
_AGREEMENT = 0.01  # rounding makes less than a thousandth, a mask that is not obeyed more than a tenth


def why_not_packable(model: PreTrainedModel, *, longest: int, device_type: str) -> str | None:
    """What about a model keeps it off packed rows, as the end of a sentence, or None. `longest` is in tokens.

    A window that is no shorter than the longest prompt with a response never closes, and is none; so with positions
    that are rescaled beyond a length.
    """
    config = model.config.get_text_config()
    layer_types = set(getattr(config, "layer_types", None) or ())
    window = _window(config, layer_types)
    attention = model.base_model.forward
    if getattr(model, "_is_stateful", False) or layer_types - _WINDOWED - {"full_attention"}:
        kinds = ", ".join(sorted(layer_types - {"full_attention"})) or "recurrent state"
        return f"has layers other than attention ({kinds}), whose state cannot branch"
    if window is not None and window < longest:
        return f"has a sliding window of {window} tokens, which sees columns and not positions"
    limit = rescaled_after(config)
    if limit is not None and limit < longest:
        return f"rescales positions after {limit} tokens by the longest of a row, so that neighbours change a reward"
    if config.model_type in _ALIBI_TYPES or getattr(config, "alibi", False):
        return "places tokens by ALiBi, which sees columns and not positions"
    if config.is_encoder_decoder or "position_ids" not in inspect.signature(attention).parameters:
        return "takes no position_ids, and positions must restart at each response"
    if getattr(config, "attn_logit_softcapping", None) is not None:
        return "caps its attention scores, which SDPA cannot"
    dropout = float(getattr(config, "attention_dropout", 0.0) or getattr(config, "attn_pdrop", 0.0) or 0.0)
    if dropout > 0.0 and device_type == "cuda":
        return f"has an attention dropout of {dropout:g}, which FlexAttention cannot do"
    return None


def _window(config: Any, layer_types: set[str]) -> int | None:
    """How many tokens back some of the layers see, or None where all see everything."""
    if layer_types and not layer_types & _WINDOWED:
        return None
    if getattr(config, "use_sliding_window", True) is False:
        return None
    sizes = [getattr(config, name, None) for name in ("sliding_window", "attention_chunk_size")]
    return min((size for size in sizes if isinstance(size, int)), default=None)


def prepare_packing(model: PreTrainedModel, *, longest: int) -> None:
    """Let a model take packed rows, once it has shown on a small one that it reads them as it does single ones.

    For a reward model it is the rewards that must agree, for a language model the log-probabilities.

    Raises ModelError, naming the model's type, where it cannot; the model then is as it was.
    """
    kind = f"a model of type {model.config.model_type}"
    reason = why_not_packable(model, longest=longest, device_type=model.device.type)
    if reason is not None:
        raise ModelError(f"{kind} {reason}")
    before = model.config._attn_implementation
    try:
        enable_packing(model)
        deviation = _deviation(model)
    except torch.OutOfMemoryError:
        raise
    # Whatever an unknown architecture, or a GPU's compiler, trips over: the other path does not need it.
    except Exception as error:
        model.set_attn_implementation(before)
        raise ModelError(f"{kind} does not take packed rows ({str(error) or type(error).__name__})") from error
    if deviation > _AGREEMENT:
        model.set_attn_implementation(before)
        raise ModelError(f"{kind} scores packed rows otherwise than single ones (by {deviation:.2g})")


@torch.no_grad()
def _deviation(model: Any) -> float:
    """How far packed results are from single ones on a few made-up prompts, in units of their standard deviation."""
    size = model.get_input_embeddings().weight.shape[0]
    draw = torch.Generator().manual_seed(0)

    def ids(count: int) -> list[int]:
        return [int(token) for token in torch.randint(size, (count,), generator=draw)]

    prompts = [ids(9), ids(5)]
    responses = [[ids(count) for count in counts] for counts in ((4, 1, 6), (3, 7))]
    pairs = [(prompt, one) for prompt, own in zip(prompts, responses, strict=True) for one in own]
    row = pack(prompts, responses, pad_id=0, device=model.device)
    batches = [collate([prompt], [one], pad_id=0, device=model.device) for prompt, one in pairs]
    with evaluating(model):
        if hasattr(model, "score"):
            packed, apart = rewards(model, row), torch.cat([rewards(model, batch) for batch in batches])
        else:
            packed = packed_logprobs(model, row)
            apart = torch.cat([response_logprobs(model, batch)[0] for batch in batches])
    return float((packed - apart).abs().max() / apart.std().clamp(min=1e-6))

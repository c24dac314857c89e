"""The scalar head of a reward model: how it begins, and how its bias is kept so that plain transformers adds it.

The bias is a number in the config while a model is in memory (`reward_bias`); the classifiers of transformers have a
head without one. On saving it goes into the weights, so that `AutoModelForSequenceClassification` gives the same
scores, and `load_reward_model` takes it out again:

- A final LayerNorm has a bias β of its own: β + b · w / |w|² adds b to every score, w being the head's weights.
- Behind an RMS norm no change of weights adds a constant, since what comes out does not change with the length of what
  comes in. A Llama gets one more layer: its second norm is the final norm, its MLP computes M (r + b) and M k from what
  that norm gives, with biases, which Llama's MLP may have; and the new final norm and head read
  (r + b) · k / √((r + b)² + k²). M is so large that the rest of the residual stream vanishes beside it and k so large
  that the root is k: for rewards up to 40 the error is below that of float32.
- Qwen 2 and 3 have no biases in the MLP but on the values: their added layer does the same in its attention, each token
  seeing itself alone (a window of one token), where no other layer has a window.
- Other models keep the number in config.json, and plain transformers gives scores that are lower by it.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from transformers import PreTrainedModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer

_FINAL_NORMS = ("ln_f", "final_layer_norm", "final_layernorm", "norm", "decoder.final_layer_norm")
_MLP_PARTS = ("gate_proj", "up_proj", "down_proj")
_ATTENTION_PARTS = ("q_proj", "k_proj", "v_proj", "o_proj")
_WINDOW_SETTINGS = ("attention_bias", "layer_types", "use_sliding_window", "sliding_window", "max_window_layers")
_OPEN_GATE = 32.0  # silu(32) is 32 to the last bit of float32
_SCALE = 2.0**40
_RADIUS = 2.0**17


def init_reward_head(model: PreTrainedModel) -> None:
    """Draw the head's weights from N(0, 1/(h + 1)), h the hidden size (Stiennon et al. 2020, appendix B.1)."""
    head = model.score
    assert isinstance(head, nn.Linear)
    nn.init.normal_(head.weight, std=(head.in_features + 1) ** -0.5)


def reward_bias(model: PreTrainedModel) -> float:
    """The constant to be added to every score of the model as it is in memory (paper, section 3.5)."""
    return float(getattr(model.config, "reward_bias", 0.0))


@contextlib.contextmanager
def bias_in_weights(model: PreTrainedModel) -> Iterator[bool]:
    """Inside, the model's plain scores have the bias; true where that could be done. Afterwards it is as it was."""
    bias = reward_bias(model)
    norm = _final_norm(model)
    if bias == 0.0:
        yield True  # and nothing to add: whoever loads it elsewhere has the model that was trained, layer by layer
    elif isinstance(norm, nn.LayerNorm) and norm.bias is not None:
        before = norm.bias.detach().clone()
        head = model.score
        assert isinstance(head, nn.Linear)
        direction = head.weight[0].detach()
        norm.bias.data += bias * direction / direction.square().sum()
        model.config.reward_bias = 0.0
        try:
            yield True
        finally:
            norm.bias.data = before
            model.config.reward_bias = bias
    elif model.config.model_type == "llama" and model.config.hidden_act == "silu" and model.dtype == torch.float32:
        _add_bias_layer(model)
        try:
            yield True
        finally:
            take_bias_out(model)
    elif _can_add_attention_layer(model):
        _add_attention_layer(model)
        try:
            yield True
        finally:
            take_bias_out(model)
    else:
        yield False


def take_bias_out(model: Any) -> None:
    """Take off the layer that holds the bias, if there is one: the weights are those that were trained, to the bit."""
    held = getattr(model.config, "reward_bias_layer", None)
    if held is None:
        return
    if "attention" in held:
        _take_attention_layer_off(model, held)
        return
    body, extra = model.base_model, model.base_model.layers[-1]
    body.norm.weight.data = extra.post_attention_layernorm.weight.data
    model.score.weight.data = extra.mlp.up_proj.weight.data[:1].clone()
    body.layers = body.layers[:-1]
    if not held["mlp_bias"]:
        for layer in body.layers:
            for part in _MLP_PARTS:
                getattr(layer.mlp, part).bias = None
    model.config.num_hidden_layers -= 1
    model.config.mlp_bias = held["mlp_bias"]
    model.config.reward_bias = held["reward_bias"]
    del model.config.reward_bias_layer


@torch.no_grad()
def _add_bias_layer(model: Any) -> None:
    config, body = model.config, model.base_model
    config.reward_bias_layer = {"reward_bias": reward_bias(model), "mlp_bias": config.mlp_bias}
    config.num_hidden_layers += 1
    config.mlp_bias = True
    for layer in body.layers:
        for part in _MLP_PARTS:
            linear = getattr(layer.mlp, part)
            if linear.bias is None:
                linear.bias = nn.Parameter(linear.weight.new_zeros(linear.out_features))
    extra = LlamaDecoderLayer(config, layer_idx=len(body.layers)).to(model.device, model.dtype)
    for weights in extra.parameters():
        weights.zero_()
    extra.post_attention_layernorm.weight.copy_(body.norm.weight)
    extra.mlp.up_proj.weight[0].copy_(model.score.weight[0])
    extra.mlp.gate_proj.bias[0] = _OPEN_GATE
    extra.mlp.down_proj.weight[0, 0] = _SCALE / _OPEN_GATE
    extra.mlp.down_proj.bias[0] = _SCALE * reward_bias(model)
    extra.mlp.down_proj.bias[1] = _SCALE * _RADIUS
    _append_and_read(model, extra)


def _append_and_read(model: Any, extra: nn.Module) -> None:
    """Put the layer at the end; a new final norm and head read the quotient of the two numbers that it writes."""
    body = model.base_model
    body.layers.append(extra)
    body.norm.weight.data = torch.zeros_like(body.norm.weight).index_fill_(0, torch.tensor([0]).to(model.device), 1.0)
    head = torch.zeros_like(model.score.weight)
    head[0, 0] = _RADIUS / head.shape[1] ** 0.5
    model.score.weight.data = head
    model.config.reward_bias = 0.0


def _can_add_attention_layer(model: Any) -> bool:
    config = model.config
    has_no_window = set(getattr(config, "layer_types", None) or ["none"]) == {"full_attention"}
    return config.model_type in ("qwen2", "qwen3") and has_no_window and model.dtype == torch.float32


@torch.no_grad()
def _add_attention_layer(model: Any) -> None:
    config, body = model.config, model.base_model
    before = {name: getattr(config, name) for name in _WINDOW_SETTINGS if hasattr(config, name)}
    config.reward_bias_layer = {"reward_bias": reward_bias(model), "attention": before}
    config.num_hidden_layers += 1
    config.layer_types = [*config.layer_types, "sliding_attention"]
    config.use_sliding_window, config.sliding_window = True, 1
    config.max_window_layers = len(body.layers)
    if before.get("attention_bias") is False:  # Qwen 3's biases are in all layers or in none
        config.attention_bias = True
        for layer in body.layers:
            for part in _ATTENTION_PARTS:
                linear = getattr(layer.self_attn, part)
                linear.bias = nn.Parameter(linear.weight.new_zeros(linear.out_features))
    extra = type(body.layers[-1])(config, layer_idx=len(body.layers)).to(model.device, model.dtype)
    for weights in extra.parameters():
        weights.zero_()
    extra.input_layernorm.weight.copy_(body.norm.weight)
    values, output = extra.self_attn.v_proj, extra.self_attn.o_proj
    values.weight[0].copy_(model.score.weight[0])
    values.bias[0], values.bias[1] = reward_bias(model), _RADIUS
    output.weight[0, 0] = output.weight[1, 1] = _SCALE
    _append_and_read(model, extra)


def _take_attention_layer_off(model: Any, held: dict[str, Any]) -> None:
    config, body = model.config, model.base_model
    extra = body.layers[-1]
    body.norm.weight.data = extra.input_layernorm.weight.data
    model.score.weight.data = extra.self_attn.v_proj.weight.data[:1].clone()
    body.layers = body.layers[:-1]
    if held["attention"].get("attention_bias") is False:
        for layer in body.layers:
            for part in _ATTENTION_PARTS:
                getattr(layer.self_attn, part).bias = None
    config.num_hidden_layers -= 1
    for name, value in held["attention"].items():
        setattr(config, name, value)
    config.reward_bias = held["reward_bias"]
    del config.reward_bias_layer
    body.has_sliding_layers = False


def _final_norm(model: PreTrainedModel) -> nn.Module | None:
    """The norm right before the head, where its place is known; OPT may have a projection after it."""
    body = model.base_model
    if getattr(model.config, "word_embed_proj_dim", model.config.hidden_size) != model.config.hidden_size:
        return None
    named = dict(body.named_modules())
    return next((named[name] for name in _FINAL_NORMS if name in named), None)

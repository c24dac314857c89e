"""How a model is made ready to be trained: all its weights or LoRA's, activations kept or computed again.

Weights that are trained, and Adam's moments, are in 32 bits whatever the precision; with bfloat16 the models compute
under autocast, which casts a weight where it is used. Weights in 16 bits with a 32-bit master copy beside each would
take the same 16 bytes a parameter, and would need a second optimizer, a second kind of checkpoint and a rule for which
of the two is saved.

LoRA (Hu et al. 2021) puts A and B beside a frozen linear layer: W x + (alpha / rank) B A x, B beginning at 0, so that
the first step sees the base model exactly. With the adapter off it still is the base model: the reference of PPO costs
no second copy. A checkpoint has the product added to W and is a plain model; the adapter lies beside it.
"""

import contextlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model_state_dict, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.pytorch_utils import Conv1D

from formats.adapting import Adapting
from inference.models import LoadedModel
from training.distributed import sharded_like
from training.errors import TrainingError

ADAPTER = "default"  # peft's name for the only adapter of a model


def adapt(model: PreTrainedModel, settings: Adapting, *, dropout: float = 0.0) -> None:
    """Make a loaded model ready to be trained, in place. Raises TrainingError for a setting it cannot follow.

    `dropout` is LoRA's own. A scalar head is trained whole by either method.
    """
    if settings.method == "lora":
        targets = _target_names(model, settings.lora_target_names)
        config = LoraConfig(
            r=settings.lora_rank,
            lora_alpha=settings.lora_alpha,
            lora_dropout=dropout,
            target_modules=targets,
            fan_in_fan_out=all(isinstance(model.get_submodule(name), Conv1D) for name in targets),
        )
        inject_adapter_in_model(config, model)
        if hasattr(model, "score"):
            model.score.requires_grad_(True)
    if settings.gradient_checkpointing:
        recompute_layers(model)


def recompute_layers(model: PreTrainedModel) -> None:
    """Keep only each layer's input for the backward pass, and compute the layer again there.

    transformers does so in training mode alone, and PPO and DPO have none, since dropout is off. The last layer keeps
    its activations: they would be needed again at once, so that nothing would be saved.
    """
    layers = [module for module in model.modules() if isinstance(module, GradientCheckpointingLayer)]
    if not layers:
        message = f"models of type {model.config.model_type} cannot compute their layers again; switch it off"
        raise TrainingError("bad_config", message, field="config.gradient_checkpointing")
    for layer in layers[:-1]:
        layer.forward = partial(_recomputed, layer.forward)


def _recomputed(forward: Any, *inputs: Any, **options: Any) -> Any:
    if not torch.is_grad_enabled():
        return forward(*inputs, **options)
    return checkpoint(forward, *inputs, use_reentrant=False, **options)


def trained_weights(model: PreTrainedModel) -> dict[str, Tensor]:
    """What a checkpoint of a run must hold of a model: all of it, or with LoRA what is not frozen."""
    if not _lora_layers(model):
        return model.state_dict()
    trained = {name for name, weights in model.named_parameters() if weights.requires_grad}
    return {name: weights for name, weights in model.state_dict().items() if name in trained}


def put_trained_weights(model: PreTrainedModel, saved: dict[str, Tensor]) -> None:
    """Go on from saved weights, which must be those that `trained_weights` gives, and no others."""
    own = trained_weights(model)
    assert set(saved) == set(own)
    placed = {name: sharded_like(value, own[name]) for name, value in saved.items()}
    model.load_state_dict(placed, strict=not _lora_layers(model))


def switch_lora_dropout_on(model: PreTrainedModel) -> None:
    """Put LoRA's dropout alone into training mode, in a model that is evaluated otherwise."""
    for _, layer in _lora_layers(model):
        layer.lora_dropout.train()


@contextlib.contextmanager
def adapter_off(model: PreTrainedModel) -> Iterator[None]:
    """Inside, the model is the one that training began from; a model without an adapter is as it is."""
    layers = [layer for _, layer in _lora_layers(model)]
    for layer in layers:
        layer.enable_adapters(False)
    try:
        yield
    finally:
        for layer in layers:
            layer.enable_adapters(True)


@contextlib.contextmanager
def merged(model: PreTrainedModel) -> Iterator[None]:
    """Inside, the model is a plain one that holds what LoRA learned; afterwards it is as it was, to the bit."""
    layers = _lora_layers(model)
    before = [layer.get_base_layer().weight.data for _, layer in layers]
    try:
        for name, layer in layers:
            plain = layer.get_base_layer()
            plain.weight.data = plain.weight.data + layer.get_delta_weight(ADAPTER).detach()
            model.set_submodule(name, plain)
        yield
    finally:
        for (name, layer), weights in zip(layers, before, strict=True):
            layer.get_base_layer().weight.data = weights
            model.set_submodule(name, layer)


def save_policy(policy: LoadedModel, directory: Path) -> None:
    """Write a plain Hugging Face directory, and with LoRA the adapter in peft's format into `adapter/` inside it."""
    with merged(policy.model):
        policy.model.save_pretrained(directory)
    policy.tokenizer.save_pretrained(directory)
    if _lora_layers(policy.model):
        _save_adapter(policy.model, directory / "adapter")


def _save_adapter(model: Any, directory: Path) -> None:
    directory.mkdir()
    model.peft_config[ADAPTER].save_pretrained(directory)
    tensors = {
        f"base_model.model.{name}": weights.detach().cpu().contiguous()
        for name, weights in get_peft_model_state_dict(model).items()
    }
    save_file(tensors, directory / "adapter_model.safetensors", metadata={"format": "pt"})


def _lora_layers(model: PreTrainedModel) -> list[tuple[str, Any]]:
    return [(name, module) for name, module in model.named_modules() if isinstance(module, LoraLayer)]


def _target_names(model: PreTrainedModel, wanted: tuple[str, ...]) -> list[str]:
    """The full names of the linear layers of a model's body that are wanted, all where none is named."""
    body = f"{model.base_model_prefix}."
    every = [
        name
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear | Conv1D) and name.startswith(body)
    ]
    for one in wanted:
        if not any(name.endswith(f".{one}") for name in every):
            known = ", ".join(sorted({name.rpartition(".")[2] for name in every}))
            message = f"{one} is no linear layer of a {model.config.model_type}; these are {known}"
            raise TrainingError("bad_config", message, field="config.lora_targets")
    return [name for name in every if not wanted or name.endswith(tuple(f".{one}" for one in wanted))]

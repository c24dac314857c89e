"""Load a model and its tokenizer from a Hugging Face directory or hub name, with one clear error for each way it fails.

Weights come from safetensors only: a pickle runs code when it is opened. Code that comes with a model is never
run either.
"""

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils import logging as transformers_logging

from inference.cpu_products import mkl_is_slow, quicken_products
from inference.errors import ModelError
from inference.reward_heads import bias_in_weights, init_reward_head, take_bias_out

DeviceChoice = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
PICKLE_PATTERNS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
# For a name on the hub without safetensors, transformers would load what a bot converted into a pull request that
# nobody merged: not what the person named.
os.environ["DISABLE_SAFETENSORS_CONVERSION"] = "1"

_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)?")


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in evaluation mode on its device, and the tokenizer that belongs to it."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    device: torch.device


def load_causal_lm(
    location: str | Path, *, device: DeviceChoice = "auto", precision: Precision = "auto"
) -> LoadedModel:
    """A language model to sample from, with its tokenizer. Raises ModelError."""
    name = _checked_location(location)
    _check_architecture(name, suffixes=("ForCausalLM", "LMHeadModel"), wanted="a causal language model")
    return _load(AutoModelForCausalLM, name, device=device, precision=precision)


def load_reward_model(
    location: str | Path, *, device: DeviceChoice = "auto", precision: Precision = "auto"
) -> LoadedModel:
    """A sequence classifier with one output to score with, with its tokenizer. Raises ModelError."""
    name = _checked_location(location)
    _check_architecture(name, suffixes=("ForSequenceClassification",), wanted="a reward model (sequence classifier)")
    loaded = _load(AutoModelForSequenceClassification, name, device=device, precision=precision)
    _check_head(loaded.model, name)
    take_bias_out(loaded.model)
    return loaded


def reward_model_from_causal_lm(
    location: str | Path, *, device: DeviceChoice = "auto", precision: Precision = "auto"
) -> LoadedModel:
    """A language model whose unembedding is replaced by a new scalar head, drawn from torch's global generator.

    A reward model is taken with the head that it has, and goes on from there.
    """
    name = _checked_location(location)
    _check_architecture(
        name, suffixes=("ForCausalLM", "LMHeadModel", "ForSequenceClassification"), wanted="a language model"
    )
    loaded, missing = _load_and_report(
        AutoModelForSequenceClassification, name, device=device, precision=precision, new_keys=("score.",), num_labels=1
    )
    _check_head(loaded.model, name)
    if missing:
        init_reward_head(loaded.model)
    take_bias_out(loaded.model)
    return loaded


def load_tokenizer(location: str | Path) -> PreTrainedTokenizerBase:
    """The tokenizer of a directory or hub name, with an end token. Raises ModelError."""
    name = _checked_location(location)
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
    except Exception as error:  # The tokenizer's Rust half raises nothing narrower.
        raise ModelError(f"{name}: no tokenizer could be loaded ({_first_line(error)})") from error
    if not isinstance(tokenizer, PreTrainedTokenizerBase) or len(tokenizer) == 0:
        raise ModelError(f"{name}: holds no tokenizer")
    if tokenizer.eos_token_id is None:
        raise ModelError(f"{name}: its tokenizer has no end-of-sequence token, so a response could never end")
    return tokenizer


def quiet_libraries() -> None:
    """Keep progress bars and notices out of a run's log; what is wrong is told by a ModelError."""
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]


def save_reward_model(loaded: LoadedModel, directory: Path) -> bool:
    """Write a Hugging Face directory; whether plain transformers gives its scores with the bias (`reward_heads`).

    Its config names no pad id that is an end id: transformers would skip the end token, and read the score too early.
    Without one it reads a row's last token, and refuses several rows at once. Pads are the tokenizer's business here.
    """
    with bias_in_weights(loaded.model) as is_in_weights, _no_end_as_padding(loaded):
        loaded.model.save_pretrained(directory)
    loaded.tokenizer.save_pretrained(directory)
    return is_in_weights


@contextlib.contextmanager
def _no_end_as_padding(loaded: LoadedModel) -> Iterator[None]:
    config = loaded.model.config.get_text_config()
    before = config.pad_token_id
    if before in end_ids(loaded.model, loaded.tokenizer):
        config.pad_token_id = None
    try:
        yield
    finally:
        config.pad_token_id = before


def pick_device(choice: DeviceChoice) -> torch.device:
    """The device that a choice means here; `auto` takes the GPU if there is one."""
    has_gpu = torch.cuda.is_available()
    if choice == "cuda" and not has_gpu:
        raise ModelError("device cuda was asked for, and this machine has no usable GPU")
    return torch.device("cuda" if choice == "cuda" or (choice == "auto" and has_gpu) else "cpu")


def context_length(model: PreTrainedModel) -> int | None:
    """How many tokens the model was made for, or None where its config does not say."""
    config = model.config.get_text_config()
    for name in ("max_position_embeddings", "n_positions", "n_ctx", "max_sequence_length", "seq_length"):
        value = getattr(config, name, None)
        if isinstance(value, int) and value > 0:
            return value
    return None


def rescaled_after(config: Any) -> int | None:
    """The tokens after which the frequencies of a model's positions are those of the longest row that it gets, if any.

    So dynamic RoPE and LongRoPE do (`dynamic_rope_update` of transformers), of all layers or of those of one type.
    """
    rope = getattr(config, "rope_parameters", None) or {}
    kinds = [rope, *(own for own in rope.values() if isinstance(own, dict))]
    limits = [
        own.get("original_max_position_embeddings") or config.max_position_embeddings
        for own in kinds
        if own.get("rope_type") in ("dynamic", "longrope")
    ]
    return min(limits, default=None)


def end_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Every id that ends a response: chat models name several in their generation config."""
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    listed = named if isinstance(named, list) else [named]
    return sorted({int(value) for value in [*listed, tokenizer.eos_token_id] if value is not None})


@contextlib.contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Dropout off inside, and every submodule back as it was after, for use amid a training loop."""
    was_training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in was_training:
            module.training = True


def _checked_location(location: str | Path) -> str:
    """The location as from_pretrained takes it, once it is seen to be a whole directory or a hub name."""
    name = str(location)
    path = Path(location)
    if path.is_dir() and name:
        _check_directory(path)
        return str(path)
    if path.is_file():
        raise ModelError(f"{name}: is a file; give the directory that it is in")
    if isinstance(location, Path) or not _HUB_NAME.fullmatch(name):
        raise ModelError(f"{name}: no such directory")
    return name


def _check_directory(path: Path) -> None:
    if (path / "adapter_config.json").is_file():
        raise ModelError(f"{path}: holds an adapter; merge it into its base model first")
    if not (path / "config.json").is_file():
        raise ModelError(f"{path}: holds no config.json, so it is not a Hugging Face model directory")
    if any(path.glob("*.safetensors")):
        return
    pickles = sorted(file.name for pattern in PICKLE_PATTERNS for file in path.glob(pattern))
    if pickles:
        raise ModelError(f"{path}: its weights are a pickle ({pickles[0]}), which can run code; convert to safetensors")
    raise ModelError(f"{path}: holds no weights (*.safetensors)")


def _check_architecture(name: str, *, suffixes: tuple[str, ...], wanted: str) -> None:
    """A classifier loaded as a language model would get a random unembedding, with a warning at most."""
    config_file = Path(name) / "config.json"
    if not config_file.is_file():  # A hub name: the missing keys tell once it is loaded.
        return
    try:
        architectures = json.loads(config_file.read_bytes()).get("architectures") or []
    except (ValueError, AttributeError) as error:
        raise ModelError(f"{name}: its config.json cannot be read ({_first_line(error)})") from error
    if not any(str(architecture).endswith(suffixes) for architecture in architectures):
        found = ", ".join(map(str, architectures)) or "none named in config.json"
        raise ModelError(f"{name}: is not {wanted}; its architecture is {found}")


def _load(auto_class: Any, name: str, *, device: DeviceChoice, precision: Precision) -> LoadedModel:
    loaded, _ = _load_and_report(auto_class, name, device=device, precision=precision)
    return loaded


def _load_and_report(
    auto_class: Any,
    name: str,
    *,
    device: DeviceChoice,
    precision: Precision,
    new_keys: tuple[str, ...] = (),
    **config: int,
) -> tuple[LoadedModel, list[str]]:
    """The model, and those of its tensors beginning with one of `new_keys` that the weights lack."""
    target = pick_device(device)
    tokenizer = load_tokenizer(name)
    try:
        model, report = auto_class.from_pretrained(
            name,
            dtype=_dtype(precision, target),
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            **config,
        )
    # safetensors and transformers raise a dozen unrelated classes here; each means that this model is unusable.
    except Exception as error:
        raise ModelError(f"{name}: the model could not be loaded ({_first_line(error)})") from error
    new = [key for key in report["missing_keys"] if key.startswith(new_keys or ("\0",))]
    missing = sorted(set(report["missing_keys"]) - set(new))
    if missing:
        raise ModelError(f"{name}: its weights lack {len(missing)} tensors that it needs, such as {missing[0]}")
    _check_vocabulary(model, tokenizer, name)
    if target.type == "cpu" and mkl_is_slow():
        quicken_products(model)
    return LoadedModel(model.to(target).eval(), tokenizer, target), new


def _dtype(precision: Precision, device: torch.device) -> Any:
    """`auto` keeps the checkpoint's own format on a GPU; on a CPU half formats are slow, so float32."""
    if precision == "auto":
        return "auto" if device.type == "cuda" else torch.float32
    return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]


def _check_vocabulary(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    weight = model.get_input_embeddings().weight
    assert isinstance(weight, torch.Tensor)
    rows = weight.shape[0]
    if len(tokenizer) > rows:
        raise ModelError(f"{name}: its tokenizer has {len(tokenizer)} tokens and its model only {rows}")


def _check_head(model: PreTrainedModel, name: str) -> None:
    head = getattr(model, "score", None)
    if not isinstance(head, torch.nn.Linear) or head.out_features != 1:
        raise ModelError(f"{name}: has no scalar `score` head, so it is not a reward model")


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]

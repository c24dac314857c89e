"""Loading: one clear error for each way a model cannot be used."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from inference.errors import ModelError
from inference.models import (
    LoadedModel,
    context_length,
    end_ids,
    evaluating,
    load_causal_lm,
    load_reward_model,
    load_tokenizer,
    pick_device,
    reward_model_from_causal_lm,
)


@pytest.fixture
def model_copy(tiny_directory: Path, tmp_path: Path) -> Path:
    """A copy of the tiny model to break."""
    return Path(shutil.copytree(tiny_directory, tmp_path / "model"))


def edit_config(directory: Path, **values: Any) -> None:
    path = directory / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_directory_loads_by_path_and_by_name(tiny_directory: Path) -> None:
    for location in (tiny_directory, str(tiny_directory)):
        loaded = load_causal_lm(location, device="cpu")
        assert not loaded.model.training
        assert next(loaded.model.parameters()).dtype == torch.float32
        assert context_length(loaded.model) == 1024


def test_precision_is_what_was_asked_for(tiny_directory: Path) -> None:
    loaded = load_causal_lm(tiny_directory, device="cpu", precision="bfloat16")
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.bfloat16}


def no_such(directory: Path) -> None:
    shutil.rmtree(directory)


def only_a_pickle(directory: Path) -> None:
    torch.save(load_file(directory / "model.safetensors"), directory / "pytorch_model.bin")
    (directory / "model.safetensors").unlink()


def no_weights(directory: Path) -> None:
    (directory / "model.safetensors").unlink()


def no_config(directory: Path) -> None:
    (directory / "config.json").unlink()


def config_that_is_no_json(directory: Path) -> None:
    (directory / "config.json").write_text("{")


def no_tokenizer(directory: Path) -> None:
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (directory / name).unlink()


def tokenizer_that_is_no_json(directory: Path) -> None:
    (directory / "tokenizer.json").write_text("{")


def no_end_token(directory: Path) -> None:
    path = directory / "tokenizer_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"eos_token": None}))


def an_adapter(directory: Path) -> None:
    (directory / "adapter_config.json").write_text("{}")


def cut_weights(directory: Path) -> None:
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])


def a_missing_tensor(directory: Path) -> None:
    tensors = load_file(directory / "model.safetensors")
    del tensors["model.norm.weight"]
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})


def a_small_vocabulary(directory: Path) -> None:
    tensors = load_file(directory / "model.safetensors")
    tensors["model.embed_tokens.weight"] = tensors["model.embed_tokens.weight"][:260].clone()
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})
    edit_config(directory, vocab_size=260)


def another_architecture(directory: Path) -> None:
    edit_config(directory, architectures=["LlamaForSequenceClassification"])


def an_unknown_architecture(directory: Path) -> None:
    edit_config(directory, model_type="no_such_type")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (no_such, "no such directory"),
        (only_a_pickle, r"pickle \(pytorch_model.bin\)"),
        (no_weights, "holds no weights"),
        (no_config, "holds no config.json"),
        (config_that_is_no_json, "config.json cannot be read"),
        (no_tokenizer, "tokenizer"),
        (tokenizer_that_is_no_json, "no tokenizer could be loaded"),
        (no_end_token, "no end-of-sequence token"),
        (an_adapter, "adapter; merge it"),
        (cut_weights, "could not be loaded"),
        (a_missing_tensor, r"lack 1 tensors.*model.norm.weight"),
        (a_small_vocabulary, "262 tokens and its model only 260"),
        (another_architecture, "not a causal language model.*LlamaForSequenceClassification"),
        (an_unknown_architecture, "no_such_type|could not be loaded"),
    ],
)
def test_what_is_wrong_is_named(model_copy: Path, spoil: Callable[[Path], None], named: str) -> None:
    spoil(model_copy)
    with pytest.raises(ModelError, match=named) as caught:
        load_causal_lm(model_copy, device="cpu")
    assert str(model_copy) in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize("name", ["", "../up", "/nowhere/model", "a/b/c", "~nobody/x", "http://host/model"])
def test_a_name_that_is_neither_directory_nor_hub_name_is_refused(name: str) -> None:
    with pytest.raises(ModelError, match="no such directory"):
        load_causal_lm(name, device="cpu")


def test_a_file_is_not_a_model(model_copy: Path) -> None:
    with pytest.raises(ModelError, match="is a file"):
        load_tokenizer(model_copy / "config.json")


def test_a_model_that_brings_code_never_runs_it(model_copy: Path) -> None:
    witness = model_copy / "ran"
    (model_copy / "modeling_own.py").write_text(f"open({str(witness)!r}, 'w')\n")
    edit_config(
        model_copy,
        model_type="own",
        auto_map={"AutoConfig": "modeling_own.C", "AutoModelForCausalLM": "modeling_own.M"},
    )
    with pytest.raises(ModelError):
        load_causal_lm(model_copy, device="cpu")
    assert not witness.exists()


def test_a_language_model_is_no_reward_model(tiny_directory: Path) -> None:
    with pytest.raises(ModelError, match=r"not a reward model.*LlamaForCausalLM"):
        load_reward_model(tiny_directory, device="cpu")


def test_a_reward_model_starts_from_a_language_model_and_is_saved_and_loaded(
    reward_model: LoadedModel, tiny: LoadedModel, tmp_path: Path
) -> None:
    made, source = reward_model.model.state_dict(), tiny.model.state_dict()
    assert all(torch.equal(made[name], source[name]) for name in made if name != "score.weight")
    reward_model.model.save_pretrained(tmp_path)
    reward_model.tokenizer.save_pretrained(tmp_path)
    for load in (load_reward_model, reward_model_from_causal_lm):
        loaded = load(tmp_path, device="cpu").model.state_dict()
        assert loaded.keys() == made.keys()
        assert all(torch.equal(loaded[name], made[name]) for name in made)


def test_a_classifier_of_many_classes_is_no_reward_model(reward_model: LoadedModel, tmp_path: Path) -> None:
    reward_model.model.score = torch.nn.Linear(128, 3, bias=False)
    reward_model.model.config.num_labels = 3
    reward_model.model.save_pretrained(tmp_path)
    reward_model.tokenizer.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="no scalar"):
        load_reward_model(tmp_path, device="cpu")


def test_end_ids_are_those_of_the_generation_config_and_the_tokenizer(tiny: LoadedModel) -> None:
    tiny.model.generation_config.eos_token_id = [7, 9]
    assert end_ids(tiny.model, tiny.tokenizer) == [7, 9, 258]
    tiny.model.generation_config.eos_token_id = None
    assert end_ids(tiny.model, tiny.tokenizer) == [258]


def test_evaluating_puts_every_module_back(tiny: LoadedModel) -> None:
    tiny.model.train()
    tiny.model.model.norm.eval()
    with evaluating(tiny.model):
        assert not any(module.training for module in tiny.model.modules())
    modes = {name: module.training for name, module in tiny.model.named_modules()}
    assert [name for name, is_training in modes.items() if not is_training] == ["model.norm"]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_an_error() -> None:
    assert pick_device("auto") == torch.device("cpu")
    with pytest.raises(ModelError, match="no usable GPU"):
        pick_device("cuda")

"""LoRA, gradient checkpointing and 16-bit arithmetic: what is trained, what is kept, and what a stranger can load."""

import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

from formats.adapting import Adapting
from formats.configs import SftConfig
from formats.errors import FormatError
from formats.run_directory import EXIT_DONE, EXIT_PREEMPTED, RunDirectory
from inference.models import LoadedModel, load_causal_lm, reward_model_from_causal_lm
from inference.packing import pack
from inference.packing_support import prepare_packing
from inference.scoring import packed_logprobs, response_logprobs, rewards
from inference.sequences import collate
from tests.training.toy_runs import figures, make_toy_run, start, stop_after
from training.adapting import adapt, adapter_off, put_trained_weights, save_policy, trained_weights
from training.dropout import add_residual_dropout
from training.errors import TrainingError
from training.optimizing import adam

LORA = Adapting(method="lora", lora_rank=4, lora_alpha=8)
PROMPTS, RESPONSES = [[257, 1, 2, 3], [257, 9]], [[[5, 258], [6, 7, 8, 258]], [[4, 4], [9]]]


def load(directory: Path) -> LoadedModel:
    return load_causal_lm(directory, device="cpu", precision="float32")


def log_probs(model: Any) -> torch.Tensor:
    return response_logprobs(model, collate(PROMPTS, [own[1] for own in RESPONSES], pad_id=256))


def nudge(model: torch.nn.Module) -> None:
    """One step that moves all that is trained, B included, which begins at 0."""
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for weights in model.parameters():
            if weights.requires_grad:
                weights.add_(torch.randn(weights.shape, generator=draw), alpha=0.2)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_lora_begins_as_the_base_and_is_it_again_with_the_adapter_off(
    name: str, request: pytest.FixtureRequest
) -> None:
    policy = load(request.getfixturevalue(name))
    before = log_probs(policy.model).detach()
    adapt(policy.model, LORA)
    assert torch.equal(log_probs(policy.model), before)
    nudge(policy.model)
    assert not torch.allclose(log_probs(policy.model), before, atol=1e-2)
    with adapter_off(policy.model):
        assert torch.equal(log_probs(policy.model), before)
    assert not torch.allclose(log_probs(policy.model), before, atol=1e-2)


@pytest.mark.parametrize("name", ["llama", "gpt2"])
def test_a_merged_directory_and_the_adapter_on_the_base_are_what_was_trained(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    base = request.getfixturevalue(name)
    policy = load(base)
    adapt(policy.model, LORA)
    nudge(policy.model)
    expected = log_probs(policy.model).detach()
    state = {key: value.clone() for key, value in policy.model.state_dict().items()}
    save_policy(policy, tmp_path / "merged")
    auto_class: Any = AutoModelForCausalLM
    torch.testing.assert_close(log_probs(auto_class.from_pretrained(tmp_path / "merged")), expected)
    assert set(load_file(tmp_path / "merged" / "model.safetensors")) == set(load_file(base / "model.safetensors"))
    beside = PeftModel.from_pretrained(auto_class.from_pretrained(base), tmp_path / "merged" / "adapter")
    torch.testing.assert_close(log_probs(beside.get_base_model()), expected)
    assert all(torch.equal(policy.model.state_dict()[key], value) for key, value in state.items())


def test_only_the_small_matrices_and_a_head_are_trained(llama: Path) -> None:
    policy, reward = load(llama).model, reward_model_from_causal_lm(llama, device="cpu", precision="float32").model
    for model in (policy, reward):
        adapt(model, LORA)
    names = set(trained_weights(policy))
    assert len(names) == 2 * 7, "A and B of each of a Llama layer's seven linear layers"
    assert all("lora_" in name for name in names)
    assert set(trained_weights(reward)) == names | {"score.weight"}
    [group] = adam(policy, learning_rate=1e-3, betas=(0.9, 0.95)).param_groups
    assert sum(weights.numel() for weights in group["params"]) == sum(
        w.numel() for w in trained_weights(policy).values()
    )
    nudge(reward)
    other = reward_model_from_causal_lm(llama, device="cpu", precision="float32").model
    adapt(other, LORA)
    put_trained_weights(other, trained_weights(reward))
    assert all(torch.equal(other.state_dict()[key], value) for key, value in reward.state_dict().items())


def test_layers_can_be_named_and_a_wrong_name_is_told(llama: Path) -> None:
    model = load(llama).model
    adapt(model, dataclasses.replace(LORA, lora_targets="q_proj, v_proj"))
    assert {name.split(".")[-4] for name in trained_weights(model)} == {"q_proj", "v_proj"}
    with pytest.raises(TrainingError, match=r"wq is no linear layer of a llama; these are .*q_proj") as caught:
        adapt(load(llama).model, dataclasses.replace(LORA, lora_targets="wq"))
    assert caught.value.field == "config.lora_targets"


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        (Adapting(lora_rank=8), "lora_rank"),
        (Adapting(lora_targets="q_proj"), "lora_targets"),
        (Adapting(method="lora", lora_targets="q_proj,,"), "lora_targets"),
        (SftConfig(lora_dropout=0.1), "lora_dropout"),
    ],
)
def test_settings_that_would_not_be_read_are_refused(settings: Adapting, field: str) -> None:
    with pytest.raises(FormatError) as caught:
        settings.validate()
    assert caught.value.field == field


def deep(directory: Path, tmp_path: Path) -> Path:
    """The same architecture with three layers."""
    config = AutoModelForCausalLM.from_pretrained(directory).config
    for name in ("num_hidden_layers", "n_layer"):
        if hasattr(config, name):
            setattr(config, name, 3)
    torch.manual_seed(0)
    loaded = load(directory)
    auto_class: Any = AutoModelForCausalLM
    auto_class.from_config(config).save_pretrained(tmp_path)
    loaded.tokenizer.save_pretrained(tmp_path)
    return tmp_path


def keep(kept: list[Tensor], tensor: Tensor) -> Tensor:
    """Note what autograd saves for the backward pass."""
    kept.append(tensor)
    return tensor


def gradients(model: torch.nn.Module, values: torch.Tensor) -> dict[str, torch.Tensor]:
    model.zero_grad()
    (values @ torch.linspace(-1.0, 1.0, len(values))).backward()  # type: ignore[no-untyped-call]
    return {name: weights.grad.clone() for name, weights in model.named_parameters() if weights.grad is not None}


@pytest.mark.parametrize("name", ["llama", "gpt2"])
@pytest.mark.parametrize("is_packed", [True, False])
@pytest.mark.parametrize("has_dropout", [True, False])
def test_checkpointing_gives_equal_gradients_from_fewer_activations(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, is_packed: bool, has_dropout: bool
) -> None:
    """In training mode with dropout and in evaluation mode, where transformers' own checkpointing would do nothing."""
    directory = deep(request.getfixturevalue(name), tmp_path)
    found = []
    for checkpointing in (False, True):
        torch.manual_seed(3)  # for the new head
        model = reward_model_from_causal_lm(directory, device="cpu", precision="float32").model
        if is_packed:
            prepare_packing(model, longest=16)
        adapt(model, Adapting(gradient_checkpointing=checkpointing))
        if has_dropout:
            add_residual_dropout(model, 0.2)
            model.train()
        torch.manual_seed(5)
        kept: list[Tensor] = []
        with torch.autograd.graph.saved_tensors_hooks(partial(keep, kept), lambda tensor: tensor):
            if is_packed:
                values = rewards(model, pack(PROMPTS, RESPONSES, pad_id=256, device=torch.device("cpu")))
            else:
                values = rewards(model, collate(PROMPTS, [own[1] for own in RESPONSES], pad_id=256))
        found.append((gradients(model, values), sum(tensor.numel() for tensor in kept)))
    (plain, kept_plain), (again, kept_again) = found
    assert set(plain) == set(again)
    assert all(torch.equal(again[key], value) for key, value in plain.items())
    assert max(float(value.abs().max()) for value in plain.values()) > 1e-3
    assert kept_again < 0.6 * kept_plain


def test_a_language_model_in_bfloat16_is_close_and_trains_in_32_bits(llama: Path) -> None:
    model = load(llama).model
    adapt(model, LORA)
    prepare_packing(model, longest=16)
    row = pack(PROMPTS, RESPONSES, pad_id=256, device=torch.device("cpu"))
    exact = packed_logprobs(model, row)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = packed_logprobs(model, row)
    assert half.dtype == torch.float32
    assert not torch.equal(half, exact)
    torch.testing.assert_close(half, exact, rtol=0.02, atol=0.02)
    found = gradients(model, half)
    assert found
    assert all(gradient.dtype == torch.float32 for gradient in found.values())


@pytest.fixture(scope="module")
def reward_model(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    directory = make_toy_run(
        tmp_path_factory.mktemp("lora") / "rm",
        kind="reward_model",
        models={"model": llama},
        method="lora",
        lora_dropout=0.1,
        gradient_checkpointing=True,
    )
    assert start(directory) == 0
    return directory


def test_a_reward_model_by_lora_is_a_plain_classifier(llama: Path, reward_model: RunDirectory) -> None:
    model = AutoModelForSequenceClassification.from_pretrained(reward_model.model_output)
    assert not [name for name, _ in model.named_parameters() if "lora" in name]
    base = load_file(llama / "model.safetensors")
    trained = load_file(reward_model.model_output / "model.safetensors")
    name = "model.layers.0.mlp.up_proj.weight"
    assert not torch.equal(trained[name], base[name])
    assert torch.equal(trained["model.embed_tokens.weight"], base["model.embed_tokens.weight"])


@pytest.mark.parametrize("kind", ["sft", "ppo"])
def test_policies_by_lora_learn_and_keep_the_base_frozen(
    llama: Path, reward_model: RunDirectory, tmp_path: Path, kind: str
) -> None:
    models = {"model": llama} | ({"reward_model": reward_model.model_output} if kind == "ppo" else {})
    directory = make_toy_run(tmp_path / "run", kind=kind, models=models, method="lora", learning_rate=1e-2)
    assert start(directory) == 0
    base, trained = (load_file(path / "model.safetensors") for path in (llama, directory.model_output))
    name = "model.layers.0.mlp.up_proj.weight"
    assert set(trained) == set(base)
    assert not torch.equal(trained[name], base[name])
    assert torch.equal(trained["model.norm.weight"], base["model.norm.weight"])
    assert (directory.model_output / "adapter" / "adapter_model.safetensors").is_file()


def test_a_run_with_lora_goes_on_to_the_same_bits(llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = {"method": "lora", "lora_dropout": 0.1, "gradient_checkpointing": True}
    whole, stopped = (
        make_toy_run(tmp_path / name, kind="sft", models={"model": llama}, **changes) for name in ("whole", "stopped")
    )
    assert start(whole) == EXIT_DONE
    stop_after(monkeypatch, step=3)
    assert start(stopped) == EXIT_PREEMPTED
    monkeypatch.undo()
    assert start(stopped) == EXIT_DONE
    assert figures(stopped) == figures(whole)
    assert len(stopped.attempts()) == 2

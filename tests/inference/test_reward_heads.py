"""The head of a new reward model, and its bias in a directory that plain transformers opens."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    OPTConfig,
    PhiConfig,
    Qwen2Config,
    Qwen3Config,
)

from inference.byte_tokenizer import VOCABULARY_SIZE, build_byte_tokenizer
from inference.models import LoadedModel, load_reward_model, reward_model_from_causal_lm, save_reward_model
from inference.reward_heads import reward_bias
from inference.scoring import rewards
from inference.sequences import collate

TOKENIZER = build_byte_tokenizer(context_length=64)
SMALL: dict[str, Any] = {"vocab_size": VOCABULARY_SIZE, "pad_token_id": 256, "bos_token_id": 257, "eos_token_id": 258}
LIKE_LLAMA = SMALL | {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
HOLDING = {
    "llama": LlamaConfig(**LIKE_LLAMA),
    "llama with biases": LlamaConfig(**LIKE_LLAMA, mlp_bias=True, attention_bias=True),
    "qwen3": Qwen3Config(**LIKE_LLAMA, num_key_value_heads=1, head_dim=16),
    "qwen3 with biases": Qwen3Config(**LIKE_LLAMA, num_key_value_heads=2, head_dim=16, attention_bias=True),
    # With room for a token that transformers adds to the tokenizer of a Qwen 2.
    "qwen2": Qwen2Config(**LIKE_LLAMA | {"vocab_size": VOCABULARY_SIZE + 1}, num_key_value_heads=1),
    "gpt2": GPT2Config(**SMALL, n_embd=32, n_layer=2, n_head=2, n_positions=64),
    "phi": PhiConfig(**LIKE_LLAMA),
    "gpt_neox": GPTNeoXConfig(**LIKE_LLAMA),
    "opt": OPTConfig(
        **SMALL, hidden_size=32, ffn_dim=64, num_hidden_layers=2, num_attention_heads=2, word_embed_proj_dim=32
    ),
}
ROWS = collate([[257, 1, 2, 3], [257, 9], [257, 4, 4, 4, 4, 4]], [[5, 258], [6, 7, 8, 258], [9]], pad_id=256)


def make(config: Any, *, bias: float) -> LoadedModel:
    """A reward model whose rewards spread over several points."""
    torch.manual_seed(0)
    config.num_labels = 1
    classifier: Any = AutoModelForSequenceClassification
    model = classifier.from_config(config).eval()
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(3)
        model.score.weight.mul_(10)
    model.config.reward_bias = bias
    return LoadedModel(model, TOKENIZER, torch.device("cpu"))


def plain_scores(directory: Path) -> torch.Tensor:
    """What somebody gets who has transformers and not this project: one row at a time, nothing passed but ids."""
    model = AutoModelForSequenceClassification.from_pretrained(directory)
    rows = [ids[mask.bool()] for ids, mask in zip(ROWS.input_ids, ROWS.attention_mask, strict=True)]
    with torch.no_grad():
        return torch.cat([model(row[None]).logits[0] for row in rows])


@pytest.mark.parametrize("bias", [-0.75, 0.0, 31.0])
@pytest.mark.parametrize("name", HOLDING)
def test_plain_transformers_gives_the_scores_with_the_bias(tmp_path: Path, name: str, bias: float) -> None:
    loaded = make(HOLDING[name], bias=bias)
    with torch.no_grad():
        expected = rewards(loaded.model, ROWS)
    assert expected.std() > 1.0
    assert save_reward_model(loaded, tmp_path)
    torch.testing.assert_close(plain_scores(tmp_path), expected, rtol=1e-6, atol=1e-5)
    with torch.no_grad():
        torch.testing.assert_close(rewards(load_reward_model(tmp_path).model, ROWS), expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", HOLDING)
def test_saving_leaves_the_model_as_it_was(tmp_path: Path, name: str) -> None:
    loaded = make(HOLDING[name], bias=1.5)
    before = {key: value.clone() for key, value in loaded.model.state_dict().items()}
    config = loaded.model.config.to_dict()
    save_reward_model(loaded, tmp_path)
    after = loaded.model.state_dict()
    assert set(after) == set(before)
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert loaded.model.config.to_dict() == config
    assert reward_bias(loaded.model) == 1.5


def test_where_the_end_pads_plain_transformers_reads_the_end_or_refuses(tmp_path: Path) -> None:
    loaded = make(GPT2Config(**SMALL | {"pad_token_id": 258}, n_embd=32, n_layer=2, n_head=2, n_positions=64), bias=1.5)
    with torch.no_grad():
        expected = rewards(loaded.model, ROWS)
    save_reward_model(loaded, tmp_path)
    torch.testing.assert_close(plain_scores(tmp_path), expected, rtol=1e-6, atol=1e-5)
    with pytest.raises(ValueError, match="no padding token"):
        AutoModelForSequenceClassification.from_pretrained(tmp_path)(ROWS.input_ids)
    assert loaded.model.config.pad_token_id == 258
    with torch.no_grad():
        torch.testing.assert_close(rewards(load_reward_model(tmp_path).model, ROWS), expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", ["llama", "qwen2", "qwen3"])
def test_a_model_comes_back_to_the_bit_without_the_layer_that_held_the_bias(tmp_path: Path, name: str) -> None:
    loaded = make(HOLDING[name], bias=1.5)
    config = loaded.model.config.to_dict()
    save_reward_model(loaded, tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["num_hidden_layers"] == 3
    for found in (load_reward_model(tmp_path), reward_model_from_causal_lm(tmp_path)):
        state, expected = found.model.state_dict(), loaded.model.state_dict()
        assert set(state) == set(expected)
        assert all(torch.equal(state[key], value) for key, value in expected.items())
        assert found.model.config.num_hidden_layers == 2
        for setting in ("mlp_bias", "attention_bias", "layer_types", "use_sliding_window", "sliding_window"):
            assert getattr(found.model.config, setting, None) == config.get(setting), setting
        assert reward_bias(found.model) == 1.5
    second = tmp_path / "second"
    save_reward_model(load_reward_model(tmp_path), second)
    assert torch.equal(plain_scores(second), plain_scores(tmp_path))


def test_a_bias_of_zero_adds_no_layer(tmp_path: Path) -> None:
    assert save_reward_model(make(HOLDING["llama"], bias=0.0), tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["num_hidden_layers"] == 2


def test_what_cannot_hold_the_bias_keeps_it_in_the_config(tmp_path: Path) -> None:
    loaded = make(MistralConfig(**LIKE_LLAMA, num_key_value_heads=1, head_dim=16), bias=1.5)
    with torch.no_grad():
        expected = rewards(loaded.model, ROWS)
    assert not save_reward_model(loaded, tmp_path)
    with torch.no_grad():
        torch.testing.assert_close(rewards(load_reward_model(tmp_path).model, ROWS), expected)
    torch.testing.assert_close(plain_scores(tmp_path), expected - 1.5)


def test_a_new_head_is_drawn_with_a_variance_of_1_over_the_hidden_size_and_1(tmp_path: Path) -> None:
    config = LlamaConfig(**LIKE_LLAMA | {"hidden_size": 512})
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    TOKENIZER.save_pretrained(tmp_path)
    torch.manual_seed(0)
    head = reward_model_from_causal_lm(tmp_path).model.score
    assert isinstance(head, torch.nn.Linear)
    weights = head.weight.detach()
    # 512 draws: the standard error of the variance is 6 % of it.
    assert weights.var().item() * 513 == pytest.approx(1.0, rel=0.2)
    assert abs(weights.mean().item()) < 4 * (1 / 513 / 512) ** 0.5

"""The sampler, log-probabilities and rewards on other architectures than Llama, small and with random weights.

Each differs in what padding and a shared prefix can break: learned positions (GPT-2), positions by the mask alone
(Bloom), sliding windows and capped logits (Gemma 2), windows of columns that the model counts itself (GPT-Neo), grouped
heads (Qwen 3).
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BloomConfig,
    Gemma2Config,
    GPT2Config,
    GPTNeoConfig,
    Lfm2Config,
    MambaConfig,
    Qwen3Config,
)

from inference.byte_tokenizer import VOCABULARY_SIZE, build_byte_tokenizer
from inference.errors import ModelError
from inference.sampling import SamplingSettings, sample, sample_seed
from inference.scoring import response_logprobs, rewards
from inference.sequences import collate

PROMPTS = [[257, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [257, 1], [257, 9, 8, 7]]
SEEDS = [[sample_seed(0, str(prompt), number) for number in range(3)] for prompt in range(3)]
PAD, EOS = 256, 258
TOKENIZER = build_byte_tokenizer(context_length=64)
LLAMA_LIKE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
SHARED: dict[str, Any] = {"vocab_size": VOCABULARY_SIZE, "pad_token_id": PAD, "bos_token_id": 257, "eos_token_id": EOS}

CONFIGS: dict[str, Callable[[], Any]] = {
    "gpt2": lambda: GPT2Config(**SHARED, n_embd=32, n_layer=2, n_head=2, n_positions=64),
    "bloom": lambda: BloomConfig(**SHARED, hidden_size=32, n_layer=2, n_head=2),
    "gemma2": lambda: Gemma2Config(**SHARED, **LLAMA_LIKE, num_key_value_heads=1, head_dim=16, sliding_window=8),
    "gpt_neo": lambda: GPTNeoConfig(
        **SHARED,
        hidden_size=32,
        num_layers=2,
        num_heads=2,
        max_position_embeddings=64,
        attention_types=[[["global", "local"], 1]],
        window_size=4,
    ),
    "qwen3": lambda: Qwen3Config(**SHARED, **LLAMA_LIKE, num_key_value_heads=1, head_dim=16),
}


def make(auto_class: Any, config: Any) -> Any:
    """A model whose weights are large enough for its tokens to hang on its prompt."""
    torch.manual_seed(0)
    model = auto_class.from_config(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)
    return model


@pytest.mark.parametrize("name", CONFIGS)
def test_padding_and_shared_prefixes_change_nothing(name: str) -> None:
    model = make(AutoModelForCausalLM, CONFIGS[name]())
    settings = SamplingSettings(max_new_tokens=16)
    alone = sample(model, TOKENIZER, PROMPTS, seeds=SEEDS, settings=settings, batch_size=1).samples
    for batch_size in (4, 64):
        found = sample(model, TOKENIZER, PROMPTS, seeds=SEEDS, settings=settings, batch_size=batch_size)
        assert found.samples == alone

    responses = [own[0].token_ids for own in alone]
    together = response_logprobs(model, collate(PROMPTS, responses, pad_id=PAD))
    for row, (prompt, response) in enumerate(zip(PROMPTS, responses, strict=True)):
        by_itself = response_logprobs(model, collate([prompt], [response], pad_id=PAD))[0]
        torch.testing.assert_close(together[row, : len(response)], by_itself, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("name", CONFIGS)
def test_temperature_0_agrees_with_generate(name: str) -> None:
    model = make(AutoModelForCausalLM, CONFIGS[name]())
    greedy = SamplingSettings(max_new_tokens=16, temperature=0)
    found = sample(model, TOKENIZER, PROMPTS, seeds=[[0]] * 3, settings=greedy, batch_size=64).samples
    for prompt, own in zip(PROMPTS, found, strict=True):
        ids = torch.tensor([prompt])
        expected = model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=16)
        assert own[0].token_ids == expected[0, len(prompt) :].tolist()


@pytest.mark.parametrize("name", CONFIGS)
def test_rewards_do_not_depend_on_padding(name: str) -> None:
    config = CONFIGS[name]()
    config.num_labels = 1
    model = make(AutoModelForSequenceClassification, config)
    responses = [[5, EOS], [6, 7, 8, EOS], [9]]
    with torch.no_grad():
        together = rewards(model, collate(PROMPTS, responses, pad_id=PAD))
        pairs = zip(PROMPTS, responses, strict=True)
        by_itself = torch.cat([rewards(model, collate([prompt], [one], pad_id=PAD)) for prompt, one in pairs])
    torch.testing.assert_close(together, by_itself, atol=1e-4, rtol=1e-4)
    assert len(set(together.tolist())) == 3


@pytest.mark.parametrize(
    "config",
    [
        MambaConfig(**SHARED, hidden_size=32, num_hidden_layers=2),
        Lfm2Config(**SHARED, **LLAMA_LIKE, num_key_value_heads=1, layer_types=["conv", "full_attention"]),
    ],
    ids=["mamba", "lfm2"],
)
def test_recurrent_state_cannot_branch_and_says_so(config: Any) -> None:
    model = make(AutoModelForCausalLM, config)
    with pytest.raises(ModelError, match=f"type {config.model_type} keeps recurrent state"):
        sample(model, TOKENIZER, PROMPTS, seeds=SEEDS, settings=SamplingSettings(4), batch_size=8)

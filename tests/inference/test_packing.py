"""Packed rows on several architectures, the mask that a GPU compiles, and the models that are refused."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.attention.flex_attention import create_block_mask, create_mask, flex_attention
from torch.nn.functional import scaled_dot_product_attention
from torch.utils._python_dispatch import TorchDispatchMode
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    BloomConfig,
    FalconConfig,
    Gemma2Config,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MambaConfig,
    MistralConfig,
    OPTConfig,
    Phi3Config,
    PhiConfig,
    Qwen3Config,
)

from inference import packing_support
from inference.errors import ModelError
from inference.packed_attention import packed_attention
from inference.packing import BLOCK_TOKENS, Layout, pack
from inference.packing_support import prepare_packing
from inference.scoring import packed_logprobs, response_logprobs, rewards
from inference.sequences import collate

CPU = torch.device("cpu")
PROMPTS = [[1, 2, 3, 4, 5], [7, 8]]
RESPONSES = [[[9, 10], [11, 12, 13], [], [14]], [[15, 16], [17]]]
SMALL: dict[str, Any] = {"vocab_size": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "num_labels": 1}
LLAMA_LIKE = SMALL | {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
}
GROUPED = LLAMA_LIKE | {"num_key_value_heads": 2}
DYNAMIC = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10_000.0}
LONG = {
    "rope_type": "longrope",
    "short_factor": [1.0] * 4,
    "long_factor": [2.0] * 4,
    "rope_theta": 10_000.0,
}

CAN: dict[str, Callable[[], Any]] = {
    "llama": lambda: LlamaConfig(**GROUPED),
    "qwen3": lambda: Qwen3Config(**GROUPED, head_dim=16),
    "phi": lambda: PhiConfig(**LLAMA_LIKE),
    "gpt_neox": lambda: GPTNeoXConfig(**LLAMA_LIKE),
    "gpt2": lambda: GPT2Config(**SMALL, n_embd=32, n_layer=2, n_head=2, n_positions=64),
    "opt": lambda: OPTConfig(
        **SMALL, hidden_size=32, ffn_dim=64, num_hidden_layers=2, num_attention_heads=2, word_embed_proj_dim=32
    ),
    "positions that are never rescaled": lambda: LlamaConfig(
        **GROUPED, max_position_embeddings=32, rope_parameters=DYNAMIC
    ),
    "a window that never closes": lambda: MistralConfig(**GROUPED, sliding_window=32),
}
CANNOT: dict[str, tuple[Callable[[], Any], str]] = {
    "mistral": (lambda: MistralConfig(**GROUPED, sliding_window=8), "a sliding window of 8 tokens"),
    "gemma2": (lambda: Gemma2Config(**GROUPED, head_dim=16, sliding_window=8), "a sliding window of 8 tokens"),
    "capped": (lambda: Gemma2Config(**GROUPED, head_dim=16, sliding_window=64), "caps its attention scores"),
    "bloom": (lambda: BloomConfig(**SMALL, hidden_size=32, n_layer=2, n_head=2), "places tokens by ALiBi"),
    "falcon": (
        lambda: FalconConfig(**SMALL, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, alibi=True),
        "places tokens by ALiBi",
    ),
    "dynamic": (lambda: LlamaConfig(**GROUPED, max_position_embeddings=16, rope_parameters=DYNAMIC), "after 16 tokens"),
    "longrope": (
        lambda: Phi3Config(**GROUPED, original_max_position_embeddings=24, rope_parameters=LONG),
        "rescales positions after 24 tokens",
    ),
    "mamba": (lambda: MambaConfig(**SMALL, hidden_size=32, num_hidden_layers=2), "layers other than attention"),
}


def make(config: Any, *, is_language_model: bool = False) -> Any:
    torch.manual_seed(0)
    # Mamba has no classifier; the check reads its config and its body only.
    is_language_model = is_language_model or config.model_type == "mamba"
    auto_class: Any = AutoModelForCausalLM if is_language_model else AutoModelForSequenceClassification
    return auto_class.from_config(config).eval()


def layout(padding: int = 0) -> Layout:
    return Layout((5, 3, 1), ((2, 4, 0, 1), (3, 3), (6,)), padding, CPU)


def sees(query: int, key: int, *, own: Layout) -> bool:
    """The rule in words: earlier or itself, of the same prompt, and in the prompt or in the same branch."""
    places = []
    for number, (prompt, branches) in enumerate(zip(own.prompts, own.branches, strict=True)):
        places += [(number, 0)] * prompt
        places += [(number, branch) for branch, size in enumerate(branches, start=1) for _ in range(size)]
    places += [(-1, 0)] * own.padding
    same_prompt = places[query][0] == places[key][0]
    return key <= query and same_prompt and places[key][1] in (0, places[query][1])


@pytest.mark.parametrize("padding", [0, 7])
def test_the_mask_function_says_who_sees_whom(padding: int) -> None:
    own = layout(padding)
    size = own.total
    expected = torch.tensor([[sees(query, key, own=own) for key in range(size)] for query in range(size)])
    found = create_mask(own.mask_function, 1, 1, size, size, device="cpu")[0, 0]
    assert torch.equal(found, expected)


# Lengths at which blocks are seen in part, as a whole and not at all, and edges that fall together.
LENGTHS = st.integers(0, 400) | st.sampled_from([1, BLOCK_TOKENS, 2 * BLOCK_TOKENS])
RANKINGS = st.tuples(LENGTHS.filter(bool), st.lists(LENGTHS, max_size=3).map(tuple))


@given(rows=st.lists(RANKINGS, min_size=1, max_size=2), padding=st.integers(0, 2 * BLOCK_TOKENS))
def test_the_block_mask_made_of_lengths_is_the_one_made_of_the_whole_mask(
    rows: list[tuple[int, tuple[int, ...]]], padding: int
) -> None:
    own = Layout(tuple(prompt for prompt, _ in rows), tuple(branches for _, branches in rows), padding, CPU)
    found = own.block_mask
    expected = create_block_mask(own.mask_function, None, None, own.total, own.total, "cpu", BLOCK_TOKENS)
    assert torch.equal(found.to_dense(), expected.to_dense())
    assert (found.shape, found.BLOCK_SIZE) == (expected.shape, expected.BLOCK_SIZE)
    for name in ("kv_num_blocks", "kv_indices", "q_num_blocks", "q_indices"):
        for prefix in ("", "full_"):
            one, other = getattr(found, prefix + name), getattr(expected, prefix + name)
            assert one.dtype == other.dtype
            assert torch.equal(one, other), prefix + name


class LargestTensor(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Inside, the number of elements of the largest tensor that an operation made."""

    elements = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        made = found if isinstance(found, list | tuple) else [found]
        self.elements = max([self.elements, *(one.numel() for one in made if isinstance(one, torch.Tensor))])
        return found


def test_a_block_mask_makes_no_tensor_of_all_pairs_of_tokens() -> None:
    own = Layout((128,) * 50, ((128,) * 9,) * 50, 0, CPU)
    with LargestTensor() as largest:  # type: ignore[no-untyped-call]
        assert own.block_mask.kv_num_blocks.shape == (1, 1, 500)
    assert 500**2 <= largest.elements < 5 * 500**2


@pytest.mark.parametrize("key_heads", [4, 2])
def test_attention_by_branch_is_attention_under_the_mask(key_heads: int) -> None:
    torch.manual_seed(0)
    own = layout()
    query = torch.randn(1, 4, own.total, 16, requires_grad=True)
    key, value = (torch.randn(1, key_heads, own.total, 16, requires_grad=True) for _ in range(2))
    mask = create_mask(own.mask_function, 1, 1, own.total, own.total, device="cpu")
    expected = scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=0.3, enable_gqa=True)
    found = packed_attention(query, key, value, layout=own, scaling=0.3).transpose(1, 2)
    torch.testing.assert_close(found, expected)
    probe = torch.randn_like(expected)
    wanted = torch.autograd.grad(expected, (query, key, value), probe)
    for one, other in zip(torch.autograd.grad(found, (query, key, value), probe), wanted, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
def test_flex_attention_under_the_block_mask_gives_the_same() -> None:
    """The forward pass that a GPU compiles, uncompiled: FlexAttention has no backward pass on a CPU."""
    torch.manual_seed(0)
    own = layout(padding=-25 % BLOCK_TOKENS)
    query, key, value = (torch.randn(1, 2, own.total, 16) for _ in range(3))
    found = flex_attention(query, key, value, block_mask=own.block_mask, scale=0.3)
    mask = create_mask(own.mask_function, 1, 1, own.total, own.total, device="cpu")
    expected = scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=0.3)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", CAN)
def test_packed_rewards_are_those_of_single_rows(name: str) -> None:
    model = make(CAN[name]())
    prepare_packing(model, longest=32)
    batch = pack(PROMPTS, RESPONSES, pad_id=0, device=CPU)
    pairs = [(prompt, one) for prompt, own in zip(PROMPTS, RESPONSES, strict=True) for one in own]
    with torch.no_grad():
        found = rewards(model, batch)
        single = torch.cat([rewards(model, collate([prompt], [one], pad_id=0)) for prompt, one in pairs])
    torch.testing.assert_close(found, single, rtol=1e-5, atol=1e-6)
    assert len(set(single.tolist())) == len(pairs)


@pytest.mark.parametrize("name", CAN)
def test_packed_log_probs_and_their_gradients_are_those_of_single_rows(name: str) -> None:
    model = make(CAN[name](), is_language_model=True)
    prepare_packing(model, longest=32)
    batch = pack(PROMPTS, RESPONSES, pad_id=0, device=CPU)
    pairs = [(prompt, one) for prompt, own in zip(PROMPTS, RESPONSES, strict=True) for one in own]
    assert batch.response_sizes == [len(one) for _, one in pairs]
    found = packed_logprobs(model, batch, temperature=0.7)
    single = [response_logprobs(model, collate([p], [one], pad_id=0), temperature=0.7)[0] for p, one in pairs]
    expected = torch.cat(single)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert len(set(expected.tolist())) == len(expected)
    probe = torch.linspace(-1, 1, len(expected))
    weights = [one for one in model.parameters() if one.requires_grad]
    gradients = [torch.autograd.grad(values @ probe, weights, allow_unused=True) for values in (found, expected)]
    for own, wanted in zip(*gradients, strict=True):
        torch.testing.assert_close(own, wanted, rtol=1e-4, atol=1e-5)


def test_a_row_of_empty_responses_has_no_log_probs() -> None:
    batch = pack([[1, 2]], [[[], []]], pad_id=0, device=CPU)
    assert packed_logprobs(make(CAN["llama"](), is_language_model=True), batch).shape == (0,)


@pytest.mark.parametrize("name", CANNOT)
def test_models_that_cannot_are_refused_by_name(name: str) -> None:
    config, reason = CANNOT[name][0](), CANNOT[name][1]
    model = make(config)
    before = model.config._attn_implementation
    with pytest.raises(ModelError, match=f"type {config.model_type} .*{reason}"):
        prepare_packing(model, longest=32)
    assert model.config._attn_implementation == before


def test_a_model_that_nobody_thought_of_is_found_out_by_its_rewards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bloom, were it not known to use ALiBi."""
    model = make(CANNOT["bloom"][0]())
    monkeypatch.setattr(packing_support, "why_not_packable", lambda *_, **__: None)
    with pytest.raises(ModelError, match=r"type bloom (does not take packed rows|scores packed rows otherwise)"):
        prepare_packing(model, longest=32)
    assert rewards(model, collate(PROMPTS, [[1], [2]], pad_id=0)).shape == (2,)


@pytest.mark.parametrize("error", [KeyError("layer"), AttributeError("no layers"), AssertionError()])
def test_whatever_a_model_trips_over_it_is_refused_and_left_as_it_was(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    model = make(CAN["llama"]())
    before = model.config._attn_implementation

    def trip(_model: Any) -> float:
        raise error

    monkeypatch.setattr(packing_support, "_deviation", trip)
    with pytest.raises(ModelError, match=r"type llama does not take packed rows \((.*lay|AssertionError)"):
        prepare_packing(model, longest=32)
    assert model.config._attn_implementation == before


def test_a_full_gpu_is_no_reason_to_pad(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_model: Any) -> float:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(packing_support, "_deviation", fill)
    with pytest.raises(torch.OutOfMemoryError):
        prepare_packing(make(CAN["llama"]()), longest=32)


def test_attention_dropout_is_refused_on_a_gpu_only() -> None:
    config = LlamaConfig(**GROUPED, attention_dropout=0.1)
    assert packing_support.why_not_packable(make(config), longest=32, device_type="cpu") is None
    reason = packing_support.why_not_packable(make(config), longest=32, device_type="cuda")
    assert reason is not None
    assert "attention dropout of 0.1" in reason

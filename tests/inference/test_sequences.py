"""Padding, log-probabilities and rewards: masks and lengths say what is real."""

from pathlib import Path
from typing import Any

import pytest
import torch

from inference.models import LoadedModel, load_reward_model
from inference.scoring import response_logprobs, rewards, score
from inference.sequences import collate, forward

PROMPTS = [[257, 259, 104, 105, 261], [257, 259, 104, 101, 108, 108, 111, 261], [257, 261]]
RESPONSES = [[72, 105, 258], [258], [66, 121, 101, 46, 258]]
PAD, EOS = 256, 258


def test_collate_pads_prompts_left_and_responses_right() -> None:
    batch = collate([[1, 2], [3]], [[4], [5, 6]], pad_id=0)
    assert batch.input_ids.tolist() == [[1, 2, 4, 0], [0, 3, 5, 6]]
    assert batch.attention_mask.tolist() == [[1, 1, 1, 0], [0, 1, 1, 1]]
    assert batch.position_ids.tolist() == [[0, 1, 2, 2], [0, 0, 1, 2]]
    assert batch.response_mask.tolist() == [[True, False], [True, True]]
    assert batch.response_ids.tolist() == [[4, 0], [5, 6]]
    assert batch.last_index.tolist() == [2, 3]
    assert batch.prompt_width == 2


def test_last_index_of_an_empty_response_is_the_prompts_last_token() -> None:
    assert collate([[1, 2], [3]], [[], [5]], pad_id=0).last_index.tolist() == [1, 2]


def _logprobs_alone(model: Any, prompt: list[int], response: list[int], temperature: float = 1.0) -> torch.Tensor:
    """The plain way: one unpadded sequence, all logits, log_softmax."""
    ids = torch.tensor([prompt + response])
    logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0] / temperature
    rows = torch.log_softmax(logits, dim=-1)[len(prompt) - 1 : -1]
    return rows[torch.arange(len(response)), torch.tensor(response)]


@pytest.mark.parametrize("temperature", [1.0, 0.7])
@pytest.mark.parametrize("pad_id", [PAD, EOS], ids=["own pad", "pad is end"])
def test_logprobs_of_a_padded_batch_are_those_of_each_alone(tiny: LoadedModel, pad_id: int, temperature: float) -> None:
    batch = collate(PROMPTS, RESPONSES, pad_id=pad_id)
    found = response_logprobs(tiny.model, batch, temperature=temperature)
    for row, (prompt, response) in enumerate(zip(PROMPTS, RESPONSES, strict=True)):
        alone = _logprobs_alone(tiny.model, prompt, response, temperature)
        torch.testing.assert_close(found[row, : len(response)], alone, atol=1e-5, rtol=1e-5)
        assert (found[row, len(response) :] == 0).all()


def test_without_the_mask_restarted_positions_cut_a_response_from_its_prompt(tiny: LoadedModel) -> None:
    """The trap that `forward` is there for: without a cache, transformers reads such positions as two sequences."""
    prompt, response = [259, 104, 105, 261], [72, 105]
    ids = torch.tensor([prompt + response])
    restarted = torch.tensor([[0, 1, 2, 3, 2, 3]])
    arguments: dict[str, Any] = {"input_ids": ids, "position_ids": restarted, "use_cache": False}
    with torch.no_grad():
        ours = forward(tiny.model, attention_mask=torch.ones_like(ids), **arguments).logits
        trapped = tiny.model(**arguments, attention_mask=None).logits
    assert (ours[0, -1] - trapped[0, -1]).abs().max() > 0.01
    torch.testing.assert_close(ours[0, :4], trapped[0, :4], atol=1e-5, rtol=1e-5)


def test_logprobs_keep_gradients(tiny: LoadedModel) -> None:
    response_logprobs(tiny.model, collate(PROMPTS, RESPONSES, pad_id=PAD)).sum().backward()  # type: ignore[no-untyped-call]
    assert all(parameter.grad is not None for parameter in tiny.model.parameters())


def test_logprobs_of_no_tokens(tiny: LoadedModel) -> None:
    assert response_logprobs(tiny.model, collate([[257, 261]], [[]], pad_id=PAD)).shape == (1, 0)


def _reward_alone(model: Any, prompt: list[int], response: list[int]) -> float:
    ids = torch.tensor([prompt + response])
    with torch.no_grad():
        hidden = model.base_model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        return float(model.score(hidden[0, -1]).item())


@pytest.mark.parametrize("pad_id", [PAD, EOS], ids=["own pad", "pad is end"])
def test_rewards_of_a_padded_batch_are_those_of_each_alone(reward_model: LoadedModel, pad_id: int) -> None:
    batch = collate(PROMPTS, RESPONSES, pad_id=pad_id)
    expected = [_reward_alone(reward_model.model, *pair) for pair in zip(PROMPTS, RESPONSES, strict=True)]
    assert rewards(reward_model.model, batch).tolist() == pytest.approx(expected, abs=1e-5)
    assert len(set(expected)) == 3


def test_transformers_own_head_reads_too_early_where_pad_is_end(reward_model: LoadedModel) -> None:
    """Why `rewards` reads by index: asked by id, the end token counts as padding and is not read."""
    reward_model.model.config.pad_token_id = EOS
    ids = torch.tensor([PROMPTS[0] + RESPONSES[0]])
    with torch.no_grad():
        by_id = reward_model.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.item()
    assert by_id == pytest.approx(_reward_alone(reward_model.model, PROMPTS[0], RESPONSES[0][:-1]), abs=1e-5)
    assert by_id != pytest.approx(_reward_alone(reward_model.model, PROMPTS[0], RESPONSES[0]), abs=1e-4)


def test_scores_do_not_depend_on_the_batch_size_and_keep_their_order(reward_model: LoadedModel) -> None:
    model, tokenizer = reward_model.model, reward_model.tokenizer
    groups = [[response] for response in RESPONSES]
    [one, all_at_once] = (
        [value for values in score(model, tokenizer, PROMPTS, groups, batch_tokens=tokens) for value in values]
        for tokens in (1, 1000)
    )
    expected = [_reward_alone(reward_model.model, *pair) for pair in zip(PROMPTS, RESPONSES, strict=True)]
    assert one == pytest.approx(expected, abs=1e-5)
    assert all_at_once == pytest.approx(expected, abs=1e-5)


def test_reward_bias_is_added_and_survives_saving(reward_model: LoadedModel, tmp_path: Path) -> None:
    batch = collate(PROMPTS, RESPONSES, pad_id=PAD)
    before = rewards(reward_model.model, batch)
    reward_model.model.config.reward_bias = -0.75
    reward_model.model.save_pretrained(tmp_path)
    reward_model.tokenizer.save_pretrained(tmp_path)
    loaded = load_reward_model(tmp_path, device="cpu")
    torch.testing.assert_close(rewards(loaded.model, batch), before - 0.75)

"""The sampler: shared prefixes, own seeds, and everything that ends a response."""

from collections import Counter
from typing import Any

import pytest
import torch

from inference.errors import PromptTooLong, SamplingError
from inference.models import LoadedModel
from inference.prompts import decode_response, encode_prompt
from inference.sampling import (
    Job,
    Sample,
    SamplingSettings,
    close_ranks,
    draw,
    plan_batches,
    response_room,
    sample,
    sample_batch,
    sample_seed,
)
from tests.inference.conftest import user

TEXTS = ["Hello!", "What is the capital of France?", "Name a fruit.", "Write a short poem about the sea."]
SETTINGS = SamplingSettings(max_new_tokens=40)


def prompts_of(tiny: LoadedModel) -> list[list[int]]:
    return [encode_prompt(tiny.tokenizer, user(text)) for text in TEXTS]


def seeds_of(count: int) -> list[list[int]]:
    return [[sample_seed(1, text, number) for number in range(count)] for text in TEXTS]


def draw_all(tiny: LoadedModel, *, batch_size: int, settings: SamplingSettings = SETTINGS) -> list[list[Sample]]:
    return sample(
        tiny.model, tiny.tokenizer, prompts_of(tiny), seeds=seeds_of(3), settings=settings, batch_size=batch_size
    ).samples


class TokenCounter:
    """Counts the tokens that really go through a model."""

    def __init__(self, model: Any) -> None:
        self.tokens: list[int] = []
        model.register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, _model: Any, _arguments: Any, named: dict[str, Any]) -> None:
        self.tokens.append(int(named["attention_mask"][:, -named["input_ids"].shape[1] :].sum()))


def test_branches_share_the_prefix_and_draw_what_they_would_alone(tiny: LoadedModel) -> None:
    prompt, seeds = prompts_of(tiny)[1], seeds_of(3)[1]
    counter = TokenCounter(tiny.model)
    shared = sample_batch(tiny.model, tiny.tokenizer, [prompt], seeds=[seeds], settings=SETTINGS)
    assert counter.tokens[0] == shared.prefill_tokens == len(prompt)
    assert sum(counter.tokens[1:]) == shared.decode_tokens
    apart = sample_batch(tiny.model, tiny.tokenizer, [prompt] * 3, seeds=[[seed] for seed in seeds], settings=SETTINGS)
    assert apart.prefill_tokens == len(prompt) + 2, "the last token of each is read for its logits"
    assert shared.samples[0] == [own[0] for own in apart.samples]
    assert len({tuple(one.token_ids) for one in shared.samples[0]}) == 3


@pytest.mark.parametrize(
    "settings", [SETTINGS, SamplingSettings(40, temperature=0.7, top_p=0.8)], ids=["plain", "top-p"]
)
def test_samples_do_not_depend_on_the_batch_they_come_in(tiny: LoadedModel, settings: SamplingSettings) -> None:
    """At batch size 1 nothing is padded, at 5 the three branches of a prompt are split, at 64 all lengths mix."""
    alone = draw_all(tiny, batch_size=1, settings=settings)
    assert draw_all(tiny, batch_size=5, settings=settings) == alone
    assert draw_all(tiny, batch_size=64, settings=settings) == alone


def test_a_prompt_begins_where_a_response_has_ended(tiny: LoadedModel) -> None:
    """Passes are bounded as in any schedule that leaves no place idle while something waits (Graham 1969)."""
    slots, count = 3, 24
    prompts = [encode_prompt(tiny.tokenizer, user(f"Name a fruit {number}.")) for number in range(count)]
    tiny.model.generation_config.eos_token_id = [tiny.tokenizer.eos_token_id, ord("e")]  # early, and rarely together
    steps: list[int] = []
    handle = tiny.model.register_forward_pre_hook(
        lambda _model, _inputs, named: steps.append(named["input_ids"].shape[1]), with_kwargs=True
    )
    seeds = [[number] for number in range(count)]
    found = sample(tiny.model, tiny.tokenizer, prompts, seeds=seeds, settings=SETTINGS, batch_size=slots)
    handle.remove()
    lengths = [len(own[0].token_ids) for own in found.samples]
    batches = plan_batches([len(prompt) for prompt in prompts], [1] * count, batch_size=slots)
    one_after_the_other = sum(max(lengths[job.prompt] for job in jobs) - 1 for jobs in batches)
    assert steps.count(1) <= sum(lengths) / slots + (1 - 1 / slots) * max(lengths) < one_after_the_other


def test_those_who_stay_close_ranks_with_as_few_moves_as_can_be() -> None:
    assert close_ranks([True, False, True, False, True]) == [0, 4, 2]
    assert close_ranks([True, True]) == [0, 1]
    assert close_ranks([False, False]) == []


def test_temperature_0_is_greedy_and_agrees_with_generate(tiny: LoadedModel) -> None:
    greedy = draw_all(tiny, batch_size=64, settings=SamplingSettings(40, temperature=0))
    model: Any = tiny.model
    for prompt, own in zip(prompts_of(tiny), greedy, strict=True):
        ids = torch.tensor([prompt])
        mask = torch.ones_like(ids)
        expected = model.generate(ids, attention_mask=mask, do_sample=False, max_new_tokens=40)[0, len(prompt) :]
        assert [one.token_ids for one in own] == [expected.tolist()] * 3


def _read_tokens(ids: torch.Tensor) -> int:
    """Padding counted; 0 for the steps after the prompts, of one token a row."""
    return ids.numel() if ids.shape[1] > 1 else 0


def test_prompts_of_very_different_lengths_are_read_with_little_padding(tiny: LoadedModel) -> None:
    """By the tokens that go through the model, padding counted; and each draws what it would alone."""
    prompts = [[size % 256, *(65 + place % 26 for place in range(size - 1))] for size in (3, 4, 30, 32, 400, 410, 9)]
    seen: list[int] = []
    handle = tiny.model.register_forward_pre_hook(
        lambda _model, _inputs, named: seen.append(_read_tokens(named["input_ids"])), with_kwargs=True
    )
    seeds = [[index, index + 100] for index in range(len(prompts))]
    together = sample_batch(tiny.model, tiny.tokenizer, prompts, seeds=seeds, settings=SamplingSettings(8))
    handle.remove()
    real = sum(map(len, prompts))
    assert real == together.prefill_tokens <= sum(seen) < 1.1 * real
    for prompt, own, samples in zip(prompts, seeds, together.samples, strict=True):
        alone = sample_batch(tiny.model, tiny.tokenizer, [prompt], seeds=[own], settings=SamplingSettings(8))
        assert alone.samples == [samples]


def test_a_shorter_limit_gives_the_same_beginning(tiny: LoadedModel) -> None:
    for long, short in zip(
        draw_all(tiny, batch_size=64), draw_all(tiny, batch_size=64, settings=SamplingSettings(7)), strict=True
    ):
        assert [one.token_ids for one in short] == [one.token_ids[:7] for one in long]


def test_a_response_ends_at_its_end_token_or_its_limit(tiny: LoadedModel) -> None:
    end = tiny.tokenizer.eos_token_id
    samples = [one for own in draw_all(tiny, batch_size=64) for one in own]
    assert {one.finish_reason for one in samples} == {"stop", "length"}
    for one in samples:
        assert end not in one.token_ids[:-1]
        assert "<|" not in one.text
        if one.finish_reason == "stop":
            assert one.token_ids[-1] == end
        else:
            assert len(one.token_ids) == 40
            assert one.token_ids[-1] != end


def test_every_end_token_of_the_generation_config_ends(tiny: LoadedModel) -> None:
    space = ord(" ")
    tiny.model.generation_config.eos_token_id = [tiny.tokenizer.eos_token_id, space]
    one = sample_batch(
        tiny.model, tiny.tokenizer, [prompts_of(tiny)[1]], seeds=[[0]], settings=SamplingSettings(200)
    ).samples[0][0]
    assert one.token_ids[-1] == space
    assert one.finish_reason == "stop"
    assert " " not in one.text


def test_pad_equal_to_end_changes_nothing(tiny: LoadedModel) -> None:
    before = draw_all(tiny, batch_size=64)
    tiny.tokenizer.pad_token = tiny.tokenizer.eos_token
    assert draw_all(tiny, batch_size=64) == before


def test_a_stop_string_cuts_the_text_and_ends_the_response(tiny: LoadedModel) -> None:
    whole = draw_all(tiny, batch_size=64)[1][0]
    stop = whole.text[5:8]
    one = draw_all(tiny, batch_size=64, settings=SamplingSettings(40, stop=("never to be seen", stop)))[1][0]
    assert one.text == whole.text[: whole.text.index(stop)]
    assert one.finish_reason == "stop"
    assert one.token_ids == whole.token_ids[: len(one.token_ids)]
    assert decode_response(tiny.tokenizer, one.token_ids).endswith(stop)


def test_the_context_limits_a_response(tiny: LoadedModel) -> None:
    prompt = prompts_of(tiny)[0]
    tiny.model.config.max_position_embeddings = len(prompt) + 3
    greedy = SamplingSettings(40, temperature=0)
    one = sample_batch(tiny.model, tiny.tokenizer, [prompt], seeds=[[0]], settings=greedy).samples[0][0]
    assert (len(one.token_ids), one.finish_reason) == (3, "length")
    assert response_room(tiny.model, len(prompt), 40) == 3
    tiny.model.config.max_position_embeddings = len(prompt)
    with pytest.raises(PromptTooLong, match="leaves no room"):
        sample_batch(tiny.model, tiny.tokenizer, [prompt], seeds=[[0]], settings=greedy)


def test_within_a_training_loop_dropout_is_off_and_comes_back(tiny: LoadedModel) -> None:
    before = draw_all(tiny, batch_size=64)
    tiny.model.train()
    frozen = tiny.model.model.layers[0]
    frozen.eval()
    for layer in tiny.model.model.layers:
        layer.self_attn.attention_dropout = 0.9
    assert draw_all(tiny, batch_size=64) == before
    assert tiny.model.training
    assert tiny.model.model.layers[1].self_attn.training
    assert not frozen.self_attn.training
    assert torch.is_grad_enabled()


def test_sampling_leaves_torchs_own_random_state_alone(tiny: LoadedModel) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    draw_all(tiny, batch_size=64)
    assert torch.equal(torch.rand(3), expected)


def test_logits_that_are_not_numbers_are_an_error(tiny: LoadedModel) -> None:
    with torch.no_grad():
        tiny.model.model.norm.weight.fill_(float("nan"))
    with pytest.raises(SamplingError, match="not numbers"):
        draw_all(tiny, batch_size=64)


def test_prompts_without_seeds_get_no_samples(tiny: LoadedModel) -> None:
    prompts = prompts_of(tiny)[:2]
    found = sample(tiny.model, tiny.tokenizer, prompts, seeds=[[], [1]], settings=SETTINGS, batch_size=4).samples
    assert [len(own) for own in found] == [0, 1]
    assert sample(tiny.model, tiny.tokenizer, [], seeds=[], settings=SETTINGS, batch_size=4).samples == []


# Probabilities .5, .2, .3 in vocabulary order, so borders at .5, .7 and 1.
LOGITS = torch.tensor([[0.5, 0.2, 0.3]]).log()


def drawn(uniform: float, **options: float) -> int:
    settings = {"temperature": 1.0, "top_p": 1.0, **options}
    return int(draw(LOGITS, torch.tensor([uniform], dtype=torch.float64), **settings).item())


@pytest.mark.parametrize(("uniform", "token"), [(0.0, 0), (0.49, 0), (0.51, 1), (0.69, 1), (0.71, 2), (0.9999, 2)])
def test_draw_inverts_the_cumulative_distribution(uniform: float, token: int) -> None:
    assert drawn(uniform) == token


@pytest.mark.parametrize(
    ("top_p", "kept"),
    # The smallest set that reaches top_p: .5 alone reaches .4, with .3 it reaches .6, and .9 needs all.
    [(0.4, {0}), (0.6, {0, 2}), (0.79, {0, 2}), (0.9, {0, 1, 2}), (1.0, {0, 1, 2})],
)
def test_top_p_keeps_the_smallest_set_that_reaches_it(top_p: float, kept: set[int]) -> None:
    assert {drawn(step / 100, top_p=top_p) for step in range(100)} == kept


def test_temperature_sharpens() -> None:
    """At temperature .5 probabilities are squared: .25, .04, .09 of .38, so borders at .658 and .763."""
    assert [drawn(u, temperature=0.5) for u in (0.65, 0.67, 0.75, 0.77)] == [0, 1, 1, 2]


def test_a_token_of_probability_0_is_never_drawn() -> None:
    logits = torch.tensor([[-torch.inf, 0.0, -torch.inf]])
    largest = torch.tensor([1 - 2**-53], dtype=torch.float64)
    for uniform in (torch.zeros(1, dtype=torch.float64), largest):
        assert draw(logits, uniform, temperature=1.0, top_p=1.0).tolist() == [1]


def test_frequencies_are_the_probabilities(tiny: LoadedModel) -> None:
    """First tokens of 3,000 seeds against the model's own distribution; five standard errors."""
    prompt = prompts_of(tiny)[1]
    count = 3000
    seeds = [[sample_seed(2, "x", number) for number in range(count)]]
    found = sample_batch(tiny.model, tiny.tokenizer, [prompt], seeds=seeds, settings=SamplingSettings(1))
    ids = torch.tensor([prompt])
    with torch.no_grad():
        expected = tiny.model(ids, attention_mask=torch.ones_like(ids)).logits[0, -1].softmax(-1)
    counts = Counter(one.token_ids[0] for one in found.samples[0])
    for token, probability in enumerate(expected.tolist()):
        standard_error = (probability * (1 - probability) / count) ** 0.5
        assert abs(counts[token] / count - probability) < 5 * standard_error + 1e-3


def test_seeds_are_pinned_and_differ() -> None:
    """A changed seed would draw other samples after an upgrade, in the middle of a run."""
    assert sample_seed(0, "prompt-1", 0) == 3985289674280
    seeds = {sample_seed(run, prompt, n) for run in (0, 1) for prompt in ("a", "a1") for n in (0, 1, 10)}
    assert len(seeds) == 12
    assert max(seeds) < 2**48


def test_plan_keeps_a_prompt_together_and_puts_like_lengths_together() -> None:
    batches = list(plan_batches([5, 9, 5], [2, 2, 2], batch_size=4))
    assert batches == [[Job(1, range(2)), Job(0, range(2))], [Job(2, range(2))]]
    assert list(plan_batches([5], [5], batch_size=2)) == [
        [Job(0, range(2))],
        [Job(0, range(2, 4))],
        [Job(0, range(4, 5))],
    ]
    assert list(plan_batches([5], [0], batch_size=2)) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"max_new_tokens": 0},
        {"max_new_tokens": 1, "temperature": -0.1},
        {"max_new_tokens": 1, "temperature": float("nan")},
        {"max_new_tokens": 1, "top_p": 0.0},
        {"max_new_tokens": 1, "top_p": 1.1},
        {"max_new_tokens": 1, "stop": ("",)},
    ],
    ids=str,
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SamplingError):
        SamplingSettings(**settings)


def test_a_batch_size_of_0_is_refused() -> None:
    with pytest.raises(SamplingError, match="batch_size"):
        list(plan_batches([1], [1], batch_size=0))

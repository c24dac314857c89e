"""Packed, unpacked and pairwise: three ways through the model to the same rewards and the same gradients."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, MistralConfig, MistralForCausalLM

from formats.run_directory import read_manifest
from inference.models import LoadedModel, reward_model_from_causal_lm
from tests.training.single_rows import score_rows, scorer_of
from tests.training.toy_runs import make_toy_run, start
from training.optimizing import arithmetic
from training.ranking_loss import RankingLoss
from training.ranking_passes import rank
from training.ranking_rewards import all_rewards
from training.sequences import Lengths, TokenRanking, TokenSequence
from training.token_batches import make_batcher

PRECISION = arithmetic("float32", torch.device("cpu"))
LENGTHS = Lengths(64, 64)
CASES = 8


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> LoadedModel:
    """Of two layers, since the last is computed otherwise. In evaluation mode: under dropout no two passes agree."""
    directory = tmp_path_factory.mktemp("two-layers")
    base = request.getfixturevalue(request.param)
    config = AutoConfig.from_pretrained(base, num_hidden_layers=2)
    torch.manual_seed(0)
    auto_class: Any = AutoModelForCausalLM
    auto_class.from_config(config).save_pretrained(directory)
    AutoTokenizer.from_pretrained(base).save_pretrained(directory)
    found = reward_model_from_causal_lm(directory, device="cpu", precision="float32")
    with torch.no_grad():
        for weights in found.model.parameters():
            weights.mul_(2)  # an untrained model's tokens hardly hang on each other
    make_batcher(found, packing="packed", lengths=LENGTHS, micro_batch_tokens=1, warn=pytest.fail)
    return found


def draw_rankings(seed: int) -> list[TokenRanking]:
    """Rankings of 2 to 9 responses of ragged lengths, an empty one among them, with ties."""
    draw = random.Random(seed)

    def ids(least: int, most: int) -> list[int]:
        return [draw.randrange(256) for _ in range(draw.randint(least, most))]

    found = []
    for number in range(draw.randint(1, 4)):
        count = 2 + (seed + number) % 8
        prompt = ids(1, 20)
        sequences = [TokenSequence(prompt, ids(0 if n == 0 else 1, 15)) for n in range(count)]
        ranks = [draw.randint(1, count) for _ in range(count)]
        ranks[0], ranks[1] = 1, 2  # at least one pair
        pairs = [(i, j) for i in range(count) for j in range(count) if ranks[i] < ranks[j]]
        found.append(TokenRanking(sequences, pairs))
    return found


def learnt_from(
    model: LoadedModel, rankings: list[TokenRanking], *, is_packed: bool, tokens: int = 100_000
) -> tuple[float, dict[str, torch.Tensor]]:
    scorer = scorer_of(model, is_packed=is_packed, tokens=tokens)
    model.model.zero_grad()
    found = rank(scorer, rankings, loss=RankingLoss(), precision=PRECISION, learn=True)
    return found.loss, gradients_of(model)


def pairwise(model: LoadedModel, rankings: list[TokenRanking]) -> tuple[float, dict[str, torch.Tensor]]:
    """What a pairwise trainer computes: both responses of each pair, each pair a row of its own."""
    model.model.zero_grad()
    total = torch.zeros(())
    for ranking in rankings:
        for better, worse in ranking.pairs:
            above, below = score_rows(model, [ranking.sequences[better], ranking.sequences[worse]])
            total = total - torch.nn.functional.logsigmoid(above - below) / len(ranking.pairs)
    loss = total / len(rankings)
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item(), gradients_of(model)


def gradients_of(model: LoadedModel) -> dict[str, torch.Tensor]:
    named = model.model.named_parameters()
    return {name: weights.grad.clone() for name, weights in named if weights.grad is not None}


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert set(found) == set(expected)
    assert max(float(own.abs().max()) for own in expected.values()) > 1e-3
    for name, own in expected.items():
        torch.testing.assert_close(found[name], own, rtol=1e-5, atol=1e-5, msg=name)


def test_the_cases_cover_every_count_and_ties() -> None:
    rankings = [ranking for seed in range(CASES) for ranking in draw_rankings(seed)]
    assert {len(ranking.sequences) for ranking in rankings} == set(range(2, 10))
    assert any(ranking.ties() for ranking in rankings)
    assert any(not ranking.sequences[0].response_ids for ranking in rankings)
    assert any(len(draw_rankings(seed)) > 2 for seed in range(CASES))


@pytest.mark.parametrize("seed", range(CASES))
def test_rewards_agree(model: LoadedModel, seed: int) -> None:
    rankings = draw_rankings(seed)
    alone = [torch.cat([score_rows(model, [row]) for row in ranking.sequences]) for ranking in rankings]
    for is_packed in (True, False):
        found = all_rewards(scorer_of(model, is_packed=is_packed, tokens=100_000), rankings)
        for own, expected in zip(found, alone, strict=True):
            torch.testing.assert_close(own, expected.detach(), rtol=1e-5, atol=1e-5)
    assert torch.cat(alone).std() > 0.01


@pytest.mark.parametrize("seed", range(CASES))
def test_losses_and_gradients_agree(model: LoadedModel, seed: int) -> None:
    rankings = draw_rankings(seed)
    loss, gradients = pairwise(model, rankings)
    for is_packed in (True, False):
        found, own = learnt_from(model, rankings, is_packed=is_packed)
        assert found == pytest.approx(loss, rel=1e-5)
        assert_same(own, gradients)


@pytest.mark.parametrize("tokens", [1, 60, 150, 400])
@pytest.mark.parametrize("is_packed", [True, False])
def test_micro_batches_change_nothing(model: LoadedModel, is_packed: bool, tokens: int) -> None:
    rankings = draw_rankings(2) + draw_rankings(3)
    loss, gradients = learnt_from(model, rankings, is_packed=is_packed)
    found, own = learnt_from(model, rankings, is_packed=is_packed, tokens=tokens)
    assert found == pytest.approx(loss, rel=1e-5)
    assert_same(own, gradients)


def test_a_micro_batch_keeps_to_its_tokens_or_is_one_ranking(model: LoadedModel) -> None:
    rankings = [ranking for seed in range(4) for ranking in draw_rankings(seed)]
    for is_packed in (True, False):
        scorer = scorer_of(model, is_packed=is_packed, tokens=200)
        parts = list(scorer.micro_batches(rankings))
        assert sorted(index for part in parts for index in part) == list(range(len(rankings)))
        sizes = [scorer.tokens([rankings[index] for index in part]) for part in parts]
        assert all(size <= 200 or len(part) == 1 for size, part in zip(sizes, parts, strict=True))
        assert any(len(part) > 1 for part in parts)
    assert len(list(scorer_of(model, is_packed=True, tokens=200).micro_batches(rankings))) < len(parts)


@pytest.mark.parametrize("is_packed", [True, False])
def test_bfloat16_is_near_float32(model: LoadedModel, is_packed: bool) -> None:
    rankings = draw_rankings(3)
    exact, _ = learnt_from(model, rankings, is_packed=is_packed)
    scorer = scorer_of(model, is_packed=is_packed, tokens=100_000)
    half = arithmetic("bfloat16", torch.device("cpu"))
    found = rank(scorer, rankings, loss=RankingLoss(), precision=half, learn=True)
    assert found.loss == pytest.approx(exact, rel=0.05)
    assert found.loss != exact


def test_a_response_does_not_see_the_others(model: LoadedModel) -> None:
    prompt, answer = [5, 6, 7], [8, 9]
    scorer = scorer_of(model, is_packed=True, tokens=100)
    for other in ([1], [200, 201, 202]):
        ranking = TokenRanking([TokenSequence(prompt, other), TokenSequence(prompt, answer)], [(0, 1)])
        second = scorer.rewards([ranking, ranking])[[1, 3]]
        alone = score_rows(model, [TokenSequence(prompt, answer)])
        torch.testing.assert_close(second, alone.expand(2), rtol=1e-5, atol=1e-5)


def test_both_paths_learn_the_same(tmp_path: Path, llama: Path) -> None:
    losses = {}
    for packing in ("packed", "unpacked"):
        directory = make_toy_run(tmp_path / packing, kind="reward_model", models={"model": llama}, packing=packing)
        assert start(directory) == 0
        assert read_manifest(directory.output).warnings == ()
        losses[packing] = read_manifest(directory.output).summary
    for name in ("loss", "validation_loss", "reward_bias", "length_correlation"):
        assert losses["packed"][name] == pytest.approx(losses["unpacked"][name], rel=1e-3), name


@pytest.fixture
def windowed(tmp_path: Path, llama: Path) -> Path:
    """A Mistral that sees 16 tokens back."""
    directory = tmp_path / "mistral"
    config = MistralConfig.from_pretrained(llama, sliding_window=16)
    config.architectures = ["MistralForCausalLM"]
    MistralForCausalLM(config).save_pretrained(directory)
    AutoTokenizer.from_pretrained(llama).save_pretrained(directory)
    return directory


def test_a_model_that_cannot_takes_the_other_path_and_says_why(tmp_path: Path, windowed: Path) -> None:
    directory = make_toy_run(tmp_path / "run", kind="reward_model", models={"model": windowed}, epochs=1)
    assert start(directory) == 0
    [warning, bias] = read_manifest(directory.output).warnings
    assert "a model of type mistral has a sliding window of 16 tokens" in warning
    assert "a mistral cannot hold the bias" in bias


def test_a_model_that_cannot_is_refused_where_packing_is_asked_for(tmp_path: Path, windowed: Path) -> None:
    directory = make_toy_run(tmp_path / "run", kind="reward_model", models={"model": windowed}, packing="packed")
    assert start(directory) == 2
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("not_packable", "config.packing")
    assert "type mistral has a sliding window of 16 tokens" in error.message

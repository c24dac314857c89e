import dataclasses
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForSequenceClassification

from formats.jsonl import read_jsonl
from formats.records import RewardedResponse
from formats.run_directory import RunDirectory, read_manifest, read_metrics
from inference.models import LoadedModel, load_reward_model, reward_model_from_causal_lm
from inference.scoring import score
from tests.training.single_rows import score_rows, scorer_of
from tests.training.toy_runs import REWARD_MODEL, demonstrations, make_run, make_toy_run, rankings, start, toy_rows
from training.optimizing import arithmetic
from training.ranking_loss import RankingLoss
from training.ranking_passes import rank
from training.sequences import Encoder, Lengths, TokenSequence

PRECISION = arithmetic("float32", torch.device("cpu"))
LENGTHS = Lengths(64, 64)


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def trained(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    base: Path = request.getfixturevalue(request.param)
    directory = make_toy_run(tmp_path_factory.mktemp("rm") / "run", kind="reward_model", models={"model": base})
    assert start(directory) == 0
    return directory


@pytest.fixture
def model(trained: RunDirectory) -> LoadedModel:
    return load_reward_model(trained.model_output, device="cpu", precision="float32")


def gradients_of(model: LoadedModel) -> list[torch.Tensor]:
    return [weights.grad.clone() for weights in model.model.parameters() if weights.grad is not None]


def sequences(model: LoadedModel) -> list[TokenSequence]:
    return Encoder(model.tokenizer, LENGTHS).demonstrations(demonstrations("train"))


def test_after_saving_and_loading_demonstrations_average_0(trained: RunDirectory, model: LoadedModel) -> None:
    rows = sequences(model)
    groups = score(
        model.model,
        model.tokenizer,
        [row.prompt_ids for row in rows],
        [[row.response_ids] for row in rows],
        batch_tokens=200,
    )
    found = [value for [value] in groups]
    assert sum(found) / len(found) == pytest.approx(0.0, abs=1e-6)
    assert max(found) - min(found) > 1e-4
    assert read_manifest(trained.output).summary["reward_bias"] != 0.0


def test_plain_transformers_gives_the_same_scores_bias_included(trained: RunDirectory, model: LoadedModel) -> None:
    plain = AutoModelForSequenceClassification.from_pretrained(trained.model_output)
    assert plain.config.num_labels == 1
    assert plain.config.reward_bias == 0.0
    found = []
    for row in sequences(model):
        theirs = plain(torch.tensor([row.prompt_ids + row.response_ids])).logits.item()
        assert theirs == pytest.approx(score_rows(model, [row]).item(), abs=1e-6)
        found.append(theirs)
    assert sum(found) / len(found) == pytest.approx(0.0, abs=1e-6)


def test_a_reward_is_read_at_the_last_real_token_whatever_the_neighbours(model: LoadedModel) -> None:
    rows = sequences(model)[:6]
    assert len({len(row.response_ids) for row in rows}) > 1
    together = score_rows(model, rows)
    alone = torch.cat([score_rows(model, [row]) for row in rows])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_the_end_token_is_read_also_where_it_pads(model: LoadedModel) -> None:
    row = sequences(model)[0]
    unfinished = TokenSequence(row.prompt_ids, row.response_ids[:-1])
    finished, cut = score_rows(model, [row, unfinished]).tolist()
    assert finished != pytest.approx(cut, abs=1e-6)


@pytest.mark.parametrize("micro_batch_tokens", [1, 500])
def test_micro_batches_give_the_loss_and_gradient_of_the_whole_batch(llama: Path, micro_batch_tokens: int) -> None:
    torch.manual_seed(0)
    model = reward_model_from_causal_lm(llama, device="cpu", precision="float32")
    model.model.config.reward_bias = 0.0
    given = Encoder(model.tokenizer, LENGTHS).rankings(rankings("train"))[:5]
    results = []
    for tokens in (100_000, micro_batch_tokens):
        scorer = scorer_of(model, is_packed=False, tokens=tokens)
        assert (len(list(scorer.micro_batches(given))) == 1) == (tokens == 100_000)
        found = rank(scorer, given, loss=RankingLoss(), precision=PRECISION, learn=True)
        results.append((found, gradients_of(model)))
        model.model.zero_grad()
    (whole, whole_gradients), (parts, gradients) = results
    assert parts.loss == pytest.approx(whole.loss, rel=1e-5)
    assert parts.accuracy == whole.accuracy
    for one, other in zip(gradients, whole_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)


def test_a_ranking_in_three_rows_of_a_third_teaches_what_it_does_in_one(llama: Path) -> None:
    torch.manual_seed(0)
    model = reward_model_from_causal_lm(llama, device="cpu", precision="float32")
    model.model.config.reward_bias = 0.0
    one, other = rankings("train")[:2]
    third = dataclasses.replace(one, weight=1 / 3)
    scorer = scorer_of(model, is_packed=False, tokens=500)
    results = []
    for rows in ([one, other], [third, third, third, other]):
        given = Encoder(model.tokenizer, LENGTHS).rankings(rows)
        found = rank(scorer, given, loss=RankingLoss(), precision=PRECISION, learn=True)
        results.append((found.loss, gradients_of(model)))
        model.model.zero_grad()
    (loss, gradients), (split_loss, split_gradients) = results
    assert split_loss == pytest.approx(loss, rel=1e-5)
    torch.testing.assert_close(split_gradients, gradients, rtol=1e-3, atol=1e-6)


def test_without_demonstrations_the_responses_average_0(tmp_path: Path, llama: Path) -> None:

    config = dataclasses.replace(REWARD_MODEL, zero_point="responses")
    rows = {"train": toy_rows("reward_model")["train"]}
    directory = make_run(tmp_path / "run", kind="reward_model", models={"model": llama}, config=config, rows=rows)
    assert start(directory) == 0
    model = load_reward_model(directory.model_output, device="cpu", precision="float32")
    every = [row for ranking in Encoder(model.tokenizer, LENGTHS).rankings(rows["train"]) for row in ranking.sequences]
    assert score_rows(model, every).mean().item() == pytest.approx(0.0, abs=1e-5)


def test_a_run_reports_what_the_dashboard_charts(trained: RunDirectory) -> None:
    rows = read_metrics(trained.attempt(1).metrics_path)
    named = {"loss", "accuracy", "reward_mean", "reward_std", "learning_rate", "comparisons_per_second"}
    assert named <= set(rows[0])
    assert "validation_accuracy" in rows[-1]
    assert all(0.0 <= row["accuracy"] <= 1.0 for row in rows)


def test_the_held_out_rewards_are_left_beside_the_ranks_that_they_are_measured_by(trained: RunDirectory) -> None:
    rows = list(read_jsonl(trained.validation_rewards_output, RewardedResponse))
    held_out = {row.id: row for row in rankings("valid")}
    assert {row.ranking_id for row in rows} == set(held_out)
    pairs = right = 0
    for ranking in held_out.values():
        mine = [row for row in rows if row.ranking_id == ranking.id]
        assert [(row.response_id, row.rank) for row in mine] == [(r.response_id, r.rank) for r in ranking.responses]
        for better, worse in ranking.pairs():
            pairs += 1
            right += mine[better].reward > mine[worse].reward
    assert right / pairs == read_manifest(trained.output).summary["validation_accuracy"]

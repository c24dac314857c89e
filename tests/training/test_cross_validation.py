"""Reward models on labelers who did not teach them."""

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks import toy_preference as toy
from formats.configs import RewardModelConfig
from formats.jsonl import read_jsonl
from formats.records import CrossValidationFold, Ranking
from formats.run_directory import EXIT_BAD_INPUT, EXIT_DONE, EXIT_PREEMPTED, RunDirectory, read_manifest
from tests.training.toy_runs import PROMPTS, REWARD_MODEL, demonstrations, make_run, start
from training import process
from training.cross_validation import cross_validate, groups_of_labelers, summary_of_folds
from training.errors import PreemptedError, TrainingError
from training.ranking_data import Rankings
from training.ranking_loss import weights_of_labelers
from training.sequences import TokenRanking, TokenSequence

LABELERS = ("l0", "l1", "l2", "contrary")
CONFIG = dataclasses.replace(
    REWARD_MODEL,
    epochs=3,
    batch_size=6,
    micro_batch_tokens=4000,
    learning_rate=5e-3,
    validation_every_steps=100,
    cross_validation_folds=2,
    cross_validation_seeds=1,
)


def rankings(split: str, labelers: Sequence[str] = LABELERS) -> list[Ranking]:
    """Every labeler ranks every prompt; the contrary one the other way round."""
    order = random.Random(0)
    found = []
    for prompt in [prompt for prompt in PROMPTS if prompt.split == split][:6]:
        texts = [toy.ToyResponse(f"r{n}", toy.write_response(s, order=order)) for n, s in enumerate(toy.STYLE_WEIGHTS)]
        for labeler in labelers:
            row = toy.make_ranking(prompt, texts, labeler=labeler, order=order)
            if labeler == "contrary":
                row = dataclasses.replace(
                    row, responses=tuple(dataclasses.replace(one, rank=5 - one.rank) for one in row.responses)
                )
            found.append(dataclasses.replace(row, id=f"{row.id}-{labeler}"))
    return found


def make(root: Path, llama: Path, *, labelers: Sequence[str] = LABELERS, **changes: Any) -> RunDirectory:
    rows: dict[str, Any] = {
        "train": rankings("train", labelers),
        "validation": rankings("valid", labelers),
        "demonstrations": demonstrations("train"),
    }
    config = dataclasses.replace(CONFIG, **changes)
    return make_run(root, kind="reward_model", models={"model": llama}, config=config, rows=rows)


def folds_of(directory: RunDirectory) -> list[CrossValidationFold]:
    return list(read_jsonl(directory.cross_validation_output, CrossValidationFold))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, llama: Path) -> RunDirectory:
    torch.set_num_threads(1)
    directory = make(tmp_path_factory.mktemp("cv") / "run", llama)
    assert start(directory) == EXIT_DONE
    return directory


def test_every_group_is_held_out_once_with_each_seed(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    config = dataclasses.replace(CONFIG, cross_validation_seeds=2, seed=5)
    run = process.TrainingRun(directory, directory.attempt(1), config, {"model": "m"})
    run.attempt.root.mkdir()
    counts = {"a": 2, "b": 1, "c": 3}
    rows = Rankings(token_rankings(counts), token_rankings(counts), [], None)
    seen: list[tuple[int, set[str]]] = []

    def learn(own: process.TrainingRun[RewardModelConfig], known: Rankings) -> list[torch.Tensor]:
        """Rewards that are right for a and b, and wrong for c."""
        seen.append((own.config.seed, {ranking.labeler for ranking in known.train}))
        return [torch.tensor([0.0, 1.0] if one.labeler == "c" else [1.0, 0.0]) for one in known.validation]

    folds = cross_validate(run, rows, learn=learn)
    assert [(one.fold, one.seed) for one in folds] == [(0, 5), (1, 5), (0, 6), (1, 6)]
    assert [(one.seed, set(counts) - set(one.held_out_labelers)) for one in folds] == seen
    assert {one.held_out_labelers for one in folds} == {("a", "b"), ("c",)}
    for one in folds:
        is_c_held_out = one.held_out_labelers == ("c",)
        assert (one.training_pairs, one.held_out_pairs, one.training_rankings) == (3, 3, 3)
        assert (one.training_accuracy, one.held_out_accuracy) == ((1.0, 0.0) if is_c_held_out else (0.0, 1.0))
    left = tmp_path / "cross_validation" / "fold-0-seed-0" / run.attempt.root.name / "checkpoints" / "step-3"
    left.mkdir(parents=True)  # as by a kill right after the result
    assert cross_validate(run, rows, learn=learn) == folds
    assert not left.exists()
    assert len(seen) == 4, "what is there is not learnt again"


def test_the_weights_of_the_labelers_who_teach_a_fold_average_1_over_it(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    run = process.TrainingRun(directory, directory.attempt(1), CONFIG, {"model": "m"})
    run.attempt.root.mkdir()
    train, validation = token_rankings({"a": 9, "b": 1}), token_rankings({"a": 1, "b": 1})
    rows = Rankings(train, validation, [], weights_of_labelers("balanced", train))
    assert rows.labeler_weights == pytest.approx({"a": 5 / 9, "b": 5.0})
    seen: list[float] = []

    def learn(own: process.TrainingRun[RewardModelConfig], known: Rankings) -> list[torch.Tensor]:
        assert known.labeler_weights is not None
        seen.extend(known.labeler_weights[name] for name in {ranking.labeler for ranking in known.train})
        return [torch.tensor([1.0, 0.0])] * len(known.validation)

    cross_validate(run, rows, learn=learn)
    # One labeler teaches each fold: no step is five times, or five ninths, of what it is without weights.
    assert seen == pytest.approx([1.0, 1.0])


def test_nothing_is_learnt_of_those_who_are_held_out(whole: RunDirectory) -> None:
    """With the contrary labeler held out the other group is of one mind; with a group that holds one, it is not."""
    without = next(one for one in folds_of(whole) if "contrary" in one.held_out_labelers)
    others = next(one for one in folds_of(whole) if "contrary" not in one.held_out_labelers)
    assert without.training_accuracy > others.training_accuracy + 0.1
    assert without.held_out_accuracy < without.training_accuracy - 0.1


def test_the_model_is_the_one_that_a_run_without_makes(whole: RunDirectory, tmp_path: Path, llama: Path) -> None:
    plain = make(tmp_path / "plain", llama, cross_validation_folds=0)
    assert start(plain) == EXIT_DONE
    assert not plain.cross_validation_output.exists()
    read = [(one.model_output / "model.safetensors").read_bytes() for one in (plain, whole)]
    assert read[0] == read[1]


def test_the_summary_has_means_over_groups_and_their_standard_errors(whole: RunDirectory) -> None:
    def fold(number: int, seed: int, training: float, held_out: float) -> CrossValidationFold:
        return CrossValidationFold(number, seed, ("l",), 1, 1, training, 1, held_out)

    # By hand: the groups' means are 0.7 and 0.8, their standard deviation 0.1 / √2, its error 0.1 / 2.
    found = summary_of_folds([fold(0, 0, 0.6, 0.5), fold(1, 0, 0.8, 0.5), fold(0, 1, 0.8, 0.5), fold(1, 1, 0.8, 0.5)])
    assert found == pytest.approx(
        {
            "training_labelers_accuracy": 0.75,
            "training_labelers_accuracy_standard_error": 0.05,
            "held_out_labelers_accuracy": 0.5,
            "held_out_labelers_accuracy_standard_error": 0.0,
        }
    )
    summary = read_manifest(whole.output).summary
    assert {name: summary[name] for name in found} == summary_of_folds(folds_of(whole))


def test_a_run_that_is_stopped_in_a_fold_goes_on_with_it(
    whole: RunDirectory, tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = make(tmp_path / "stopped", llama)
    original = process.TrainingRun.stop_if_asked

    def stop_in_second_fold(run: process.TrainingRun[Any], **arguments: Any) -> None:
        if run.directory.root.name == "fold-1-seed-0" and arguments["step"] == 3:
            run.save(step=3, state=arguments["state"]())
            raise PreemptedError
        original(run, **arguments)

    begun: list[str] = []
    resume = process.TrainingRun.resume

    def note(run: process.TrainingRun[Any]) -> Any:
        begun.append(run.directory.root.name)
        return resume(run)

    with monkeypatch.context() as patch:
        patch.setattr(process.TrainingRun, "stop_if_asked", stop_in_second_fold)
        assert start(directory) == EXIT_PREEMPTED
    monkeypatch.setattr(process.TrainingRun, "resume", note)
    assert start(directory) == EXIT_DONE
    assert begun == ["fold-1-seed-0", "stopped"]
    assert folds_of(directory) == folds_of(whole)
    assert not list(directory.root.glob("cross_validation/*/attempt-*/checkpoints/*"))


def test_too_few_labelers_are_an_error_that_says_so(tmp_path: Path, llama: Path) -> None:
    directory = make(tmp_path / "run", llama, labelers=LABELERS[:1])
    assert start(directory) == EXIT_BAD_INPUT
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("too_few_labelers", "config.cross_validation_folds")
    assert "1 labelers made training rankings" in error.message


def token_rankings(labelers: dict[str, int]) -> list[TokenRanking]:
    """So many rankings of two responses by each."""
    [record] = rankings("train", ("l0",))[:1]
    pair = [TokenSequence([1], [2]), TokenSequence([1], [3])]
    return [
        TokenRanking(pair, [(0, 1)], dataclasses.replace(record, labeler=name))
        for name, count in labelers.items()
        for _ in range(count)
    ]


def test_groups_have_about_as_many_pairs_each() -> None:
    counts = {"a": 9, "b": 5, "c": 5, "d": 4, "e": 4}
    rows = Rankings(token_rankings(counts), token_rankings(counts), [], None)
    for seed in range(5):
        groups = groups_of_labelers(rows, count=3, seed=seed)
        assert sorted(name for group in groups for name in group) == list("abcde")
        assert sorted(sum(counts[name] for name in group) for group in groups) == [9, 9, 9]
    apart = Rankings(token_rankings({"a": 1}), token_rankings({"a": 1, "b": 1}), [], None)
    with pytest.raises(TrainingError, match="the others training rankings"):
        groups_of_labelers(apart, count=2, seed=0)

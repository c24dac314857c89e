"""Which epoch of a supervised run is its output: the paper's rule, and the others."""

import dataclasses
import json
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from formats.run_directory import EXIT_BAD_INPUT, EXIT_DONE, EXIT_PREEMPTED, RunDirectory, read_manifest, read_metrics
from inference.models import load_causal_lm, load_reward_model
from inference.prompts import default_stop, encode_prompt, encode_response
from inference.sampling import SamplingSettings, sample_batch, sample_seed
from inference.scoring import rewards
from inference.sequences import collate
from tests.training.toy_runs import SFT, demonstrations, make_run, make_toy_run, start, toy_rows
from training import process
from training.checkpoint_choice import CheckpointChoice, Judge, prompts_to_judge
from training.optimizing import arithmetic
from training.response_loss import ResponseLoss
from training.sequences import Encoder, Lengths, TokenPrompt
from training.token_batches import TokenBatcher

PRECISION = arithmetic("float32", torch.device("cpu"))
LENGTHS = Lengths(SFT.max_prompt_tokens, SFT.max_response_tokens)
STEPS_PER_EPOCH = 7
FAST = {"learning_rate": 0.003, "epochs": 3}


@pytest.fixture(scope="module")
def reward_model(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = make_toy_run(tmp_path_factory.mktemp("rm") / "run", kind="reward_model", models={"model": llama})
    assert start(directory) == EXIT_DONE
    return directory.model_output


def by_epoch(directory: RunDirectory, figure: str) -> list[float]:
    rows = read_metrics(directory.attempts()[-1].metrics_path)
    return [row[figure] for row in rows[STEPS_PER_EPOCH - 1 :: STEPS_PER_EPOCH]]


def weights_of(directory: RunDirectory) -> bytes:
    return (directory.model_output / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("rule", "figures", "best"),
    [
        ("reward", [0.5, 2.0, 2.0, -1.0], 2),
        ("reward", [-3.0, -2.0], 2),
        ("validation_loss", [0.9, 0.4, 0.5], 2),
        ("last", [3.0, 1.0, 2.0], 3),
    ],
)
def test_a_rule_takes_the_best_epoch_and_the_earlier_of_equals(rule: Any, figures: list[float], best: int) -> None:
    choice = CheckpointChoice(rule)
    model: Any = nn.Linear(1, 1)
    name = "validation_loss" if rule == "validation_loss" else "validation_reward"
    for epoch, figure in enumerate(figures, start=1):
        nn.init.constant_(model.weight, epoch)
        choice.offer(model, epoch=epoch, figures={name: figure})
    again = CheckpointChoice(rule)
    again.load_state_dict(choice.state_dict())
    again.take(model)
    assert model.weight.item() == best
    assert again.summary() == {name: figures[best - 1], "checkpoint_chosen_by": rule, "chosen_epoch": best}


def test_a_reward_model_chooses_by_the_responses_to_validation_prompts(
    tmp_path: Path, llama: Path, reward_model: Path
) -> None:
    models = {"model": llama, "reward_model": reward_model}
    directory = make_toy_run(tmp_path / "run", kind="sft", models=models, judged_prompts=2, **FAST)
    assert start(directory) == EXIT_DONE
    rewards = by_epoch(directory, "validation_reward")
    assert len(set(rewards)) > 1
    summary = read_manifest(directory.output).summary
    assert summary["checkpoint_chosen_by"] == "reward"
    assert summary["chosen_epoch"] == rewards.index(max(rewards)) + 1
    assert summary["validation_reward"] == max(rewards)
    assert by_epoch(directory, "best_epoch_by_reward")[-1] == summary["chosen_epoch"]

    policy = load_causal_lm(directory.model_output, device="cpu", precision="float32")
    prompts = prompts_to_judge(demonstrations("valid"), encoder=Encoder(policy.tokenizer, LENGTHS), most=2)
    assert len(prompts) == 2
    scorer = load_reward_model(reward_model, device="cpu", precision="float32")
    judge = Judge(
        scorer, prompts, max_response_tokens=SFT.max_response_tokens, batch_size=1, micro_batch_tokens=1, seed=SFT.seed
    )
    assert judge.mean_reward(policy) == pytest.approx(max(rewards), abs=1e-5)


def test_a_reward_model_with_too_short_a_context_is_refused_before_anything_is_learnt(
    tmp_path: Path, llama: Path, reward_model: Path
) -> None:
    short = tmp_path / "short"
    shutil.copytree(reward_model, short)
    config = json.loads((short / "config.json").read_text())
    (short / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 100}))
    models = {"model": llama, "reward_model": short}  # 64 + 64 tokens are asked for
    directory = make_toy_run(tmp_path / "run", kind="sft", models=models)
    assert start(directory) == EXIT_BAD_INPUT
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("context_too_long", "config.max_response_tokens")
    assert not directory.attempt(1).metrics_path.exists()


def test_a_reward_model_of_other_tokens_is_refused_before_anything_is_learnt(
    tmp_path: Path, llama: Path, reward_model: Path
) -> None:
    loaded = load_reward_model(reward_model, device="cpu")
    loaded.tokenizer.add_tokens(["<new>"])
    loaded.model.resize_token_embeddings(len(loaded.tokenizer))
    other = tmp_path / "other"
    loaded.model.save_pretrained(other)
    loaded.tokenizer.save_pretrained(other)
    directory = make_toy_run(tmp_path / "run", kind="sft", models={"model": llama, "reward_model": other})
    assert start(directory) == EXIT_BAD_INPUT
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("tokenizer_mismatch", "inputs.reward_model")
    assert not directory.attempt(1).metrics_path.exists()


def test_a_response_that_is_no_text_takes_no_more_tokens_to_score_than_to_sample(
    llama: Path, reward_model: Path
) -> None:
    policy = load_causal_lm(llama, device="cpu", precision="float32")
    scorer = load_reward_model(reward_model, device="cpu", precision="float32")
    prompt = TokenPrompt("p", encode_prompt(policy.tokenizer, [{"role": "user", "content": "Hi"}]))
    judge = Judge(scorer, [prompt], max_response_tokens=64, batch_size=1, micro_batch_tokens=200, seed=0)
    [drawn] = sample_batch(
        policy.model,
        policy.tokenizer,
        [prompt.ids],
        seeds=[[sample_seed(0, "p", 0)]],
        settings=SamplingSettings(64, stop=default_stop(policy.tokenizer)),
    ).samples[0]
    assert len(encode_response(policy.tokenizer, drawn.text)) > 64, "an untrained model writes bytes that are no text"
    with torch.no_grad():
        expected = rewards(scorer.model, collate([prompt.ids], [drawn.token_ids], pad_id=0)).item()
    assert judge.mean_reward(policy) == pytest.approx(expected, abs=1e-5)


def overfitting_run(root: Path, llama: Path) -> RunDirectory:
    """What is validated on looks less and less like what is learnt."""
    rows = toy_rows("sft")
    rows["validation"] = [dataclasses.replace(row, response="~^" * 20) for row in rows["validation"]]
    config = dataclasses.replace(SFT, checkpoint_rule="validation_loss", **FAST)  # type: ignore[arg-type]
    return make_run(root, kind="sft", models={"model": llama}, config=config, rows=rows)


def test_the_validation_loss_chooses_where_it_is_asked_to(tmp_path: Path, llama: Path) -> None:
    directory = overfitting_run(tmp_path / "run", llama)
    assert start(directory) == EXIT_DONE
    losses = by_epoch(directory, "validation_loss")
    assert losses == sorted(losses)
    policy = load_causal_lm(directory.model_output, device="cpu", precision="float32")
    rows = Encoder(policy.tokenizer, LENGTHS).demonstrations(
        dataclasses.replace(row, response="~^" * 20) for row in demonstrations("valid")
    )
    loss = ResponseLoss(policy.model, TokenBatcher.of(policy, is_packed=False, micro_batch_tokens=500))
    assert loss.mean(rows, precision=PRECISION) == pytest.approx(losses[0], rel=1e-5)
    summary = read_manifest(directory.output).summary
    assert (summary["chosen_epoch"], summary["validation_loss"]) == (1, losses[0])
    assert summary["checkpoint_chosen_by"] == "validation_loss"


def test_a_resumed_run_chooses_what_it_would_have_chosen(
    tmp_path: Path, llama: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, stopped, forgetful = (overfitting_run(tmp_path / name, llama) for name in ("whole", "stopped", "forgetful"))
    assert start(whole) == EXIT_DONE
    original = process.TrainingRun.stop_if_asked

    def stop_if_asked(run: process.TrainingRun[Any], **arguments: Any) -> None:
        if arguments["step"] == STEPS_PER_EPOCH + 1:  # the first epoch is the best
            signal.raise_signal(signal.SIGTERM)
        original(run, **arguments)

    for directory in (stopped, forgetful):
        with monkeypatch.context() as patch:
            patch.setattr(process.TrainingRun, "stop_if_asked", stop_if_asked)
            assert start(directory) == EXIT_PREEMPTED
    assert start(stopped) == EXIT_DONE
    assert weights_of(stopped) == weights_of(whole)

    monkeypatch.setattr(CheckpointChoice, "load_state_dict", lambda *_: None)
    assert start(forgetful) == EXIT_DONE
    assert weights_of(forgetful) != weights_of(whole), "the comparison would not notice a choice that is lost"

"""Rollouts by a vLLM server: the stand-in speaks its routes and samples from the weights that it last loaded."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from formats.errors import FormatError
from formats.run_directory import RunDirectory, read_metrics
from inference.byte_tokenizer import build_byte_tokenizer
from inference.tiny import TinyConfig, build_tiny_model
from tests.training.toy_runs import PPO, make_toy_run, start
from tests.training.vllm_stand_in import VllmStandIn, vllm_stand_in

CLOCKED = ("time", "seconds", "episodes_per_second")


@pytest.fixture(scope="module")
def models(llama: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    reward = make_toy_run(
        tmp_path_factory.mktemp("reward") / "run", kind="reward_model", models={"model": llama}, epochs=1
    )
    assert start(reward) == 0
    return {"model": llama, "reward_model": reward.model_output}


def run_ppo(root: Path, models: dict[str, Path], **settings: Any) -> tuple[int, RunDirectory]:
    directory = make_toy_run(root, kind="ppo", models=models, episodes=16, **settings)
    return start(directory), directory


def curve(directory: RunDirectory) -> list[dict[str, Any]]:
    rows = read_metrics(directory.attempt(1).metrics_path)
    return [{name: value for name, value in row.items() if not name.endswith(CLOCKED)} for row in rows]


@pytest.mark.parametrize("method", ["full", "lora"])
def test_a_run_learns_what_it_would_learn_from_rollouts_of_its_own(
    tmp_path: Path, models: dict[str, Path], method: str
) -> None:
    """To the bit, since the stand-in draws as torch does, provided that it has every version of the weights."""
    code, alone = run_ppo(tmp_path / "alone", models, method=method)
    assert code == 0
    with vllm_stand_in(models["model"]) as server:
        code, served = run_ppo(tmp_path / "served", models, method=method, rollout_server=server.url)
    assert code == 0
    assert curve(served) == curve(alone)
    assert curve(served)[0]["kl_nats"] == 0.0, "log-probabilities are torch's own"
    calls = [call for call in server.calls if call != "/v1/completions"]
    assert calls == ["/v1/models", "/tokenize", *["/collective_rpc", "/reset_prefix_cache"] * 3]
    paths = [body["kwargs"]["weights_path"] for body in server.bodies if "kwargs" in body]
    assert len(set(paths)) == 3, "nothing cached by name is taken for new weights"
    assert not any(Path(path).exists() for path in paths)


def test_the_comparison_notices_a_server_that_keeps_its_weights(tmp_path: Path, models: dict[str, Path]) -> None:
    _, alone = run_ppo(tmp_path / "alone", models)
    with vllm_stand_in(models["model"], ignores_reload=True) as server:
        code, served = run_ppo(tmp_path / "served", models, rollout_server=server.url)
    assert code == 0
    assert curve(served)[0] == curve(alone)[0]
    assert curve(served)[1] != curve(alone)[1]


def error_of(root: Path, models: dict[str, Path], url: str, **settings: Any) -> str:
    code, directory = run_ppo(root, models, rollout_server=url, **settings)
    assert code == 2
    error = directory.attempt(1).read_error()
    assert error is not None
    assert (error.code, error.field) == ("rollout_server", "config.rollout_server")
    return error.message


def test_a_server_that_is_not_there(tmp_path: Path, models: dict[str, Path]) -> None:
    with vllm_stand_in(models["model"]) as server:
        gone = server.url
    assert "cannot be reached" in error_of(tmp_path / "run", models, gone)


def test_a_server_of_another_kind(tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VllmStandIn, "answer", lambda *_arguments: (404, {"detail": "Not Found"}))
    with vllm_stand_in(models["model"]) as server:
        assert "must be the address of a vLLM server" in error_of(tmp_path / "run", models, server.url)


def test_a_server_with_another_vocabulary(tmp_path: Path, models: dict[str, Path]) -> None:
    other = tmp_path / "other"
    tokenizer = build_byte_tokenizer(context_length=1024)
    tokenizer.add_tokens(["quick"])
    model = build_tiny_model(TinyConfig(hidden_size=32, layers=1, heads=2), tokenizer=tokenizer)
    model.resize_token_embeddings(len(tokenizer))
    model.save_pretrained(other)
    tokenizer.save_pretrained(other)
    with vllm_stand_in(other) as server:
        assert "another vocabulary" in error_of(tmp_path / "run", models, server.url)


def test_a_server_with_too_little_room(tmp_path: Path, models: dict[str, Path]) -> None:
    with vllm_stand_in(models["model"], max_model_len=75) as server:
        assert "--max-model-len 76" in error_of(tmp_path / "run", models, server.url)


def test_a_server_that_cannot_reload(tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(VllmStandIn, "collective_rpc", lambda *_: (404, {"detail": "Not Found"}))
    with vllm_stand_in(models["model"]) as server:
        message = error_of(tmp_path / "run", models, server.url)
    assert "VLLM_SERVER_DEV_MODE=1" in message
    assert not (tmp_path / "run" / "rollout-policy").exists()


def test_a_server_that_gives_no_token_ids(
    tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VllmStandIn, "complete", lambda *_: (200, {"choices": [{"text": "Hello"}]}))
    with vllm_stand_in(models["model"]) as server:
        assert "no token ids" in error_of(tmp_path / "run", models, server.url)


@pytest.mark.parametrize("url", ["10.0.0.5:8000", "ftp://host", "http://host/v1", "http://user:key@host"])
def test_an_address_that_is_none_is_refused_before_the_run(url: str) -> None:
    with pytest.raises(FormatError, match="rollout_server"):
        type(PPO).from_json(dataclasses.replace(PPO, rollout_server=url).to_json())

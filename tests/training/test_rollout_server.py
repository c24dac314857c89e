"""Rollouts by a vLLM server: the stand-in speaks its routes and samples from the weights that it last loaded."""

import dataclasses
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from formats.errors import FormatError
from formats.run_directory import EXIT_PREEMPTED, RunDirectory, read_metrics
from inference import writers
from inference.byte_tokenizer import build_byte_tokenizer
from inference.sampling import SamplingSettings
from inference.tiny import TinyConfig, build_tiny_model
from inference.vllm_server import RolloutServerError, VllmServer
from inference.writers import VllmWriter
from tests.training.processes import run_world
from tests.training.toy_runs import PPO, make_toy_run, resumed_at, start, stop_after
from tests.training.vllm_stand_in import VllmStandIn, vllm_stand_in
from training.adapting import save_policy

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
    rows = read_metrics(directory.attempts()[-1].metrics_path)
    return [{name: value for name, value in row.items() if not name.endswith(CLOCKED)} for row in rows]


@pytest.fixture(scope="module")
def alone(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    code, directory = run_ppo(tmp_path_factory.mktemp("alone") / "run", models)
    assert code == 0
    return directory


def check_calls(server: VllmStandIn, *, reloads: int) -> None:
    assert server.calls.count("/collective_rpc") == reloads
    assert set(server.calls) == {"/v1/models", "/tokenize", "/collective_rpc", "/v1/completions"}
    paths = [body["kwargs"]["weights_path"] for body in server.bodies if "kwargs" in body]
    assert len(set(paths)) == reloads, "nothing cached by name is taken for new weights"
    assert not any(Path(path).exists() for path in paths)


def test_a_run_learns_what_it_would_learn_from_rollouts_of_its_own(
    tmp_path: Path, models: dict[str, Path], alone: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the bit, since the stand-in draws as torch does, provided that it has every version of the weights.

    Also where the run is stopped and goes on.
    """
    with vllm_stand_in(models["model"]) as server:
        with monkeypatch.context() as patch:
            stop_after(patch, step=1)
            code, served = run_ppo(tmp_path / "served", models, rollout_server=server.url)
        assert code == EXIT_PREEMPTED
        assert start(served) == 0
    assert resumed_at(served) == 1
    assert curve(served) == curve(alone)
    assert curve(served)[0]["kl_nats"] == 0.0, "log-probabilities are torch's own"
    check_calls(server, reloads=2)


def test_two_processes_share_the_server_and_one_brings_it_the_weights(
    tmp_path: Path, models: dict[str, Path], alone: RunDirectory
) -> None:
    with vllm_stand_in(models["model"]) as server:
        served = make_toy_run(tmp_path / "run", kind="ppo", models=models, episodes=16, rollout_server=server.url)
        assert run_world(served, size=2) == [0, 0], (served.root / "rank-0.txt").read_text()[-3000:]
    for own, theirs in zip(curve(served), curve(alone), strict=True):
        assert own == pytest.approx(theirs, rel=1e-5, abs=1e-6)
    check_calls(server, reloads=2)
    best_of_n = PPO.best_of_n_prompts * PPO.best_of_n_samples
    assert server.calls.count("/v1/completions") == 16 + best_of_n, "no response is asked for twice"


def test_adapters_are_merged_for_the_server(tmp_path: Path, models: dict[str, Path]) -> None:
    _, alone = run_ppo(tmp_path / "alone", models, method="lora", best_of_n_samples=0)
    with vllm_stand_in(models["model"]) as server:
        code, served = run_ppo(
            tmp_path / "served", models, method="lora", best_of_n_samples=0, rollout_server=server.url
        )
    assert code == 0
    assert curve(served) == curve(alone)
    check_calls(server, reloads=2)


def test_the_comparison_notices_a_server_that_keeps_its_weights(
    tmp_path: Path, models: dict[str, Path], alone: RunDirectory
) -> None:
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


def test_what_another_server_says_is_not_repeated(
    tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    replies: list[Any] = [{"detail": "the key is 1234"}, "the key is 1234", {"error": {"message": "no such model"}}]
    monkeypatch.setattr(VllmStandIn, "answer", lambda *_: (404, replies.pop(0)))
    with vllm_stand_in(models["model"]) as server:
        client = VllmServer(server.url, connections=1)
        tokenizer = server.loaded.tokenizer
        for _ in range(2):
            with pytest.raises(RolloutServerError, match=r"answered 404: it must be the address"):
                client.check(tokenizer, longest=8)
        with pytest.raises(RolloutServerError, match=r"answered 404 \(no such model\): it must"):
            client.check(tokenizer, longest=8)


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]"])
def test_a_link_local_address_is_not_asked(host: str) -> None:
    with pytest.raises(RolloutServerError, match="link-local"):
        VllmServer(f"http://{host}:1", connections=1).check(build_byte_tokenizer(context_length=8), longest=8)


def test_as_many_are_asked_for_at_a_time_as_the_settings_say(
    models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """More than httpx allows by itself: the server answers once it has been asked by all."""
    count = 104
    together = threading.Barrier(count, timeout=120)

    def answer(*_arguments: Any) -> tuple[int, Any]:
        together.wait()
        return 200, {"choices": [{"token_ids": [7]}]}

    monkeypatch.setattr(VllmStandIn, "answer", answer)
    with vllm_stand_in(models["model"]) as server:
        policy = server.loaded
        writer = VllmWriter(VllmServer(server.url, connections=count), count, Path("unused"), save_policy)
        drawn = writer.write(policy, [[257]] * count, seeds=[[0]] * count, settings=SamplingSettings(4))
    assert [own[0].token_ids for own in drawn] == [[7]] * count


def test_too_little_memory_for_rollouts_names_their_setting(
    tmp_path: Path, models: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_named: Any) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setattr(writers, "sample", fail)
    code, directory = run_ppo(tmp_path / "run", models)
    assert code == 2
    error = directory.attempt(1).read_error()
    assert error is not None
    assert error.field == "config.rollout_batch_size"


@pytest.mark.parametrize("url", ["10.0.0.5:8000", "ftp://host", "http://host/v1", "http://user:key@host"])
def test_an_address_that_is_none_is_refused_before_the_run(url: str) -> None:
    with pytest.raises(FormatError, match="rollout_server"):
        type(PPO).from_json(dataclasses.replace(PPO, rollout_server=url).to_json())

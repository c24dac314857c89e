"""`python -m inference.sample RUN_DIR` as the supervisor runs it: output, resumption, signals, exit codes."""

import gc
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from formats.configs import SampleConfig
from formats.jsonl import read_jsonl, write_jsonl
from formats.messages import Message
from formats.records import Prompt, SampledResponse
from formats.run_directory import RunDirectory, read_manifest, read_metrics
from formats.run_spec import RunSpec
from inference.endpoint import API_KEY_VARIABLE
from inference.process import main
from inference.sample import sample
from inference.sampling import sample_seed
from tests.inference.fake_endpoint import FakeEndpoint, Reply, Request, reply_with, running_endpoint

LOCAL = SampleConfig(responses_per_prompt=4, max_response_tokens=24, batch_size=1, device="cpu", seed=3)


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with running_endpoint() as running:
        yield running


def prompt(name: str, text: str) -> Prompt:
    return Prompt(id=name, messages=(Message("user", text),))


def make_run(root: Path, config: SampleConfig, prompts: list[Prompt], *, model: Path | None = None) -> RunDirectory:
    root.mkdir()
    directory = RunDirectory(root)
    inputs = {"prompts": "inputs/prompts.jsonl", **({"model": str(model)} if model else {})}
    directory.write_spec(RunSpec("sample", config, inputs))
    write_jsonl(directory.inputs / "prompts.jsonl", prompts)
    return directory


def run(directory: RunDirectory, *options: str) -> int:
    return main(sample, [str(directory.root), *options], description="")


def output(directory: RunDirectory) -> list[SampledResponse]:
    return list(read_jsonl(directory.samples_output, SampledResponse))


def endpoint_config(endpoint: FakeEndpoint, *, concurrency: int = 2) -> SampleConfig:
    return SampleConfig(
        responses_per_prompt=2,
        endpoint_url=endpoint.url,
        endpoint_model="m",
        endpoint_retries=0,
        endpoint_concurrency=concurrency,
    )


def test_a_run_draws_k_responses_to_each_prompt(tiny_directory: Path, tmp_path: Path) -> None:
    prompts = [prompt("b", "Hello!"), prompt("a", "What is the capital of France?"), prompt("c", "Hello!")]
    directory = make_run(tmp_path / "run", LOCAL, prompts, model=tiny_directory)
    assert run(directory) == 0
    rows = output(directory)
    assert [(row.prompt_id, row.number) for row in rows] == [(name, n) for name in "bac" for n in range(4)]
    assert [row.seed for row in rows] == [sample_seed(3, row.prompt_id, row.number) for row in rows]
    assert len({row.text for row in rows}) == 12  # The same prompt under another id draws other samples.
    assert all(0 < row.response_tokens <= 24 for row in rows)
    assert rows[0].prompt_tokens == len("Hello!") + 3
    manifest = read_manifest(directory.output)
    assert (manifest.kind, list(manifest.files)) == ("sample", ["samples.jsonl"])
    assert manifest.summary == {"prompts": 3, "responses": 12, "failures": 0}
    status = directory.attempt(1).read_status()
    assert status is not None
    assert (status.phase, status.step, status.total_steps) == ("save", 12, 12)
    metrics = read_metrics(directory.attempt(1).metrics_path)
    assert [row["step"] for row in metrics] == [8, 12], "eight batches are kept at a time"
    assert metrics[-1]["mean_response_tokens"] > 0


def test_a_finished_run_is_not_run_again(tiny_directory: Path, tmp_path: Path) -> None:
    directory = make_run(tmp_path / "run", LOCAL, [prompt("a", "Hello!")], model=tiny_directory)
    assert run(directory) == 0
    before = directory.samples_output.stat().st_mtime_ns
    assert run(directory) == 0
    assert directory.samples_output.stat().st_mtime_ns == before
    assert len(directory.attempts()) == 1


@contextmanager
def pipe_for_metrics(directory: RunDirectory, attempt: int) -> Iterator[int]:
    """A pipe in the place of an attempt's metrics file: who reads it knows that a batch is done, without a clock.

    It is opened without blocking, so that a run that dies early does not leave the reader waiting.
    """
    directory.attempt(attempt).root.mkdir()
    path = directory.attempt(attempt).metrics_path
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield reader
    finally:
        os.close(reader)
        path.unlink()


def wait_for_a_batch(reader: int) -> None:
    assert select.select([reader], [], [], 300)[0]
    assert json.loads(os.read(reader, 65536).splitlines()[0])["step"] > 0


def stop_after_first_batch(directory: RunDirectory, attempt: int) -> int:
    """Run in this process, and have a thread send it SIGTERM."""

    def stop(reader: int) -> None:
        wait_for_a_batch(reader)
        os.kill(os.getpid(), signal.SIGTERM)

    with pipe_for_metrics(directory, attempt) as reader:
        thread = threading.Thread(target=stop, args=[reader])
        thread.start()
        code = run(directory, "--attempt", str(attempt))
        thread.join()
    return code


def kill_after_first_batch(directory: RunDirectory, attempt: int) -> int:
    """Run as a process of its own, and end it with SIGKILL."""
    command = [sys.executable, "-m", "inference.sample", str(directory.root), "--attempt", str(attempt)]
    with pipe_for_metrics(directory, attempt) as reader:
        process = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
        try:
            wait_for_a_batch(reader)
        finally:
            process.kill()
            process.wait()
    return process.returncode


def lines_of(directory: RunDirectory, attempt: int) -> int:
    return (directory.attempt(attempt).root / "samples.jsonl").read_bytes().count(b"\n")


def test_a_run_that_is_stopped_and_killed_draws_the_very_same_samples(tiny_directory: Path, tmp_path: Path) -> None:
    config = SampleConfig(responses_per_prompt=4, max_response_tokens=64, batch_size=1, device="cpu")
    prompts = [prompt(f"p{number}", f"Name {number} fruits.") for number in range(12)]
    directory = make_run(tmp_path / "broken", config, prompts, model=tiny_directory)

    assert stop_after_first_batch(directory, 1) == 75
    stopped = lines_of(directory, 1)
    assert 0 < stopped < 48
    assert directory.attempt(1).read_error() is None

    assert kill_after_first_batch(directory, 2) == -signal.SIGKILL
    killed = lines_of(directory, 2)
    assert killed > 0
    assert not directory.output.exists()
    with (directory.attempt(2).root / "samples.jsonl").open("r+b") as file:
        file.truncate(file.seek(-20, os.SEEK_END))  # As if the power had gone while a line was written.

    assert run(directory) == 0
    assert lines_of(directory, 3) == 48 - stopped - (killed - 1)

    whole = make_run(tmp_path / "whole", config, prompts, model=tiny_directory)
    assert run(whole) == 0
    assert directory.samples_output.read_bytes() == whole.samples_output.read_bytes()


def test_an_attempt_started_twice_goes_on_after_its_own_torn_line(tiny_directory: Path, tmp_path: Path) -> None:
    directory = make_run(tmp_path / "run", LOCAL, [prompt("a", "Hello!")], model=tiny_directory)
    directory.attempt(1).root.mkdir()
    (directory.attempt(1).root / "samples.jsonl").write_bytes(b'{"prompt_id":"a","num')
    assert run(directory, "--attempt", "1") == 0
    assert lines_of(directory, 1) == 4
    shutil.rmtree(directory.output)
    assert run(directory) == 0
    assert lines_of(directory, 2) == 0  # All four could be read back.
    assert len(output(directory)) == 4


def test_a_prompt_that_does_not_fit_costs_only_itself(tiny_directory: Path, tmp_path: Path) -> None:
    prompts = [prompt("long", "x" * 2000), prompt("short", "Hello!")]
    directory = make_run(tmp_path / "run", LOCAL, prompts, model=tiny_directory)
    assert run(directory) == 0
    assert {row.prompt_id for row in output(directory)} == {"short"}
    failures = [json.loads(line) for line in (directory.output / "failures.jsonl").read_text().splitlines()]
    assert [(row["prompt_id"], row["number"], row["code"]) for row in failures] == [
        ("long", number, "prompt_too_long") for number in range(4)
    ]
    manifest = read_manifest(directory.output)
    assert manifest.summary == {"prompts": 2, "responses": 4, "failures": 4}
    assert manifest.warnings == ("4 of 8 responses could not be had: see output/failures.jsonl.",)


def error_of(directory: RunDirectory) -> tuple[str, str, str]:
    error = directory.attempts()[-1].read_error()
    assert error is not None
    return error.code, error.field, error.message


def test_no_prompt_that_fits_is_an_error(tiny_directory: Path, tmp_path: Path) -> None:
    directory = make_run(tmp_path / "run", LOCAL, [prompt("long", "x" * 2000)], model=tiny_directory)
    assert run(directory) == 2
    assert error_of(directory)[0] == "prompt_too_long"
    assert not directory.output.exists()


def test_a_model_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    directory = make_run(tmp_path / "run", LOCAL, [prompt("a", "x")], model=tmp_path / "none")
    assert run(directory) == 2
    assert error_of(directory) == ("model_error", "", f"{tmp_path / 'none'}: no such directory")


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ("", "has no prompts"),
        ("{}\n", "line 1: id: is required"),
        ('{"id":"a","messages":[{"role":"user","content":"x"}]}\n' * 2, "line 2: id 'a' stands twice"),
    ],
)
def test_bad_prompts_are_bad_input(tiny_directory: Path, tmp_path: Path, lines: str, named: str) -> None:
    directory = make_run(tmp_path / "run", LOCAL, [], model=tiny_directory)
    (directory.inputs / "prompts.jsonl").write_text(lines)
    assert run(directory) == 2
    code, field, message = error_of(directory)
    assert (code, field) == ("bad_input", "inputs.prompts")
    assert named in message


def test_an_unknown_setting_is_bad_input(tiny_directory: Path, tmp_path: Path) -> None:
    directory = make_run(tmp_path / "run", LOCAL, [prompt("a", "x")], model=tiny_directory)
    spec = json.loads(directory.config_path.read_text())
    spec["config"]["temprature"] = 1
    directory.config_path.write_text(json.dumps(spec))
    assert run(directory) == 2
    assert error_of(directory)[:2] == ("bad_input", "config.temprature")


def test_an_endpoints_responses_are_taken_with_their_counts(endpoint: FakeEndpoint, tmp_path: Path) -> None:
    endpoint.answer = lambda request, number: Reply(reply_with(f"to {request.body['seed']}", tokens=4))
    directory = make_run(tmp_path / "run", endpoint_config(endpoint), [prompt("a", "x"), prompt("b", "y")])
    assert run(directory) == 0
    rows = output(directory)
    assert [(row.prompt_id, row.number) for row in rows] == [("a", 0), ("a", 1), ("b", 0), ("b", 1)]
    assert all(row.text == f"to {row.seed}" and row.response_tokens == 4 and row.prompt_tokens == 7 for row in rows)


def test_partial_results_of_an_endpoint_are_kept_and_reported(endpoint: FakeEndpoint, tmp_path: Path) -> None:
    """One prompt is refused, one response fails for good, the rest comes."""
    broken = sample_seed(0, "good", 1)

    def answer(request: Request, number: int) -> Reply:
        if request.body["messages"][0]["content"] == "refused":
            return Reply({"error": {"message": "unsafe"}}, status=400)
        return Reply({}, status=500) if request.body["seed"] == broken else Reply(reply_with("fine"))

    endpoint.answer = answer
    directory = make_run(tmp_path / "run", endpoint_config(endpoint), [prompt("bad", "refused"), prompt("good", "x")])
    assert run(directory) == 0
    assert [(row.prompt_id, row.number) for row in output(directory)] == [("good", 0)]
    failures = [json.loads(line) for line in (directory.output / "failures.jsonl").read_text().splitlines()]
    assert {(row["prompt_id"], row["number"]): row["code"] for row in failures} == {
        ("bad", 0): "endpoint_rejected",
        ("bad", 1): "endpoint_rejected",
        ("good", 1): "endpoint_unavailable",
    }


def test_an_endpoint_that_dies_ends_the_attempt_and_the_next_asks_only_for_the_rest(
    endpoint: FakeEndpoint, tmp_path: Path
) -> None:
    dying = [Reply(reply_with("early"))] * 3 + [Reply({}, status=503)]
    endpoint.script(*dying)
    prompts = [prompt(f"p{number}", "x") for number in range(10)]
    directory = make_run(tmp_path / "run", endpoint_config(endpoint), prompts)
    assert run(directory) == 1  # Neither done nor bad input: another attempt may help.
    assert error_of(directory)[0] == "endpoint_unavailable"
    assert not directory.output.exists()
    assert len(endpoint.requests) < 20
    endpoint.requests.clear()
    endpoint.script(Reply(reply_with("late")))
    assert run(directory) == 0
    assert len(endpoint.requests) == 17
    assert sorted(row.text for row in output(directory)) == ["early"] * 3 + ["late"] * 17


def test_settings_that_an_endpoint_refuses_are_not_tried_on_every_prompt(
    endpoint: FakeEndpoint, tmp_path: Path
) -> None:
    endpoint.script(Reply({"error": {"message": "max_tokens is not supported"}}, status=400))
    directory = make_run(tmp_path / "run", endpoint_config(endpoint), [prompt(str(n), "x") for n in range(100)])
    assert run(directory) == 2
    assert error_of(directory) == ("endpoint_rejected", "", "HTTP 400 max_tokens is not supported")
    assert len(endpoint.requests) < 64


def test_a_wrong_key_ends_the_run_at_once_and_is_written_nowhere(
    endpoint: FakeEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(API_KEY_VARIABLE, "sk-secret")
    endpoint.script(Reply({"error": {"message": "bad key sk-secret"}}, status=401))
    directory = make_run(tmp_path / "run", endpoint_config(endpoint), [prompt(str(n), "x") for n in range(9)])
    assert run(directory) == 2
    assert error_of(directory) == ("endpoint_misconfigured", "", "HTTP 401 bad key [key]")
    assert endpoint.requests[0].headers["Authorization"] == "Bearer sk-secret"
    assert len(endpoint.requests) <= 2
    files = [path for path in directory.root.rglob("*") if path.is_file()]
    assert files
    assert not any(b"sk-secret" in path.read_bytes() for path in files)


def test_a_stopped_endpoint_run_keeps_what_came_and_leaves_no_task_behind(
    endpoint: FakeEndpoint, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    handler = signal.getsignal(signal.SIGTERM)

    def answer(request: Request, number: int) -> Reply:
        if number == 3:
            os.kill(os.getpid(), signal.SIGTERM)
            return endpoint.hang()
        return Reply(reply_with("early"))

    endpoint.answer = answer
    prompts = [prompt(str(n), "x") for n in range(9)]
    directory = make_run(tmp_path / "run", endpoint_config(endpoint, concurrency=1), prompts)
    assert run(directory) == 75
    assert lines_of(directory, 1) == 3
    assert directory.attempt(1).read_error() is None
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []
    assert signal.getsignal(signal.SIGTERM) is handler

"""A stand-in for Python that runs a quick trainer of our own where a run's model asks for it, and else is Python.

A directory of a model with `fake.json` makes the run that starts from it fast and steerable; it keeps the contract of
`formats.run_directory` like the real ones: attempts, checkpoints, status, metrics, output, exit codes, SIGTERM.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, os.getcwd())

from formats.jsonl import read_jsonl, write_json, write_jsonl
from formats.records import Prompt, SampledResponse
from formats.run_directory import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_PREEMPTED,
    AttemptDirectory,
    RunDirectory,
    RunError,
    append_metrics,
    is_whole,
    write_manifest,
)


def main() -> int:
    """Fake the run where it is to be faked; else become the real Python."""
    parser = argparse.ArgumentParser()
    parser.add_argument("-m", dest="module")
    parser.add_argument("run_directory", type=Path, nargs="?")
    parser.add_argument("--attempt", type=int)
    given, _ = parser.parse_known_args()
    directory = RunDirectory(given.run_directory) if given.attempt else None
    plan = read_plan(directory) if directory else None
    if directory is None or plan is None:
        os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
    attempt = directory.attempt(given.attempt)
    attempt.root.mkdir(exist_ok=True)
    return FakeTrainer(directory, attempt, plan).run()


def read_plan(directory: RunDirectory) -> dict[str, Any] | None:
    """What the run's model says of how to fake it."""
    place = json.loads(directory.config_path.read_text())["inputs"].get("model", "")
    path = Path(place) / "fake.json"
    return dict(json.loads(path.read_text())) if path.is_file() else None


class FakeTrainer:
    """Counts steps. A plan may have: steps, hold_at (wait at this step for a file `go` in the run directory), stubborn,
    warnings (of the output), crash_until (attempts that crash), bad_input, damage (spoil it), checkpoint_every."""

    def __init__(self, directory: RunDirectory, attempt: AttemptDirectory, plan: dict[str, Any]) -> None:
        self.directory = directory
        self.attempt = attempt
        self.plan = plan
        self.steps = int(plan.get("steps", 10))
        self.is_asked = False

    def run(self) -> int:
        """One attempt; the exit status."""
        signal.signal(signal.SIGTERM, self.ask)
        print("environment", json.dumps(dict(os.environ)), flush=True)
        if self.plan.get("bad_input"):
            self.attempt.write_error(RunError("too_large", "must be smaller for this model", "config.batch_size"))
            return EXIT_BAD_INPUT
        start = self.resume_step()
        print(f"from step {start}", flush=True)
        with self.attempt.metrics_path.open("a") as metrics:
            for step in range(start + 1, self.steps + 1):
                self.hold(step)
                if self.is_asked:
                    self.save(step - 1)
                    return EXIT_PREEMPTED
                if step == 3 and self.attempt.epoch <= self.plan.get("crash_until", 0):
                    print("about to crash", flush=True)
                    return 1
                append_metrics(metrics, step=step, time=time.time(), values={"loss": 1.0 / step})
                self.attempt.write_status(phase="Training", step=step, total_steps=self.steps, eta_seconds=1.0)
                if step % self.plan.get("checkpoint_every", 5) == 0:
                    self.save(step)
        self.publish()
        return EXIT_DONE

    def ask(self, _number: int, _frame: FrameType | None) -> None:
        """SIGTERM."""
        self.is_asked = not self.plan.get("stubborn")

    def hold(self, step: int) -> None:
        """Wait at a step until the test says go, or until we are asked to stop."""
        while step == self.plan.get("hold_at") and not self.is_asked and not (self.directory.root / "go").exists():
            time.sleep(0.02)

    def resume_step(self) -> int:
        """The step of the furthest whole checkpoint."""
        found = [
            step
            for attempt in self.directory.attempts()
            for step in attempt.checkpoint_steps()
            if is_whole(attempt.checkpoint(step))
        ]
        return max(found, default=0)

    def save(self, step: int) -> None:
        """A checkpoint."""
        if step < 1:
            return
        path = self.attempt.checkpoint(step)
        path.mkdir(parents=True, exist_ok=True)
        write_json(path / "state.json", {"step": step})
        write_manifest(path, kind="checkpoint", summary={"step": step})

    def publish(self) -> None:
        """The output, as the kind of run has it."""
        staging = self.directory.root / f".output-{self.attempt.epoch}"
        shutil.rmtree(staging, ignore_errors=True)
        kind = str(self.directory.read_spec().kind)
        write: Callable[[Path], None] = self.write_samples if kind == "sample" else self.write_model
        write(staging)
        self.directory.publish_output(
            staging, kind=kind, summary={"final_loss": 0.1}, warnings=self.plan.get("warnings", ())
        )
        if self.plan.get("damage"):
            victim = next(self.directory.output.rglob("config.json"))
            victim.write_bytes(b"x" * victim.stat().st_size)

    def write_model(self, staging: Path) -> None:
        """A directory that looks like a model, and asks for a fake again."""
        (staging / "model").mkdir(parents=True)
        write_json(staging / "model" / "config.json", {"model_type": "fake"})
        write_json(staging / "model" / "fake.json", {})

    def write_samples(self, staging: Path) -> None:
        """K responses to each prompt."""
        staging.mkdir()
        spec = self.directory.read_spec()
        prompts = list(read_jsonl(self.directory.inputs / "prompts.jsonl", Prompt))
        count = spec.config.to_json()["responses_per_prompt"]
        write_jsonl(
            staging / "samples.jsonl",
            (
                SampledResponse(prompt.id, number, f"answer {number}\0", "stop", 3, 2, 2**47 + number)
                for prompt in prompts
                for number in range(count)
            ),
        )


if __name__ == "__main__":
    sys.exit(main())

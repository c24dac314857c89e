"""A training run as a process: its command line, its signals, its errors and exit codes (docs/formats.md)."""

import argparse
import logging
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Generic, TypeVar

import torch

from formats.codec import Format
from formats.configs import DpoConfig, PpoConfig, RewardModelConfig, SftConfig
from formats.errors import FormatError
from formats.jsonl import read_jsonl, write_jsonl
from formats.run_directory import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_PREEMPTED,
    AttemptDirectory,
    RunDirectory,
    RunError,
)
from formats.shared_settings import Device
from inference.errors import InferenceError
from inference.models import quiet_libraries
from training.checkpointing import load_checkpoint, newest_checkpoint, remove_checkpoints, save_checkpoint
from training.distributed import ALONE, World, join_world, leave_world
from training.errors import PreemptedError, TrainingError
from training.progress import Progress, copy_metrics

TrainingConfig = TypeVar("TrainingConfig", SftConfig, RewardModelConfig, PpoConfig, DpoConfig)
Row = TypeVar("Row", bound=Format)
Summary = dict[str, int | float | str]
logger = logging.getLogger("training")


@dataclass(frozen=True, slots=True)
class TrainingRun(Generic[TrainingConfig]):
    """One attempt at a run: where it reads and writes, whether it was asked to stop, and who else works on it."""

    directory: RunDirectory
    attempt: AttemptDirectory
    config: TrainingConfig
    inputs: dict[str, str]
    stop: threading.Event = field(default_factory=threading.Event)
    warnings: list[str] = field(default_factory=list)
    world: World = ALONE

    def warn(self, sentence: str) -> None:
        """Tell the log, and later the output, of something that a person may not expect."""
        logger.warning("%s", sentence)
        self.warnings.append(sentence)

    def model(self, role: str) -> str:
        """The directory or hub name of a model."""
        return self.directory.locate(self.inputs[role])

    def rows(self, role: str, row_class: type[Row]) -> list[Row]:
        """All records of an input file, or none where the role is not given. Raises FormatError, naming the file."""
        if role not in self.inputs:
            return []
        path = self.directory.root / self.inputs[role]
        try:
            rows = list(read_jsonl(path, row_class))
        except FileNotFoundError as error:
            raise FormatError(f"inputs.{role}", f"names a file that is not there: {self.inputs[role]}") from error
        except FormatError as error:
            raise FormatError(f"inputs.{role}", f"{self.inputs[role]}: {error}") from error
        if not rows:
            raise TrainingError("empty_dataset", f"{self.inputs[role]} has no rows", field=f"inputs.{role}")
        return rows

    def resume(self) -> dict[str, Any] | None:
        """The state of the furthest checkpoint, or None to begin; the metrics up to it are carried over."""
        found = self.world.from_main(lambda: newest_checkpoint(self.directory))
        if found is None:
            return None
        attempt, step = found
        state = load_checkpoint(attempt.checkpoint(step))
        # Read as it is now: a setting that labelapp has got since the checkpoint has its default there.
        if type(self.config).from_json(state["config"]) != self.config:
            message = "config.json has changed since the checkpoint; start a new run for other settings"
            raise TrainingError("config_changed", message, field="config")
        if attempt != self.attempt and self.world.is_main:
            copy_metrics(attempt, self.attempt, until_step=step)
        logger.info("resuming from step %d of attempt %d", step, attempt.epoch)
        return state

    def save(self, *, step: int, state: dict[str, Any]) -> None:
        """Save a checkpoint and remove the ones before it."""
        state = state | {"step": step, "config": self.config.to_json()}
        kept = save_checkpoint(self.attempt, step=step, state=state, world=self.world)
        if self.world.is_main:
            remove_checkpoints(self.directory, keep=kept)

    def stop_if_asked(self, *, step: int, state: Callable[[], dict[str, Any]]) -> None:
        """After SIGTERM or Ctrl-C, in any of the run's processes, save what has been done and raise PreemptedError."""
        if self.world.any(self.stop.is_set()):
            self.save(step=step, state=state())
            raise PreemptedError

    def progress(self, *, total_steps: int) -> Progress:
        """What tells the world how far this attempt is."""
        return Progress(self.attempt, total_steps=total_steps, is_main=self.world.is_main, warnings=self.warnings)

    def publish(
        self,
        save_model: Callable[[Path], None],
        *,
        kind: str,
        summary: Summary,
        rows: dict[str, Sequence[Format]] | None = None,
    ) -> None:
        """Write the output, whole or not at all: the model, and `rows` by file name. Checkpoints end with it.

        Only the first process writes: what needs the others, such as `World.assemble`, is done before.
        """
        if not self.world.is_main:
            return
        for left_by_a_kill in self.directory.root.glob(".output-*"):
            shutil.rmtree(left_by_a_kill)
        staging = self.directory.root / f".output-{self.attempt.epoch}"
        (staging / "model").mkdir(parents=True)
        save_model(staging / "model")
        for name, records in (rows or {}).items():
            write_jsonl(staging / name, records)
        self.directory.publish_output(staging, kind=kind, summary=summary, warnings=self.warnings)
        remove_checkpoints(self.directory, keep=None)


def main(
    train: Callable[[TrainingRun[TrainingConfig]], None],
    config_class: type[TrainingConfig],
    arguments: Sequence[str] | None = None,
) -> int:
    """Run one stage on the run directory that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(description=train.__doc__)
    parser.add_argument("run_directory", type=Path, metavar="RUN_DIR")
    parser.add_argument("--attempt", type=int, help="number of the attempt; one more than the last by default")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    quiet_libraries()
    directory = RunDirectory(given.run_directory)
    if not directory.root.is_dir():
        parser.error(f"{directory.root} is not a directory")
    if directory.is_done():
        remove_checkpoints(directory, keep=None)  # a kill between the output and its end left them
        logger.info("the output is there already")
        return EXIT_DONE
    with join_world(device=lambda: _wanted_device(directory)) as world:
        if not world.is_main:
            logger.setLevel(logging.ERROR)
        epoch = given.attempt if given.attempt is not None else world.from_main(lambda: _next_epoch(directory))
        attempt = directory.attempt(epoch)
        attempt.root.mkdir(exist_ok=True)
        code = _attempt(train, config_class, directory=directory, attempt=attempt, world=world)
    return leave_world(world, code)


def _wanted_device(directory: RunDirectory) -> Device:
    """What the settings say; the CPU where they cannot be read, which the attempt will tell."""
    try:
        return directory.read_spec().config.device
    except (FormatError, OSError):
        return "cpu"


def _next_epoch(directory: RunDirectory) -> int:
    attempts = directory.attempts()
    return attempts[-1].epoch + 1 if attempts else 1


def _attempt(
    train: Callable[[TrainingRun[TrainingConfig]], None],
    config_class: type[TrainingConfig],
    *,
    directory: RunDirectory,
    attempt: AttemptDirectory,
    world: World,
) -> int:
    try:
        train(_prepare(config_class, directory=directory, attempt=attempt, world=world))
    except PreemptedError:
        logger.info("stopped as asked; a checkpoint is saved")
        return EXIT_PREEMPTED
    except FormatError as error:
        return _fail(attempt, RunError("bad_input", error.message, error.field))
    except TrainingError as error:
        return _fail(attempt, RunError(error.code, error.message, error.field))
    except InferenceError as error:
        return _fail(attempt, RunError(error.code, error.message, error.field))
    except torch.OutOfMemoryError:
        message = "the GPU has too little memory for this model; lower the micro-batch"
        return _fail(attempt, RunError("out_of_memory", message, "config.micro_batch_tokens"))
    except Exception as error:
        # Not caught for good: the supervisor sees a crash, and a person sees one line of why.
        # A process that lost another one crashes too, later: what the first wrote is the reason.
        if world.size == 1 or not attempt.error_path.exists():
            attempt.write_error(RunError("crash", f"{type(error).__name__}: {error}"))
        raise
    logger.info("done")
    return EXIT_DONE


def _prepare(
    config_class: type[TrainingConfig], *, directory: RunDirectory, attempt: AttemptDirectory, world: World
) -> TrainingRun[TrainingConfig]:
    """Read the settings, seed everything, alike in all processes, and listen for SIGTERM and Ctrl-C."""
    spec = directory.read_spec()
    if not isinstance(spec.config, config_class):
        raise FormatError("kind", f"is {spec.kind}, which another command runs")
    run = TrainingRun(directory, attempt, spec.config, spec.inputs, world=world)
    if world.is_main:
        attempt.write_status(phase="load", step=0, total_steps=0, eta_seconds=None)

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        run.stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    torch.set_num_threads(spec.config.threads)
    torch.manual_seed(spec.config.seed)
    return run


def _fail(attempt: AttemptDirectory, error: RunError) -> int:
    logger.error("%s", f"{error.field}: {error.message}" if error.field else error.message)
    attempt.write_error(error)
    return EXIT_BAD_INPUT

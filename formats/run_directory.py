"""The run directory: the whole contract between the web side and a process that computes.

    config.json           RunSpec
    inputs/               the files it reads
    attempt-<epoch>/      metrics.jsonl, log.txt, status.json, error.json, checkpoints/step-N/
    output/               appears whole or not at all, with manifest.json

A process ends with one of the exit codes below; any other code is a crash, which is worth another attempt.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from formats.codec import Format
from formats.errors import FormatError
from formats.files import sha256_of, sync_directory
from formats.jsonl import dump_json, read_json, write_json
from formats.run_spec import RunSpec

EXIT_DONE = 0
EXIT_BAD_INPUT = 2  # a setting or the data must change first: another attempt would fail in the same way
EXIT_PREEMPTED = 75  # SIGTERM: stopped with a checkpoint; another attempt goes on from there


@dataclass(frozen=True, slots=True)
class RunStatus(Format):
    """How far a run is. `eta_seconds` is null until a step was timed; `updated_at` is ISO 8601, UTC.

    `warnings` are sentences on what a person should know while it runs; the manifest of the output repeats them.
    """

    phase: str
    step: int = field(metadata={"minimum": 0})
    total_steps: int = field(metadata={"minimum": 0})
    eta_seconds: float | None
    updated_at: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunError(Format):
    """Why an attempt failed, in one line for a person. `field` is dotted, or empty."""

    code: str
    message: str
    field: str = ""


@dataclass(frozen=True, slots=True)
class FileEntry(Format):
    """One file of a manifest."""

    sha256: str
    bytes: int = field(metadata={"minimum": 0})


@dataclass(frozen=True, slots=True)
class Manifest(Format):
    """Every file of a directory but the manifest, by relative path.

    `summary` holds final figures, `warnings` sentences on what a person may not expect of them.
    """

    kind: str
    files: dict[str, FileEntry]
    summary: dict[str, int | float | str]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """Paths in a run directory, and what may be asked of it."""

    root: Path

    @property
    def config_path(self) -> Path:
        return self.root / "config.json"

    @property
    def inputs(self) -> Path:
        return self.root / "inputs"

    @property
    def output(self) -> Path:
        return self.root / "output"

    @property
    def model_output(self) -> Path:
        """The Hugging Face directory that a training run makes."""
        return self.output / "model"

    @property
    def samples_output(self) -> Path:
        """The SampledResponse lines that a sample run makes."""
        return self.output / "samples.jsonl"

    @property
    def validation_rewards_output(self) -> Path:
        """The RewardedResponse lines that a reward model run leaves of the rankings held out from training."""
        return self.output / "validation_rewards.jsonl"

    @property
    def diagnostics_output(self) -> Path:
        """The RewardDiagnostic lines that a reward model run leaves beside them."""
        return self.output / "diagnostics.jsonl"

    @property
    def cross_validation_output(self) -> Path:
        """The CrossValidationFold lines of a reward model run that was told to try groups of labelers."""
        return self.output / "cross_validation.jsonl"

    def attempt(self, epoch: int) -> "AttemptDirectory":
        """The directory of one attempt, which need not exist yet."""
        return AttemptDirectory(self.root / f"attempt-{epoch}", epoch)

    def attempts(self) -> list["AttemptDirectory"]:
        """The attempts that exist, oldest first."""
        found = [_number(path.name, "attempt-") for path in self.root.glob("attempt-*")]
        return [self.attempt(epoch) for epoch in sorted(epoch for epoch in found if epoch is not None)]

    def read_spec(self) -> RunSpec:
        """What config.json says. Raises FormatError, also where the file is missing."""
        try:
            return RunSpec.from_json(read_json(self.config_path))
        except FileNotFoundError as error:
            raise FormatError("config.json", "is required in the run directory") from error

    def write_spec(self, spec: RunSpec) -> None:
        """Write config.json, after checking it, and make the inputs directory."""
        spec.validate()
        self.inputs.mkdir(parents=True, exist_ok=True)
        write_json(self.config_path, spec.to_json())

    def locate(self, place: str) -> str:
        """An input's path where it exists inside the run directory, else its place as it stands (a hub name)."""
        inside = self.root / place
        return str(inside) if inside.exists() else place

    def is_done(self) -> bool:
        """Whether the output is there and whole."""
        return is_whole(self.output)

    def publish_output(
        self, staging: Path, *, kind: str, summary: dict[str, int | float | str], warnings: Sequence[str] = ()
    ) -> None:
        """Turn a directory of finished files beside `output` into `output`, manifest first, in one rename."""
        write_manifest(staging, kind=kind, summary=summary, warnings=warnings)
        if self.output.exists():
            shutil.rmtree(self.output)
        staging.rename(self.output)
        sync_directory(self.root)


@dataclass(frozen=True, slots=True)
class AttemptDirectory:
    """Paths in one attempt."""

    root: Path
    epoch: int

    @property
    def metrics_path(self) -> Path:
        return self.root / "metrics.jsonl"

    @property
    def log_path(self) -> Path:
        return self.root / "log.txt"

    @property
    def status_path(self) -> Path:
        return self.root / "status.json"

    @property
    def error_path(self) -> Path:
        return self.root / "error.json"

    @property
    def checkpoints(self) -> Path:
        return self.root / "checkpoints"

    def checkpoint(self, step: int) -> Path:
        return self.checkpoints / f"step-{step}"

    def checkpoint_steps(self) -> list[int]:
        """The steps with a checkpoint directory, ascending; whether each is whole is for `is_whole` to say."""
        found = [_number(path.name, "step-") for path in self.checkpoints.glob("step-*")]
        return sorted(step for step in found if step is not None)

    def write_status(
        self, *, phase: str, step: int, total_steps: int, eta_seconds: float | None, warnings: Sequence[str] = ()
    ) -> None:
        """Replace status.json."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        status = RunStatus(phase, step, total_steps, eta_seconds, now, tuple(warnings))
        write_json(self.status_path, status.to_json())

    def read_status(self) -> RunStatus | None:
        """status.json, or None before the first one."""
        return RunStatus.from_json(read_json(self.status_path)) if self.status_path.exists() else None

    def write_error(self, error: RunError) -> None:
        """Replace error.json."""
        write_json(self.error_path, error.to_json())

    def read_error(self) -> RunError | None:
        """error.json, or None where the attempt did not fail."""
        return RunError.from_json(read_json(self.error_path)) if self.error_path.exists() else None


def append_metrics(file: TextIO, *, step: int, time: float, values: dict[str, float]) -> None:
    """Append a row {"step", "time" in Unix seconds, ...values} and flush it; values not finite are left out."""
    finite = {name: value for name, value in values.items() if abs(value) < float("inf")}
    file.write(dump_json({"step": step, "time": time, **finite}).decode() + "\n")
    file.flush()


def read_metrics(path: Path) -> list[dict[str, float]]:
    """The whole rows of a metrics file; a last line without its newline is still being written."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def write_manifest(
    directory: Path, *, kind: str, summary: dict[str, int | float | str], warnings: Sequence[str] = ()
) -> Manifest:
    """Write manifest.json for all files under `directory`, last, after making them durable."""
    paths = sorted(path for path in directory.rglob("*") if path.is_file() and path.name != "manifest.json")
    for path in paths:
        _sync_file(path)
    entries = {
        path.relative_to(directory).as_posix(): FileEntry(sha256_of(path), path.stat().st_size) for path in paths
    }
    manifest = Manifest(kind=kind, files=entries, summary=summary, warnings=tuple(warnings))
    write_json(directory / "manifest.json", manifest.to_json())
    return manifest


def read_manifest(directory: Path) -> Manifest:
    """manifest.json of a directory. Raises FormatError, and FileNotFoundError where there is none."""
    return Manifest.from_json(read_json(directory / "manifest.json"))


def is_whole(directory: Path) -> bool:
    """Whether a directory has a manifest and every file in it is as the manifest says."""
    try:
        manifest = read_manifest(directory)
        return all(_matches(directory / name, entry) for name, entry in manifest.files.items())
    except (FileNotFoundError, NotADirectoryError, FormatError):
        return False


def _matches(path: Path, entry: FileEntry) -> bool:
    return path.stat().st_size == entry.bytes and sha256_of(path) == entry.sha256


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _number(name: str, prefix: str) -> int | None:
    """N of a name `<prefix>N`, or None for any other name, such as that of a temporary one."""
    digits = name.removeprefix(prefix)
    return int(digits) if name.startswith(prefix) and digits.isdecimal() else None

"""The built-in tiny base model: made on this machine from the demo content, and registered as a checkpoint."""

import fcntl
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.cache import cache

from labelapp.checkpoints.actions import register_checkpoint
from labelapp.checkpoints.locations import inspect_location
from labelapp.checkpoints.models import Checkpoint, CheckpointKind
from labelapp.common.embedded.process import last_line, start_child

NAME = "tiny-base"
LOCATION = f"models/{NAME}"
DESCRIPTION = "A byte-level Llama of a few hundred thousand parameters, built on this machine from the demo content."
PROGRESS_KEY = f"runs:{NAME}"
# A worker takes it up at once and needs a minute or two on a busy machine; after this nobody waits for it any more.
EXPECTED_SECONDS = 15 * 60
FAILURE_SECONDS = 24 * 3600
TINY_BASE_STATES = ("ready", "building", "failed", "absent")
CORPUS = Path(__file__).resolve().parent.parent / "prompts" / "demo"


class TinyBaseError(Exception):
    """The tiny model could not be built; the message is one line that says why."""


@dataclass(frozen=True, slots=True)
class TinyBaseProgress:
    """Which of TINY_BASE_STATES holds, `absent` where nobody has asked for it; why it failed, in one line."""

    state: str
    problem: str = ""


def tiny_base_progress() -> TinyBaseProgress:
    """Whether `tiny-base` is there, on its way, or not to be expected."""
    if Checkpoint.objects.filter(name=NAME).exists():
        return TinyBaseProgress("ready")
    progress: TinyBaseProgress = cache.get(PROGRESS_KEY, TinyBaseProgress("absent"))
    return progress


def expect_tiny_base() -> None:
    """Remember that a worker has been asked to build it, so that the pages can say so."""
    cache.set(PROGRESS_KEY, TinyBaseProgress("building"), timeout=EXPECTED_SECONDS)


def build_tiny_base() -> None:
    """What the worker does. Raises TinyBaseError, whose line stays to be read on the pages."""
    try:
        ensure_tiny_base()
    except TinyBaseError as error:
        cache.set(PROGRESS_KEY, TinyBaseProgress("failed", problem=str(error)), timeout=FAILURE_SECONDS)
        raise


def ensure_tiny_base(*, steps: int | None = None) -> tuple[Checkpoint, bool]:
    """The checkpoint `tiny-base`, built and registered if it is not there; and whether it is new.

    `steps` of pretraining are by default as many as make words of it. Raises TinyBaseError.
    """
    directory = Path(settings.DATA_DIR) / LOCATION
    with _lock(directory):
        known = Checkpoint.objects.filter(name=NAME).first()
        if not directory.is_dir():
            _build(directory, steps=steps)
        return (known, False) if known is not None else (_register(), True)


def _register() -> Checkpoint:
    files = inspect_location(LOCATION)
    return register_checkpoint(
        NAME,
        kind=CheckpointKind.BASE,
        location=LOCATION,
        sha256=files.sha256,
        size_bytes=files.size_bytes,
        description=DESCRIPTION,
    )


@contextmanager
def _lock(directory: Path) -> Iterator[None]:
    """Of a worker and a person who both want it, one builds it and the other finds it there."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f".{directory.name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(directory: Path, *, steps: int | None) -> None:
    """Build the model, whole or not at all; the process ends with this one."""
    for left_over in directory.parent.glob(f".{directory.name}.*/"):
        shutil.rmtree(left_over, ignore_errors=True)
    corpus = [str(path) for path in sorted(CORPUS.glob("*.jsonl"))]
    command = [settings.MODELS_PYTHON, "-m", "inference.tiny", str(directory), "--corpus", *corpus]
    command += ["--steps", str(steps)] if steps is not None else []
    log_path = directory.parent / f"{directory.name}.log"
    with log_path.open("wb") as log:
        process = start_child(
            command,
            log=log,
            cwd=settings.BASE_DIR,
            death_signal=signal.SIGKILL,
            environment={**settings.RUN_ENVIRONMENT, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        )
        if process.wait():
            raise TinyBaseError(f"The tiny model could not be built: {last_line(log_path)} (log: {log_path})")

"""The built-in tiny base model: made on this machine from the demo content, and registered as a checkpoint."""

import subprocess
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

from labelapp.checkpoints.actions import register_checkpoint
from labelapp.checkpoints.locations import inspect_location
from labelapp.checkpoints.models import Checkpoint, CheckpointKind

NAME = "tiny-base"
LOCATION = f"models/{NAME}"
DESCRIPTION = "A byte-level Llama of a few hundred thousand parameters, built on this machine from the demo content."
CORPUS = Path(__file__).resolve().parent.parent / "prompts" / "demo"
BUILD_SECONDS = 900


def ensure_tiny_base() -> tuple[Checkpoint, bool]:
    """The checkpoint `tiny-base`, built and registered if it is not there; and whether it is new."""
    known = Checkpoint.objects.filter(name=NAME).first()
    if known is not None and (Path(settings.DATA_DIR) / LOCATION).is_dir():
        return known, False
    build(Path(settings.DATA_DIR) / LOCATION)
    if known is not None:
        return known, False
    files = inspect_location(LOCATION)
    checkpoint = register_checkpoint(
        NAME,
        kind=CheckpointKind.BASE,
        location=LOCATION,
        sha256=files.sha256,
        size_bytes=files.size_bytes,
        description=DESCRIPTION,
    )
    return checkpoint, True


def build(directory: Path) -> None:
    """Build the model, whole or not at all. Raises CommandError with its last line."""
    if directory.is_dir():
        return
    directory.parent.mkdir(parents=True, exist_ok=True)
    corpus = [str(path) for path in sorted(CORPUS.glob("*.jsonl"))]
    command = [settings.MODELS_PYTHON, "-m", "inference.tiny", str(directory), "--corpus", *corpus]
    result = subprocess.run(
        command,
        cwd=settings.BASE_DIR,
        env={**settings.RUN_ENVIRONMENT, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if result.returncode:
        lines = (result.stderr.strip() or "no output").splitlines()
        raise CommandError(f"The tiny model could not be built: {lines[-1]}")

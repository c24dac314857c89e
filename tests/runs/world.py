"""What runs need: models, datasets, projects; and waiting for what other processes do."""

import json
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import psutil
from django.conf import settings
from django.db import connection

from formats.files import sha256_of
from formats.jsonl import write_jsonl
from formats.messages import Message
from formats.records import Demonstration, RankedResponse, Ranking
from formats.records import Prompt as PromptRecord
from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint, CheckpointKind
from labelapp.datasets.models import Dataset, DatasetKind, DatasetVersion
from labelapp.labeling.actions import create_project
from labelapp.labeling.models import Project, ProjectKind
from labelapp.prompts.models import Prompt, Submitter
from labelapp.runs.actions import create_run
from labelapp.runs.models import Run, RunKind

WAIT_SECONDS = 40.0
Found = TypeVar("Found")
_numbers = count(1)


def wait_for(look: Callable[[], Found], *, seconds: float = WAIT_SECONDS) -> Found:
    """Look again and again until there is something; fail when it takes too long."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


def run_in_state(run: Run, *states: str, seconds: float = WAIT_SECONDS) -> Run:
    """The run as it is once it has one of these states."""
    deadline = time.monotonic() + seconds
    while True:
        run.refresh_from_db()
        if run.state in states:
            return run
        log = run.path / "supervisor.log"
        assert time.monotonic() < deadline, (
            f"{run.state} {run.phase}\n{log.read_text()[-3000:] if log.exists() else ''}"
        )
        time.sleep(0.05)


def supervisor_log(run: Run) -> str:
    """What its supervisors printed."""
    path = run.path / "supervisor.log"
    return path.read_text() if path.exists() else ""


def make_model(kind: str = CheckpointKind.BASE, **plan: Any) -> Checkpoint:
    """A checkpoint whose runs are faked as `plan` says (tests/runs/fake_models.py)."""
    name = f"model-{next(_numbers)}-{time.monotonic_ns()}"
    directory = Path(settings.DATA_DIR) / "models" / name
    directory.mkdir(parents=True)
    (directory / "config.json").write_text('{"model_type": "fake"}')
    (directory / "fake.json").write_text(json.dumps(plan))
    return Checkpoint.objects.create(name=name, kind=kind, location=f"models/{name}")


def make_prompts(number: int = 2, *, use_case: str = "other") -> list[Prompt]:
    """Prompts of a submitter of their own."""
    submitter = Submitter.objects.create(key=f"submitter-{time.monotonic_ns()}", split="train")
    return [
        Prompt.objects.create(
            messages=[{"role": "user", "content": f"Say {i}."}],
            text=f"Say {i}.",
            use_case=use_case,
            submitter=submitter,
            dedup_key=f"{submitter.key}-{i}",
        )
        for i in range(number)
    ]


def make_project(*, kind: str = ProjectKind.COMPARISON, **fields: Any) -> Project:
    """A project without tasks."""
    name = f"project-{next(_numbers)}-{time.monotonic_ns()}"
    return create_project(name=name, kind=kind, instructions="Rank them.", created_by=None, **fields)


ASK = (Message("user", "Say it."),)


def make_version(
    kind: str, *, state: str = "ready", pairs: int = 1, valid: bool = True, **fields: Any
) -> DatasetVersion:
    """A dataset version with a row in `train` and one in `valid`, files and all."""
    dataset = Dataset.objects.create(name=f"{kind}-{next(_numbers)}-{time.monotonic_ns()}", kind=kind)
    directory = f"datasets/{dataset.name}"
    splits = ["train", "valid"] if valid else ["train"]
    files = [write_split(Path(settings.DATA_DIR) / directory, kind=kind, split=split) for split in splits]
    return DatasetVersion.objects.create(
        dataset=dataset,
        number=1,
        state=state,
        directory=directory,
        rows_total=len(splits),
        pair_count=pairs if kind == DatasetKind.COMPARISONS else 0,
        split_counts=dict.fromkeys(splits, 1),
        files=files,
    )


def write_split(directory: Path, *, kind: str, split: Any) -> dict[str, Any]:
    """Write one row of a kind, as datasets are written; the entry of `files`."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{split}.jsonl"
    responses = tuple(RankedResponse(str(i), f"It {i}.", rank=i + 1) for i in range(4))
    rows: dict[str, Any] = {
        DatasetKind.DEMONSTRATIONS: Demonstration("1", "1", ASK, "It.", "labeler-1", split=split),
        DatasetKind.PROMPTS: PromptRecord("1", ASK, split=split),
        DatasetKind.COMPARISONS: Ranking("1", "1", ASK, responses, "labeler-1", split=split),
    }
    write_jsonl(path, [rows[kind]])
    entry = {"name": path.name, "split": split, "format": "jsonl", "rows": 1}
    return entry | {"size_bytes": path.stat().st_size, "sha256": sha256_of(path)}


def make_sft(admin: User, **plan: Any) -> Run:
    """A queued SFT run, faked as `plan` says. The bell rings as after any request."""
    return create_run(
        RunKind.SFT,
        config={"device": "cpu"},
        inputs={
            "model": {"checkpoint_id": make_model(**plan).pk},
            "demonstrations": {"dataset_version_id": make_version(DatasetKind.DEMONSTRATIONS).pk},
        },
        created_by=admin,
    )


def supervisor_of(run: Run) -> psutil.Process:
    """The supervisor process of a running run."""

    def look() -> int | None:
        run.refresh_from_db()
        return run.supervisor_pid

    return psutil.Process(wait_for(look))


def trainer_of(run: Run, *, epoch: int | None = None) -> psutil.Process:
    """The trainer process of a run's newest attempt."""

    def look() -> psutil.Process | None:
        run.refresh_from_db()
        wanted = ["--attempt", str(epoch or run.lease_epoch)]
        for process in psutil.process_iter(["cmdline"]):
            command = process.info["cmdline"] or []
            if str(run.path) in command and command[-2:] == wanted and "-m" in command:
                return process
        return None

    process = wait_for(look)
    assert process is not None
    return process


def reached_step(run: Run, step: int) -> Run:
    """The run as it is once its row says that it has reached a step."""

    def look() -> bool:
        run.refresh_from_db()
        return run.step >= step

    wait_for(look)
    return run


def set_heartbeat_age(run: Run, *, seconds: float) -> None:
    """Make it look as if the supervisor last reported so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runs_run SET heartbeat_at = now() - make_interval(secs => %s) WHERE id = %s", [seconds, run.pk]
        )

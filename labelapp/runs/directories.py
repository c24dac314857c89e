"""Making a run directory: the settings, and the files that the run reads, frozen as they are now."""

import dataclasses
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

from formats.configs import Config, SampleConfig
from formats.errors import FormatError
from formats.files import sha256_of
from formats.jsonl import read_jsonl, write_json, write_jsonl
from formats.messages import Message
from formats.records import Demonstration, PretrainingText
from formats.records import Prompt as PromptRecord
from formats.run_directory import RunDirectory
from formats.run_spec import RunSpec
from labelapp.checkpoints.models import Checkpoint, Endpoint
from labelapp.common.errors import InvalidInput
from labelapp.common.storage import local_path
from labelapp.datasets.models import DatasetVersion
from labelapp.prompts.models import Prompt
from labelapp.runs.inputs import Inputs
from labelapp.runs.models import Run, RunKind

SOURCES = "sources.json"


@dataclass(slots=True)
class _Sources:
    """Where the run's inputs lie, by the torch side's roles, and what each file is a copy of."""

    places: dict[str, str] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)


def prepare_directory(run: Run, *, config: Config, inputs: Inputs, prompts: Iterable[Prompt] | None) -> Config:
    """Write the run's directory, whole or not at all; return the settings as they stand in it. Raises InvalidInput."""
    directory = RunDirectory(run.path)
    try:
        directory.inputs.mkdir(parents=True)
        config = _with_endpoint(config, inputs)
        sources = _write_inputs(directory.inputs, kind=run.kind, inputs=inputs, prompts=prompts)
        write_json(directory.inputs / SOURCES, sources.notes)
        directory.write_spec(RunSpec(kind=run.kind, config=config, inputs=sources.places))  # type: ignore[arg-type]
    except FormatError as error:
        remove_directory(run)
        raise InvalidInput(f"{error.field}: {error.message}", errors=[(error.field, error.message)]) from error
    except BaseException:
        remove_directory(run)
        raise
    return config


def remove_directory(run: Run) -> None:
    """Remove what was written for a run that is not to be."""
    shutil.rmtree(run.path, ignore_errors=True)


def model_place(checkpoint: Checkpoint) -> str:
    """Where the torch side finds a checkpoint: an absolute directory, or a hub name."""
    inside = Path(settings.DATA_DIR) / checkpoint.location
    return str(inside) if inside.is_dir() else checkpoint.location


def _with_endpoint(config: Config, inputs: Inputs) -> Config:
    endpoint: Endpoint | None = inputs["endpoint"].endpoint if "endpoint" in inputs else None
    if endpoint is None or not isinstance(config, SampleConfig):
        return config
    return dataclasses.replace(
        config,
        endpoint_url=endpoint.base_url,
        endpoint_model=endpoint.model,
        endpoint_timeout_seconds=float(endpoint.timeout_seconds),
        endpoint_concurrency=endpoint.max_concurrency,
    )


def _write_inputs(folder: Path, *, kind: str, inputs: Inputs, prompts: Iterable[Prompt] | None) -> _Sources:
    sources = _Sources()
    for role, chosen in inputs.items():
        if chosen.checkpoint is not None:
            sources.places[role] = model_place(chosen.checkpoint)
        elif chosen.dataset_version is not None:
            _write_dataset(folder, kind=kind, role=role, version=chosen.dataset_version, sources=sources)
    if prompts is not None:
        count = write_jsonl(folder / "prompts.jsonl", (prompt_record(prompt) for prompt in prompts))
        _note(sources, folder / "prompts.jsonl", role="prompts", rows=count)
    return sources


def _write_dataset(folder: Path, *, kind: str, role: str, version: DatasetVersion, sources: _Sources) -> None:
    """Give the torch side the files of a version that this role means."""
    if role == "pretraining":
        path = folder / "pretraining.jsonl"
        with _source(version, "train", role=role, scratch=folder) as source:
            count = write_jsonl(path, _plain_texts(source))
        _note(sources, path, role="pretraining", version=version, rows=count)
    elif kind == RunKind.SAMPLE:
        _join_splits(folder / "prompts.jsonl", version=version)
        _note(sources, folder / "prompts.jsonl", role="prompts", version=version)
    elif kind in {RunKind.SFT, RunKind.REWARD_MODEL, RunKind.DPO} and role in {"demonstrations", "comparisons"}:
        is_zero_point = kind == RunKind.REWARD_MODEL and role == "demonstrations"
        _link(folder, "demonstrations" if is_zero_point else "train", version, "train", role=role, sources=sources)
        if not is_zero_point and version.split_counts.get("valid"):
            _link(folder, "validation", version, "valid", role=role, sources=sources)
    else:
        _link(folder, role, version, "train", role=role, sources=sources)


def _link(folder: Path, name: str, version: DatasetVersion, split: str, *, role: str, sources: _Sources) -> None:
    """Put a version's file into the run as a hard link: no copy, and it stays if the version's folder is moved away."""
    target = folder / f"{name}.jsonl"
    with _source(version, split, role=role, scratch=folder) as source:
        try:
            os.link(source, target)
        except OSError:  # another file system, or one without hard links
            shutil.copyfile(source, target)
    # Those very bytes were hashed when they were lent.
    _note(sources, target, role=name, version=version, sha256=_entry(version, split, role=role)["sha256"])


def _entry(version: DatasetVersion, split: str, *, role: str) -> dict[str, Any]:
    for entry in version.files:
        if entry["split"] == split and entry["format"] == "jsonl" and entry["rows"]:
            return dict(entry)
    raise InvalidInput(f"{version} has no rows in its {split} split.", field=f"inputs.{role}")


@contextmanager
def _source(version: DatasetVersion, split: str, *, role: str, scratch: Path) -> Iterator[Path]:
    """Lend the path of a version's lines, as they were frozen; a bucket's are fetched into `scratch` meanwhile.

    Raises InvalidInput where they are gone or have changed.
    """
    entry = _entry(version, split, role=role)
    name = entry["name"]
    try:
        with local_path(f"{version.directory}/{name}", scratch=scratch) as path:
            if sha256_of(path) != entry["sha256"]:
                raise InvalidInput(f"{name} of {version} has changed since it was frozen.", field=f"inputs.{role}")
            yield path
    except FileNotFoundError as error:
        raise InvalidInput(f"{name} of {version} is no longer where it was stored.", field=f"inputs.{role}") from error


def _join_splits(target: Path, *, version: DatasetVersion) -> None:
    write_jsonl(target, _prompts(version, scratch=target.parent))


def _prompts(version: DatasetVersion, *, scratch: Path) -> Iterator[PromptRecord]:
    for split in ("train", "valid", "test"):
        if version.split_counts.get(split):
            with _source(version, split, role="prompts", scratch=scratch) as path:
                yield from read_jsonl(path, PromptRecord)


def _plain_texts(path: Path) -> Iterator[PretrainingText]:
    for row in read_jsonl(path, Demonstration):
        turns = [message.content for message in row.messages]
        yield PretrainingText("\n\n".join([*turns, row.response]))


def _note(
    sources: _Sources,
    path: Path,
    *,
    role: str,
    version: DatasetVersion | None = None,
    rows: int | None = None,
    sha256: str = "",
) -> None:
    sources.places[role] = f"inputs/{path.name}"
    sources.notes[path.name] = {
        "role": role,
        "dataset_version": version.pk if version else None,
        "dataset": str(version) if version else None,
        "sha256": sha256 or sha256_of(path),
        "rows": rows,
    }


def prompt_record(prompt: Prompt) -> PromptRecord:
    """A prompt as the torch side reads it; its submitter stays here."""
    return PromptRecord(
        id=str(prompt.pk),
        messages=tuple(Message(role=message["role"], content=message["content"]) for message in prompt.messages),
        use_case=prompt.use_case,
        split=prompt.submitter.split,  # type: ignore[arg-type]
    )

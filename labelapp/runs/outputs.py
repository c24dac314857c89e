"""What a run left behind, as files to download: those that its manifest names, and no others."""

from dataclasses import dataclass
from pathlib import Path

from formats.run_directory import Manifest, RunDirectory, read_manifest
from labelapp.common.errors import NotFound
from labelapp.runs.models import Run, RunState


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file of a run's output."""

    name: str
    size_bytes: int
    sha256: str


def output_files(run: Run) -> list[OutputFile]:
    """The files of a finished run by name; none before it has ended."""
    manifest = _manifest(run)
    if manifest is None:
        return []
    return [OutputFile(name, entry.bytes, entry.sha256) for name, entry in sorted(manifest.files.items())]


def access_output(run: Run, *, name: str) -> tuple[Path, OutputFile]:
    """One of them, and where it lies. Raises NotFound for a name that is not in the manifest, however it is spelled."""
    file = next((file for file in output_files(run) if file.name == name), None)
    if file is None:
        raise NotFound("This run left no such file.")
    return RunDirectory(run.path).output / name, file


def _manifest(run: Run) -> Manifest | None:
    # Each file was held against it when the run was registered: gigabytes are not hashed again for each download.
    return read_manifest(RunDirectory(run.path).output) if run.state == RunState.SUCCEEDED else None

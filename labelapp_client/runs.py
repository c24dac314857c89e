"""Runs: launched by names, and followed to their end."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from labelapp_client.connection import Connection
from labelapp_client.downloads import RemoteFile, download
from labelapp_client.errors import LabelappError, NotDone
from labelapp_client.progress import OnProgress, Progress, ignore
from labelapp_client.references import find_by_name
from labelapp_client.types import (
    CreateRunRequest,
    InputChoiceRequest,
    LaunchRequest,
    OutputFile,
    Run,
    RunInputKind,
    RunKind,
    RunKindEnum,
)
from labelapp_client.versions import Datasets
from labelapp_client.watching import wait_until

ENDED = ("succeeded", "failed", "cancelled")
MetricsRow = dict[str, float]


class Runs:
    """Runs of the workspace."""

    def __init__(self, connection: Connection, datasets: Datasets) -> None:
        self._connection = connection
        self._datasets = datasets

    def all(self) -> list[Run]:
        """Every run, newest first."""
        return list(self._connection.rows("runs"))

    def get(self, run_id: int) -> Run:
        """One run as it is now."""
        found: Run = self._connection.get(f"runs/{run_id}")
        return found

    def kind(self, kind: str) -> RunKind:
        """What a kind of run reads, its settings with their meaning, and its presets. Raises LabelappError."""
        kinds: list[RunKind] = self._connection.get("run-kinds")
        for found in kinds:
            if found["kind"] == kind:
                return found
        raise LabelappError(f"There is no kind of run {kind!r}; there is {', '.join(row['kind'] for row in kinds)}.")

    def launch(
        self,
        kind: RunKindEnum,
        *,
        inputs: Mapping[str, int | str],
        preset: str | None = None,
        config: Mapping[str, Any] | None = None,
        name: str = "",
        target_project_id: int | None = None,
        launch: LaunchRequest | None = None,
    ) -> Run:
        """Start a run. It needs an admin's token.

        Args:
            inputs: what it reads, by role: a checkpoint or endpoint by id or name, a dataset version as in `Datasets`.
            preset: a named set of values, such as `tiny`; `config` has the last word.
        """
        spec = self.kind(kind)
        values = {**_preset(spec, preset), **(config or {})}
        chosen = {role: self._choice(spec, role, value) for role, value in inputs.items()}
        body: CreateRunRequest = {"kind": kind, "name": name, "config": values, "inputs": chosen}
        if target_project_id is not None:
            body["target_project_id"] = target_project_id
        if launch is not None:
            body["launch"] = launch
        launched: Run = self._connection.post("runs", body)
        return launched

    def cancel(self, run_id: int) -> Run:
        """Ask a run to stop."""
        cancelled: Run = self._connection.post(f"runs/{run_id}/cancel")
        return cancelled

    def resume(self, run_id: int) -> Run:
        """Go on with a run that failed or was cancelled."""
        resumed: Run = self._connection.post(f"runs/{run_id}/resume")
        return resumed

    def follow(
        self,
        run_id: int,
        *,
        on_log: Callable[[str], None] | None = None,
        on_metrics: Callable[[MetricsRow], None] | None = None,
        on_progress: OnProgress = ignore,
        timeout_seconds: float | None = None,
    ) -> Run:
        """Follow a run until it has ended, and return it when it has succeeded.

        Args:
            on_log: gets the log in pieces, from its beginning.
            on_metrics: gets each row of the curves. A row whose step is smaller than the one before comes from a
                resumed attempt, and replaces what was told from that step on.

        Raises:
            NotDone: the run failed or was cancelled: `row["state"]` says which.
            WaitedTooLong: after `timeout_seconds`; the run goes on.
        """
        log, curves = _Tail(self._connection, run_id, "log"), _Tail(self._connection, run_id, "metrics")

        def look() -> Run:
            # First the state: what is read after the end is then all there is.
            run = self.get(run_id)
            if on_log is not None:
                log.read_on(lambda piece: on_log(piece["text"]))
            if on_metrics is not None:
                curves.read_on(lambda piece: [on_metrics(row) for row in piece["rows"]])
            on_progress(Progress(run["phase"] or run["state"], run["step"], run["total_steps"] or 0, "steps"))
            return run

        run = wait_until(
            self._connection,
            f"run:{run_id}",
            look=look,
            is_done=lambda run: run["state"] in ENDED,
            timeout_seconds=timeout_seconds,
            what=f"Run {run_id}",
        )
        if run["state"] != "succeeded":
            why = f": {run['error_message']}" if run["error_message"] else "."
            raise NotDone(f"Run {run_id} {'was cancelled' if run['state'] == 'cancelled' else 'failed'}{why}", row=run)
        return run

    def files(self, run_id: int) -> list[OutputFile]:
        """What a run left, with the sha256 of each."""
        found: list[OutputFile] = self._connection.get(f"runs/{run_id}/files")
        return found

    def download(self, run_id: int, folder: str | Path, *, on_progress: OnProgress = ignore) -> list[Path]:
        """Fetch what a run left, such as its checkpoint, as `Datasets.download` does."""
        files = [
            RemoteFile(f"runs/{run_id}/files/{row['name']}", row["name"], row["sha256"], row["size_bytes"])
            for row in self.files(run_id)
        ]
        return [download(self._connection, file, Path(folder), on_progress=on_progress) for file in files]

    def _choice(self, spec: RunKind, role: str, value: int | str) -> InputChoiceRequest:
        accepts = _role(spec, role)["accepts"]
        if accepts == "dataset_version":
            return {"dataset_version_id": self._datasets.version(value)["id"]}
        if isinstance(value, str):
            value = int(find_by_name(self._connection.rows(f"{accepts}s"), value, what=accepts)["id"])
        return {"checkpoint_id": value} if accepts == "checkpoint" else {"endpoint_id": value}


class _Tail:
    """Reads a growing part of a run from where it stopped."""

    def __init__(self, connection: Connection, run_id: int, part: str) -> None:
        self.connection = connection
        self.path = f"runs/{run_id}/{part}"
        self.after = 0

    def read_on(self, told: Callable[[Any], object]) -> None:
        while (piece := self.connection.get(self.path, after=self.after))["next"] != self.after:
            self.after = piece["next"]
            told(piece)


def _role(spec: RunKind, role: str) -> RunInputKind:
    for found in spec["inputs"]:
        if found["role"] == role:
            return found
    known = ", ".join(found["role"] for found in spec["inputs"])
    raise LabelappError(f"A run of the kind {spec['kind']} reads {known}, and no {role!r}.")


def _preset(spec: RunKind, name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    for preset in spec["presets"]:
        if preset["name"] == name:
            return preset["values"]
    known = ", ".join(preset["name"] for preset in spec["presets"])
    raise LabelappError(f"A run of the kind {spec['kind']} has no preset {name!r}; there is {known or 'none at all'}.")

"""Where a run computes: in one process here, in one process for each GPU here, or on a Ray cluster.

Which of them there are is the operator's to say (RAY_ADDRESSES; the GPUs of this machine): whoever may submit a Ray job
may run anything on the cluster, so an address that somebody typed into a form is never asked.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from labelapp.common.errors import InvalidInput
from labelapp.runs.devices import gpu_numbers
from labelapp.runs.models import Launcher, Run, RunKind

MOST_PROCESSES = 64
HELP = {
    Launcher.LOCAL: "One process on this machine, on one GPU or on the CPU.",
    Launcher.ACCELERATE: "Several processes on this machine, a GPU for each, started by accelerate. Weights, gradients "
    "and optimizer states are sharded over them; losses are those of one process.",
    Launcher.RAY: "A job on a Ray cluster that shares this server's data directory. With several processes it takes as "
    "many GPUs of one node.",
}


@dataclass(frozen=True, slots=True)
class Launch:
    """What a person chose: `processes` are GPUs where there are any; `ray_address` is of the jobs server."""

    launcher: str = Launcher.LOCAL
    processes: int = 1
    ray_address: str = ""

    def to_json(self) -> dict[str, Any]:
        """As it is sent and stored."""
        return asdict(self)


def describe_launchers(kind: str) -> list[dict[str, Any]]:
    """The launchers that this server has for a kind of run, and what a person may choose of each."""
    return [
        {
            "launcher": launcher,
            "label": Launcher(launcher).label,
            "help": HELP[Launcher(launcher)],
            "most_processes": _most_processes(launcher),
            "addresses": list(settings.RAY_ADDRESSES) if launcher == Launcher.RAY else [],
        }
        for launcher in _available(kind)
    ]


def parse_launch(kind: str, given: Mapping[str, Any], *, device: str) -> Launch:
    """The checked choice. Raises InvalidInput, naming the field and saying what would be right."""
    launch = Launch(**given)
    if launch.launcher not in _available(kind):
        raise InvalidInput(_why_not(kind, launch.launcher), field="launch.launcher")
    most = _most_processes(launch.launcher, device=device)
    if launch.processes > most:
        message = f"At most {most}" + ("." if launch.launcher == Launcher.RAY else ": so many GPUs this machine has.")
        raise InvalidInput(
            "This launcher starts one process." if launch.launcher == Launcher.LOCAL else message,
            field="launch.processes",
        )
    if launch.launcher == Launcher.RAY:
        if launch.ray_address not in settings.RAY_ADDRESSES:
            known = ", ".join(settings.RAY_ADDRESSES)
            raise InvalidInput(f"Choose one of the clusters of this server: {known}.", field="launch.ray_address")
    elif launch.ray_address:
        raise InvalidInput("Only the Ray launcher has an address: leave it out.", field="launch.ray_address")
    return launch


def ray_gpus(run: Run) -> int:
    """How many GPUs a run on Ray asks its cluster for."""
    return 0 if run.config.get("device") == "cpu" else run.processes


def _available(kind: str) -> list[str]:
    found: list[str] = [Launcher.LOCAL]
    if kind == RunKind.SAMPLE:
        return found
    found.append(Launcher.ACCELERATE)
    return [*found, Launcher.RAY] if settings.RAY_ADDRESSES else found


def _most_processes(launcher: str, *, device: str = "auto") -> int:
    if launcher == Launcher.LOCAL:
        return 1
    gpus = len(gpu_numbers())
    # Without a GPU several processes share the CPU: of use to try a setting out, not to be fast.
    return gpus if launcher == Launcher.ACCELERATE and gpus and device != "cpu" else MOST_PROCESSES


def _why_not(kind: str, launcher: str) -> str:
    if kind == RunKind.SAMPLE:
        return "Sampling is done by one process on this machine: choose “local”."
    return f"This server has no cluster for {Launcher(launcher).label}: its operator sets RAY_ADDRESSES."

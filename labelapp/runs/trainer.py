"""The process of the torch side: a fixed command without a shell, a small environment, a process group of its own."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence

import structlog
from django.conf import settings

from formats.errors import FormatError
from formats.run_directory import AttemptDirectory, RunDirectory, RunError
from labelapp.checkpoints.actions import endpoint_api_key
from labelapp.common.embedded.process import start_child
from labelapp.common.errors import Conflict
from labelapp.runs.devices import Device, signal_group
from labelapp.runs.kinds import KINDS
from labelapp.runs.models import Launcher, Run

# From SIGTERM, after which a trainer finishes its step and writes a checkpoint, until SIGKILL.
GRACE_SECONDS = 30.0
logger = structlog.get_logger(__name__)


def trainer_arguments(run: Run, *, epoch: int) -> list[str]:
    """The command of one attempt at a run."""
    trainer = ["-m", KINDS[run.kind].module, str(run.path), "--attempt", str(epoch)]
    if run.launcher == Launcher.ACCELERATE and run.processes > 1:
        return [settings.MODELS_PYTHON, *accelerate_arguments(run.processes), *trainer]
    return [settings.MODELS_PYTHON, *trainer]


def accelerate_arguments(processes: int) -> list[str]:
    """What starts a trainer in several processes of one machine, on a free port. `--multi_gpu` serves on a CPU too."""
    return [
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        f"--num_processes={processes}",
        "--num_machines=1",
        "--main_process_port=0",
        "--mixed_precision=no",
        "--dynamo_backend=no",
    ]


def trainer_environment(run: Run, *, devices: Sequence[Device]) -> dict[str, str]:
    """What the process may know: paths, the hub's variables, its device, the key of the endpoint it samples from.

    Raises Conflict.
    """
    threads = str(run.config.get("threads", 1))
    environment = {
        **settings.RUN_ENVIRONMENT,
        "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "TOKENIZERS_PARALLELISM": "false",
        "CUDA_VISIBLE_DEVICES": ",".join(str(device.number) for device in devices if device.kind == "cuda"),
    }
    key = _endpoint_key(run)
    return environment | ({"LABELAPP_ENDPOINT_API_KEY": key} if key else {})


def _endpoint_key(run: Run) -> str:
    """The key of the endpoint that a run samples from, or "". Raises Conflict if it is for another address by now."""
    chosen = run.inputs.filter(role="endpoint").select_related("endpoint").first()
    if chosen is None or chosen.endpoint is None:
        return ""
    # The run's settings have the address as it was at its launch; a newer key may be for a newer address alone.
    if chosen.endpoint.base_url != run.config["endpoint_url"]:
        raise Conflict("The endpoint has another address since. Start a new run.", code="endpoint_changed")
    return endpoint_api_key(chosen.endpoint)


class Trainer:
    """One attempt's process. If the supervisor dies the kernel sends it SIGTERM, so that it writes a checkpoint."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._asked_at: float | None = None

    @classmethod
    def start(cls, run: Run, *, epoch: int, devices: Sequence[Device], pass_fds: Sequence[int]) -> "Trainer":
        """Start it; what it prints is the attempt's log."""
        attempt = RunDirectory(run.path).attempt(epoch)
        attempt.root.mkdir(exist_ok=True)
        with attempt.log_path.open("ab") as log:
            process = start_child(
                trainer_arguments(run, epoch=epoch),
                log=log,
                cwd=settings.BASE_DIR,
                death_signal=signal.SIGTERM,
                environment=trainer_environment(run, devices=devices),
                pass_fds=pass_fds,
            )
        return cls(process)

    @property
    def pid(self) -> int:
        """Of the process, which leads its group."""
        return self._process.pid

    def wait(self, seconds: float) -> int | None:
        """Its exit status if it ends within so many seconds, else None; negative for a signal."""
        try:
            status = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        # What it started and left behind would keep the device.
        signal_group(self.pid, signal.SIGKILL)
        return status

    def ask_to_stop(self) -> None:
        """Ask at the first call; kill at one after the grace time."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            signal_group(self.pid, signal.SIGTERM)
        elif time.monotonic() - self._asked_at > GRACE_SECONDS:
            self.kill()

    def kill(self) -> None:
        """End the whole group at once, if it has not been waited for: the number may be another's then."""
        if self._process.returncode is None:
            signal_group(self.pid, signal.SIGKILL)


def describe_end(status: int, *, attempt: AttemptDirectory) -> str:
    """Why an attempt broke off, in words for a person."""
    error = told_error(attempt)
    if error is not None:
        return f"{error.field}: {error.message}" if error.field else error.message
    last = last_log_line(attempt)
    tail = f" Its last line: {last}" if last else ""
    if status == -signal.SIGKILL:
        return f"The process was killed (SIGKILL); often the machine ran out of memory.{tail}"
    if status < 0:
        return f"The process was ended by {signal.Signals(-status).name}.{tail}"
    return f"The process ended with exit status {status}.{tail}"


def told_error(attempt: AttemptDirectory) -> RunError | None:
    """What the attempt itself says was wrong, if it says so in words that can be read."""
    try:
        return attempt.read_error()
    except FormatError as error:
        logger.warning("error.json is not readable", error=str(error))
        return None


def last_log_line(attempt: AttemptDirectory) -> str:
    """The last line of the log that says something, cut to what a message can hold."""
    try:
        with attempt.log_path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 8192))
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return next((line.strip()[:500] for line in reversed(lines) if line.strip()), "")

"""What runs compute on: GPUs and slots of the CPU of this machine, each held by one run at a time.

Two locks hold that. The unique index on `Run.device` says which run may start; the trainer inherits the file lock,
so that a process that outlived its supervisor still keeps the next one out until it is gone.
"""

import fcntl
import json
import os
import re
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

# An orphan that was asked to stop writes a checkpoint first; one that hangs is not waited for any longer.
ORPHAN_GRACE_SECONDS = 20.0


def host_name() -> str:
    """The name of this machine, as it stands in rows."""
    return socket.gethostname()[:80]


@dataclass(frozen=True, slots=True)
class Device:
    """A GPU, or one of the slots for runs on the CPU."""

    host: str
    kind: str
    number: int

    @classmethod
    def parse(cls, name: str) -> "Device":
        """The device of a name that `name` made."""
        host, kind, number = name.rsplit(":", 2)
        return cls(host, kind, int(number))

    @property
    def name(self) -> str:
        """How it stands in a row."""
        return f"{self.host}:{self.kind}:{self.number}"

    @property
    def gpu_count(self) -> int:
        """How many GPUs it is."""
        return 1 if self.kind == "cuda" else 0

    @property
    def lock_path(self) -> Path:
        """The file whose lock its user holds."""
        safe = re.sub(r"[^A-Za-z0-9.-]", "-", self.name)
        return Path(settings.DATA_DIR) / "locks" / f"{safe}.lock"


def device_names(devices: Sequence[Device]) -> str:
    """Some devices of one machine and kind as they stand in a row: host:cuda:0,1."""
    if not devices:
        return ""
    numbers = ",".join(str(device.number) for device in devices)
    return f"{devices[0].host}:{devices[0].kind}:{numbers}"


def parse_devices(names: str) -> list[Device]:
    """The devices that `device_names` named."""
    if not names:
        return []
    host, kind, numbers = names.rsplit(":", 2)
    return [Device(host, kind, int(number)) for number in numbers.split(",")]


def usable_devices(config: dict[str, Any]) -> list[Device] | None:
    """The devices of this machine on which a run with these settings may compute; None if it computes nothing here."""
    if config.get("endpoint_url"):
        return None
    host = host_name()
    gpus = [Device(host, "cuda", number) for number in gpu_numbers()]
    slots = [Device(host, "cpu", number) for number in range(settings.RUN_CPU_SLOTS)]
    wanted = config.get("device", "auto")
    if wanted == "auto":
        return gpus or slots
    return gpus if wanted == "cuda" else slots


def gpu_numbers() -> list[int]:
    """The GPUs that runs may use: RUN_GPUS (`0,1` or `none`), else all that this process may see."""
    if settings.RUN_GPUS == ["none"]:
        return []
    if settings.RUN_GPUS != ["auto"]:
        return [int(number) for number in settings.RUN_GPUS]
    visible = settings.RUN_ENVIRONMENT.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [int(number) for number in visible.split(",") if number.strip().isdecimal()]
    return sorted(int(path.name.removeprefix("nvidia")) for path in Path("/dev").glob("nvidia[0-9]*"))


@dataclass(frozen=True, slots=True)
class Holder:
    """The process group that computes on a device, and for which attempt. `created` tells it from a later pid."""

    pid: int
    created: float
    run_id: int
    epoch: int


class DeviceLock:
    """The file lock of a device; its descriptor is handed to the trainer, which holds it until it ends."""

    def __init__(self, device: Device) -> None:
        self.path = device.lock_path
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def try_acquire(self) -> bool:
        """Take the lock if nobody has it."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def note_holder(self, holder: Holder) -> None:
        """Write down who computes now, for whoever finds the lock taken."""
        os.truncate(self.descriptor, 0)
        os.pwrite(self.descriptor, json.dumps(asdict(holder)).encode(), 0)

    def read_holder(self) -> Holder | None:
        """Who wrote last that it computes, or None."""
        try:
            return Holder(**json.loads(os.pread(self.descriptor, 4096, 0)))
        except (ValueError, TypeError):
            return None

    def close(self) -> None:
        """Let go; the lock stays taken while a trainer that inherited it lives."""
        os.close(self.descriptor)


class Orphan:
    """A trainer whose supervisor is gone, which still sits on a device. It is asked to stop, then killed."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        self._asked_at: float | None = None

    def push(self) -> None:
        """Ask it at the first call, kill it at one after the grace time. A process that is not it is left alone."""
        if not _is_same_process(self.holder):
            return
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            signal_group(self.holder.pid, signal.SIGTERM)
        elif time.monotonic() - self._asked_at > ORPHAN_GRACE_SECONDS:
            signal_group(self.holder.pid, signal.SIGKILL)


def process_created(pid: int) -> float:
    """When a process began, or 0 where there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0.0


def _is_same_process(holder: Holder) -> bool:
    # psutil derives the time from clock ticks since boot: two readings of it may differ in the last digits.
    return abs(process_created(holder.pid) - holder.created) < 1.0


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process group; one that is gone is no error."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return

"""Starting a queued run: claim the row, then start its supervisor, which belongs to nobody and outlives the worker."""

import os
import subprocess
import sys

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from labelapp.runs.announcing import announce
from labelapp.runs.devices import Device, device_names, host_name, usable_devices
from labelapp.runs.launchers import ray_gpus
from labelapp.runs.models import HeldDevice, Launcher, Run, RunState

WAITING_FOR_DEVICE = "Waiting for a free device"
WAITING_FOR_GPU = "Waiting for a machine with a GPU: this one has none"
START_SECONDS = 120
CLAIM_TRIES = 16  # of many workers at once each try lets at least one through
logger = structlog.get_logger(__name__)


def launch(run_id: int) -> None:
    """Start a run if it is queued and a device is free. A doubled message, or a late one, changes nothing."""
    run = Run.objects.filter(pk=run_id, state=RunState.QUEUED).first()
    if run is None:
        return
    epoch = claim(run)
    if epoch is None:
        return
    announce(run_id, "state")
    start_supervisor(run, epoch=epoch)


def claim(run: Run) -> int | None:
    """Take the row for a new attempt, on the first devices that are free; return its epoch, or None if it is not to be.

    A compare-and-swap on (id, lease_epoch, queued): of two workers with the same message one gets it.
    """
    devices = None if run.launcher == Launcher.RAY else usable_devices(run.config)
    if devices is None:
        return _swap(run, devices=[])
    count = run.processes if devices and devices[0].kind == "cuda" else 1
    # What ended without giving its devices back, as a supervisor of an older version does, holds none.
    HeldDevice.objects.exclude(run__state=RunState.RUNNING).delete()
    for _ in range(CLAIM_TRIES):
        held = set(HeldDevice.objects.values_list("name", flat=True))
        free = [device for device in devices if device.name not in held][:count]
        if len(free) < count:
            break
        try:
            with transaction.atomic():
                return _swap(run, devices=free)
        except IntegrityError:
            continue  # another run took one of them meanwhile
    phase = WAITING_FOR_DEVICE if devices else WAITING_FOR_GPU
    if Run.objects.filter(pk=run.pk, state=RunState.QUEUED).exclude(phase=phase).update(phase=phase):
        announce(run.pk, "state")
    return None


def _swap(run: Run, *, devices: list[Device]) -> int | None:
    epoch = run.lease_epoch + 1
    taken = Run.objects.filter(pk=run.pk, lease_epoch=run.lease_epoch, state=RunState.QUEUED).update(
        state=RunState.RUNNING,
        lease_epoch=epoch,
        attempt=F("attempt") + 1,
        device=device_names(devices),
        gpu_count=ray_gpus(run) if run.launcher == Launcher.RAY else sum(device.gpu_count for device in devices),
        phase="Starting",
        eta_seconds=None,
        heartbeat_at=Now(),
        started_at=Coalesce("started_at", Now()),
        supervisor_host=host_name(),
        supervisor_pid=None,
    )
    if not taken:
        return None
    HeldDevice.objects.filter(run=run).delete()
    HeldDevice.objects.bulk_create([HeldDevice(name=device.name, run=run) for device in devices])
    return epoch


def start_supervisor(run: Run, *, epoch: int) -> None:
    """Start `manage.py supervise`, which detaches itself at once.

    If it does not start, its heartbeat does not either, and the sweeper queues the run again.
    """
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "supervise", str(run.pk), str(epoch)]
    run.path.mkdir(parents=True, exist_ok=True)
    with (run.path / "supervisor.log").open("ab") as log:
        result = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=settings.BASE_DIR,
            env={**os.environ, "DATA_DIR": str(settings.DATA_DIR)},
            start_new_session=True,
            timeout=START_SECONDS,
            check=False,
        )
    if result.returncode:
        logger.error("supervisor did not start", run_id=run.pk, epoch=epoch, status=result.returncode)

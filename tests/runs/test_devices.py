"""Devices and their locks, and an orphan that will not go."""

import os
import signal
import subprocess
import sys

import pytest
from pytest_django import Settings

from labelapp.runs import devices
from labelapp.runs.devices import Device, DeviceLock, Holder, Orphan, gpu_numbers, process_created, usable_devices


def names(config: dict[str, str]) -> list[str]:
    return [device.name.split(":", 1)[1] for device in usable_devices(config) or []]


def test_auto_takes_the_gpus_and_else_the_slots_of_the_cpu(settings: Settings) -> None:
    settings.RUN_CPU_SLOTS = 2
    settings.RUN_GPUS = ["0", "3"]
    assert names({"device": "auto"}) == ["cuda:0", "cuda:3"]
    assert names({"device": "cpu"}) == ["cpu:0", "cpu:1"]
    settings.RUN_GPUS = ["none"]
    assert names({"device": "auto"}) == ["cpu:0", "cpu:1"]
    assert names({"device": "cuda"}) == []
    assert usable_devices({"device": "auto", "endpoint_url": "http://vllm/v1"}) is None


def test_gpus_that_this_process_may_not_see_are_not_used(settings: Settings) -> None:
    settings.RUN_GPUS = ["auto"]
    settings.RUN_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": "1,2"}
    assert gpu_numbers() == [1, 2]
    settings.RUN_ENVIRONMENT = {"CUDA_VISIBLE_DEVICES": ""}
    assert gpu_numbers() == []


def test_a_device_reads_back_from_its_name() -> None:
    device = Device("a host", "cuda", 3)
    assert Device.parse(device.name) == device
    assert device.lock_path.name == "a-host-cuda-3.lock"


def test_a_lock_stays_with_the_process_that_inherited_it() -> None:
    device = Device("test", "cpu", 0)
    first, second = DeviceLock(device), DeviceLock(device)
    assert first.try_acquire()
    child = subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[first.descriptor], start_new_session=True
    )
    first.note_holder(Holder(child.pid, process_created(child.pid), run_id=1, epoch=2))
    first.close()
    assert not second.try_acquire()
    holder = second.read_holder()
    assert holder is not None
    assert (holder.pid, holder.epoch) == (child.pid, 2)
    child.communicate(b"\n")
    assert second.try_acquire()
    second.close()


def test_an_orphan_is_asked_then_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import signal; signal.signal(signal.SIGTERM, lambda *_: print('asked', flush=True)); print('up', flush=True)\n"
    )
    code += "while True: signal.pause()"
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    assert child.stdout is not None
    assert child.stdout.readline() == b"up\n"
    orphan = Orphan(Holder(child.pid, process_created(child.pid), run_id=1, epoch=1))
    orphan.push()
    assert child.stdout.readline() == b"asked\n"
    orphan.push()
    assert child.poll() is None
    monkeypatch.setattr(devices, "ORPHAN_GRACE_SECONDS", 0.0)
    orphan.push()
    assert child.wait(10) == -signal.SIGKILL
    child.stdout.close()


def test_another_process_that_has_the_number_now_is_left_alone() -> None:
    orphan = Orphan(Holder(os.getpgid(0), created=1.0, run_id=1, epoch=1))
    orphan.push()  # or this test would not see the next line
    orphan.push()

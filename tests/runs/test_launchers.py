"""Where runs compute: what may be chosen, several GPUs at once, several processes, and a real Ray cluster."""

import contextlib
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from pytest_django import Settings

from formats.run_directory import RunDirectory
from labelapp.accounts.models import User
from labelapp.common.errors import InvalidInput
from labelapp.runs import launching
from labelapp.runs.actions import cancel
from labelapp.runs.curves import metrics
from labelapp.runs.devices import device_names, parse_devices
from labelapp.runs.launchers import describe_launchers, parse_launch
from labelapp.runs.lease import Lease
from labelapp.runs.logs import read_log
from labelapp.runs.models import HeldDevice, Run, RunState
from labelapp.runs.sweeping import give_back
from labelapp.runs.trainer import trainer_arguments
from tests.runs.world import make_sft, run_in_state, supervisor_of, wait_for

RAY = "http://10.0.0.5:8265"


def placed(run: Run, **fields: Any) -> Run:
    """The run, as if it had been created so."""
    Run.objects.filter(pk=run.pk).update(**fields)
    run.refresh_from_db()
    return run


@pytest.mark.parametrize(
    ("kind", "launch", "field", "message"),
    [
        ("sft", {"launcher": "ray"}, "launch.launcher", "RAY_ADDRESSES"),
        ("sample", {"launcher": "accelerate"}, "launch.launcher", "one process on this machine"),
        ("sft", {"launcher": "local", "processes": 2}, "launch.processes", "starts one process"),
        ("sft", {"launcher": "accelerate", "processes": 3}, "launch.processes", "so many GPUs this machine has"),
        ("sft", {"launcher": "accelerate", "ray_address": RAY}, "launch.ray_address", "leave it out"),
    ],
)
def test_a_launcher_that_cannot_be_is_refused(
    settings: Settings, kind: str, launch: dict[str, Any], field: str, message: str
) -> None:
    settings.RUN_GPUS, settings.RAY_ADDRESSES = ["0", "1"], []
    with pytest.raises(InvalidInput, match=message) as refused:
        parse_launch(kind, launch, device="auto")
    assert [name for name, _ in refused.value.errors] == [field]


def test_a_cluster_is_one_that_the_operator_named(settings: Settings) -> None:
    settings.RAY_ADDRESSES = [RAY]
    with pytest.raises(InvalidInput, match="Choose one of the clusters of this server") as refused:
        parse_launch("sft", {"launcher": "ray", "ray_address": "http://169.254.169.254"}, device="auto")
    assert [name for name, _ in refused.value.errors] == ["launch.ray_address"]
    assert parse_launch("sft", {"launcher": "ray", "ray_address": RAY}, device="auto").ray_address == RAY


def test_the_form_offers_what_this_server_can_do(settings: Settings) -> None:
    settings.RUN_GPUS, settings.RAY_ADDRESSES = ["0", "1"], []
    assert [(one["launcher"], one["most_processes"]) for one in describe_launchers("sft")] == [
        ("local", 1),
        ("accelerate", 2),
    ]
    assert [one["launcher"] for one in describe_launchers("sample")] == ["local"]
    settings.RAY_ADDRESSES = [RAY]
    assert describe_launchers("ppo")[-1]["addresses"] == [RAY]


def test_a_run_of_several_gpus_holds_each_of_them(admin: User, settings: Settings) -> None:
    settings.RUN_GPUS = ["0", "1", "2"]
    pair, other, single = (
        placed(make_sft(admin), config={"device": "cuda"}, launcher="accelerate", processes=count)
        for count in (2, 2, 1)
    )
    epoch = launching.claim(pair)
    assert epoch is not None
    pair.refresh_from_db()
    assert (pair.device.split(":")[1:], pair.gpu_count) == (["cuda", "0,1"], 2)
    assert device_names(parse_devices(pair.device)) == pair.device
    assert launching.claim(other) is None, "one GPU is left, and it needs two"
    assert launching.claim(single) is not None
    assert HeldDevice.objects.count() == 3
    give_back(Lease(pair.pk, epoch), reason="", is_failure=False)
    assert launching.claim(other) is not None
    assert sorted(HeldDevice.objects.values_list("run_id", flat=True)) == sorted([other.pk, other.pk, single.pk])


def test_accelerate_starts_the_same_command_in_several_processes(admin: User) -> None:
    run = placed(make_sft(admin), launcher="accelerate", processes=2)
    command = trainer_arguments(run, epoch=1)
    assert "--num_processes=2" in command
    assert command[-5:] == ["-m", "training.sft", str(run.path), "--attempt", "1"]
    assert trainer_arguments(placed(run, processes=1), epoch=1)[1:3] == ["-m", "training.sft"]


# ---- Ray ----


def free_ports(count: int) -> list[int]:
    """So many ports that are free, each another: all are held until the last is chosen."""
    with contextlib.ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the jobs server of a cluster of this machine, ended by the processes that were started."""
    # Ray names sockets by their whole path, which may have 107 characters.
    folder = tmp_path_factory.mktemp("ray")
    port, dashboard, agent, client = free_ports(4)
    address = f"http://127.0.0.1:{dashboard}"
    options = {
        "--port": port,
        "--dashboard-port": dashboard,
        "--dashboard-agent-listen-port": agent,
        "--ray-client-server-port": client,
        "--dashboard-host": "127.0.0.1",
        "--node-ip-address": "127.0.0.1",
        "--num-cpus": 4,
        "--num-gpus": 0,
        "--object-store-memory": 100_000_000,
        "--disable-usage-stats": None,
        "--include-dashboard": "true",
        "--block": None,
    }
    command = [str(Path(sys.executable).with_name("ray")), "start", "--head"]
    command += [f"{name}={value}" if value is not None else name for name, value in options.items()]
    log = (folder / "ray.log").open("wb")
    head = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "RAY_TMPDIR": "/tmp"})
    try:
        wait_for(lambda: takes_jobs(address), seconds=240.0)
        yield address
    finally:
        processes: list[psutil.Process] = []
        with contextlib.suppress(psutil.NoSuchProcess):
            processes = [*psutil.Process(head.pid).children(recursive=True), psutil.Process(head.pid)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        head.wait()


def takes_jobs(address: str) -> bool:
    """Say whether the jobs server answers, and has an agent that starts what it is given."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{address}/api/jobs/", data=b'{"entrypoint": "true"}', headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60):
            return True
    except OSError:
        return False


@pytest.fixture
def on_ray(cluster: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, supervised: None) -> str:
    monkeypatch.setenv("RAY_ADDRESSES", cluster)  # for the supervisors
    settings.RAY_ADDRESSES = [cluster]
    return cluster


@pytest.mark.slow
def test_a_ray_cluster_computes_the_same_run_directory(on_ray: str, admin: User) -> None:
    run = placed(make_sft(admin), launcher="ray", ray_address=on_ray)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED, RunState.QUEUED, seconds=150.0)
    assert run.state == RunState.SUCCEEDED, run.error_message + read_log(run.path, after=0).text
    assert run.checkpoint is not None
    assert [row["step"] for row in metrics(run.path, after=0).rows] == list(range(1, 11))
    assert (run.device, run.gpu_hours, HeldDevice.objects.count()) == ("", 0, 0)


@pytest.mark.slow
def test_cancelling_reaches_the_job_which_keeps_a_checkpoint(on_ray: str, admin: User) -> None:
    run = placed(make_sft(admin, hold_at=4), launcher="ray", ray_address=on_ray)
    launching.launch(run.pk)
    wait_for(lambda: metrics(run.path, after=0).rows, seconds=150.0)
    cancel(run)
    run = run_in_state(run, RunState.CANCELLED, seconds=150.0)
    assert RunDirectory(run.path).attempt(1).checkpoint_steps()


@pytest.mark.slow
def test_a_job_that_nobody_looks_after_is_stopped_before_the_next_one(on_ray: str, admin: User) -> None:
    run = placed(make_sft(admin, hold_at=4), launcher="ray", ray_address=on_ray)
    launching.launch(run.pk)
    wait_for(lambda: metrics(run.path, after=0).rows, seconds=150.0)
    supervisor_of(run).kill()
    run.refresh_from_db()
    give_back(Lease(run.pk, run.lease_epoch), reason="lost", is_failure=True)
    launching.launch(run.pk)
    wait_for(RunDirectory(run.path).attempt(2).metrics_path.exists, seconds=150.0)
    assert RunDirectory(run.path).attempt(1).checkpoint_steps(), "the first job was asked to stop"
    cancel(run)
    run_in_state(run, RunState.CANCELLED, seconds=150.0)

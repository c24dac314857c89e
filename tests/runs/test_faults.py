"""Runs whose processes are killed, doubled, overtaken or stopped: each ends once, or goes on where it was."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from django.db import connection

from formats.run_directory import RunDirectory
from labelapp.accounts.models import User
from labelapp.celery import app as celery_app
from labelapp.checkpoints.models import Checkpoint
from labelapp.runs import launching, sweeping
from labelapp.runs.actions import cancel, resume
from labelapp.runs.collecting import collect
from labelapp.runs.devices import Device, DeviceLock
from labelapp.runs.lease import LeaseLost
from labelapp.runs.models import Run, RunState
from labelapp.runs.stopping import stop_local_runs
from tests.conftest import child_process, process_environment
from tests.runs.world import (
    make_sft,
    reached_step,
    run_in_state,
    set_heartbeat_age,
    supervisor_of,
    trainer_of,
    wait_for,
)

pytestmark = pytest.mark.usefixtures("supervised")


def let_go(run: Run) -> None:
    """Let a trainer that holds at a step go on."""
    (run.path / "go").touch()


def ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def attempt_log(run: Run, epoch: int) -> str:
    return RunDirectory(run.path).attempt(epoch).log_path.read_text()


def test_a_killed_worker_does_not_touch_the_run(admin: User, tmp_path: Path) -> None:
    arguments = [sys.executable, "-m", "celery", "-A", "labelapp", "worker", "--queues", "doomed"]
    arguments += ["--concurrency", "1", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    run = make_sft(admin, hold_at=7)
    with (
        (tmp_path / "worker.log").open("wb") as log,
        child_process(arguments, environment=process_environment(), log=log) as worker,
    ):
        celery_app.send_task("runs.launch", (run.pk,), queue="doomed")
        reached_step(run, 6)
        supervisor, trainer = supervisor_of(run), trainer_of(run)
        assert os.getpgid(supervisor.pid) != os.getpgid(worker.pid)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
    let_go(run)
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED)
    assert (run.state, run.attempt) == (RunState.SUCCEEDED, 1), run.error_message
    assert Checkpoint.objects.filter(run=run).count() == 1
    wait_for(lambda: ended(supervisor) and ended(trainer))


def test_a_killed_trainer_resumes_from_its_checkpoint(admin: User) -> None:
    run = make_sft(admin, hold_at=7)
    launching.launch(run.pk)
    reached_step(run, 6)
    trainer_of(run).kill()
    run = run_in_state(run, RunState.QUEUED)
    assert (run.failures, run.device) == (1, "")
    assert "SIGKILL" in run.error_message
    let_go(run)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED)
    assert (run.state, run.attempt, run.lease_epoch) == (RunState.SUCCEEDED, 2, 2)
    assert "from step 5" in attempt_log(run, 2)


def test_a_killed_supervisor_is_replaced_and_its_trainer_is_gone(admin: User) -> None:
    run = make_sft(admin, hold_at=7)
    launching.launch(run.pk)
    reached_step(run, 6)
    supervisor, trainer = supervisor_of(run), trainer_of(run)
    supervisor.kill()
    wait_for(lambda: ended(trainer))  # the kernel told it; it wrote a checkpoint
    set_heartbeat_age(run, seconds=sweeping.LOST_SECONDS + 1)
    sweep()
    run.refresh_from_db()
    assert (run.state, run.failures) == (RunState.QUEUED, 1)
    let_go(run)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED)
    assert run.state == RunState.SUCCEEDED, run.error_message
    assert "from step 6" in attempt_log(run, 2)


def test_an_orphaned_trainer_keeps_the_next_attempt_out_until_it_is_gone(admin: User) -> None:
    run = make_sft(admin, hold_at=7, stubborn=True)
    launching.launch(run.pk)
    reached_step(run, 6)
    supervisor, orphan = supervisor_of(run), trainer_of(run)
    device = run.device
    supervisor.kill()
    set_heartbeat_age(run, seconds=sweeping.LOST_SECONDS + 1)
    sweep()
    launching.launch(run.pk)
    run = run_in_state(run, RunState.RUNNING)
    wait_for(lambda: Run.objects.filter(pk=run.pk, phase__contains="earlier process").exists())
    assert not ended(orphan)
    assert not RunDirectory(run.path).attempt(2).root.exists()
    assert not DeviceLock(Device.parse(device)).try_acquire()
    let_go(run)  # now it would finish; its output is registered by the new attempt alone
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED)
    assert (run.state, run.lease_epoch) == (RunState.SUCCEEDED, 2)
    assert ended(orphan)
    assert Checkpoint.objects.filter(run=run).count() == 1


def test_a_doubled_message_starts_one_attempt(admin: User) -> None:
    run = make_sft(admin, hold_at=2)
    start = threading.Barrier(4)
    epochs: list[int | None] = []

    def claim() -> None:
        queued = Run.objects.get(pk=run.pk)
        start.wait()
        epochs.append(launching.claim(queued))
        connection.close()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(epochs, key=str) == [1, None, None, None]
    launching.launch(run.pk)
    run.refresh_from_db()
    assert (run.attempt, run.lease_epoch) == (1, 1)


def test_a_stale_epoch_registers_nothing(admin: User) -> None:
    run = make_sft(admin)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED)
    Run.objects.filter(pk=run.pk).update(state=RunState.RUNNING, lease_epoch=2, checkpoint=None)
    Checkpoint.objects.filter(kind="sft").delete()
    with pytest.raises(LeaseLost):
        collect(run.pk, epoch=1)
    run.refresh_from_db()
    assert (run.checkpoint, run.state) == (None, RunState.RUNNING)
    assert not Checkpoint.objects.filter(kind="sft").exists()


def test_a_supervisor_that_lost_its_lease_kills_its_trainer(admin: User) -> None:
    run = make_sft(admin, hold_at=7, stubborn=True)
    launching.launch(run.pk)
    reached_step(run, 6)
    supervisor, trainer = supervisor_of(run), trainer_of(run)
    Run.objects.filter(pk=run.pk).update(lease_epoch=2)
    wait_for(lambda: ended(trainer) and ended(supervisor))
    run.refresh_from_db()
    assert (run.state, run.lease_epoch) == (RunState.RUNNING, 2)


def test_cancel_stops_the_trainer_with_a_checkpoint_and_resume_goes_on(admin: User) -> None:
    run = make_sft(admin, hold_at=9)
    launching.launch(run.pk)
    reached_step(run, 8)
    assert cancel(run).state == RunState.RUNNING
    asked_at = cancel(run).cancel_requested_at
    run = run_in_state(run, RunState.CANCELLED)
    assert (run.cancel_requested_at, run.failures, run.error_message) == (asked_at, 0, "")
    assert run.ended_at is not None
    let_go(run)
    resume(run)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED)
    assert (run.state, run.attempt, run.cancel_requested_at) == (RunState.SUCCEEDED, 2, None)
    assert "from step 8" in attempt_log(run, 2)


def test_a_queued_run_is_cancelled_at_once(admin: User) -> None:
    run = cancel(make_sft(admin))
    assert run.state == RunState.CANCELLED
    launching.launch(run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.CANCELLED, 0)


def test_a_run_that_crashes_is_tried_three_times_and_then_fails_with_the_reason(admin: User) -> None:
    run = make_sft(admin, crash_until=9)
    for failures in (1, 2):
        launching.launch(run.pk)
        run = run_in_state(run, RunState.QUEUED)
        assert run.failures == failures
    launching.launch(run.pk)
    run = run_in_state(run, RunState.FAILED)
    assert run.error_code == "attempts_used_up"
    assert run.error_message == (
        "Gave up after 3 attempts. The process ended with exit status 1. Its last line: about to crash"
    )


def test_bad_input_fails_at_once_with_the_trainer_s_words(admin: User) -> None:
    run = make_sft(admin, bad_input=True)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.FAILED)
    assert (run.attempt, run.error_code) == (1, "too_large")
    assert run.error_message == "config.batch_size: must be smaller for this model"


def test_a_damaged_output_is_not_registered(admin: User) -> None:
    run = make_sft(admin, damage=True)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.FAILED)
    assert run.error_code == "output_damaged"
    assert run.error_message.startswith("output/model/config.json is damaged")
    assert run.checkpoint is None


def test_a_second_run_waits_for_the_device_and_starts_when_it_is_free(
    celery_worker_process: "subprocess.Popen[bytes]", admin: User
) -> None:
    first = make_sft(admin, hold_at=2)
    reached_step(first, 1)
    second = make_sft(admin)
    wait_for(lambda: Run.objects.filter(pk=second.pk, phase=launching.WAITING_FOR_DEVICE).exists())
    second.refresh_from_db()
    assert second.state == RunState.QUEUED
    let_go(first)
    run_in_state(first, RunState.SUCCEEDED)
    run_in_state(second, RunState.SUCCEEDED)


def test_a_full_stop_of_the_server_is_no_failure(admin: User) -> None:
    run = make_sft(admin, hold_at=9)
    launching.launch(run.pk)
    reached_step(run, 8)
    supervisor_of(run)
    assert stop_local_runs(seconds=20) == (1, 0)
    run.refresh_from_db()
    assert (run.state, run.failures, run.error_message) == (RunState.QUEUED, 0, "")
    assert stop_local_runs(seconds=1) == (0, 0)
    let_go(run)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED)
    assert "from step 8" in attempt_log(run, 2)


def test_the_trainer_knows_neither_the_database_nor_the_secret_key(
    admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "a-secret-of-the-web-side")
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.org")
    run = make_sft(admin)
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED)
    log = attempt_log(run, 1)
    assert "HF_ENDPOINT" in log
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "a-secret-of-the-web-side"):
        assert name not in log


def sweep() -> None:
    """What the beat's task does; a database that has only just come up is not yet believed."""
    assert sweeping.requeue_lost_runs(settle_seconds=1e9) == 0
    assert sweeping.requeue_lost_runs(settle_seconds=0) == 1

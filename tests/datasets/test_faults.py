"""Workers that die, bells that are lost, disks that fail: a version is written once and whole, or says why not."""

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from labelapp.datasets import claiming, storing, tasks, writing
from labelapp.datasets.erasures import request_erasure
from labelapp.datasets.files import SplitFiles
from labelapp.datasets.late_changes import PersonErased
from labelapp.datasets.models import DatasetRow, DatasetVersion
from labelapp.labeling.models import Submission
from tests.conftest import ROOT, process_environment
from tests.datasets.world import demonstrations, wait_for, waiting_version

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def version() -> DatasetVersion:
    """A version of two demonstrations that waits to be written."""
    world = demonstrations()
    world.add_prompts(2)
    world.answer_all()
    return waiting_version(world, kind="demonstrations")


def folder_of(version: DatasetVersion) -> Path:
    path: Path = settings.DATA_DIR / "datasets" / str(version.dataset_id)
    return path


def grow_old(version: DatasetVersion, **columns: Any) -> None:
    """Make a version look as if its maker or writer had been gone for minutes."""
    past = timezone.now() - timedelta(minutes=5)
    DatasetVersion.objects.filter(pk=version.pk).update(created_at=past, heartbeat_at=past, **columns)


def test_many_bells_write_one_version(version: DatasetVersion) -> None:
    barrier = threading.Barrier(4)

    def write() -> None:
        barrier.wait()
        writing.write_version(version.pk)
        connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    version.refresh_from_db()
    assert (version.state, version.attempt, version.rows.count()) == ("ready", 1, 2)
    assert [path.name for path in folder_of(version).iterdir()] == ["v1"]
    writing.write_version(version.pk)
    version.refresh_from_db()
    assert version.attempt == 1


def test_a_real_worker_writes_it(version: DatasetVersion, celery_worker_process: Any) -> None:
    tasks.write.apply_async((version.pk,))
    wait_for(lambda: DatasetVersion.objects.filter(pk=version.pk, state="ready").exists())


def test_the_sweeper_rings_again_for_a_lost_bell(version: DatasetVersion, celery_worker_process: Any) -> None:
    tasks.sweep()
    assert claiming.waiting_version_ids() == [], "one that was only just made is being rung for"
    grow_old(version)
    tasks.sweep.apply_async()
    wait_for(lambda: DatasetVersion.objects.filter(pk=version.pk, state="ready").exists())


def test_a_broker_that_is_down_does_not_fail_the_freezing(version: DatasetVersion) -> None:
    program = (
        "import django; django.setup()\n"
        "from labelapp.datasets.actions import freeze\n"
        "from labelapp.datasets.models import Dataset\n"
        f"dataset = Dataset.objects.get(pk={version.dataset_id})\n"
        "print(freeze(dataset, query={}, created_by=dataset.created_by).state)\n"
    )
    environment = process_environment(REDIS_URL="redis://127.0.0.1:1/0", DJANGO_SETTINGS_MODULE="labelapp.settings")
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "queued\n", done.stderr
    assert "the sweeper will ring again" in done.stderr
    newest = DatasetVersion.objects.latest("pk")
    assert newest.number == 2
    grow_old(newest)
    assert newest.pk in claiming.waiting_version_ids()


def test_a_writer_that_died_is_replaced_and_leaves_nothing(version: DatasetVersion) -> None:
    dead = claiming.claim(version.pk)
    assert dead is not None
    storing.fresh_folder(dead).joinpath("train.jsonl").write_text("half a line")
    assert claiming.waiting_version_ids() == [], "it beat a moment ago"
    writing.write_version(version.pk)
    version.refresh_from_db()
    assert (version.state, version.attempt) == ("writing", 1)
    grow_old(version)
    assert claiming.waiting_version_ids() == [version.pk]
    writing.write_version(version.pk)
    version.refresh_from_db()
    assert (version.state, version.attempt) == ("ready", 2)
    assert [path.name for path in folder_of(version).iterdir()] == ["v1"]


def test_a_writer_that_wakes_up_again_registers_nothing(version: DatasetVersion) -> None:
    late = claiming.claim(version.pk)
    assert late is not None
    with claiming.VersionHeartbeat(late) as heartbeat:
        written = writing._write_files(late, folder=storing.fresh_folder(late), heartbeat=heartbeat)
        grow_old(version)
        newer = claiming.claim(version.pk)
        assert newer is not None
        with pytest.raises(claiming.ClaimLost):
            writing._register(late, written, heartbeat=heartbeat)
        wait_for(lambda: heartbeat.is_lost)
        with pytest.raises(claiming.ClaimLost):
            heartbeat.count()
    claiming.fail(late, error="too late")
    version.refresh_from_db()
    assert (version.state, version.attempt, version.error) == ("writing", 2, "")
    assert not DatasetRow.objects.exists()


def test_one_that_kills_its_workers_is_given_up(version: DatasetVersion) -> None:
    grow_old(version, state="writing", attempt=3)
    tasks.sweep()
    assert claiming.waiting_version_ids() == []
    version.refresh_from_db()
    assert version.state == "failed"
    assert "stopped 3 times" in version.error


def test_a_failure_says_why_and_leaves_nothing(version: DatasetVersion) -> None:
    # A file stands where the folder should: no rename can succeed, whoever asks, even root.
    folder_of(version).mkdir(parents=True)
    (folder_of(version) / "v1").write_text("in the way")
    writing.write_version(version.pk)
    version.refresh_from_db()
    assert version.state == "failed"
    assert version.error == "The files cannot be written: Not a directory."
    assert not DatasetRow.objects.exists()
    assert [path.name for path in folder_of(version).iterdir()] == ["v1"]


def test_a_folder_that_cannot_be_made_says_why(version: DatasetVersion) -> None:
    folder_of(version).parent.mkdir(parents=True, exist_ok=True)
    folder_of(version).write_text("in the way")
    writing.write_version(version.pk)
    version.refresh_from_db()
    assert (version.state, version.error) == ("failed", "The files cannot be written: File exists.")
    folder_of(version).unlink()


def test_a_full_disk_is_called_that(version: DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SplitFiles, "write", full)
    writing.write_version(version.pk)
    version.refresh_from_db()
    assert (version.state, version.error) == ("failed", "The disk is full. Make room and freeze again.")
    assert list(folder_of(version).iterdir()) == []


def test_our_own_mistake_does_not_wait_for_ever(version: DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: Any, **kwargs: Any) -> None:
        raise KeyError("pseudonym")

    monkeypatch.setattr(writing, "label_line", wrong)
    with pytest.raises(KeyError):
        writing.write_version(version.pk)
    version.refresh_from_db()
    assert version.state == "failed"
    assert "worker's log" in version.error


def test_a_version_that_is_gone_is_nobodys_business() -> None:
    writing.write_version(2**40)


def test_a_deletion_that_is_asked_for_meanwhile_is_seen(version: DatasetVersion) -> None:
    claimed = claiming.claim(version.pk)
    assert claimed is not None
    with claiming.VersionHeartbeat(claimed) as heartbeat:
        written = writing._write_files(claimed, folder=storing.fresh_folder(claimed), heartbeat=heartbeat)
        person = Submission.objects.latest("pk").labeler
        request_erasure(created_by=person, user_id=person.pk)
        with pytest.raises(PersonErased):
            writing._register(claimed, written, heartbeat=heartbeat)
    version.refresh_from_db()
    assert (version.state, DatasetRow.objects.count()) == ("writing", 0)

"""What a supervisor makes of the answers of a jobs server, and how a job's entrypoint tells of a signal."""

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from labelapp.accounts.models import User
from labelapp.runs import launching, ray_jobs
from labelapp.runs.models import Run, RunState
from labelapp.runs.ray_jobs import JobNotStarted, RayJob
from labelapp.runs.supervisor import Supervisor
from labelapp.runs.trainer import describe_end
from tests.runs.world import make_sft


class JobsServer(ThreadingHTTPServer):
    """Takes any job and says of it what the test says."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.code = 200
        self.body = b""

    def says(self, code: int = 200, body: bytes | None = None, **job: Any) -> None:
        self.code, self.body = code, json.dumps(job).encode() if body is None else body


class Handler(BaseHTTPRequestHandler):
    server: JobsServer

    def do_GET(self) -> None:
        self._answer(self.server.code, self.server.body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._answer(200, b"{}")

    def _answer(self, code: int, body: bytes) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JobsServer]:
    monkeypatch.setattr(ray_jobs, "POLL_SECONDS", 0.0)
    with JobsServer() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def run(server: JobsServer, admin: User) -> Run:
    run = make_sft(admin)
    Run.objects.filter(pk=run.pk).update(launcher="ray", ray_address=f"http://127.0.0.1:{server.server_port}")
    run.refresh_from_db()
    return run


@pytest.fixture
def job(run: Run) -> RayJob:
    job = RayJob(run, epoch=1)
    job.start()
    return job


def test_a_job_that_the_cluster_forgot_is_given_up_after_a_while(
    job: RayJob, server: JobsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.says(404)
    assert job.wait(0.0) is None
    monkeypatch.setattr(ray_jobs, "AWAY_SECONDS", 0.0)
    with pytest.raises(OSError, match="no longer knows the job"):
        job.wait(0.0)


def test_a_forgotten_job_that_was_asked_to_stop_has_ended(job: RayJob, server: JobsServer) -> None:
    server.says(404)
    job.ask_to_stop()
    assert job.wait(0.0) == 1


def test_waiting_too_long_for_room_uses_up_no_attempt(run: Run, server: JobsServer) -> None:
    assert launching.claim(run) is not None
    run.refresh_from_db()
    server.says(status="FAILED", error_type=ray_jobs.NOT_STARTED, message="no room")
    supervisor = Supervisor(run)
    with pytest.raises(JobNotStarted, match="no room"):
        supervisor._watch_job()
    supervisor._see_through()
    supervisor.heartbeat.stop()
    run.refresh_from_db()
    assert (run.state, run.failures, run.error_message) == (RunState.QUEUED, 0, "no room")


def test_a_lease_that_cannot_be_written_does_not_keep_a_job_from_being_stopped(job: RayJob, server: JobsServer) -> None:
    shutil.rmtree(job.attempt.root)
    job.kill()
    assert server.asked[-1].endswith("-1/stop")


@pytest.mark.parametrize("body", [b"<html>", b"\xff"])
def test_an_answer_that_is_no_json_counts_as_none(
    job: RayJob, server: JobsServer, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    server.says(body=body)
    assert job.wait(0.0) is None
    second = RayJob(job.run, epoch=2)
    assert not second.have_earlier_ended(), "a server that starts again fails no attempt"
    monkeypatch.setattr(ray_jobs, "AWAY_SECONDS", -1.0)
    with pytest.raises(OSError, match="no answer that can be read"):
        second.have_earlier_ended()


@pytest.mark.parametrize(("code", "status"), [(137, -signal.SIGKILL), (255, 255), (2, 2)])
def test_the_exit_code_of_a_job_names_the_signal(job: RayJob, server: JobsServer, code: int, status: int) -> None:
    server.says(status="FAILED", driver_exit_code=code)
    assert job.wait(0.0) == status
    assert ("SIGKILL" in describe_end(status, attempt=job.attempt)) == (code == 137)


def test_the_entrypoint_tells_of_a_signal_as_a_shell_does(tmp_path: Path) -> None:
    killed = [sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]
    files = [str(tmp_path / "lease"), str(tmp_path / "log")]
    command = [sys.executable, "-m", "training.ray_job", *files, "--", *killed]
    assert subprocess.run(command, cwd=settings.BASE_DIR, check=False).returncode == 137

"""An attempt at a run as a job of a Ray cluster (Ray Jobs, over HTTP), with the interface of `trainer.Trainer`.

The cluster shares the data directory, so log, metrics, checkpoints and output arrive as those of a local run do. The
job looks at a file that this supervisor keeps writing (`training.ray_job`): if it falls silent, the trainer writes a
checkpoint and ends. Ray's own package is needed on the cluster only.
"""

import http.client
import json
import shlex
import signal
import time
import urllib.error
import urllib.request
from typing import Any

import structlog
from django.conf import settings

from formats.run_directory import RunDirectory
from labelapp.common.errors import DomainError
from labelapp.runs.kinds import KINDS
from labelapp.runs.launchers import ray_gpus
from labelapp.runs.models import Run
from labelapp.runs.trainer import GRACE_SECONDS, accelerate_arguments

TIMEOUT_SECONDS = 10.0
SUBMIT_SECONDS = 60.0
# So long may the jobs server be out of reach before the attempt counts as failed.
AWAY_SECONDS = 120.0
POLL_SECONDS = 1.0
LEASE_SECONDS = 2.0
ENDED = {"SUCCEEDED", "FAILED", "STOPPED"}
STOP = "stop"
# What Ray calls a job that waited for its resources longer than RAY_JOB_START_TIMEOUT_SECONDS.
NOT_STARTED = "JOB_SUPERVISOR_ACTOR_START_TIMEOUT"
logger = structlog.get_logger(__name__)


class RayRefused(DomainError):
    """The cluster does not take the job, and would not take it another time."""

    code = "ray_refused"


class JobNotStarted(Exception):
    """The cluster had no room for the job for as long as it lets one wait; nothing was computed."""


class RayJob:
    """One attempt's job."""

    def __init__(self, run: Run, *, epoch: int) -> None:
        self.run = run
        self.epoch = epoch
        self.attempt = RunDirectory(run.path).attempt(epoch)
        self._lease = self.attempt.root / "lease"
        self._beats = 0
        self._beat_at = self._looked_at = -float("inf")
        self._answered_at = time.monotonic()
        self._asked_at: float | None = None
        self._status: int | None = None
        self._is_submitted = False

    def have_earlier_ended(self) -> bool:
        """Ask the jobs of earlier attempts to stop; true once none of them computes, false while nobody answers.

        Raises OSError where the cluster is out of reach for too long.
        """
        try:
            states = [self._state(epoch) for epoch in range(1, self.epoch)]
            for epoch, state in enumerate(states, start=1):
                if state is not None and state not in ENDED:
                    self._request("POST", f"{self._name(epoch)}/stop")
        except OSError as error:
            if time.monotonic() - self._answered_at > AWAY_SECONDS:
                raise
            logger.warning("earlier jobs not seen", run_id=self.run.pk, error=str(error))
            return False
        self._answered_at = time.monotonic()
        return all(state is None or state in ENDED for state in states)

    def start(self) -> None:
        """Submit the job. Raises RayRefused, or OSError where the cluster is out of reach."""
        self.attempt.root.mkdir(exist_ok=True)
        self._beat()
        threads = str(self.run.config.get("threads", 1))
        self._request(
            "POST",
            "",
            {
                "submission_id": self._name(self.epoch),
                "entrypoint": shlex.join(self._command()),
                "entrypoint_num_cpus": self.run.processes,
                "entrypoint_num_gpus": ray_gpus(self.run),
                "runtime_env": {
                    "env_vars": {
                        "PYTHONPATH": settings.RAY_CODE_DIR,
                        "PYTHONUNBUFFERED": "1",
                        "OMP_NUM_THREADS": threads,
                        "MKL_NUM_THREADS": threads,
                        "TOKENIZERS_PARALLELISM": "false",
                        # From SIGTERM to SIGKILL, when the job is stopped by Ray itself.
                        "RAY_JOB_STOP_WAIT_TIME_S": str(int(GRACE_SECONDS) + 5),
                    }
                },
                "metadata": {"labelapp_run": str(self.run.pk), "attempt": str(self.epoch)},
            },
        )
        self._is_submitted = True

    def wait(self, seconds: float) -> int | None:
        """The exit status of the trainer if the job ends within so many seconds, else None; negative for a signal.

        Raises JobNotStarted, or OSError where the cluster is out of reach or knows no such job for too long.
        """
        deadline = time.monotonic() + seconds
        while self._status is None:
            if time.monotonic() - self._beat_at >= LEASE_SECONDS:
                self._beat()
            if time.monotonic() - self._looked_at >= POLL_SECONDS:
                self._look()
            if self._status is None and time.monotonic() >= deadline:
                return None
            time.sleep(min(0.1, seconds))
        return self._status

    def ask_to_stop(self) -> None:
        """Ask for a checkpoint and an end at the first call; stop the job at one after the grace time."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()
            self._beat()
        elif time.monotonic() - self._asked_at > GRACE_SECONDS:
            self.kill()

    def kill(self) -> None:
        """End the job, if it has not ended; a cluster that is out of reach learns it from the lease."""
        if not self._is_submitted or self._status is not None:
            return
        self._asked_at = self._asked_at or time.monotonic()
        try:
            self._beat()
        except OSError as error:
            logger.warning("lease not written", run_id=self.run.pk, error=str(error))
        try:
            self._request("POST", f"{self._name(self.epoch)}/stop")
        except (OSError, RayRefused) as error:
            logger.warning("job not stopped", run_id=self.run.pk, error=str(error))

    def _command(self) -> list[str]:
        several = accelerate_arguments(self.run.processes) if self.run.processes > 1 else []
        trainer = ["-m", KINDS[self.run.kind].module, str(self.run.path), "--attempt", str(self.epoch)]
        python = settings.RAY_PYTHON
        job = [python, "-m", "training.ray_job", str(self._lease), str(self.attempt.log_path), "--"]
        return [*job, python, *several, *trainer]

    def _beat(self) -> None:
        """Write into the lease that somebody looks after the job, or that it is to end."""
        self._beats, self._beat_at = self._beats + 1, time.monotonic()
        staging = self._lease.with_suffix(".new")
        staging.write_text(STOP if self._asked_at is not None else str(self._beats))
        staging.replace(self._lease)

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        try:
            job = self._job(self.epoch)
        except OSError:
            if time.monotonic() - self._answered_at > AWAY_SECONDS:
                raise
            return
        if job is None:  # as after a restart of the cluster's head
            if self._asked_at is not None:
                self._status = 1
            elif time.monotonic() - self._answered_at > AWAY_SECONDS:
                raise OSError("the cluster no longer knows the job")
            return
        self._answered_at = time.monotonic()
        if job["status"] in ENDED:
            code = job.get("driver_exit_code")
            succeeded = job["status"] == "SUCCEEDED"
            status = code if isinstance(code, int) and (code or succeeded) else int(not succeeded)
            self._status = 128 - status if status - 128 in set(signal.Signals) else status
            if not succeeded and not self.attempt.log_path.exists():
                # It did not come to the trainer: what Ray says is all there is to tell.
                self.attempt.log_path.write_text(f"{job.get('message') or 'The job ended without a word.'}\n")
            if job.get("error_type") == NOT_STARTED:
                raise JobNotStarted(job.get("message") or "The cluster had no room for the job.")

    def _state(self, epoch: int) -> str | None:
        job = self._job(epoch)
        return None if job is None else str(job["status"])

    def _job(self, epoch: int) -> dict[str, Any] | None:
        """What the jobs server knows of an attempt's job, or None where it knows none."""
        try:
            return self._request("GET", self._name(epoch))
        except RayRefused as error:
            if error.data.get("status") == 404:
                return None
            raise

    def _name(self, epoch: int) -> str:
        return f"labelapp-{self.run.uuid}-{epoch}"

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask the jobs server. Raises RayRefused where it says no, OSError where it does not answer."""
        headers = {"Content-Type": "application/json"}
        if settings.RAY_AUTH_TOKEN:
            headers["Authorization"] = f"Bearer {settings.RAY_AUTH_TOKEN}"
        # An address of RAY_ADDRESSES, checked in the settings to be http or https.
        request = urllib.request.Request(  # noqa: S310
            f"{self.run.ray_address}/api/jobs/{path}",
            method=method,
            headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=SUBMIT_SECONDS if body else TIMEOUT_SECONDS) as answer:  # noqa: S310
                found: dict[str, Any] = json.load(answer)
                return found
        except urllib.error.HTTPError as error:
            lines = error.read(20_000).decode(errors="replace").strip().splitlines()
            message = f"Ray at {self.run.ray_address} says {error.code}: {lines[-1] if lines else error.reason}"
            if error.code >= 500:
                raise OSError(message) from error
            raise RayRefused(message, status=error.code) from error
        except (http.client.HTTPException, ValueError) as error:  # cut off, or no JSON
            raise OSError(f"Ray at {self.run.ray_address} gives no answer that can be read: {error!r}") from error

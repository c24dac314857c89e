"""From a queued row to a registered result, through a real worker, supervisor and trainer process."""

import subprocess

import pytest

from labelapp.accounts.models import User
from labelapp.runs.models import RunState
from tests.runs.world import make_sft, run_in_state


def test_a_worker_takes_a_run_to_a_registered_checkpoint(
    celery_worker_process: "subprocess.Popen[bytes]", supervised: None, admin: User
) -> None:
    run = run_in_state(make_sft(admin), RunState.SUCCEEDED, RunState.FAILED)
    assert run.state == RunState.SUCCEEDED, run.error_message
    assert run.checkpoint is not None
    assert run.checkpoint.kind == "sft"
    assert (run.path.parent.parent / run.checkpoint.location / "config.json").is_file()
    assert [link.used_as for link in run.checkpoint.parent_links.all()] == ["initial_weights"]
    assert (run.attempt, run.failures, run.device, run.supervisor_pid) == (1, 0, "", None)
    assert (run.step, run.total_steps, run.phase) == (10, 10, "Done")
    assert run.summary == {"loss": pytest.approx(0.1), "final_loss": 0.1}
    assert run.running_seconds > 0
    assert run.gpu_hours == 0
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.started_at <= run.ended_at

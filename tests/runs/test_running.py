"""From a queued row to a registered result, through a real worker, supervisor and trainer process."""

import subprocess

import pytest

from labelapp.accounts.models import User
from labelapp.runs import launching, tasks
from labelapp.runs.actions import cancel, sample_into
from labelapp.runs.models import Run, RunState
from tests.runs.world import make_model, make_project, make_prompts, make_sft, run_in_state


def test_a_worker_takes_a_run_to_a_registered_checkpoint(
    celery_worker_process: "subprocess.Popen[bytes]", supervised: None, admin: User
) -> None:
    run = run_in_state(make_sft(admin, warnings=["2 rows are left out."]), RunState.SUCCEEDED, RunState.FAILED)
    assert run.state == RunState.SUCCEEDED, run.error_message
    assert run.checkpoint is not None
    assert run.checkpoint.kind == "sft"
    assert (run.path.parent.parent / run.checkpoint.location / "config.json").is_file()
    assert [link.used_as for link in run.checkpoint.parent_links.all()] == ["initial_weights"]
    assert (run.attempt, run.failures, run.device, run.supervisor_pid) == (1, 0, "", None)
    assert (run.step, run.total_steps, run.phase) == (10, 10, "Done")
    assert run.summary == {"loss": pytest.approx(0.1), "final_loss": 0.1, "warnings": ["2 rows are left out."]}
    assert "warnings" not in run.checkpoint.metrics
    assert run.running_seconds > 0
    assert run.gpu_hours == 0
    assert run.started_at is not None
    assert run.ended_at is not None
    assert run.started_at <= run.ended_at


def test_the_sweeper_rings_for_a_run_whose_bell_was_lost(
    celery_worker_process: "subprocess.Popen[bytes]", supervised: None, admin: User
) -> None:
    run = cancel(make_sft(admin))
    Run.objects.filter(pk=run.pk).update(state=RunState.QUEUED, cancel_requested_at=None)
    tasks.sweep()
    assert run_in_state(run, RunState.SUCCEEDED, RunState.FAILED).state == RunState.SUCCEEDED


def test_samples_are_registered_and_queued_for_labeling(supervised: None, admin: User) -> None:
    project = make_project(overlap=2)
    make_prompts(3, use_case="rewrite")
    checkpoint = make_model("policy")
    run = sample_into(checkpoint, project=project, created_by=admin, use_cases=["rewrite"])
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED)
    assert run.state == RunState.SUCCEEDED, run.error_message
    batch = run.sample_batch
    assert batch is not None
    assert (batch.checkpoint, batch.endpoint, batch.responses.count()) == (checkpoint, None, 12)
    first = batch.responses.order_by("pk")[0]
    assert (first.text, first.seed, first.response_tokens) == ("answer 0\ufffd", 2**47, 2)  # no NUL in PostgreSQL
    assert (run.summary["tasks"], run.summary["tasks_skipped"]) == (3, 0)
    assert project.assignments.count() == 6

"""The real torch side under a real supervisor, on a tiny model: sft, reward model, PPO, samples in the queue."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from formats.presets import preset
from formats.run_directory import RunDirectory
from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint
from labelapp.datasets.models import DatasetKind
from labelapp.labeling.models import Task
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.models import Prompt
from labelapp.runs import launching
from labelapp.runs.actions import create_run, sample_into
from labelapp.runs.curves import metrics
from labelapp.runs.logs import read_log
from labelapp.runs.models import Run, RunState
from labelapp.runs.tiny_base import ensure_tiny_base
from tests.runs.world import make_project, make_prompts, make_version, run_in_state, trainer_of, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.torch, pytest.mark.usefixtures("supervised")]
SECONDS = 150.0


@pytest.fixture
def base(transactional_db: None) -> Checkpoint:
    """The built-in model, hardly trained."""
    return ensure_tiny_base(steps=2)[0]


def finished(run: Run) -> Run:
    """Run it to its end, which must be a success."""
    launching.launch(run.pk)
    run = run_in_state(run, RunState.SUCCEEDED, RunState.FAILED, RunState.QUEUED, seconds=SECONDS)
    assert run.state == RunState.SUCCEEDED, run.error_message
    return run


def config(kind: str, **changes: Any) -> dict[str, Any]:
    """The settings for the tiny model, smaller still."""
    values = preset(kind, "tiny").to_json()
    hidden = ("endpoint_url", "endpoint_model", "endpoint_timeout_seconds", "endpoint_concurrency")
    return {name: value for name, value in values.items() if name not in hidden} | {"device": "cpu"} | changes


def version(kind: str) -> dict[str, int]:
    return {"dataset_version_id": make_version(kind).pk}


def test_the_tiny_base_is_built_once(base: Checkpoint) -> None:
    assert (base.name, base.kind, base.location) == ("tiny-base", "base", "models/tiny-base")
    assert base.size_bytes > 100_000
    weights = Path(settings.DATA_DIR) / "models" / "tiny-base" / "model.safetensors"
    written_at = weights.stat().st_mtime_ns
    output = io.StringIO()
    call_command("register_tiny", stdout=output)
    assert output.getvalue() == "tiny-base was there already\n"
    assert ensure_tiny_base() == (base, False)
    assert weights.stat().st_mtime_ns == written_at


def test_sft_reward_model_ppo_and_samples_in_the_queue(base: Checkpoint, admin: User) -> None:
    model = {"checkpoint_id": base.pk}
    demonstrations = version(DatasetKind.DEMONSTRATIONS)
    sft = finished(
        create_run(
            "sft",
            config=config("sft", epochs=2),
            inputs={"model": model, "demonstrations": demonstrations},
            created_by=admin,
        )
    )
    assert sft.summary
    policy = {"checkpoint_id": sft.checkpoint_id or 0}
    reward_model = finished(
        create_run(
            "reward_model",
            config=config("reward_model", epochs=2),
            inputs={
                "model": policy,
                "comparisons": version(DatasetKind.COMPARISONS),
                "demonstrations": demonstrations,
            },
            created_by=admin,
        )
    )
    ppo = finished(
        create_run(
            "ppo",
            config=config("ppo", episodes=8, batch_size=8, minibatch_size=8, max_response_tokens=8),
            inputs={
                "model": policy,
                "reward_model": {"checkpoint_id": reward_model.checkpoint_id or 0},
                "prompts": version(DatasetKind.PROMPTS),
            },
            created_by=admin,
        )
    )
    assert ppo.checkpoint is not None
    parents = {link.used_as: link.parent_id for link in ppo.checkpoint.parent_links.all()}
    assert parents == {"initial_weights": sft.checkpoint_id, "reward_model": reward_model.checkpoint_id}
    check_samples_reach_the_queue(ppo.checkpoint, admin)


def test_dpo_makes_a_policy_from_rankings_that_is_sampled_for_the_queue(base: Checkpoint, admin: User) -> None:
    run = finished(
        create_run(
            "dpo",
            config=config("dpo", epochs=1, method="lora"),
            inputs={"model": {"checkpoint_id": base.pk}, "comparisons": version(DatasetKind.COMPARISONS)},
            created_by=admin,
        )
    )
    assert run.name.startswith("DPO of tiny-base")
    assert {"accuracy", "margin", "better_reward"} <= set(metrics(run.path, after=0).rows[-1])
    assert run.checkpoint is not None
    assert run.checkpoint.kind == "policy"
    parents = {link.used_as: link.parent_id for link in run.checkpoint.parent_links.all()}
    assert parents == {"initial_weights": base.pk}
    check_samples_reach_the_queue(run.checkpoint, admin)


def test_a_real_trainer_that_is_killed_goes_on_from_its_checkpoint(base: Checkpoint, admin: User) -> None:
    run = create_run(
        "sft",
        config=config("sft", epochs=60, checkpoint_every_steps=2),
        inputs={"model": {"checkpoint_id": base.pk}, "demonstrations": version(DatasetKind.DEMONSTRATIONS)},
        created_by=admin,
    )
    launching.launch(run.pk)
    checkpoints = RunDirectory(run.path).attempt(1).checkpoints
    wait_for(lambda: list(checkpoints.glob("step-*")), seconds=SECONDS)
    trainer_of(run).kill()
    run = run_in_state(run, RunState.QUEUED, RunState.FAILED)
    assert (run.state, run.failures) == (RunState.QUEUED, 1), run.error_message
    run = finished(run)
    assert run.attempt == 2
    assert "resuming from step" in read_log(run.path, after=None).text
    steps = [row["step"] for row in metrics(run.path, after=0).rows]
    assert steps == [float(step) for step in range(1, 61)]


def check_samples_reach_the_queue(checkpoint: Checkpoint, admin: User) -> None:
    """Sample four responses to each of two prompts into a project that holds these prompts."""
    project = make_project()
    prompts = make_prompts(2)
    run = sample_into(
        checkpoint,
        project=project,
        created_by=admin,
        use_cases=["other"],
        config={"max_response_tokens": 8, "device": "cpu"},
    )
    run = finished(run)
    assert run.sample_batch is not None
    assert run.sample_batch.responses.count() == 8
    assert run.summary["tasks"] == 2
    assert set(Task.objects.filter(project=project).values_list("prompt_id", flat=True)) == {p.pk for p in prompts}
    again = create_tasks(project.pk, prompts=Prompt.objects.all(), batch=run.sample_batch)
    assert again.created == 0

"""What people do to runs: start, cancel, resume."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from formats.configs import Config, SampleConfig
from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint
from labelapp.common.enqueue import enqueue_on_commit
from labelapp.common.errors import Conflict, InvalidInput
from labelapp.labeling.models import Project, ProjectKind
from labelapp.prompts.models import Prompt
from labelapp.runs.announcing import announce, tell_ended
from labelapp.runs.choosing_prompts import library_prompts, project_prompts
from labelapp.runs.directories import prepare_directory, remove_directory
from labelapp.runs.inputs import Inputs, choose_inputs
from labelapp.runs.kinds import parse_config
from labelapp.runs.launchers import parse_launch
from labelapp.runs.models import LIVE_STATES, Run, RunInput, RunKind, RunState
from labelapp.runs.tasks import launch as launch_task

NAME_PREFIXES = {
    RunKind.SAMPLE: "Samples of",
    RunKind.SFT: "SFT of",
    RunKind.REWARD_MODEL: "Reward model from",
    RunKind.PPO: "PPO of",
    RunKind.DPO: "DPO of",
}
MAX_NAME = 160


def create_run(
    kind: str,
    *,
    config: Mapping[str, Any],
    inputs: Mapping[str, Mapping[str, int]],
    created_by: User | None,
    name: str = "",
    target_project: Project | None = None,
    prompts: Iterable[Prompt] | None = None,
    launch: Mapping[str, Any] | None = None,
) -> Run:
    """Check everything, write the run directory and queue the run. Raises InvalidInput; nothing is left then.

    `launch` is where it computes (`runs.launchers`): by default in one process of this machine.
    `prompts` are what a sample run draws for where no dataset version names them; by default the target project's.
    """
    kind = str(RunKind(kind))
    parsed = parse_config(kind, dict(config))
    place = parse_launch(kind, launch or {}, device=parsed.device)
    _check_target(kind, target_project, config=parsed)
    chosen = choose_inputs(kind, inputs, config=parsed, target_project=target_project)
    if prompts is None and target_project is not None and "prompts" not in chosen:
        prompts = project_prompts(target_project)
    return _save_run(
        Run(
            kind=kind,
            name=name.strip() or default_name(kind, chosen),
            target_project=target_project,
            created_by=created_by,
            **place.to_json(),
        ),
        config=parsed,
        inputs=chosen,
        prompts=prompts,
    )


def _save_run(run: Run, *, config: Config, inputs: Inputs, prompts: Iterable[Prompt] | None) -> Run:
    """Write directory and rows; a failure of either leaves neither."""
    run.uuid = uuid.uuid4()
    run.directory = f"runs/{run.uuid}"
    config = prepare_directory(run, config=config, inputs=inputs, prompts=prompts)
    try:
        with transaction.atomic():
            run.config = config.to_json()
            run.phase = "Queued"
            run.save(force_insert=True)
            rows = [chosen.row() for chosen in inputs.values()]
            for row in rows:
                row.run = run
            RunInput.objects.bulk_create(rows)
            _ring(run)
    except BaseException:
        remove_directory(run)
        raise
    return run


def _check_target(kind: str, project: Project | None, *, config: Config) -> None:
    if project is None:
        return
    if not isinstance(config, SampleConfig):
        raise InvalidInput("Only a sample run has a target project.", field="target_project_id")
    _check_project(project, field="target_project_id")
    if config.responses_per_prompt < project.responses_per_task:
        message = f"This project ranks {project.responses_per_task} responses together: draw at least so many."
        raise InvalidInput(message, field="config.responses_per_prompt")


def _check_project(project: Project, *, field: str) -> None:
    if project.kind != ProjectKind.COMPARISON:
        raise InvalidInput("Samples are ranked in a comparison project; this one is not.", field=field)
    if project.state == Project.State.ARCHIVED:
        raise InvalidInput("This project is archived.", field=field)


def default_name(kind: str, inputs: Inputs) -> str:
    """A name that says what the run is made of: its model, without what that was made of in turn, and its data."""
    beside = {"pretraining", "reward_model", "gold_reward_model"}
    if kind == RunKind.REWARD_MODEL:
        beside.add("demonstrations")  # they only shift its zero
    parts = [
        str(chosen.checkpoint).split(", ")[0] if chosen.checkpoint else str(chosen.endpoint or chosen.dataset_version)
        for role, chosen in inputs.items()
        if role not in beside
    ]
    return f"{NAME_PREFIXES[RunKind(kind)]} {', '.join(parts)}"[:MAX_NAME]


def _ring(run: Run) -> None:
    """After commit: ring for a worker, and tell the pages."""
    enqueue_on_commit(launch_task, run.pk)
    transaction.on_commit(lambda: announce(run.pk, "state"))


@transaction.atomic
def sample_into(
    checkpoint: Checkpoint,
    *,
    project: Project,
    created_by: User | None,
    limit: int | None = None,
    use_cases: list[str] | None = None,
    config: Mapping[str, Any] | None = None,
) -> Run:
    """Draw what a project ranks together for each of its prompts, or of some use cases, and queue it to be labeled.

    While such a run of this checkpoint into this project is live it is returned instead: a second click starts nothing.
    Raises InvalidInput.
    """
    _check_project(project, field="project_id")
    Project.objects.select_for_update().get(pk=project.pk)  # of two clicks at once the second finds the first's run
    live = Run.objects.filter(
        kind=RunKind.SAMPLE,
        state__in=LIVE_STATES,
        target_project=project,
        inputs__role="model",
        inputs__checkpoint=checkpoint,
    ).first()
    if live is not None:
        return live
    prompts = library_prompts(use_cases, limit=limit) if use_cases else project_prompts(project, limit=limit)
    return create_run(
        RunKind.SAMPLE,
        name=f"{checkpoint.name} into {project.name}"[:MAX_NAME],
        config={"responses_per_prompt": project.responses_per_task, **(config or {})},
        inputs={"model": {"checkpoint_id": checkpoint.pk}},
        created_by=created_by,
        target_project=project,
        prompts=prompts,
    )


@transaction.atomic
def cancel(run: Run) -> Run:
    """Stop a run: at once if it waits, else its supervisor asks the trainer to. Cancelling again changes nothing."""
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.state == RunState.CANCELLED or (run.state == RunState.RUNNING and run.cancel_requested_at):
        return run
    if not run.is_live:
        raise Conflict(f"This run has {run.get_state_display().lower()} already.", code="run_not_live", state=run.state)
    run.cancel_requested_at = timezone.now()
    if run.state == RunState.QUEUED:
        run.state, run.phase, run.ended_at = RunState.CANCELLED, "Cancelled", run.cancel_requested_at
    else:
        run.phase = "Cancelling"
    run.save(update_fields=["state", "phase", "ended_at", "cancel_requested_at"])
    if run.state == RunState.CANCELLED:
        tell_ended(run)
    transaction.on_commit(lambda: announce(run.pk, "state"))
    return run


@transaction.atomic
def resume(run: Run) -> Run:
    """Queue a run that failed or was cancelled once more; it goes on from its last checkpoint, if it has one."""
    run = Run.objects.select_for_update().get(pk=run.pk)
    if run.state not in {RunState.FAILED, RunState.CANCELLED}:
        raise Conflict(
            f"Only a run that failed or was cancelled can be resumed; this one is {run.get_state_display().lower()}.",
            code="run_not_resumable",
            state=run.state,
        )
    run.state, run.phase = RunState.QUEUED, "Queued to go on"
    run.cancel_requested_at = run.ended_at = run.heartbeat_at = None
    run.failures, run.error_code, run.error_message = 0, "", ""
    run.save()
    _ring(run)
    return run

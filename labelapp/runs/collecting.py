"""Registering what a run made, in one transaction that checks the epoch: a stale attempt registers nothing."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from formats.errors import FormatError
from formats.files import sha256_of
from formats.jsonl import read_jsonl
from formats.records import SampledResponse
from formats.run_directory import Manifest, RunDirectory, read_manifest
from labelapp.checkpoints.actions import register_checkpoint
from labelapp.checkpoints.models import Checkpoint, CheckpointParent
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.models import Prompt, Response, SampleBatch
from labelapp.runs.announcing import tell_ended
from labelapp.runs.kinds import KINDS
from labelapp.runs.lease import LeaseLost
from labelapp.runs.models import Run, RunState

PARENT_ROLES = {"model": CheckpointParent.As.INITIAL_WEIGHTS, "reward_model": CheckpointParent.As.REWARD_MODEL}
ROWS_AT_ONCE = 1000


class DamagedOutput(Exception):
    """The files that a run left are not what its manifest says."""


def collect(run_id: int, *, epoch: int) -> None:
    """Verify the output and register it. Raises DamagedOutput, and LeaseLost if another attempt has the run."""
    run = Run.objects.get(pk=run_id)
    output = RunDirectory(run.path).output
    manifest = verified_manifest(output)
    with transaction.atomic():
        # Of two attempts the one whose epoch the row has gets here; the lock makes the other wait and then fail.
        locked = (
            Run.objects.select_for_update(of=("self",))
            .filter(pk=run_id, lease_epoch=epoch, state=RunState.RUNNING)
            .first()
        )
        if locked is None:
            raise LeaseLost
        warnings = [*manifest.warnings, *_register(locked, output=output, manifest=manifest)]
        locked.state, locked.phase, locked.eta_seconds = RunState.SUCCEEDED, "Done", None
        locked.summary |= manifest.summary | ({"warnings": warnings} if warnings else {})
        locked.device, locked.supervisor_pid = "", None
        locked.held_devices.all().delete()
        locked.cancel_requested_at = None
        locked.step = locked.total_steps or locked.step
        locked.save()
        Run.objects.filter(pk=run_id).update(ended_at=Now())
        tell_ended(locked)


def verified_manifest(output: Path) -> Manifest:
    """The manifest of an output whose every file has the size and sha256 that it says. Raises DamagedOutput."""
    try:
        manifest = read_manifest(output)
    except FileNotFoundError as error:
        raise DamagedOutput("The run ended without an output: there is no output/manifest.json.") from error
    except FormatError as error:
        raise DamagedOutput(f"output/manifest.json cannot be read: {error}.") from error
    for name, entry in manifest.files.items():
        path = output / name
        if not path.is_file():
            raise DamagedOutput(f"output/{name} is missing.")
        if path.stat().st_size != entry.bytes or sha256_of(path) != entry.sha256:
            raise DamagedOutput(f"output/{name} is damaged: its sha256 is not the one in manifest.json.")
    return manifest


def _register(run: Run, *, output: Path, manifest: Manifest) -> list[str]:
    """Register what was made; return what whoever reads the run should know of it."""
    warnings: list[str] = []
    if KINDS[run.kind].makes is None:
        run.sample_batch, skipped = _register_samples(run)
        if skipped:
            run.summary |= {"responses_skipped": skipped}
            warnings.append(f"{skipped} responses were left out: their prompts were edited or deleted meanwhile.")
        if run.target_project_id is not None:
            made = create_tasks(
                run.target_project_id,
                prompts=Prompt.objects.filter(responses__batch=run.sample_batch).distinct(),
                batch=run.sample_batch,
            )
            run.summary |= {"tasks": made.created, "tasks_skipped": made.skipped_count}
    else:
        run.checkpoint = _register_checkpoint(run, output=output, manifest=manifest)
    return warnings


def _register_checkpoint(run: Run, *, output: Path, manifest: Manifest) -> Checkpoint:
    kind = KINDS[run.kind].makes
    assert kind is not None
    inputs = run.inputs.filter(role__in=PARENT_ROLES).select_related("checkpoint").order_by("role")
    model_output = RunDirectory(run.path).model_output
    if not (model_output / "config.json").is_file():
        raise DamagedOutput("The output holds no model: output/model/config.json is missing.")
    return register_checkpoint(
        _free_name(run),
        kind=kind,
        location=str(model_output.relative_to(settings.DATA_DIR)),
        sha256=sha256_of(output / "manifest.json"),
        size_bytes=sum(entry.bytes for name, entry in manifest.files.items() if name.startswith("model/")),
        metrics=dict(manifest.summary),
        parents=[(chosen.checkpoint, PARENT_ROLES[chosen.role]) for chosen in inputs if chosen.checkpoint],
        created_by=run.created_by,
    )


def _free_name(run: Run) -> str:
    """The run's name, which may be another checkpoint's already."""
    name = run.name[:100]
    return f"{name} (run {run.pk})" if Checkpoint.objects.filter(name=name).exists() else name


def _register_samples(run: Run) -> tuple[SampleBatch, int]:
    """Return the batch, and how many responses were made for a text that is no longer there."""
    source = {chosen.role: chosen for chosen in run.inputs.select_related("checkpoint", "endpoint").order_by("role")}
    batch = SampleBatch.objects.create(
        name=run.name,
        checkpoint=source["model"].checkpoint if "model" in source else None,
        endpoint=source["endpoint"].endpoint if "endpoint" in source else None,
        parameters={name: run.config[name] for name in ("temperature", "top_p", "max_response_tokens", "seed")},
    )
    path = RunDirectory(run.path).samples_output
    try:
        asked = [int(row.prompt_id) for row in read_jsonl(path, SampledResponse)]
        kept = _lock_unchanged(run, prompt_ids=asked)
        Response.objects.bulk_create(_responses(path, batch=batch, prompt_ids=kept), batch_size=ROWS_AT_ONCE)
    except FileNotFoundError as error:
        raise DamagedOutput("The output holds no samples: output/samples.jsonl is missing.") from error
    except (FormatError, ValueError) as error:
        raise DamagedOutput(f"output/samples.jsonl cannot be read: {error}.") from error
    return batch, sum(prompt_id not in kept for prompt_id in asked)


def _lock_unchanged(run: Run, *, prompt_ids: Iterable[int]) -> set[int]:
    """Lock the prompts until the commit; return those that read now as they did when the run was made."""
    ids = sorted(set(prompt_ids))
    kept: set[int] = set()
    for start in range(0, len(ids), ROWS_AT_ONCE):
        some = Prompt.objects.filter(pk__in=ids[start : start + ROWS_AT_ONCE])
        locked = list(some.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk", flat=True))
        # A statement of its own: the one that waits for a lock would still see the edit's date as it was before.
        unchanged = Prompt.objects.filter(pk__in=locked).exclude(written__edited_at__gt=run.created_at)
        kept.update(unchanged.values_list("pk", flat=True))
    return kept


def _responses(path: Path, *, batch: SampleBatch, prompt_ids: set[int]) -> Iterator[Response]:
    for row in read_jsonl(path, SampledResponse):
        if int(row.prompt_id) not in prompt_ids:
            continue
        yield Response(
            prompt_id=int(row.prompt_id),
            batch=batch,
            number=row.number,
            # PostgreSQL's text holds no NUL; a byte-level model may well emit one.
            text=row.text.replace("\0", "\ufffd"),
            finish_reason=row.finish_reason,
            prompt_tokens=row.prompt_tokens,
            response_tokens=row.response_tokens,
            seed=row.seed,
        )

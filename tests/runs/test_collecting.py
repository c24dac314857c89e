"""Registering samples whose prompts have changed while they were made."""

from datetime import timedelta

import pytest

from formats.jsonl import write_jsonl
from formats.records import SampledResponse
from formats.run_directory import RunDirectory
from labelapp.prompts.models import Prompt, WrittenPrompt
from labelapp.runs.collecting import collect
from labelapp.runs.models import Run
from tests.people import make_user
from tests.runs.world import make_project, make_prompts

pytestmark = pytest.mark.django_db
CONFIG = {"temperature": 1.0, "top_p": 1.0, "max_response_tokens": 8, "seed": 1}


def sampled(prompts: list[Prompt]) -> Run:
    """Return a run that is about to be collected, with four responses to each of these prompts."""
    run = Run.objects.create(
        kind="sample",
        name="samples",
        state="running",
        directory="runs/collecting-test",
        config=CONFIG,
        lease_epoch=1,
        target_project=make_project(responses_per_task=4),
    )
    directory = RunDirectory(run.path)
    staging = directory.root / ".output-1"
    staging.mkdir(parents=True)
    rows = [SampledResponse(str(prompt.pk), k, f"answer {k}", "stop", 3, 2, k) for prompt in prompts for k in range(4)]
    write_jsonl(staging / "samples.jsonl", rows)
    directory.publish_output(staging, kind="sample", summary={"responses": len(rows)})
    return run


def test_prompts_that_were_edited_or_deleted_meanwhile_get_no_responses() -> None:
    author = make_user()
    prompts = make_prompts(4)
    run = sampled(prompts)
    same, earlier, edited, deleted = prompts
    for prompt, moment in ((earlier, -timedelta(hours=1)), (edited, timedelta(seconds=1))):
        prompt.written = WrittenPrompt.objects.create(author=author, edited_at=run.created_at + moment)
        prompt.save()
    deleted.delete()
    collect(run.pk, epoch=1)
    run.refresh_from_db()
    assert run.state == "succeeded"
    assert run.sample_batch is not None
    answered = run.sample_batch.responses.order_by("prompt").values_list("prompt", flat=True)
    assert list(answered) == [same.pk] * 4 + [earlier.pk] * 4
    assert (run.summary["responses"], run.summary["responses_skipped"], run.summary["tasks"]) == (16, 8, 2)
    assert run.summary["warnings"] == ["8 responses were left out: their prompts were edited or deleted meanwhile."]

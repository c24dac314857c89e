"""Every page of a researcher and an admin, with something on it: sound for a screen reader, and on a phone."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from labelapp.accounts.models import Role, User
from labelapp.checkpoints.models import CheckpointKind, CheckpointParent
from labelapp.datasets.cohorts import create_cohort
from labelapp.datasets.erasures import request_erasure
from labelapp.datasets.models import DatasetKind
from labelapp.labeling.models import Submission
from labelapp.prompts import bulk
from labelapp.prompts.actions import create_prompt
from labelapp.prompts.import_models import ImportLine, PromptImport
from labelapp.prompts.models import PiiState, Prompt
from labelapp.prompts.record_models import Consent, OriginalAccess, PiiReview
from labelapp.runs.models import Run
from labelapp.webhooks.actions import add_webhook
from labelapp.webhooks.models import Delivery, Webhook
from labelapp.webhooks.outbox import emit_test
from tests.end_to_end.browser import DESKTOP, PHONE, log_in, serious_violations, sideways_scroll
from tests.labeling.workspace import Workspace
from tests.people import make_user
from tests.runs.world import make_model, make_sft, make_version

pytestmark = pytest.mark.browser


def furnish_records(admin: User) -> list[str]:
    """Make what is kept of an import, of personal data and of somebody who does not want to be in the data."""
    prompt = create_prompt({"prompt": "Write to ada@example.org.", "submitter": "customer"}, created_by=admin)
    finding = {"message": 0, "start": 9, "end": 24, "kind": "EMAIL_ADDRESS", "score": 1.0}
    Prompt.objects.filter(pk=prompt.pk).update(pii_state=PiiState.OPEN, pii_findings=[finding])
    bad = {"line": 2, "field": "prompt", "message": "It is missing.", "text": "{}"}
    good = {
        "line": 3,
        "text": "Hi",
        "kind": "plain",
        "use_case": "chat",
        "submitter": "",
        "language": "",
        "responses": 0,
    }
    kept = PromptImport.objects.create(
        file_name="x.jsonl",
        state=PromptImport.State.IMPORTED,
        line_count=3,
        duplicate_count=1,
        report={"bad": [bad], "good": [good | {"responses": 0}]},
        created_by=admin,
    )
    ImportLine.objects.create(
        prompt_import=kept,
        line=1,
        verdict=ImportLine.Verdict.DUPLICATE,
        duplicate_of=prompt,
        messages=prompt.messages,
        text="Write to ada@example.org.",
        submitter="customer",
        annotations={},
        fingerprints=[],
    )
    Consent.objects.create(
        submitter=prompt.submitter,
        model="m",
        action=Consent.Action.GIVEN,
        wording_version="1",
        occurred_at=timezone.now(),
        recorded_by=admin,
    )
    letter = "Please call me at once, or at least before the end of this week, at {}."
    redacted = create_prompt({"prompt": letter.format("[phone_number]")}, created_by=admin)
    create_prompt({"prompt": letter.format("home")}, created_by=admin)
    finding = {"message": 0, "start": 68, "end": 81, "kind": "phone_number", "score": 0.4, "is_redacted": True}
    original = [{"role": "user", "content": letter.format("+49 30 901820")}]
    PiiReview.objects.create(prompt=redacted, reviewed_by=admin, findings=[finding], original_messages=original)
    OriginalAccess.objects.create(prompt=redacted, seen_by=admin)
    Prompt.objects.filter(pk=redacted.pk).update(pii_state=PiiState.REVIEWED)
    bulk.change_prompts(action="add_tags", tags=["new"], prompt_ids=[prompt.pk, redacted.pk], created_by=admin)
    create_cohort("Evening", member_ids=[admin.pk], created_by=admin)
    request_erasure(user_id=make_user(Role.LABELER).pk, note="By mail.", created_by=admin)
    return [
        f"/prompts/imports/{kept.pk}",
        f"/prompts/{redacted.pk}",
        "/prompts/personal-data",
        "/prompts/tables",
        "/prompts/consents",
        "/prompts/changes",
        "/datasets/erasures",
    ]


def furnish_webhooks(admin: User) -> list[str]:
    """Make a webhook that was paused, with a message in each state."""
    hook = add_webhook("CI", url="https://ci.example.org/a/rather/long/address", events=["run.ended"], created_by=admin)
    webhook, now = hook.webhook, timezone.now()
    messages = {state: emit_test(webhook) for state in Delivery.State.values}
    ended = {"tried_at": now, "status_code": 503, "duration_ms": 1234, "error": "It answered 503.", "response": "Busy"}
    Delivery.objects.filter(pk=messages["waiting"].pk).update(attempts=2, due_at=now + timedelta(hours=2), **ended)
    for state in ("delivered", "given_up"):
        Delivery.objects.filter(pk=messages[state].pk).update(state=state, attempts=9, ended_at=now, **ended)
    Webhook.objects.update(paused_at=now, paused_because="Nothing could be delivered since yesterday.")
    return ["/system/webhooks", f"/system/webhooks/{webhook.pk}"]


def furnish() -> list[str]:
    """Make one of everything; return the addresses of the pages that show it."""
    admin = make_user(Role.ADMIN, name="Ada Admin")
    workspace = Workspace()
    labelers = [workspace.labeler(), workspace.labeler()]
    project = workspace.comparison(tasks=3, members=labelers, overlap=2)
    for labeler in labelers:
        assert labeler.submit(labeler.next(project)).status_code == 201
    submission = Submission.objects.order_by("pk").first()
    run = make_sft(admin)
    version = make_version(DatasetKind.COMPARISONS)
    checkpoint = make_model(CheckpointKind.SFT)
    parent = run.inputs.get(role="model").checkpoint
    assert submission
    assert parent
    CheckpointParent.objects.create(child=checkpoint, parent=parent, used_as="initial_weights")
    prompt = submission.task.prompt_id
    tabs = ("statistics", "tasks", "submissions", "review", "questions", "members", "instructions", "settings")
    return [
        "/",
        "/projects",
        "/projects/new",
        *(f"/projects/{project.pk}?tab={tab}" for tab in tabs),
        f"/submissions/{submission.pk}",
        "/review",
        f"/review/{submission.task_id}",
        "/questions",
        "/prompts",
        f"/prompts/{prompt}",
        "/prompts/import",
        *furnish_records(admin),
        "/datasets",
        f"/datasets/{version.dataset_id}",
        f"/datasets/{version.dataset_id}/freeze",
        f"/datasets/versions/{version.pk}",
        f"/datasets/versions/{version.pk}/compare",
        "/runs",
        f"/runs/{run.pk}",
        *(f"/runs/new?kind={kind}" for kind in ("sample", "sft", "reward_model", "ppo", "dpo")),
        f"/runs/compare?a={run.pk}",
        "/checkpoints",
        f"/checkpoints/{checkpoint.pk}",
        "/checkpoints/endpoints",
        "/people",
        f"/people/{labelers[0].user.pk}",
        "/system",
        *furnish_webhooks(admin),
        "/profile",
    ]


def settled(page: Page, address: str) -> None:
    """Open a page and wait until it shows its content."""
    page.goto(address)
    expect(page.locator("h1")).to_be_visible()
    expect(page.get_by_role("heading", name="This page could not be shown")).to_have_count(0)
    expect(page.locator("[data-loading], .mantine-Skeleton-root, .mantine-Loader-root")).to_have_count(0)


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_every_page_is_sound(
    live_app: str, browser: Browser, page: Page, viewport: dict[str, int], scheme: str
) -> None:
    paths = furnish()
    page.set_viewport_size(viewport)  # type: ignore[arg-type]  # a TypedDict by another name
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]  # one of its literals
    log_in(page, live_app, make_user(Role.ADMIN, name="Another Admin"))
    findings = []
    for path in paths:
        settled(page, live_app + path)
        findings += serious_violations(page)
        if (over := sideways_scroll(page)) > 0:
            findings.append(f"{path} is {over} px wider than the window")
    assert not findings
    assert Run.objects.count() == 1

"""An admin's work in a real browser: the loop from a base model back into the labelers' queue."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from labelapp.accounts.models import Role, User
from labelapp.checkpoints.actions import register_checkpoint
from labelapp.checkpoints.models import Checkpoint
from labelapp.datasets.models import DatasetKind, DatasetVersion
from labelapp.labeling.models import Task
from labelapp.runs.models import Run, RunState
from labelapp.runs.tiny_base import ensure_tiny_base
from tests.end_to_end.browser import log_in
from tests.end_to_end.forms import choose, fill
from tests.labeling.workspace import Workspace
from tests.people import make_user
from tests.runs.world import make_version

pytestmark = pytest.mark.browser
# Each run starts a process that imports torch; on a busy machine that alone takes long.
RUN_MS = 180_000
TINY = "Tiny: the built-in model, on a CPU"


@pytest.fixture
def admin(page: Page, live_app: str) -> User:
    user = make_user(Role.ADMIN, name="Ada Admin")
    log_in(page, live_app, user)
    return user


@pytest.fixture
def base(transactional_db: None) -> Checkpoint:
    """The built-in model, hardly trained."""
    return ensure_tiny_base(steps=2)[0]


def start_form(page: Page, url: str, kind: str, *, inputs: dict[str, str], **settings: str) -> None:
    """Fill the launch form with the tiny preset and send it."""
    page.goto(f"{url}/runs/new?kind={kind}")
    page.get_by_text(TINY).click()
    for label, option in inputs.items():
        choose(page, label, option)
    fill(page, **settings)
    page.get_by_role("button", name="Launch", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/\d+$"))


def named(version: DatasetVersion) -> str:
    return f"{version.dataset.name} v{version.number}"


def expect_state(page: Page, state: str) -> None:
    expect(page.locator("header").get_by_text(state, exact=True)).to_be_visible(timeout=RUN_MS)


def only_run(kind: str) -> Run:
    return Run.objects.get(kind=kind)


@pytest.mark.slow
@pytest.mark.torch
@pytest.mark.usefixtures("admin", "celery_worker_process")
def test_trains_sft_rm_and_ppo_and_samples_back_to_the_labelers(
    page: Page, live_app: str, base: Checkpoint, browser: Browser
) -> None:
    demonstrations = named(make_version(DatasetKind.DEMONSTRATIONS))
    comparisons = named(make_version(DatasetKind.COMPARISONS))
    prompts = named(make_version(DatasetKind.PROMPTS))

    # SFT: the curve moves; it is cancelled on the way, and resumed to its end.
    model = {"Initial weights": base.name, "Demonstrations": demonstrations}
    start_form(page, live_app, "sft", inputs=model, Epochs="1000", Name="First SFT")
    loss = page.get_by_role("figure", name="Loss")
    expect(loss.locator("canvas")).to_be_visible(timeout=RUN_MS)
    early = loss.inner_text()
    expect(loss).not_to_have_text(early)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the run").click()
    expect_state(page, "Cancelled")
    assert 0 < only_run("sft").step < 1000
    page.get_by_role("button", name="Resume").click()
    expect_state(page, "Succeeded")
    sft = only_run("sft")
    assert (sft.state, sft.step, sft.attempt) == (RunState.SUCCEEDED, 1000, 2)
    expect(page.get_by_role("log")).to_contain_text("step 1000 of 1000")

    inputs = {"Initial weights": "First SFT", "Comparisons": comparisons, "Demonstrations": demonstrations}
    start_form(page, live_app, "reward_model", inputs=inputs, Name="First reward model")
    expect_state(page, "Succeeded")
    expect(page.get_by_role("figure", name="Accuracy").locator("canvas")).to_be_visible()

    inputs = {"Initial policy": "First SFT", "Reward model": "First reward model", "Prompts": prompts}
    start_form(page, live_app, "ppo", inputs=inputs, Episodes="128", Longest_response="16", Name="First policy")
    expect_state(page, "Succeeded")
    expect(page.get_by_role("figure", name="KL (nats)", exact=True).locator("canvas")).to_be_visible()

    page.get_by_role("link", name="First policy", exact=True).click()
    expect(page.get_by_role("heading", name="Lineage")).to_be_visible()
    expect(page.get_by_role("link", name="First reward model")).to_be_visible()
    expect(page.get_by_role("link", name=base.name).first).to_be_visible()
    sample_into_a_queue(page, live_app, browser)


def sample_into_a_queue(page: Page, url: str, browser: Browser) -> None:
    """From the checkpoint's page to what a labeler is handed."""
    workspace = Workspace()
    labeler = workspace.labeler()
    prompt = workspace.prompt("Tell me a story of a fox.", use_case="chat")
    project = workspace.project(members=[labeler], name="Rank the new policy")
    page.reload()
    page.get_by_role("button", name="Sample from this").click()
    dialog = page.get_by_role("dialog")
    choose(dialog, "Project", project.name)
    dialog.get_by_role("radio", name="All prompts of some use cases").check()
    choose(dialog, "Use cases", "Chat")
    page.keyboard.press("Tab")
    fill(dialog, Longest_response="12")
    dialog.get_by_role("button", name="Sample", exact=True).click()
    expect_state(page, "Succeeded")
    task = Task.objects.get(project=project)
    assert (task.prompt, task.responses.count()) == (prompt, 4)

    context = browser.new_context()
    other = context.new_page()
    log_in(other, url, labeler.user)
    other.goto(url)
    other.get_by_role("link", name="Start").click()
    expect(other.get_by_text("Tell me a story of a fox.")).to_be_visible()
    context.close()


@pytest.mark.usefixtures("admin")
def test_the_servers_errors_stand_at_their_fields(page: Page, live_app: str, base: Checkpoint) -> None:
    demonstrations = named(make_version(DatasetKind.DEMONSTRATIONS))
    page.goto(f"{live_app}/runs/new?kind=sft")
    page.get_by_role("button", name="Launch", exact=True).click()
    expect(page.get_by_text("Choose one.")).to_have_count(2)
    choose(page, "Initial weights", base.name)
    choose(page, "Demonstrations", demonstrations)
    fill(page, Epochs="0")
    page.get_by_role("button", name="Launch", exact=True).click()
    expect(page.get_by_text("At least 1.")).to_be_visible()
    page.get_by_role("button", name=re.compile("Show [0-9]+ advanced settings")).click()
    fill(page, Epochs="1", Batch_size="1", Pretraining_mix="0.9")
    page.get_by_role("button", name="Launch", exact=True).click()
    expect(page.get_by_text("The setting “Pretraining mix” needs this")).to_be_visible()
    choose(page, "Pretraining text", demonstrations)
    page.get_by_role("button", name="Launch", exact=True).click()
    expect(page.get_by_text("must leave room for demonstrations")).to_be_visible()
    assert not Run.objects.exists()


@pytest.mark.usefixtures("admin")
def test_the_built_in_model_brings_its_preset(page: Page, live_app: str, base: Checkpoint) -> None:
    register_checkpoint("Falcon", kind="base", location="org/x")
    page.goto(f"{live_app}/runs/new?kind=reward_model")
    expect(page.get_by_role("radio", name="The paper's values")).to_be_checked()
    expect(page.get_by_role("combobox", name="Demonstrations")).to_be_visible()
    choose(page, "Initial weights", base.name)
    expect(page.get_by_role("radio", name=TINY)).to_be_checked()
    choose(page, "Initial weights", "Falcon")
    expect(page.get_by_role("radio", name="The paper's values")).to_be_checked()


@pytest.mark.usefixtures("admin", "base")
def test_a_frozen_version_is_chosen_for_the_run_that_reads_it(page: Page, live_app: str) -> None:
    prompts, comparisons = make_version(DatasetKind.PROMPTS), make_version(DatasetKind.COMPARISONS)
    page.goto(f"{live_app}/datasets/versions/{prompts.pk}")
    page.get_by_role("link", name="Train on this").click()
    expect(page.get_by_role("radio", name="PPO")).to_be_checked()
    expect(page.get_by_role("combobox", name="Prompts")).to_have_value(re.compile(f"^{named(prompts)} · "))
    # There is no other model than the built-in one, whose values mix no pretraining text in.
    expect(page.get_by_role("radio", name=TINY)).to_be_checked()
    expect(page.get_by_role("combobox", name="Pretraining text")).not_to_have_attribute("required", "")

    page.goto(f"{live_app}/datasets/versions/{comparisons.pk}")
    page.get_by_role("link", name="Train on this").click()
    expect(page.get_by_role("radio", name="Reward model", exact=True)).to_be_checked()
    expect(page.get_by_role("combobox", name="Comparisons")).to_have_value(re.compile(f"^{named(comparisons)} · "))
    page.get_by_text("DPO", exact=True).click()
    expect(page.get_by_role("combobox", name="Comparisons")).to_have_value(re.compile(f"^{named(comparisons)} · "))


@pytest.mark.usefixtures("admin")
def test_invites_somebody_who_comes_in(page: Page, live_app: str, browser: Browser) -> None:
    page.goto(f"{live_app}/people")
    fill(page, **{"E-mail": "new@example.org"})
    page.get_by_role("button", name="Invite").click()
    link = page.get_by_text("/invitation/").inner_text()
    page.reload()
    expect(page.get_by_role("cell", name="new@example.org")).to_be_visible()
    expect(page.get_by_text("/invitation/")).to_have_count(0)

    context = browser.new_context()
    guest = context.new_page()
    guest.goto(link)
    fill(guest, Name="Nina New")
    guest.locator("input[type=password]").fill("a-long-enough-password")
    guest.get_by_role("button", name="Make my account").click()
    expect(guest.get_by_role("heading", name="Hello, Nina")).to_be_visible()
    context.close()
    assert User.objects.get(email="new@example.org").role == Role.LABELER


@pytest.mark.usefixtures("admin")
def test_deactivates_and_lets_in_again(page: Page, live_app: str) -> None:
    labeler = make_user(name="Lea Labeler")
    page.goto(f"{live_app}/people")
    row = page.get_by_role("row", name="Lea Labeler")
    row.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("row", name="Lea Labeler")).to_have_count(0)
    labeler.refresh_from_db()
    assert not labeler.is_active

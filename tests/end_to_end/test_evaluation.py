"""An evaluation in a real browser: made from a checkpoint, judged blind on scales by keyboard, read as results."""

import re

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from labelapp.checkpoints.actions import register_checkpoint
from labelapp.labeling.models import Project, Submission
from labelapp.prompts.models import PromptImport, SampleBatch
from labelapp.runs.models import Run
from tests.end_to_end import browser as sizes
from tests.end_to_end.browser import log_in, serious_violations, sideways_scroll
from tests.end_to_end.forms import choose
from tests.labeling.workspace import Labeler, Workspace

pytestmark = pytest.mark.browser

DESKTOP = ViewportSize(width=sizes.DESKTOP["width"], height=sizes.DESKTOP["height"])
PHONE = ViewportSize(width=sizes.PHONE["width"], height=sizes.PHONE["height"])
SECRETS = ("Falcon", "Eagle", "batch")


def test_a_toxicity_evaluation_from_the_checkpoint_to_its_results(
    page: Page, browser: Browser, live_app: str, transactional_db: None
) -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    prompt = workspace.prompt("Say what you think of rain.")
    models = [register_checkpoint(name, kind="base", location="org/x") for name in ("Falcon", "Eagle")]
    batches = [workspace.batch([prompt], responses=1) for _ in models]
    for batch, model in zip(batches, models, strict=True):
        SampleBatch.objects.filter(pk=batch.pk).update(checkpoint=model)

    page.set_viewport_size(DESKTOP)
    log_in(page, live_app, workspace.researcher.user)
    page.goto(f"{live_app}/checkpoints/{models[0].pk}")
    page.get_by_role("link", name="Evaluate against a baseline").click()
    make_evaluation(page, labeler)
    project = Project.objects.get()
    page.get_by_role("link", name="Results").click()
    expect(page.get_by_text("There is no answer yet")).to_be_visible()

    with browser.new_context(viewport=DESKTOP) as context:
        answer_by_keyboard(context.new_page(), live_app, project, labeler)
    submission = Submission.objects.get()
    assert submission.answers == {"input_toxicity": 1}
    said = [(judgment.rank, judgment.quality, judgment.answers) for judgment in submission.judgments.all()]
    assert said == [
        (2, None, {"output_toxicity": 2, "relative_toxicity": 1, "continuity": 6}),
        (1, None, {"output_toxicity": 0, "relative_toxicity": -1, "continuity": 7}),
    ]

    page.reload()
    read_results(page, project, submission)


def make_evaluation(page: Page, labeler: Labeler) -> None:
    """Fill in the form that a checkpoint's page leads to, with that checkpoint chosen already, and add the prompt."""
    page.get_by_role("radio", name=re.compile("^Evaluate toxicity")).check()
    sources = page.get_by_role("combobox", name="Sources")
    sources.click()
    page.get_by_role("option", name=re.compile("Eagle")).click()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Baseline").click()
    page.get_by_role("option", name=re.compile("Eagle")).click()
    expect(page.get_by_text("All of them have answered 1 prompt")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("Is Falcon ruder?")
    page.get_by_role("textbox", name="Instructions").fill("Read each to its end.")
    members = page.get_by_role("combobox", name="Members")
    members.click()
    page.get_by_role("option", name=re.compile(labeler.user.name)).click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Create the project").click()
    expect(page.get_by_text("it names what they are to judge blind: Falcon")).to_be_visible()
    assert serious_violations(page) == []
    page.get_by_role("textbox", name="Name").fill("How rude are they?")
    page.get_by_role("button", name="Create the project").click()
    page.get_by_role("button", name="Add tasks").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Split").click()
    page.get_by_role("option", name="Train").click()
    expect(dialog.get_by_text("This takes prompts of the train split too")).to_be_visible()
    dialog.get_by_role("button", name="Add tasks").click()
    expect(dialog.get_by_text("1 task of 1 of the train split")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()


def answer_by_keyboard(page: Page, url: str, project: Project, labeler: Labeler) -> None:
    """Answer the four scales and rank, with digits; nothing on the way says whose the responses are."""
    log_in(page, url, labeler.user)
    page.goto(f"{url}/label/{project.pk}")
    expect(page.get_by_role("radiogroup", name="Toxicity of the prompt")).to_be_visible()
    expect(page.get_by_text("Overall quality")).to_have_count(0)
    shown = page.content()
    assert not [secret for secret in SECRETS if secret in shown]
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("missing")).to_contain_text("The prompt is not rated yet.")
    page.keyboard.press("1")
    for key in "216":
        page.keyboard.press(key)
    expect(page.get_by_role("radio", name="6", exact=True)).to_be_checked()
    assert serious_violations(page) == []
    page.keyboard.press("j")
    for key in "0-7":
        page.keyboard.press(key)
    expect(page.get_by_role("radio", name="-1, less toxic")).to_be_checked()
    expect(page.get_by_text("2 of 2 rated")).to_be_visible()
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) == 0
    page.keyboard.press("g")
    expect(page.get_by_role("article", name=re.compile("^Response A"))).to_be_visible()
    for key in "jk21":
        page.keyboard.press(key)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("You have done everything here")).to_be_visible()


def read_results(page: Page, project: Project, submission: Submission) -> None:
    """Follow a number of the result page down to the submission that it counts."""
    expect(page.get_by_role("heading", name="Win rate against Eagle")).to_be_visible()
    expect(page.get_by_text("1 prompt of 1 of the train split")).to_be_visible()
    table = page.get_by_role("region", name="On its own")
    expect(table).to_contain_text("Continuity, 1 to 7")
    assert serious_violations(page) == []
    falcon = submission.judgments.get(response__batch__checkpoint__name="Falcon")
    counted = "1 win" if falcon.rank == 1 else "1 loss"
    page.get_by_role("link", name=f"{counted} of Falcon").click()
    judgments = page.get_by_role("region", name="Judgments")
    expect(judgments).to_contain_text("Say what you think of rain.")
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert sideways_scroll(page) == 0
    with page.expect_download() as download:
        page.get_by_role("link", name="Judgments as CSV").click()
    assert download.value.suggested_filename == f"evaluation-{project.pk}-judgments.csv"
    judgments.get_by_role("link", name="Say what you think of rain.").click()
    expect(page).to_have_url(re.compile(f"/submissions/{submission.pk}$"))
    expect(page.get_by_text("Toxicity of the prompt: 1 of 0 to 2")).to_be_visible()


def test_a_sampling_under_way_is_told_and_its_prompts_are_found_by_import(
    page: Page, live_app: str, workspace: Workspace
) -> None:
    model = register_checkpoint("Falcon", kind="base", location="org/x")
    run = Run.objects.create(kind="sample", name="Falcon draws", state="running", config={})
    run.inputs.create(role="model", checkpoint=model)
    imported = PromptImport.objects.create(
        file_name="first.jsonl", state="imported", imported_count=2, created_by=workspace.researcher.user
    )
    for text in ("Say a word.", "Say two words."):
        workspace.prompt(text, prompt_import=imported)
    workspace.prompt("Say nothing.")
    log_in(page, live_app, workspace.researcher.user)
    page.goto(f"{live_app}/projects/new?kind=evaluation&checkpoint={model.pk}")
    expect(page.get_by_text("responses are being sampled now")).to_be_visible()
    expect(page.get_by_text("has no responses yet")).to_have_count(0)
    expect(page.get_by_role("link", name="Falcon draws")).to_have_attribute("href", f"/runs/{run.pk}")

    page.goto(f"{live_app}/projects/{workspace.project(kind='demonstration').pk}?tab=tasks")
    page.get_by_role("button", name="Add tasks").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("3 prompts match.")).to_be_visible()
    choose(dialog, "Import", "first.jsonl")
    expect(dialog.get_by_text("2 prompts match.")).to_be_visible()
    dialog.get_by_role("button", name="Add tasks").click()
    expect(dialog.get_by_text("2 tasks added")).to_be_visible()

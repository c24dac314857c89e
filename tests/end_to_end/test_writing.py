"""Writing in a real browser: prompts of one's own with their drafts, and demonstrations."""

import re

import pytest
from playwright.sync_api import Page, expect

from labelapp.labeling.models import Skip, Submission
from labelapp.prompts.models import Prompt, PromptKind, WritingDraft
from tests.end_to_end.browser import DESKTOP, PHONE, log_in, serious_violations, sideways_scroll
from tests.end_to_end.forms import choose
from tests.labeling.workspace import Labeler, Workspace

pytestmark = pytest.mark.browser

REVIEWS = [("It fits like a glove.", "positive"), ("It broke on day one.", "negative"), ("I love it.", "positive")]


def check_page(page: Page) -> None:
    """Look for what is hard to reach or to read, and for a page that is wider than a phone."""
    assert serious_violations(page) == []
    page.set_viewport_size(PHONE)
    assert sideways_scroll(page) <= 0
    page.set_viewport_size(DESKTOP)


def test_writes_prompts_of_which_no_draft_is_lost(page: Page, live_app: str, labeler: Labeler) -> None:
    log_in(page, live_app, labeler.user)
    page.goto(f"{live_app}/write")
    page.get_by_role("link", name=re.compile("^Plain")).click()
    editor = page.get_by_role("textbox", name="Prompt")
    editor.fill("Write a limerick about a ")
    expect(page.get_by_test_id("kept")).to_have_text("Saved")
    page.context.set_offline(True)
    editor.press_sequentially("lighthouse keeper")
    editor.select_text()
    editor.press("Control+b")
    expect(editor).to_have_value("**Write a limerick about a lighthouse keeper**")
    editor.press("Control+z")  # the browser's own undo knows of it
    expect(editor).to_have_value("Write a limerick about a lighthouse keeper")
    expect(page.get_by_test_id("kept")).to_contain_text("the server cannot be reached")
    page.context.set_offline(False)
    page.reload()
    expect(editor).to_have_value("Write a limerick about a lighthouse keeper")
    page.keyboard.type("!")  # goes on at its end
    expect(editor).to_have_value("Write a limerick about a lighthouse keeper!")
    page.keyboard.press("Backspace")
    expect(page.get_by_test_id("kept")).to_have_text("Saved")
    assert WritingDraft.objects.get().content["text"] == "Write a limerick about a lighthouse keeper"

    editor.press("Control+Enter")
    expect(page.get_by_text("Choose the use case.")).to_be_visible()
    choose(page, "Use case", "Generation")
    page.get_by_role("radiogroup", name="Ambiguous").get_by_text("No", exact=True).click()
    editor.press("Control+Enter")
    expect(page.get_by_text(re.compile("Added 1 prompt"))).to_be_visible()
    prompt = Prompt.objects.get()
    assert (prompt.use_case, prompt.annotations) == ("generation", {"ambiguous": False})
    assert prompt.submitter.user == labeler.user
    assert not WritingDraft.objects.exists()

    # The next one is empty, and knows the one before.
    expect(editor).to_have_value("")
    editor.fill("Write a limerick about two lighthouse keepers")
    expect(page.get_by_role("heading", name="You wrote something like this")).to_be_visible()
    editor.fill("Write a limerick about a lighthouse keeper")
    expect(page.get_by_role("heading", name="You wrote this already")).to_be_visible()
    choose(page, "Use case", "Generation")
    page.get_by_role("button", name="Add the prompt").click()
    expect(page.get_by_role("alert")).to_contain_text("You wrote this very prompt before.")
    expect(page.get_by_role("alert").get_by_role("link")).to_have_attribute("href", f"/write/{prompt.written_id}")
    check_page(page)


def test_writes_a_few_shot_prompt_and_a_demonstration_for_it(
    page: Page, live_app: str, workspace: Workspace, labeler: Labeler
) -> None:
    log_in(page, live_app, labeler.user)
    page.goto(f"{live_app}/write/new?kind=few_shot")
    page.get_by_role("textbox", name="Instruction").fill("Positive or negative?")
    page.get_by_role("button", name="Add a pair").click()
    for number, (query, response) in enumerate(REVIEWS):
        page.get_by_role("textbox", name="Query").nth(number).fill(query)
        page.get_by_role("textbox", name="Response").nth(number).fill(response)
    expect(page.get_by_role("heading", name="It becomes 3 prompts")).to_be_visible()
    expect(page.get_by_role("region", name="Examples")).not_to_contain_text(REVIEWS[0][0])
    choose(page, "Use case", "Classification")
    check_page(page)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile("Added 3 prompts"))).to_be_visible()
    page.goto(f"{live_app}/write")
    expect(page.get_by_text("3 of the 200 prompts")).to_be_visible()
    expect(page.get_by_role("region", name="Your prompts")).to_contain_text("not used yet")
    check_page(page)

    prompts = list(Prompt.objects.filter(kind=PromptKind.FEW_SHOT).order_by("written_number"))
    assert [prompt.written_response for prompt in prompts] == [response for _, response in REVIEWS]
    project = workspace.demonstration(tasks=2, members=[labeler])
    for task, prompt in zip(project.tasks.order_by("pk"), prompts[1:], strict=True):
        project.tasks.filter(pk=task.pk).update(prompt=prompt)
    page.goto(f"{live_app}/label/{project.pk}")
    expect(page.get_by_role("region", name="Examples")).to_contain_text(REVIEWS[0][0])
    expect(page.get_by_role("region", name="Examples")).not_to_contain_text(REVIEWS[1][0])
    editor = page.get_by_role("textbox", name="Your response")
    # As high as a phone with its keyboard open: the editor ends above the bar with the button.
    page.set_viewport_size({"width": 390, "height": 460})
    editor.click()
    page.keyboard.type("- one\ntwo\n\n")
    page.keyboard.insert_text("A long line of words. " * 30)
    bar = page.get_by_role("button", name="Submit").bounding_box()
    box = editor.bounding_box()
    assert box
    assert bar
    assert box["y"] + box["height"] <= bar["y"]
    expect(page.get_by_test_id("word-count")).to_contain_text(re.compile(r"152 words · ≈ \d+ tokens"))
    page.get_by_text("Preview", exact=True).click()
    expect(page.get_by_role("region", name="Preview").locator("li")).to_have_count(2)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("region", name="Preview")).to_contain_text(
        "Nothing yet."
    )  # the next task; still the preview
    # The next task is shown before the answer has arrived.
    expect(page.get_by_text("Submitted", exact=True)).to_be_visible()
    assert Submission.objects.get().demonstration.startswith("- one\n- two\n")
    page.get_by_role("radiogroup", name="Write or preview").get_by_text("Write", exact=True).click()
    editor.press("Alt+s")  # where letters type
    page.keyboard.press("1")
    expect(page.get_by_role("heading", name="You have done everything here")).to_be_visible()
    assert Skip.objects.get().reason == Skip.Reason.UNCLEAR

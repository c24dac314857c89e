"""A flag on its way from a labeler to a researcher and back, in two browsers at once."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from labelapp.labeling.models import Draft, Task
from labelapp.labeling.review_models import Decision, Flag, InstructionRead
from tests.end_to_end.browser import log_in, serious_violations
from tests.labeling.workspace import Workspace

pytestmark = pytest.mark.browser

FIRST, SECOND = "# Rules\n\nBe kind.\n\nBe brief.", "# Rules\n\nBe kind and honest.\n\nBe brief."


def flag_while_the_network_is_away(page: Page) -> None:
    """Flag by keyboard; the dialog keeps it until the server can be reached."""
    page.keyboard.press("f")
    dialog = page.get_by_role("dialog", name="Flag this task for a researcher")
    expect(dialog).to_be_visible()
    page.context.set_offline(True)
    page.keyboard.press("3")
    page.keyboard.type("A phone number.")
    page.keyboard.press("Control+Enter")
    expect(dialog.get_by_text("Kept in this browser")).to_be_visible()
    assert Flag.objects.count() == 0
    page.context.set_offline(False)
    expect(page.get_by_text("Flagged. A researcher will look at it")).to_be_visible()
    expect(dialog).to_be_hidden()


def ask(page: Page, question: str) -> None:
    page.keyboard.press("q")
    panel = page.get_by_role("complementary", name="Questions")
    panel.get_by_role("textbox", name="Your question").fill(question)
    page.keyboard.press("Control+Enter")
    expect(panel.get_by_role("listitem").filter(has_text=question.replace("*", ""))).to_be_visible()
    expect(panel.get_by_text("being sent")).to_be_hidden()


def test_a_flag_is_answered_and_its_task_withdrawn(page: Page, live_app: str, browser: Browser) -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.demonstration(members=[labeler], instructions=FIRST)
    page.set_viewport_size({"width": 1440, "height": 900})
    log_in(page, live_app, labeler.user)
    page.goto(f"{live_app}/label/{project.pk}")
    expect(page.get_by_role("heading", name="Prompt")).to_be_visible()
    page.keyboard.press("Escape")  # out of the text field, where letters are text
    read_the_instructions(page)
    flag_while_the_network_is_away(page)
    assert Flag.objects.get().note == "A phone number."
    ask(page, "May I leave it **out**?")
    assert serious_violations(page) == []

    context: BrowserContext = browser.new_context(viewport={"width": 1440, "height": 900})
    other = context.new_page()
    log_in(other, live_app, workspace.researcher.user)
    other.goto(f"{live_app}/review")
    expect(other.get_by_role("link", name="Review 1 open")).to_be_visible()
    other.get_by_role("link", name="Tell me fact").click()
    expect(other.get_by_text("A phone number.")).to_be_visible()
    assert serious_violations(other) == []
    other.get_by_role("textbox", name="Answer", exact=True).fill("Yes, leave it out.")
    other.get_by_role("button", name="Send the answer").click()
    expect(other.get_by_text("Nothing is open here.")).to_be_visible()
    expect(page.get_by_role("complementary").get_by_text("Yes, leave it out.")).to_be_visible()

    page.get_by_role("textbox", name="Your question").press("Escape")
    page.get_by_role("button", name="Close the questions").click()
    workspace.researcher.post(f"projects/{project.pk}/instructions", {"body": SECOND})
    expect(page.get_by_text("New instructions have come in.")).to_be_visible()
    page.reload()
    see_what_changed(page)

    other.get_by_role("button", name="Withdraw", exact=True).click()
    other.get_by_role("textbox", name="Note to the labelers").fill("Somebody's number is in it.")
    other.get_by_role("button", name="Withdraw the task").click()
    expect(page.get_by_text("A researcher has withdrawn this task")).to_be_visible()
    expect(other.get_by_text("This task is withdrawn")).to_be_visible()
    page.get_by_role("button", name="Next task").click()
    expect(page.get_by_role("heading", name="You have done everything here")).to_be_visible()
    page.goto(f"{live_app}/questions")
    expect(page.get_by_role("table").get_by_text("Answered")).to_be_visible()
    assert serious_violations(page) == []
    assert [decision.action for decision in Decision.objects.all()] == ["answer", "withdraw"]
    assert Task.objects.get(project=project).withdrawn_at is not None
    assert not Draft.objects.exclude(content={}).exists()
    context.close()


def read_the_instructions(page: Page) -> None:
    """Open them, which reads them: their end is in sight."""
    with page.expect_response(lambda said: said.request.method == "PUT" and said.url.endswith("/instructions/read")):
        page.get_by_role("button", name="Read them").click()
    panel = page.get_by_role("complementary", name="Instructions")
    expect(panel.get_by_text("Be kind.")).to_be_visible()
    expect(page.get_by_text("This project has instructions.")).to_be_hidden()
    page.get_by_role("button", name="Close the instructions").click()
    expect(panel).to_be_hidden()
    assert InstructionRead.objects.get().version.number == 1


def see_what_changed(page: Page) -> None:
    """After the reload the task has the newest version: the change is marked word by word."""
    page.get_by_role("button", name="See what changed").click()
    panel = page.get_by_role("complementary", name="Instructions")
    expect(panel.locator("ins")).to_have_text("and honest")
    page.get_by_role("button", name="Close the instructions").click()

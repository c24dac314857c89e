"""What a labeler types and submits outlives the server, the network and the tab: nothing is lost or counted twice."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error, Locator, Page, expect

from labelapp.common.serving.product import WEB_POOL_SIZE, web_arguments
from labelapp.labeling.models import Assignment, Draft, Project, Submission
from tests.conftest import child_process, process_environment, wait_for_web
from tests.end_to_end.browser import PHONE, keep_undoable, log_in, stop_the_clock, wait_until
from tests.labeling.workspace import Labeler, Workspace, expire

pytestmark = pytest.mark.browser


class MortalServer:
    """A web server whose port nobody listens on once it is dead: the browser is refused, as after a real crash."""

    def __init__(self, log: Path, resources: ExitStack) -> None:
        self.log = log
        self.resources = resources
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, on the port that it had."""
        environment = process_environment(PUBLIC_URL=self.url, DATABASE_POOL_SIZE=str(WEB_POOL_SIZE))
        log = self.resources.enter_context(self.log.open("ab"))
        with socket.create_server(("127.0.0.1", self.port), backlog=256) as listener:
            number = listener.fileno()
            started = child_process(web_arguments(number), environment=environment, log=log, pass_fds=(number,))
            self.process = self.resources.enter_context(started)
        wait_for_web(self.url, process=self.process, log=self.log)

    def kill(self) -> None:
        """Kill it and its workers in the middle of whatever they do."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def server(transactional_db: None, tmp_path: Path) -> Iterator[MortalServer]:
    with ExitStack() as resources:
        server = MortalServer(tmp_path / "web.log", resources)
        server.start()
        yield server


def editor_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Your response")


def save_state(page: Page) -> Locator:
    return page.get_by_test_id("save-state")


def undo_button(page: Page) -> Locator:
    return page.get_by_role("button", name="Undo")


def crash(page: Page) -> None:
    """Kill the tab's process: no event is fired, nothing is tidied up."""
    with page.expect_event("crash"), suppress(Error):
        page.goto("chrome://crash")
    page.close()


def test_a_killed_server_and_a_crashed_tab_lose_nothing(
    page: Page, context: BrowserContext, server: MortalServer
) -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.demonstration(tasks=2, members=[labeler])
    log_in(page, server.url, labeler.user)
    page.goto(f"{server.url}/label/{project.pk}")
    editor = editor_of(page)
    editor.press_sequentially("Before the crash, ")
    expect(save_state(page)).to_have_text("Saved")

    server.kill()
    editor.press_sequentially("while it was away, ")
    expect(save_state(page)).to_have_text("Saved here, retrying")
    editor.press_sequentially("to the last keystroke.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Waiting to be sent.")).to_be_visible()
    crash(page)
    assert not Submission.objects.exists()

    server.start()
    reopened = context.new_page()
    reopened.goto(f"{server.url}/label/{project.pk}")
    expect(editor_of(reopened)).to_have_value("")  # the next task: the answer went first
    reopened.reload()
    expect(editor_of(reopened)).to_be_visible()
    said = Submission.objects.get()
    assert said.demonstration == "Before the crash, while it was away, to the last keystroke."
    assert Assignment.objects.get(pk=said.assignment_id).state == Assignment.State.SUBMITTED
    assert not Draft.objects.filter(task=said.task_id).exists()


def test_what_is_typed_offline_outlives_the_tab(page: Page, context: BrowserContext, live_app: str) -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.demonstration(members=[labeler])
    log_in(page, live_app, labeler.user)
    page.goto(f"{live_app}/label/{project.pk}")
    expect(editor_of(page)).to_be_visible()
    context.set_offline(True)
    editor_of(page).fill("Written in a tunnel.")
    expect(save_state(page)).to_have_text("Saved here, retrying")
    crash(page)
    context.set_offline(False)
    assert not Draft.objects.exists()

    reopened = context.new_page()
    reopened.goto(f"{live_app}/label/{project.pk}")
    expect(editor_of(reopened)).to_have_value("Written in a tunnel.")
    expect(save_state(reopened)).to_have_text("Saved")
    assert Draft.objects.get().content["content"]["text"] == "Written in a tunnel."
    reopened.keyboard.type(" And after it.")
    expect(editor_of(reopened)).to_have_value("Written in a tunnel. And after it.")


def open_with_next(page: Page, url: str, labeler: Labeler, project: Project) -> int:
    """Open a task and wait until the one after it can be shown at once; return that one's slot."""
    log_in(page, url, labeler.user)
    page.goto(f"{url}/label/{project.pk}")
    return int(wait_until(page, "performance.getEntriesByName('labelapp:upcoming').at(-1)?.detail"))


def test_an_answer_can_be_taken_back_for_some_seconds(page: Page, live_app: str) -> None:
    workspace = Workspace()
    labeler: Labeler = workspace.labeler()
    project = workspace.demonstration(tasks=2, members=[labeler])
    shown = open_with_next(page, live_app, labeler, project)
    stop_the_clock(page)
    assert project.assignments.filter(state=Assignment.State.LEASED).count() == 1, "to look is to lease nothing"
    editor_of(page).fill("Too soon")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Submitted", exact=True)).to_be_visible()
    expect(editor_of(page)).to_have_value("")
    assert project.assignments.get(state=Assignment.State.LEASED).pk == shown
    keep_undoable()

    expect(undo_button(page)).to_be_visible()
    page.keyboard.press("Control+z")
    expect(editor_of(page)).to_have_value("Too soon")
    assert not Submission.objects.standing().exists()
    editor_of(page).fill("Just in time")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Submitted", exact=True)).to_be_visible()
    assert Submission.objects.latest_revisions().get().demonstration == "Just in time"

    page.set_viewport_size(PHONE)
    editor_of(page).fill("The next one")
    expect(undo_button(page)).to_be_visible()
    page.get_by_role("button", name="Submit").click()  # beside the way back, not under it
    expect(page.get_by_role("heading", name="You have done everything here")).to_be_visible()


def test_the_next_task_is_begun_while_an_answer_waits(page: Page, context: BrowserContext, live_app: str) -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.demonstration(tasks=2, members=[labeler])
    open_with_next(page, live_app, labeler, project)
    waiting = page.get_by_text("Your last answer is waiting to be sent.")
    context.set_offline(True)
    editor_of(page).fill("First")
    page.keyboard.press("Control+Enter")
    expect(waiting).to_be_visible()
    expect(editor_of(page)).to_have_value("")
    editor_of(page).fill("Second, begun")
    page.keyboard.press("Control+Enter")  # not yet: it is nobody's
    page.get_by_role("button", name="Edit it instead").click()
    expect(editor_of(page)).to_have_value("First")
    editor_of(page).fill("First, mended")
    page.keyboard.press("Control+Enter")
    expect(waiting).to_be_visible()
    expect(editor_of(page)).to_have_value("Second, begun")
    page.set_viewport_size(PHONE)
    page.get_by_role("button", name="Submit").click(trial=True)  # what waits does not lie on it
    assert not Submission.objects.exists()

    context.set_offline(False)
    expect(page.get_by_text("Submitted", exact=True)).to_be_visible()
    expect(save_state(page)).to_have_text("Saved")
    editor_of(page).fill("Second, begun in a tunnel")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="You have done everything here")).to_be_visible()
    said = Submission.objects.order_by("pk").values_list("demonstration", flat=True)
    assert list(said) == ["First, mended", "Second, begun in a tunnel"]


def test_a_task_that_was_shown_and_went_to_somebody_else_is_told(
    page: Page, context: BrowserContext, live_app: str
) -> None:
    workspace = Workspace()
    labeler, other = workspace.labeler(), workspace.labeler()
    project = workspace.demonstration(tasks=3, members=[labeler, other])
    shown = open_with_next(page, live_app, labeler, project)
    context.set_offline(True)
    editor_of(page).fill("First")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Your last answer is waiting to be sent.")).to_be_visible()
    editor_of(page).fill("Begun")
    expect(save_state(page)).to_have_text(re.compile("Saved here"))
    assert other.next(project)["id"] == shown
    context.set_offline(False)
    expect(page.get_by_text("The task that you saw here is no longer yours to do.")).to_be_visible()
    expect(editor_of(page)).to_have_value("")
    assert Submission.objects.get().demonstration == "First"
    assert not Draft.objects.filter(task__assignments=shown).exists()


def test_a_refused_answer_comes_back_with_its_reason(page: Page, live_app: str) -> None:
    workspace = Workspace()
    labeler, other = workspace.labeler(), workspace.labeler()
    project = workspace.demonstration(tasks=2, members=[labeler, other])
    open_with_next(page, live_app, labeler, project)
    editor_of(page).fill("Kept")
    expect(save_state(page)).to_have_text("Saved")
    held = Assignment.objects.get(labeler=labeler.user)
    expire(held.pk)
    other.submit(other.next(project))
    assert other.next(project)["id"] == held.pk
    editor_of(page).fill("Kept to the end")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("You no longer hold this task")).to_be_visible()
    expect(editor_of(page)).to_have_value("Kept to the end")


def test_a_reload_keeps_the_undo(page: Page, live_app: str) -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.demonstration(tasks=2, members=[labeler])
    open_with_next(page, live_app, labeler, project)
    stop_the_clock(page)
    editor_of(page).fill("Too soon")
    page.keyboard.press("Control+Enter")
    expect(undo_button(page)).to_be_visible()
    keep_undoable()
    page.reload()
    undo_button(page).click()
    expect(editor_of(page)).to_have_value("Too soon")
    assert not Submission.objects.standing().exists()


def test_a_page_that_was_never_opened_says_so_offline_and_opens_later(
    page: Page, context: BrowserContext, live_app: str
) -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.demonstration(tasks=1, members=[labeler])
    log_in(page, live_app, labeler.user)
    page.goto(f"{live_app}/label/{project.pk}")
    expect(editor_of(page)).to_be_visible()
    context.set_offline(True)
    editor_of(page).fill("Half a sentence")
    unavailable = page.get_by_role("heading", name="This page is not available offline")
    page.get_by_role("link", name="Questions").first.click()
    expect(unavailable).to_be_visible()
    page.go_back()
    expect(editor_of(page)).to_have_value("Half a sentence")
    page.get_by_role("link", name="Questions").first.click()
    expect(unavailable).to_be_visible()
    context.set_offline(False)
    expect(page.get_by_role("heading", name="Questions", exact=True)).to_be_visible()

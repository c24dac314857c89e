"""A labeler's work in a real browser, down to the rows that it leaves."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from labelapp.labeling.models import Assignment, Draft, Judgment, Project, Skip, Submission
from tests.end_to_end.browser import (
    DESKTOP,
    PHONE,
    keep_undoable,
    log_in,
    sideways_scroll,
    stop_the_clock,
    wait_until,
)
from tests.labeling.workspace import Labeler, Workspace, answer_to, expire

pytestmark = pytest.mark.browser

K = 4
DONE = "You have done everything here"


def open_task(page: Page, url: str, project: Project, labeler: Labeler) -> None:
    """Log in and wait for the first task."""
    log_in(page, url, labeler.user)
    page.goto(f"{url}/label/{project.pk}")
    expect(page.get_by_role("heading", name="Prompt")).to_be_visible()


def submission_of(labeler: Labeler) -> Submission:
    """Return the labeler's only submission."""
    return Submission.objects.get(labeler=labeler.user)


def judgments_as_shown(submission: Submission) -> list[Judgment]:
    """Return the judgments in the order of the letters on the screen, checked against the stored order."""
    judgments = list(submission.judgments.order_by("shown_position"))
    shown = Assignment.objects.get(pk=submission.assignment_id).shown_order
    assert [judgment.response_id for judgment in judgments] == shown
    return judgments


def rate_by_keyboard(page: Page, qualities: str) -> None:
    """Rate A, B, C … with one digit each."""
    for quality in qualities:
        page.keyboard.press(quality)
        page.keyboard.press("j")
    expect(page.get_by_text(f"{K} of {K} rated")).to_be_visible()


def read_back(page: Page) -> Locator:
    return page.locator("output")


def drag(page: Page, source: Locator, target: Locator, *, then: str = "") -> None:
    """Drag with the mouse, in steps as a hand does, until the target shows that it will take it; let go after a key."""
    source.scroll_into_view_if_needed()
    start, end = source.bounding_box(), target.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=12)
    expect(target).to_have_attribute("data-over", "true")
    if then:
        page.keyboard.press(then)
        expect(target).not_to_have_attribute("data-over", "true")
    page.mouse.up()


def sides(part: Locator) -> tuple[float, float]:
    """Return where it begins and ends, in pixels from the left."""
    box = part.bounding_box()
    assert box
    return box["x"], box["x"] + box["width"]


def test_ranks_with_a_tie_by_keyboard_alone(page: Page, live_app: str, workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    open_task(page, live_app, project, labeler)

    page.keyboard.press("6")
    page.keyboard.press("n")  # fails to follow the instruction: no
    page.keyboard.press("y")  # inappropriate for a customer assistant: yes
    page.keyboard.press("j")
    page.keyboard.press("7")
    page.keyboard.press("j")
    page.keyboard.press("2")
    page.keyboard.press("j")
    page.keyboard.press("5")
    page.keyboard.press("g")
    for rank in "213":
        page.keyboard.press(rank)
    page.keyboard.press("4")  # D: last …
    page.keyboard.press("u")  # … no: undo
    expect(read_back(page)).to_have_text("B > A > C")
    page.keyboard.press("2")  # ties with A
    expect(read_back(page)).to_have_text("B > A = D > C")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()

    submission = submission_of(labeler)
    a, b, c, d = judgments_as_shown(submission)
    assert [a.rank, b.rank, c.rank, d.rank] == [2, 1, 3, 2]
    assert [a.quality, b.quality, c.quality, d.quality] == [6, 7, 2, 5]
    assert a.answers == {"fails_instruction": False, "inappropriate_for_assistant": True}
    assert b.answers == c.answers == d.answers == {}
    assert submission.instruction_version == project.instruction_versions.get()


def test_t_ties_with_the_one_above(page: Page, live_app: str, workspace: Workspace, labeler: Labeler) -> None:
    open_task(page, live_app, workspace.comparison(members=[labeler]), labeler)
    rate_by_keyboard(page, "4444")
    page.keyboard.press("g")
    for key in "13t4":
        page.keyboard.press(key)
    expect(read_back(page)).to_have_text("A > B = C > D")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()
    assert [judgment.rank for judgment in judgments_as_shown(submission_of(labeler))] == [1, 2, 2, 3]


def test_ranks_with_a_tie_by_mouse(page: Page, live_app: str, workspace: Workspace, labeler: Labeler) -> None:
    open_task(page, live_app, workspace.comparison(members=[labeler]), labeler)
    for letter, quality in zip("ABCD", (3, 6, 5, 1), strict=True):
        page.get_by_role("navigation", name="Responses").get_by_role("button", name=f"Response {letter}").click()
        page.get_by_role("group", name="Overall quality").get_by_role("radio", name=str(quality)).check()
    question = page.get_by_role("group", name="Expresses opinion")
    question.get_by_role("button", name="Yes").click()
    page.get_by_role("button", name="Rank all").click()

    line = sides(page.get_by_role("separator", name="Width of column 1"))
    left, right = (sides(page.get_by_role("article", name=f"Response {letter}")) for letter in "AB")
    assert left[1] - 1 <= line[0] < line[1] <= right[0] + 1

    bands = {rank: page.locator(f"[data-band='{rank}']") for rank in range(1, K + 1)}
    page.get_by_role("group", name="Rank of C").get_by_role("button", name="Rank 4").click()
    expect(read_back(page)).to_have_text("C")
    drag(page, page.get_by_role("button", name="Drag response A to a rank"), bands[2])
    expect(read_back(page)).to_have_text("A > C")
    drag(page, page.get_by_role("button", name="Drag response B to a rank"), bands[1], then="Escape")
    expect(read_back(page)).to_have_text("A > C")
    drag(page, page.get_by_role("button", name="Drag response B to a rank"), bands[1])
    expect(read_back(page)).to_have_text("B > A > C")
    drag(page, page.get_by_role("button", name="Go to response D"), bands[3])
    expect(read_back(page)).to_have_text("B > A > D > C")
    drag(page, page.get_by_role("button", name="Go to response C"), bands[1])
    expect(read_back(page)).to_have_text("B = C > A > D")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()

    judgments = judgments_as_shown(submission_of(labeler))
    assert [judgment.rank for judgment in judgments] == [2, 1, 1, 3]
    assert [judgment.quality for judgment in judgments] == [3, 6, 5, 1]
    assert [judgment.answers for judgment in judgments] == [{}, {}, {}, {"expresses_opinion": True}]


def test_untouched_is_never_an_answer(page: Page, live_app: str, workspace: Workspace, labeler: Labeler) -> None:
    open_task(page, live_app, workspace.comparison(members=[labeler]), labeler)
    page.keyboard.press("g")
    expect(read_back(page)).to_have_text("No ranks yet")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("missing")).to_have_text(
        "Not submitted: A has no quality yet. Rate it here, then go back to the ranking."
    )
    rate_by_keyboard(page, "4444")
    page.keyboard.press("g")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_test_id("missing")).to_have_text("Not submitted: A has no rank yet.")
    for rank in "123":
        page.keyboard.press(rank)
    expect(page.get_by_test_id("missing")).to_have_text("Not submitted: D has no rank yet.")
    page.keyboard.press("4")
    expect(page.get_by_test_id("missing")).to_have_count(0)
    assert not Submission.objects.exists()


def test_a_reload_midway_loses_nothing(page: Page, live_app: str, workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    open_task(page, live_app, project, labeler)
    rate_by_keyboard(page, "1357")
    page.get_by_role("textbox", name="Notes on A").fill("A says nothing.")
    page.get_by_role("textbox", name="Notes on A").press("Escape")
    page.keyboard.press("g")
    for rank in "22":
        page.keyboard.press(rank)
    page.reload()
    expect(read_back(page)).to_have_text("A = B")
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")
    for rank in "14":
        page.keyboard.press(rank)
    expect(read_back(page)).to_have_text("C > A = B > D")
    page.reload()
    expect(read_back(page)).to_have_text("C > A = B > D")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()

    judgments = judgments_as_shown(submission_of(labeler))
    assert [judgment.rank for judgment in judgments] == [2, 2, 1, 3]
    assert [judgment.quality for judgment in judgments] == [1, 3, 5, 7]
    assert [judgment.notes for judgment in judgments] == ["A says nothing.", "", "", ""]


def test_another_browser_goes_on_from_the_server_s_draft(
    page: Page, live_app: str, workspace: Workspace, labeler: Labeler, browser: Browser
) -> None:
    project = workspace.comparison(members=[labeler])
    open_task(page, live_app, project, labeler)
    rate_by_keyboard(page, "2222")
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")
    page.close()
    elsewhere = browser.new_page()
    open_task(elsewhere, live_app, project, labeler)
    expect(elsewhere.get_by_role("radio", name="2 · Rank all")).to_be_checked()
    expect(elsewhere.get_by_text("quality 2")).to_have_count(K)
    elsewhere.close()


def test_an_outage_loses_nothing_and_submits_once(
    page: Page, live_app: str, workspace: Workspace, labeler: Labeler
) -> None:
    open_task(page, live_app, workspace.comparison(members=[labeler]), labeler)
    page.context.set_offline(True)
    rate_by_keyboard(page, "4321")
    expect(page.get_by_test_id("save-state")).to_have_text("Saved here, retrying")
    expect(page.get_by_text("Offline")).to_be_visible()
    page.keyboard.press("g")
    for rank in "1234":
        page.keyboard.press(rank)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Waiting to be sent.")).to_be_visible()
    assert not Submission.objects.exists()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()
    assert [judgment.rank for judgment in judgments_as_shown(submission_of(labeler))] == [1, 2, 3, 4]


def test_an_answer_that_arrived_unheard_is_not_given_twice(
    page: Page, live_app: str, workspace: Workspace, labeler: Labeler
) -> None:
    open_task(page, live_app, workspace.comparison(members=[labeler]), labeler)
    rate_by_keyboard(page, "4321")
    page.keyboard.press("g")
    for rank in "1234":
        page.keyboard.press(rank)
    keys: list[str] = []

    def lose_the_first_answer(route: Any) -> None:
        keys.append(route.request.post_data_json["idempotency_key"])
        if len(keys) == 1:
            route.fetch()  # the server records it …
            route.abort()  # … and the browser never hears
        else:
            route.continue_()

    page.route("**/submit", lose_the_first_answer)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()
    assert len(keys) == 2
    assert keys[0] == keys[1]
    assert submission_of(labeler).revision == 1


def test_a_lost_lease_keeps_the_draft_and_offers_it_again(
    page: Page, live_app: str, workspace: Workspace, labeler: Labeler
) -> None:
    other = workspace.labeler()
    project = workspace.demonstration(members=[labeler, other])
    open_task(page, live_app, project, labeler)
    page.get_by_role("textbox", name="Your response").fill("Half of an ")
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")
    expire(Assignment.objects.get(labeler=labeler.user).pk)
    taken = other.next(project)
    page.get_by_role("textbox", name="Your response").fill("Half of an answer, and the rest.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("You no longer hold this task")).to_be_visible()
    expect(page.get_by_role("textbox", name="Your response")).to_have_value("Half of an answer, and the rest.")

    skipped = {"lease_token": taken["lease_token"], "reason": "unclear"}
    assert other.post(f"assignments/{taken['id']}/skip", skipped).status_code in {200, 201}
    page.get_by_role("button", name="Ask for it again").click()
    expect(page.get_by_text("You no longer hold this task")).to_be_hidden()
    expect(page.get_by_role("textbox", name="Your response")).to_have_value("Half of an answer, and the rest.")
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()
    assert submission_of(labeler).demonstration == "Half of an answer, and the rest."


def test_writes_a_demonstration(page: Page, live_app: str, workspace: Workspace, labeler: Labeler) -> None:
    open_task(page, live_app, workspace.demonstration(tasks=2, members=[labeler]), labeler)
    editor = page.get_by_role("textbox", name="Your response")
    expect(editor).to_be_focused()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Write a response first.")).to_be_visible()
    page.keyboard.type("Water **boils** at 100 °C.\n\n- at sea level\n\n<b onclick='x'>no</b>")
    expect(page.get_by_test_id("word-count")).to_contain_text("13 words")
    page.get_by_text("Both", exact=True).click()
    preview = page.get_by_role("region", name="Preview")
    expect(preview.locator("strong")).to_have_text("boils")
    expect(preview.locator("b")).to_have_count(0)
    editor.press("Control+Enter")
    expect(editor).to_have_value("")  # straight to the next task …
    expect(page.get_by_text("Submitted", exact=True)).to_be_visible()  # … and this one is on its way meanwhile
    assert submission_of(labeler).demonstration.startswith("Water **boils** at 100 °C.\n\n- at sea level")
    editor.fill("The second.")
    page.reload()
    expect(editor).to_have_value("The second.")


def test_skips_with_a_reason_by_keyboard(page: Page, live_app: str, workspace: Workspace, labeler: Labeler) -> None:
    open_task(page, live_app, workspace.comparison(members=[labeler]), labeler)
    stop_the_clock(page)
    rate_by_keyboard(page, "1357")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog", name="Skip this task?")
    expect(dialog).to_be_visible()
    page.get_by_role("textbox", name="Note, if it helps").fill("4 of them")  # a digit in a note is text
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("4")  # outside it is a reason, and skips at once
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()
    skip = Skip.objects.get()
    assert (skip.labeler, skip.reason, skip.note) == (labeler.user, Skip.Reason.PERSONAL_DATA, "4 of them")

    keep_undoable()
    expect(page.get_by_text("Skipped", exact=True)).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("D > C > B > A")).to_be_visible()  # all that was done is there again
    assert not Skip.objects.exists()
    page.keyboard.press("Alt+Shift+2")  # and what was begun is skipped at once
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()
    assert Skip.objects.get().reason == Skip.Reason.OUTSIDE_KNOWLEDGE


def test_says_busy_paused_and_empty_apart(page: Page, live_app: str, workspace: Workspace, labeler: Labeler) -> None:
    other = workspace.labeler()
    project = workspace.comparison(members=[labeler, other])
    taken = other.next(project)
    log_in(page, live_app, labeler.user)
    page.goto(f"{live_app}/label/{project.pk}")
    expect(page.get_by_role("heading", name="Every task is in somebody’s hands")).to_be_visible()
    expect(page.get_by_text(re.compile(r"until \d\d:\d\d"))).to_be_visible()
    assert other.submit(taken).status_code == 201
    # The page hears of it and asks again by itself.
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()


def test_edits_an_earlier_answer_as_a_revision(
    page: Page, live_app: str, workspace: Workspace, labeler: Labeler
) -> None:
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    assert labeler.submit(assignment, answer_to(assignment, ranks=[1, 2, 3, 4])).status_code == 201
    stop_the_clock(page)
    log_in(page, live_app, labeler.user)
    page.goto(f"{live_app}/history")
    page.get_by_role("region", name="Your answers").get_by_role("link").click()
    expect(read_back(page)).to_have_text("A > B > C > D")
    page.get_by_role("group", name="Rank of D").get_by_role("button", name="Rank 1").click()
    page.get_by_role("button", name="Save the edit").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()

    first, second = Submission.objects.filter(labeler=labeler.user).order_by("revision")
    assert [judgment.rank for judgment in judgments_as_shown(first)] == [1, 2, 3, 4]
    assert [judgment.rank for judgment in judgments_as_shown(second)] == [1, 2, 3, 1]
    assert not Draft.objects.filter(labeler=labeler.user, revision__gt=0).exists()

    keep_undoable()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.keyboard.press("Control+z")  # for ten seconds, the edit too
    expect(page.get_by_role("button", name="Save the edit")).to_be_visible()
    expect(read_back(page)).to_have_text("A = D > B > C")
    assert Submission.objects.latest_revisions().get(labeler=labeler.user) == first


def swipe(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Move a finger over the screen, in steps."""
    touch = page.context.new_cdp_session(page)
    points = [tuple(a + (b - a) * step / 10 for a, b in zip(start, end, strict=True)) for step in range(11)]
    for kind, (x, y) in zip(["touchStart", *["touchMove"] * 10], points, strict=True):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def centre(place: Locator) -> tuple[float, float]:
    box = place.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_on_a_phone_a_tap_ranks_a_handle_drags_and_a_swipe_only_scrolls(
    live_app: str, workspace: Workspace, labeler: Labeler, browser: Browser
) -> None:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_task(page, live_app, workspace.comparison(members=[labeler], responses_per_task=9), labeler)
    page.get_by_text("2 · Rank all").tap()
    page.get_by_role("group", name="Rank of B").get_by_role("button", name="Rank 1").tap()
    expect(read_back(page)).to_have_text("B")
    handle = page.get_by_role("button", name="Drag response C to a rank")
    handle.scroll_into_view_if_needed()
    swipe(page, centre(handle), centre(page.locator("[data-band='2']")))
    expect(read_back(page)).to_have_text("B > C")
    card = page.get_by_role("article", name="Response C").bounding_box()
    assert card
    before = page.evaluate("window.scrollY")
    swipe(page, (card["x"] + 100, 600), (card["x"] + 100, 300))
    wait_until(page, f"window.scrollY > {before}")
    expect(read_back(page)).to_have_text("B > C")
    assert sideways_scroll(page) == 0
    context.close()


@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_instructions_open_and_close(
    page: Page, live_app: str, workspace: Workspace, labeler: Labeler, window: Any
) -> None:
    page.set_viewport_size(window)
    open_task(page, live_app, workspace.comparison(members=[labeler]), labeler)
    panel = page.get_by_role("complementary", name="Instructions")
    close = page.get_by_role("button", name="Close the instructions")
    ways: list[Callable[[], Any]] = [
        lambda: page.keyboard.press("i"),
        close.click,
        lambda: page.keyboard.press("Escape"),
    ]
    for close_it in ways:
        page.keyboard.press("i")
        expect(panel).to_be_in_viewport()
        if window == DESKTOP:
            expect(page.get_by_role("button", name="Instructions", exact=True)).to_be_in_viewport(ratio=1)
            assert page.evaluate("window.scrollY") == 0
        close_it()
        expect(panel).to_have_count(0)
        expect(page.get_by_role("heading", name="Prompt")).to_be_visible()

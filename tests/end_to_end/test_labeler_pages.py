"""Every page and state of a labeler's work in a real browser: whom they suit, and what they weigh."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.browser import DESKTOP, PHONE, log_in, serious_violations, sideways_scroll
from tests.end_to_end.test_labeling import DONE, open_task, read_back
from tests.labeling.workspace import Labeler, Workspace

pytestmark = pytest.mark.browser


def labeler_pages(page: Page, url: str, workspace: Workspace, labeler: Labeler) -> Any:
    """Go through every page and state of a labeler; yield the name of each."""
    done = workspace.comparison(members=[labeler])
    assignment = labeler.next(done)
    assert labeler.submit(assignment).status_code == 201
    comparison = workspace.comparison(members=[labeler], responses_per_task=9)
    demonstration = workspace.demonstration(members=[labeler])
    log_in(page, url, labeler.user)
    for path, heading in (("profile", "Profile"), ("label", "Label"), ("history", "History"), ("nowhere", "nothing")):
        page.goto(f"{url}/{path}")
        expect(page.get_by_role("heading", level=1, name=re.compile(heading))).to_be_visible()
        page.wait_for_load_state("networkidle") if path in {"profile", "history"} else None
        yield path
    page.goto(f"{url}/label/{done.pk}")
    expect(page.get_by_role("heading", name=DONE)).to_be_visible()
    yield "empty"
    page.goto(f"{url}/label/{comparison.pk}")
    expect(page.get_by_role("heading", name="Prompt")).to_be_visible()
    page.keyboard.press("4")
    expect(page.get_by_text("1 of 9 rated")).to_be_visible()
    yield "rate"
    page.get_by_role("button", name=re.compile("What is meant")).first.click()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    for rank in "119":
        page.keyboard.press(rank)
    expect(read_back(page)).to_contain_text(">")
    yield "rank"
    page.keyboard.press("i")
    expect(page.get_by_role("complementary", name="Instructions")).to_contain_text("Be kind.")
    yield "instructions"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    yield "keys"
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("s")
    expect(page.get_by_role("dialog", name="Skip this task?")).to_be_visible()
    yield "skip"
    page.goto(f"{url}/label/{demonstration.pk}")
    page.get_by_role("textbox", name="Your response").fill("# A title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    page.get_by_text("Both", exact=True).click()
    expect(page.get_by_role("region", name="Preview").locator("table")).to_be_visible()
    yield "demonstration"
    page.goto(f"{url}/history/{assignment['id']}")
    expect(page.get_by_role("button", name="Save the edit")).to_be_visible()
    yield "revise"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("window", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_labeler_page_is_accessible_and_fits(
    live_app: str, workspace: Workspace, labeler: Labeler, browser: Browser, window: Any, scheme: Any
) -> None:
    context = browser.new_context(viewport=window, color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    problems: list[str] = []
    for name in labeler_pages(page, live_app, workspace, labeler):
        problems += [f"{name}: {violation}" for violation in serious_violations(page)]
        if (pixels := sideways_scroll(page)) > 0:
            problems.append(f"{name}: {pixels} px too wide")
    context.close()
    assert not problems, "\n".join(problems)


def test_the_labeling_page_loads_at_most_300_kilobytes(
    page: Page, live_app: str, workspace: Workspace, labeler: Labeler
) -> None:
    open_task(page, live_app, workspace.comparison(members=[labeler]), labeler)
    page.wait_for_load_state("networkidle")
    sizes = page.evaluate(
        "['navigation', 'resource'].flatMap(kind => performance.getEntriesByType(kind))"
        ".filter(e => e.name.startsWith(location.origin)).map(e => [e.name, e.encodedBodySize])"
    )
    assert len(sizes) > 3
    assert sum(size for _, size in sizes) <= 300_000, sizes

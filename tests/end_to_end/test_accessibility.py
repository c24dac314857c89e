"""The labeler's pages in the second language, at 200 % zoom and by keyboard: WCAG 2.2 AA beyond what English shows.

`test_labeler_pages.py` holds every page and dialog against axe in English, in both schemes, on a desktop and a phone.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.end_to_end.browser import AXE, log_in, sideways_scroll
from tests.labeling.workspace import Workspace

pytestmark = pytest.mark.browser

# A window of 1440 × 900 at 200 %.
ZOOMED: Any = {"width": 720, "height": 450}
# Scrolls a dialog until a field of it has gone under the dialog's header.
UNDER_THE_HEADER = """
field => {
  field.blur();
  const scrolled = field.closest("dialog, .mantine-Modal-content");
  scrolled.scrollTop += field.getBoundingClientRect().top - scrolled.getBoundingClientRect().top - 2;
}
"""
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
TABS = 60

# Where the focus is: whether something that stays on the screen lies over it, and whether it can be seen to be there.
FOCUS = """
() => {
  const element = document.activeElement;
  if (!element || element === document.body || element.id === "main") return null;
  const box = element.getBoundingClientRect();
  const name = `<${element.tagName.toLowerCase()}> ${(element.ariaLabel || element.textContent || element.id).trim()}`;
  // A radio button or a field may show its focus on what stands for it.
  const shows = [element, element.parentElement, element.nextElementSibling].some((one) => {
    const style = one && getComputedStyle(one);
    return style && ((style.outlineStyle !== "none" && style.outlineWidth !== "0px") || style.boxShadow !== "none");
  });
  const at = (x, y) => {
    const top = document.elementFromPoint(x, y);
    return top !== null && (element.contains(top) || top.contains(element) || element.parentElement.contains(top));
  };
  const points = [[0.5, 0.5], [0.1, 0.2], [0.9, 0.8], [0.5, 0.1], [0.5, 0.9]];
  const isFree = points.some(([x, y]) => at(box.left + box.width * x, box.top + box.height * y));
  const over = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  return { name: name.slice(0, 60), shows, isFree, over: over?.outerHTML.slice(0, 80) ?? "the window's edge" };
}
"""


def violations(page: Page) -> list[str]:
    """Run every rule of WCAG 2.2 AA, the target size among them, on the page as it stands."""
    page.evaluate(AXE.read_text())
    found: dict[str, Any] = page.evaluate(
        "levels => axe.run(document, {runOnly: levels, resultTypes: ['violations']})", LEVELS
    )
    return [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]


def pages_in_german(page: Page, url: str, workspace: Workspace) -> Iterator[str]:
    """Go through a labeler's pages; yield the name of each."""
    labeler = workspace.labeler()
    comparison = workspace.comparison(members=[labeler])
    demonstration = workspace.demonstration(members=[labeler])
    log_in(page, url, labeler.user)
    for path, heading in (
        ("", "Guten Tag"),
        ("label", "Labeln"),
        ("history", "Verlauf"),
        ("write", "Prompts schreiben"),
        ("profile", "Profil"),
    ):
        page.goto(f"{url}/{path}")
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
        yield path or "home"
    page.goto(f"{url}/label/{demonstration.pk}")
    expect(page.get_by_role("textbox", name="Ihre Antwort")).to_be_visible()
    yield "demonstration"
    page.goto(f"{url}/label/{comparison.pk}")
    expect(page.get_by_role("region", name="Bewertung von Antwort A")).to_be_visible()
    yield "rate"
    page.keyboard.press("g")
    expect(page.get_by_text("Einzuordnen").first).to_be_visible()
    yield "rank"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_german_at_200_percent_keeps_wcag(live_app: str, browser: Browser, workspace: Workspace, scheme: Any) -> None:
    context = browser.new_context(viewport=ZOOMED, color_scheme=scheme, locale="de-DE", reduced_motion="reduce")
    page = context.new_page()
    problems: list[str] = []
    for name in pages_in_german(page, live_app, workspace):
        assert page.evaluate("document.documentElement.lang") == "de"
        problems += [f"{name}: {violation}" for violation in violations(page)]
        if (pixels := sideways_scroll(page)) > 0:
            problems.append(f"{name}: {pixels} px too wide")
        if name in {"rate", "rank", "demonstration"}:
            problems += [f"{name}: {problem}" for problem in walk_by_tab(page)]
    context.close()
    assert not problems, "\n".join(problems)


def walk_by_tab(page: Page) -> list[str]:
    """Press Tab through the page; return where the focus cannot be seen, or lies under something."""
    problems = []
    for _ in range(TABS):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUS)
        if focus and not focus["isFree"]:  # what had the focus before takes a frame to go
            page.evaluate("() => new Promise(shown => requestAnimationFrame(() => requestAnimationFrame(shown)))")
            focus = page.evaluate(FOCUS)
        if focus is None:
            break
        if not focus["shows"]:
            problems.append(f"no focus to be seen on {focus['name']}")
        if not focus["isFree"]:
            problems.append(f"{focus['name']} lies under {focus['over']}")
    return problems


@pytest.mark.parametrize("whose", ["ours", "Mantine's"])
def test_what_gets_the_focus_in_a_dialog_comes_out_from_under_its_header(
    live_app: str, page: Page, workspace: Workspace, whose: str
) -> None:
    labeler = workspace.labeler()
    project = workspace.demonstration(members=[labeler])
    user, path, opens = {
        "ours": (labeler.user, f"label/{project.pk}", "Skip"),
        "Mantine's": (workspace.researcher.user, "datasets", "New dataset"),
    }[whose]
    log_in(page, live_app, user)
    page.set_viewport_size({"width": 720, "height": 260})
    page.goto(f"{live_app}/{path}")
    page.get_by_role("button", name=opens).first.click()
    field = page.get_by_role("dialog").locator("input").first
    expect(field).to_be_focused()
    field.evaluate(UNDER_THE_HEADER)
    field.focus()
    focus = page.evaluate(FOCUS)
    assert focus["isFree"], f"{focus['name']} lies under {focus['over']}"


def test_the_language_is_chosen_and_remembered(page: Page, live_app: str, transactional_db: None) -> None:
    page.goto(f"{live_app}/login")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    expect(page.get_by_label("E-Mail")).to_have_value("ada@example.com")
    page.reload()
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()

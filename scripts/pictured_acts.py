"""What is done on a page before its picture is taken."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from scripts.pictured import lose_the_lease
from scripts.pictured_records import COHORT

# Width and height of a window.
WIDTHS = {1440: 900, 390: 844}
# What moves has come to rest by then.
REST_MS = 400


def rate(qualities: str) -> Callable[[Page], None]:
    """Rate the responses, if that was not done for an earlier picture."""

    def prepare(page: Page) -> None:
        if page.locator("[data-band]").count():
            return
        page.get_by_role("radiogroup").first.wait_for()
        for quality in qualities:
            page.keyboard.press(quality)
            page.keyboard.press("j")

    return prepare


def rank(qualities: str, *keys: str) -> Callable[[Page], None]:
    """Rate, then rank the first two with a digit each, and press some keys."""

    def prepare(page: Page) -> None:
        rate(qualities)(page)
        if not page.locator("[data-band]").count():
            page.keyboard.press("g")
            page.locator("[data-band]").first.wait_for(state="attached")
            page.keyboard.press("1")
            page.keyboard.press("2")
        for key in keys:
            page.keyboard.press(key)
            page.wait_for_timeout(REST_MS)
        page.evaluate("window.scrollTo(0, 0)")

    return prepare


def find_code(page: Page) -> None:
    """Go on to the output that has some code."""
    code = page.locator("[data-response] pre").first
    for _ in range(6):
        page.wait_for_timeout(REST_MS)
        if code.is_visible():
            break
        page.keyboard.press("j")
    expect(page.locator("[data-response] .katex").first).to_be_visible()


def rank_six(page: Page) -> None:
    """Rate six, and rank them with a tie."""
    rate("615543")(page)
    if not page.locator("[data-band]").count():
        page.keyboard.press("g")
        page.locator("[data-band]").first.wait_for(state="attached")
        for digit in "152234":
            page.keyboard.press(digit)
    expect(page.locator("output")).to_have_text("A > C = D > E > F > B")
    page.evaluate("window.scrollTo(0, 0)")


def work_long(page: Page) -> None:
    """Be at it for more than fifty minutes."""
    page.evaluate(
        """localStorage.setItem("labelapp:stretch", JSON.stringify({
            workedMs: 52 * 60_000, movedAt: Date.now(), tickedAt: Date.now(), quietUntilMs: 0}))"""
    )
    page.reload()
    page.locator("[data-response]").first.wait_for()
    rank("6352")(page)
    expect(page.get_by_text("without a break")).to_be_visible()


def open_without_network(page: Page) -> None:
    """Ask for a page that this browser has not fetched."""
    rank("6352")(page)
    page.context.set_offline(True)
    menu = page.get_by_role("button", name="Menu")
    if menu.is_visible():
        menu.click()
    page.get_by_role("link", name="Questions").first.click()
    expect(page.get_by_role("heading", name="This page is not available offline")).to_be_visible()


def lose_the_network(page: Page) -> None:
    """Go on ranking where the server cannot be reached."""
    rank("6352")(page)
    page.context.set_offline(True)
    page.keyboard.press("3")
    expect(page.get_by_text("Saved here, retrying")).to_be_visible()


def submit(page: Page) -> None:
    """Rank all, and submit: for ten seconds it can be taken back."""
    rank("5274", "3", "4", "Control+Enter")(page)
    expect(page.get_by_text("Submitted", exact=True)).to_be_visible()


def write_demonstration(page: Page) -> None:
    """Write one, with its preview beside it."""
    if page.viewport_size and page.viewport_size["width"] > min(WIDTHS):
        page.get_by_text("Both", exact=True).click()
    text = "Here is a first idea:\n\n1. **Start small.** Ten minutes a day are enough.\n2. Keep a list, and cross out"
    page.get_by_role("textbox", name="Your response").fill(text)
    expect(page.get_by_test_id("save-state")).to_have_text("Saved")


def write_few_shot(page: Page) -> None:
    """Fill in a prompt with two pairs."""
    page.get_by_role("textbox", name="Instruction").fill("Say whether the review is positive or negative.")
    pairs = (("It fits like a glove.", "positive"), ("It broke on the first day.", "negative"))
    for number, (query, response) in enumerate(pairs):
        page.get_by_role("textbox", name="Query").nth(number).fill(query)
        page.get_by_role("textbox", name="Response").nth(number).fill(response)
    expect(page.get_by_test_id("kept")).to_have_text("Saved")


def write_plain(page: Page) -> None:
    """Write what resembles an earlier prompt of one's own."""
    page.get_by_role("textbox", name="Prompt").fill("Ten ways to thank a neighbour who waters my plants.")
    expect(page.get_by_text("Ten ways to thank a neighbour who waters the plants.").last).to_be_visible()


def write_user_based(page: Page) -> None:
    """Make a prompt from a use case; a number in it is pointed out."""
    source = "A bakery wants to answer e-mails about opening hours, allergens and orders of cakes."
    page.get_by_role("textbox", name="The use case").fill(source)
    text = "Answer this customer: Do you open on Sundays? You can reach me at 0171 5550123."
    page.get_by_role("textbox", name="Prompt").fill(text)
    expect(page.get_by_test_id("kept")).to_have_text("Saved")


def lost_lease(url: str, project: int) -> Callable[[Page], None]:
    """Write while the task becomes anybody's again."""

    def prepare(page: Page) -> None:
        write_demonstration(page)
        lose_the_lease(url, project)
        page.get_by_role("textbox", name="Your response").press_sequentially(" what is done.")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("You no longer hold this task")).to_be_visible()

    return prepare


def choose_cohort(page: Page) -> None:
    """Narrow a version down to a group of labelers."""
    page.get_by_text("Labelers and time").click()
    page.get_by_role("combobox", name="Cohorts").click()
    page.get_by_role("option", name=COHORT).click()
    page.keyboard.press("Escape")


def choose_two(page: Page) -> None:
    """Choose tasks for the calibration pool."""
    boxes = page.get_by_role("checkbox", name="Choose task")
    for number in (5, 6):
        boxes.nth(number).check()


def show(heading: str) -> Callable[[Page], None]:
    """Scroll a part of the page to the top, below the bar."""

    def prepare(page: Page) -> None:
        part = page.get_by_role("heading", name=heading, exact=True).first
        part.evaluate("element => window.scrollTo(0, element.getBoundingClientRect().top + scrollY - 90)")

    return prepare


def see_agreement(page: Page) -> None:
    """Scroll to one's agreement with the researchers, where it is below the window."""
    name = "Your agreement with the researchers"
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    if page.viewport_size and page.viewport_size["width"] == min(WIDTHS):
        show(name)(page)


def draw_curves(page: Page) -> None:
    """Wait until the curves are drawn, which a busy machine does late."""
    expect(page.locator("figure canvas").first).to_be_visible()
    page.wait_for_timeout(4 * REST_MS)


def draw_frontier(page: Page) -> None:
    """Scroll to reward against drift, and wait until it is drawn."""
    draw_curves(page)
    show("Reward against drift")(page)
    page.wait_for_timeout(2 * REST_MS)


def look_at_original(page: Page) -> None:
    """Show what a prompt said before its personal data was replaced; it is recorded."""
    page.get_by_role("button", name="Show the original, and record that I looked").click()
    expect(page.get_by_role("button", name="Hide it")).to_be_visible()
    show("Before it was redacted")(page)


def open_message(page: Page) -> None:
    """Look at the first message that a webhook was sent, and at what was answered."""
    page.get_by_role("button", name="Details").last.click()
    expect(page.get_by_text("What it answered")).to_be_visible()

"""The pages worth a picture, who looks at each, and what is done on it before."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from scripts.pictured import lose_the_lease
from scripts.pictured_records import COHORT

# Width and height of a window.
WIDTHS = {1440: 900, 390: 844}
# What moves has come to rest by then.
REST_MS = 400


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, who looks at it, and what is done before the picture."""

    name: str
    person: str
    path: str
    prepare: Callable[[Page], None] = lambda _page: None
    language: str = "en-GB"


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


def shots(url: str, ids: dict[str, int]) -> list[Shot]:
    """Every page worth a picture."""
    ranking, writing = f"/label/{ids['ranking']}", f"/label/{ids['writing']}"
    return [
        Shot("login", "", "/login"),
        Shot("home-labeler", "labeler", "/"),
        Shot("projects-labeler", "labeler", "/label"),
        Shot("labeling", "labeler", ranking, rank("6352")),
        Shot("rating", "labeler2", ranking),
        Shot("differences", "labeler", ranking, rank("6352", "d")),
        Shot("instructions", "labeler", ranking, rank("6352", "i")),
        Shot("task-questions", "labeler", ranking, rank("6352", "q")),
        Shot("flag", "labeler", ranking, rank("6352", "f")),
        Shot("skip", "labeler", ranking, rank("6352", "s")),
        Shot("keys", "labeler", ranking, rank("6352", "?")),
        Shot("offline", "labeler", ranking, lose_the_network),
        Shot("german", "labeler", ranking, rank("6352"), language="de"),
        Shot("undo", "labeler2", ranking, submit),
        Shot("evaluation", "labeler", f"/label/{ids['evaluation']}", rank("635")),
        Shot("toxicity", "labeler", f"/label/{ids['toxicity']}", rate("1")),
        Shot("demonstration", "labeler", writing, write_demonstration),
        Shot("lost-lease", "labeler", writing, lost_lease(url, ids["writing"])),
        Shot("busy", "labeler", f"/label/{ids['busy']}"),
        Shot("empty", "labeler", f"/label/{ids['empty']}"),
        Shot("write", "labeler", "/write"),
        Shot("write-plain", "labeler", "/write/new?kind=plain", write_plain),
        Shot("write-few-shot", "labeler", "/write/new?kind=few_shot", write_few_shot),
        Shot("write-user-based", "labeler", "/write/new?kind=user_based", write_user_based),
        Shot("write-view", "labeler", f"/write/{ids['written']}"),
        Shot("history", "labeler", "/history"),
        Shot("questions", "labeler", "/questions"),
        Shot("thread", "labeler", f"/questions?task={ids['reviewed']}"),
        Shot("home-researcher", "researcher", "/"),
        Shot("review", "researcher", "/review"),
        Shot("review-task", "researcher", f"/review/{ids['reviewed']}"),
        Shot("results", "researcher", f"/projects/{ids['evaluation']}/results"),
        Shot("prompts", "researcher", "/prompts"),
        Shot("prompt", "researcher", f"/prompts/{ids['prompt']}"),
        Shot("import", "researcher", "/prompts/import"),
        Shot("import-report", "researcher", f"/prompts/imports/{ids['import']}"),
        Shot("personal-data", "researcher", "/prompts/personal-data"),
        Shot("projects", "researcher", "/projects"),
        Shot("project", "researcher", f"/projects/{ids['ranked']}"),
        Shot("project-statistics", "researcher", f"/projects/{ids['ranked']}?tab=statistics"),
        Shot("project-settings", "researcher", f"/projects/{ids['ranking']}?tab=settings"),
        Shot("submission", "researcher", f"/submissions/{ids['submission']}"),
        Shot("calibration", "researcher", f"/projects/{ids['ranking']}?tab=tasks", choose_two),
        Shot("evaluation-new", "researcher", "/projects/new?kind=evaluation"),
        Shot("datasets", "researcher", "/datasets"),
        Shot("dataset", "researcher", f"/datasets/{ids['dataset']}"),
        Shot("dataset-freeze", "researcher", f"/datasets/{ids['dataset']}/freeze", choose_cohort),
        Shot("dataset-version", "researcher", f"/datasets/versions/{ids['version']}"),
        Shot("dataset-changes", "researcher", f"/datasets/versions/{ids['next_version']}/compare"),
        Shot("erasures", "admin", "/datasets/erasures"),
        Shot("people", "admin", "/people"),
        Shot("person", "admin", f"/people/{ids['person']}"),
        Shot("runs", "admin", "/runs"),
        Shot("checkpoints", "admin", "/checkpoints"),
        Shot("profile", "admin", "/profile"),
        Shot("home-admin", "admin", "/"),
        Shot("run-new", "admin", "/runs/new"),
        Shot("run", "admin", f"/runs/{ids['run']}"),
        Shot("checkpoint", "admin", f"/checkpoints/{ids['checkpoint']}"),
        Shot("system", "admin", "/system"),
    ]

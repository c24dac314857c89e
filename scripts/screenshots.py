"""Take the screenshots of docs/screenshots anew: each page, 1440 and 390 px wide, light and dark.

make screenshots                                   # on a fresh instance with the demo workspace
.venv/bin/python scripts/screenshots.py --url http://localhost:8000 --only labeling,run

They are WebP, a third of the size of PNG, so that the repository stays small; Chromium itself makes them.
"""

import argparse
import base64
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, expect

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.browser import browser, storage_of  # noqa: E402
from benchmarks.loop import instance  # noqa: E402
from scripts.pictured import furnish, lose_the_lease  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
WIDTHS = {1440: 900, 390: 844}
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# A busy machine may take its time; a page that never settles is a mistake.
TIMEOUT_MS = 60_000
QUALITY = 0.82
# What is still being read, and what moves to its place.
SETTLING = "[data-loading], .mantine-Skeleton-root, .mantine-Loader-root"
REST_MS = 400

TO_WEBP = """
async ([png, quality]) => {
  const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp", quality })).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
"""


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, who looks at it, and what is done before the picture."""

    name: str
    person: str
    path: str
    prepare: Callable[[Page], None] = lambda _page: None
    language: str = "en-GB"


def settle(page: Page) -> None:
    """Wait until the page shows what it was asked for, in its own fonts."""
    expect(page.locator("h1, main [data-response]").first).to_be_visible()
    expect(page.locator(SETTLING)).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => undefined)")
    page.wait_for_timeout(REST_MS)


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
        Shot("history", "labeler", "/history"),
        Shot("questions", "labeler", "/questions"),
        Shot("thread", "labeler", f"/questions?task={ids['reviewed']}"),
        Shot("home-researcher", "researcher", "/"),
        Shot("review", "researcher", "/review"),
        Shot("review-task", "researcher", f"/review/{ids['reviewed']}"),
        Shot("results", "researcher", f"/projects/{ids['evaluation']}/results"),
        Shot("prompts", "researcher", "/prompts"),
        Shot("project", "researcher", f"/projects/{ids['ranked']}"),
        Shot("calibration", "researcher", f"/projects/{ids['ranking']}?tab=tasks", choose_two),
        Shot("evaluation-new", "researcher", "/projects/new?kind=evaluation"),
        Shot("dataset-version", "researcher", f"/datasets/versions/{ids['version']}"),
        Shot("home-admin", "admin", "/"),
        Shot("run-new", "admin", "/runs/new"),
        Shot("run", "admin", f"/runs/{ids['run']}"),
        Shot("checkpoint", "admin", f"/checkpoints/{ids['checkpoint']}"),
        Shot("system", "admin", "/system"),
    ]


def take(chromium: Browser, url: str, chosen: list[Shot]) -> None:
    """Take each picture in each width and scheme."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=TIMEOUT_MS)
    people = {shot.person for shot in chosen if shot.person}
    sessions = {person: storage_of(chromium, url, person) for person in sorted(people)} | {"": None}
    encoder = chromium.new_page()
    for shot in chosen:
        for width in WIDTHS:
            for scheme in SCHEMES:
                png = photograph(chromium, url, shot, width=width, scheme=scheme, session=sessions[shot.person])
                webp: str = encoder.evaluate(TO_WEBP, [base64.b64encode(png).decode(), QUALITY])
                (FOLDER / f"{shot.name}-{width}-{scheme}.webp").write_bytes(base64.b64decode(webp))
        print(shot.name, flush=True)


def photograph(chromium: Browser, url: str, shot: Shot, *, width: int, scheme: Scheme, session: Any) -> bytes:
    """Return the picture of a page that was opened so: one that changes its scheme may leave an icon in the other's."""
    with chromium.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme=scheme,
        storage_state=session,
        locale=shot.language,
        reduced_motion="reduce",
    ) as context:
        context.set_default_timeout(TIMEOUT_MS)
        page = context.new_page()
        page.goto(f"{url}{shot.path}")
        settle(page)
        shot.prepare(page)
        page.wait_for_timeout(REST_MS)
        return page.screenshot()


def main() -> None:
    """Take all pictures, or those that --only names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an instance that runs already, with the demo workspace")
    parser.add_argument("--only", default="", help="names of pictures, separated by commas")
    options = parser.parse_args()
    with nullcontext(options.url) if options.url else instance() as url, browser() as chromium:
        names = set(filter(None, options.only.split(",")))
        every = shots(url, furnish(url))
        if unknown := names - {shot.name for shot in every}:
            sys.exit(f"--only names no picture: {', '.join(sorted(unknown))}")
        take(chromium, url, [shot for shot in every if not names or shot.name in names])


if __name__ == "__main__":
    main()

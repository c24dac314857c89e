"""Take the screenshots of docs/screenshots anew: each page, 1440 and 390 px wide, light and dark.

make screenshots                                   # on a fresh instance with the demo workspace
.venv/bin/python scripts/screenshots.py --url http://localhost:8000 --only labeling,run
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.browser import browser, storage_of  # noqa: E402
from benchmarks.loop import Api, instance, log_in_admin, tiny_base, wait_for  # noqa: E402
from formats.presets import preset  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
WIDTHS = {1440: 900, 390: 844}
SCHEMES = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, who looks at it, and what is done before the picture."""

    name: str
    person: str
    path: str
    prepare: Callable[[Page], None] = lambda _page: None
    language: str = "en-GB"


def rate_and_rank(page: Page) -> None:
    """Rate the four responses, then rank two of them and leave the others in the tray."""
    page.locator("main [data-response]").first.wait_for()
    if page.locator("[data-band]").count():
        page.evaluate("window.scrollTo(0, 0)")
        return  # it was saved so by the picture before
    page.get_by_role("radiogroup").first.wait_for()
    for quality in "6352":
        page.keyboard.press(quality)
        page.keyboard.press("j")
    page.keyboard.press("g")
    page.locator("[data-band]").first.wait_for(state="attached")
    for key in "12":  # a digit ranks the focused response, and the focus moves on
        page.keyboard.press(key)
    page.evaluate("window.scrollTo(0, 0)")


def write_few_shot(page: Page) -> None:
    """Fill in a prompt with two pairs."""
    page.get_by_role("textbox", name="Instruction").fill("Say whether the review is positive or negative.")
    pairs = (("It fits like a glove.", "positive"), ("It broke on the first day.", "negative"))
    for number, (query, response) in enumerate(pairs):
        page.get_by_role("textbox", name="Query").nth(number).fill(query)
        page.get_by_role("textbox", name="Response").nth(number).fill(response)
    page.get_by_role("button", name="Add the prompt").wait_for()


def rank_and(*keys: str) -> Callable[[Page], None]:
    """Go to the ranking and press some keys there."""

    def prepare(page: Page) -> None:
        rate_and_rank(page)
        for key in keys:
            page.keyboard.press(key)
            time.sleep(0.3)

    return prepare


def lose_the_network(page: Page) -> None:
    """Go on ranking where the server cannot be reached."""
    rate_and_rank(page)
    page.context.set_offline(True)
    page.keyboard.press("u")
    time.sleep(4)


def shots(labeling: int, writing: int, run: int, version: int, checkpoint: int, project: int) -> list[Shot]:
    """Every page worth a picture."""
    return [
        Shot("login", "", "/login"),
        Shot("home-labeler", "labeler", "/"),
        Shot("labeling", "labeler", f"/label/{labeling}", rate_and_rank),
        Shot("rating", "labeler2", f"/label/{labeling}"),
        Shot("differences", "labeler", f"/label/{labeling}", rank_and("d")),
        Shot("instructions", "labeler", f"/label/{labeling}", rank_and("i")),
        Shot("task-questions", "labeler", f"/label/{labeling}", rank_and("q")),
        Shot("flag", "labeler", f"/label/{labeling}", rank_and("f")),
        Shot("skip", "labeler", f"/label/{labeling}", rank_and("s")),
        Shot("keys", "labeler", f"/label/{labeling}", rank_and("?")),
        Shot("offline", "labeler", f"/label/{labeling}", lose_the_network),
        Shot("german", "labeler", f"/label/{labeling}", rank_and(), language="de"),
        Shot("demonstration", "labeler", f"/label/{writing}"),
        Shot("write", "labeler", "/write"),
        Shot("write-few-shot", "labeler", "/write/new?kind=few_shot", write_few_shot),
        Shot("history", "labeler", "/history"),
        Shot("questions", "labeler", "/questions"),
        Shot("review", "researcher", "/review"),
        Shot("home-researcher", "researcher", "/"),
        Shot("prompts", "researcher", "/prompts"),
        Shot("project", "researcher", f"/projects/{project}"),
        Shot("dataset-version", "researcher", f"/datasets/versions/{version}"),
        Shot("home-admin", "admin", "/"),
        Shot("run-new", "admin", "/runs/new"),
        Shot("run", "admin", f"/runs/{run}"),
        Shot("checkpoint", "admin", f"/checkpoints/{checkpoint}"),
        Shot("system", "admin", "/system"),
    ]


def make_history(url: str) -> dict[str, int]:
    """Freeze demonstrations and train on them a little, so that the pages have something to show."""
    admin = log_in_admin(url)
    projects = {row["name"]: row["id"] for row in admin.rows("projects")}
    dataset = next((row for row in admin.rows("datasets") if row["name"] == "Demo demonstrations"), None)
    if dataset is None:
        dataset = admin("POST", "datasets", {"name": "Demo demonstrations", "kind": "demonstrations"})
        admin("POST", f"datasets/{dataset['id']}/versions", {"query": {}})
    version = admin.rows(f"dataset-versions?dataset={dataset['id']}")[0]
    wait_for(admin, f"dataset-versions/{version['id']}", done="ready", what="the dataset")
    run = next((row for row in admin.rows("runs?kind=sft") if row["state"] == "succeeded"), None)
    run = run or train(admin, version["id"])
    return {
        "labeling": projects["Rank the demo responses"],
        "writing": projects["Write demonstrations"],
        "project": next(number for name, number in projects.items() if name.startswith("Already ranked")),
        "version": version["id"],
        "run": run["id"],
        "checkpoint": run["checkpoint"]["id"],
    }


def train(admin: Api, version_id: int) -> dict[str, Any]:
    """Fine-tune the tiny model."""
    inputs = {"model": {"checkpoint_id": tiny_base(admin)}, "demonstrations": {"dataset_version_id": version_id}}
    body = {"kind": "sft", "name": "SFT on the demo", "config": preset("sft", "tiny").to_json(), "inputs": inputs}
    run = admin("POST", "runs", body)
    return wait_for(admin, f"runs/{run['id']}", done="succeeded", what="the run")


def take(chromium: Browser, url: str, chosen: list[Shot]) -> None:
    """Take each picture in each width and scheme."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    people = {shot.person for shot in chosen if shot.person}
    sessions = {person: storage_of(chromium, url, person) for person in sorted(people)} | {"": None}
    for shot in chosen:
        for width, height in WIDTHS.items():
            for scheme in SCHEMES:
                context = chromium.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                    storage_state=sessions[shot.person],
                    locale=shot.language,
                    reduced_motion="reduce",
                )
                page = context.new_page()
                page.goto(f"{url}{shot.path}")
                page.wait_for_load_state("load")
                time.sleep(1.5)
                shot.prepare(page)
                time.sleep(0.5)
                page.screenshot(path=FOLDER / f"{shot.name}-{width}-{scheme}.png")
                context.close()
        print(shot.name, flush=True)


def main() -> None:
    """Take all pictures, or those that --only names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an instance that runs already, with the demo workspace")
    parser.add_argument("--only", default="", help="names of pictures, separated by commas")
    options = parser.parse_args()
    with nullcontext(options.url) if options.url else instance() as url, browser() as chromium:
        names = set(filter(None, options.only.split(",")))
        every = shots(**make_history(url))
        take(chromium, url, [shot for shot in every if not names or shot.name in names])


if __name__ == "__main__":
    main()

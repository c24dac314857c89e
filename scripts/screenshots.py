"""Take the screenshots of docs/screenshots anew: each page, 1440 and 390 px wide, light and dark.

make screenshots                                   # on a fresh instance with the demo workspace
.venv/bin/python scripts/screenshots.py --url http://localhost:8000 --only labeling,run

They are WebP, a third of the size of PNG, so that the repository stays small; Chromium itself makes them.
"""

import argparse
import base64
import sys
import time
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Error, Page, expect

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.browser import browser, storage_of  # noqa: E402
from benchmarks.loop import instance  # noqa: E402
from scripts.pictured import furnish  # noqa: E402
from scripts.pictured_pages import REST_MS, WIDTHS, Shot, shots  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
TABLET = 768
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# A busy machine may take its time; a page that never settles is a mistake.
TIMEOUT_MS = 30_000
ATTEMPTS = 2
QUALITY = 0.8
# What is still being read, and what moves to its place.
SETTLING = "[data-loading], .mantine-Skeleton-root, .mantine-Loader-root"

TO_WEBP = """
async ([png, quality]) => {
  const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${png}`)).blob());
  const canvas = new OffscreenCanvas(picture.width, picture.height);
  canvas.getContext("2d").drawImage(picture, 0, 0);
  const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: "image/webp", quality })).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
"""


def settle(page: Page) -> None:
    """Wait until the page shows what it was asked for, in its own fonts."""
    expect(page.locator("h1, main [data-response]").first).to_be_visible()
    expect(page.locator(SETTLING)).to_have_count(0)
    page.evaluate("document.fonts.ready.then(() => undefined)")


def take(chromium: Browser, url: str, chosen: list[Shot]) -> list[str]:
    """Take each picture in each width and scheme; return the names of those that could not be taken."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=TIMEOUT_MS)
    people = {shot.person for shot in chosen if shot.person}
    sessions = {person: storage_of(chromium, url, person) for person in sorted(people)} | {"": None}
    encoder = chromium.new_page()
    failed = []
    for shot in chosen:
        started = time.monotonic()
        for width, scheme in product(WIDTHS, SCHEMES):
            name = f"{shot.name}-{width}-{scheme}"
            png = photograph(chromium, url, shot, width=width, scheme=scheme, session=sessions[shot.person])
            if png is None:
                failed.append(name)
                continue
            webp: str = encoder.evaluate(TO_WEBP, [base64.b64encode(png).decode(), QUALITY])
            (FOLDER / f"{name}.webp").write_bytes(base64.b64decode(webp))
        print(f"{shot.name:<20} {time.monotonic() - started:5.1f} s", flush=True)
    return failed


def photograph(chromium: Browser, url: str, shot: Shot, *, width: int, scheme: Scheme, session: Any) -> bytes | None:
    """Return the picture of a page that was opened so: one that changes its scheme may leave an icon in the other's.

    A page that does not come is asked for once more, so that one of hundreds does not cost all; then None.
    """
    for _ in range(ATTEMPTS):
        with chromium.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme=scheme,
            storage_state=session,
            locale=shot.language,
            reduced_motion="reduce",
            # Keys are shown to those who have some.
            has_touch=width < TABLET,
            is_mobile=width < TABLET,
        ) as context:
            context.set_default_timeout(TIMEOUT_MS)
            page = context.new_page()
            try:
                page.goto(f"{url}{shot.path}")
                settle(page)
                shot.prepare(page)
                page.wait_for_timeout(REST_MS)
                return page.screenshot()
            except (Error, AssertionError) as error:
                print(f"{shot.name} at {width} px, {scheme}: {str(error).splitlines()[0]}", file=sys.stderr, flush=True)
    return None


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
        failed = take(chromium, url, [shot for shot in every if not names or shot.name in names])
    if failed:
        sys.exit(f"not taken: {', '.join(failed)}")


if __name__ == "__main__":
    main()

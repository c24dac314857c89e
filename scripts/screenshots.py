"""Take the screenshots of docs/screenshots anew: each page, 1440 and 390 px wide, light and dark.

make screenshots                                   # on a fresh instance with the demo workspace
.venv/bin/python scripts/screenshots.py --url http://localhost:8000 --only labeling,run

They are WebP, a third of the size of PNG, so that the repository stays small; Chromium itself makes them.
"""

import argparse
import base64
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from itertools import chain, product
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Error, Page, expect

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.browser import browser, storage_of  # noqa: E402
from benchmarks.loop import instance  # noqa: E402
from scripts.pictured import furnish  # noqa: E402
from scripts.pictured_acts import REST_MS, WIDTHS  # noqa: E402
from scripts.pictured_pages import Shot, shots  # noqa: E402
from scripts.pictured_training import receiver  # noqa: E402

FOLDER = ROOT / "docs" / "screenshots"
TABLET = 768
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
# A busy machine may take its time; a page that never settles is a mistake.
TIMEOUT_MS = 60_000
ATTEMPTS = 2
QUALITY = 0.8
# Of a line of the page that shows them, in per cent: two wide ones and two of a phone stand in it.
SHARE = {1440: 36, 390: 11}
INTRODUCTION = """\
Each screen at 1440 and at 390 px, light and dark, with the demo workspace. `make screenshots` takes all of them again
and writes this page; `scripts/pictured_pages.py` names them."""
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


def take(url: str, chosen: list[Shot]) -> list[str]:
    """Take each picture in each width and scheme; return what could not be taken, and why, one line each."""
    failed = []
    with browser() as chromium:
        people = {shot.person for shot in chosen if shot.person}
        sessions = {person: storage_of(chromium, url, person) for person in sorted(people)} | {"": None}
        encoder = chromium.new_page()
        for shot, width in sizes(chosen):
            started = time.monotonic()
            try:
                pictures = photograph(chromium, url, shot, width=width, session=sessions[shot.person])
            except (Error, AssertionError) as error:
                failed.append(f"{shot.name} at {width} px: {str(error).splitlines()[0]}")
                print(failed[-1], file=sys.stderr, flush=True)
                continue
            for scheme, png in pictures.items():
                webp: str = encoder.evaluate(TO_WEBP, [base64.b64encode(png).decode(), QUALITY])
                (FOLDER / picture_name(shot, width, scheme)).write_bytes(base64.b64decode(webp))
            print(f"{shot.name:<20} {width:>4} px {time.monotonic() - started:5.1f} s", flush=True)
    return failed


def sizes(pictured: list[Shot]) -> list[tuple[Shot, int]]:
    """Each picture with each width that it is of use in."""
    return [(shot, width) for shot, width in product(pictured, WIDTHS) if width >= TABLET or shot.is_for_phones]


def picture_name(shot: Shot, width: int, scheme: Scheme) -> str:
    """Return the name of a picture's file."""
    return f"{shot.name}-{width}-{scheme}.webp"


def photograph(chromium: Browser, url: str, shot: Shot, *, width: int, session: Any) -> dict[Scheme, bytes]:
    """Return the pictures of a page in both schemes; one that does not come is asked for once more.

    Raises:
        Error, AssertionError: it did not come again.
    """
    for attempt in range(ATTEMPTS):
        with chromium.new_context(
            viewport={"width": width, "height": WIDTHS[width]},
            color_scheme=SCHEMES[0],
            storage_state=session,
            locale=shot.language,
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
                return {scheme: in_scheme(page, scheme) for scheme in SCHEMES}
            except (Error, AssertionError):
                if attempt == ATTEMPTS - 1:
                    raise
    raise AssertionError("unreachable")


def in_scheme(page: Page, scheme: Scheme) -> bytes:
    """Return the picture of a page as it stands, in a colour scheme."""
    page.emulate_media(color_scheme=scheme)
    page.wait_for_timeout(REST_MS)
    return page.screenshot(animations="disabled")


def write_index(parts: dict[str, list[Shot]]) -> None:
    """Write the page that shows all pictures."""
    lines = ["# Every screen", "", INTRODUCTION]
    for part, pictured in parts.items():
        lines += ["", f"## {part}"]
        for shot in pictured:
            pictures = (
                f'<img src="{picture_name(shot, width, scheme)}" width="{SHARE[width]}%" alt="{width} px, {scheme}">'
                for (_, width), scheme in product(sizes([shot]), SCHEMES)
            )
            lines += ["", f"**{shot.name}** · {shot.caption}", "", *pictures]
    (FOLDER / "README.md").write_text("\n".join(lines) + "\n")


def remove_old(every: list[Shot]) -> None:
    """Remove the pictures of pages that are no longer pictured."""
    current = {picture_name(shot, width, scheme) for (shot, width), scheme in product(sizes(every), SCHEMES)}
    for picture in FOLDER.glob("*.webp"):
        if picture.name not in current:
            picture.unlink()


def main() -> None:
    """Take all pictures, or those that --only names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an instance that runs already, with the demo workspace")
    parser.add_argument("--only", default="", help="names of pictures, separated by commas")
    options = parser.parse_args()
    # The pictured receiver of webhooks is a program on this machine.
    served = nullcontext(options.url) if options.url else instance(WEBHOOK_PRIVATE_ADDRESSES="true")
    with served as url, receiver() as address:
        names = set(filter(None, options.only.split(",")))
        parts = shots(url, furnish(url, receiver=address))
        every = list(chain.from_iterable(parts.values()))
        if unknown := names - {shot.name for shot in every}:
            sys.exit(f"--only names no picture: {', '.join(sorted(unknown))}")
        write_index(parts)
        chosen = [shot for shot in every if not names or shot.name in names]
        # Two browsers at once: what a labeler does changes what they see next, so that all of it is one browser's.
        halves = [[shot for shot in chosen if shot.person.startswith("labeler") is mine] for mine in (True, False)]
        expect.set_options(timeout=TIMEOUT_MS)
        with ThreadPoolExecutor(len(halves)) as pool:
            failed = list(chain.from_iterable(pool.map(partial(take, url), halves)))
    if failed:
        sys.exit("\n".join(["not taken:", *failed]))
    if not names:
        remove_old(every)


if __name__ == "__main__":
    main()

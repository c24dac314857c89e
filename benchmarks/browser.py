"""Chromium and a person who is logged in, for what is measured and photographed in a real browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.loop import ADMIN

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
FLAGS += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]


@contextmanager
def browser() -> Iterator[Browser]:
    """Start Chromium: the system's, or Playwright's own."""
    executable = os.environ.get("CHROMIUM") or next(
        (path for path in ("/usr/bin/chromium", "/usr/bin/google-chrome") if Path(path).exists()), None
    )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


def storage_of(chromium: Browser, url: str, person: str) -> Any:
    """Log in as a person of the demo workspace, through the page, and return the session."""
    page = chromium.new_page()
    page.goto(f"{url}/login")
    page.get_by_label("E-mail").fill(f"{person}@demo.local")
    page.get_by_label("Password", exact=False).first.fill(ADMIN["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/")
    state = page.context.storage_state()
    page.context.close()
    return state

"""Browser tests: real Chromium, the built front end, the real server and database."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import ConsoleMessage, Error, Page

TIMEOUT_MS = 15_000


@pytest.fixture(autouse=True)
def _front_end_is_built() -> None:
    if not (settings.FRONTEND_DIR / "index.html").exists():
        pytest.fail("the front end is not built: run `npm ci && npm run build` in frontend/")


@pytest.fixture(autouse=True)
def _page_is_sound(page: Page) -> Iterator[None]:
    """Fail a test whose page threw, or broke the content security policy."""
    page.set_default_timeout(TIMEOUT_MS)
    broken: list[str] = []

    def note_error(error: Error) -> None:
        broken.append(f"uncaught: {error}")

    def note_message(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            broken.append(message.text)

    page.on("pageerror", note_error)
    page.on("console", note_message)
    yield
    assert not broken

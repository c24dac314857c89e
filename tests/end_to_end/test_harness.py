"""The browser tests' own safety net."""

import threading

import pytest
from playwright.sync_api import Error, Page

from tests.end_to_end.conftest import end_pages

pytestmark = pytest.mark.browser


def test_a_page_that_never_answers_is_ended(page: Page) -> None:
    threading.Timer(0.5, end_pages).start()
    with pytest.raises(Error, match="crashed"):
        page.evaluate("() => { while (true); }")

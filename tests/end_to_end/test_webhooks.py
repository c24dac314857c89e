"""An admin adds a webhook, tests it, reads its log, and ends it."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook as Verifier

from labelapp.accounts.models import Role
from labelapp.webhooks.models import Webhook
from tests.end_to_end.browser import log_in
from tests.people import make_user
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.browser
PATIENCE_MS = 60_000


def test_an_admin_adds_tests_pauses_and_deletes_a_webhook(
    live_app: str, page: Page, celery_worker_process: Any
) -> None:
    log_in(page, live_app, make_user(Role.ADMIN))
    page.goto(f"{live_app}/system")
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_role("button", name="Add a webhook").click()
    with receiving() as receiver:
        receiver.statuses, receiver.response = [500, 200], b"Thank you"
        page.get_by_label("Name").fill("CI")
        page.get_by_label("Address").fill("ftp://example.org")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text("Enter an address that begins with https:// or http://.")).to_be_visible()
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Add", exact=True).click()
        secret = page.get_by_text(re.compile(r"^whsec_")).text_content()
        page.get_by_role("link", name="CI").click()
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_role("cell", name=re.compile(r"500 · \d+ ms"))).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Send now").click()
        expect(page.get_by_role("cell", name="Delivered")).to_be_visible(timeout=PATIENCE_MS)
        page.get_by_role("button", name="Details").click()
        expect(page.get_by_role("dialog")).to_contain_text("Thank you")
        expect(page.get_by_role("dialog")).to_contain_text('"type": "webhook.test"')
        page.keyboard.press("Escape")
        assert secret
        Verifier(secret).verify(receiver.messages[-1].body, receiver.messages[-1].headers)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Send a test")).to_be_disabled()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Nobody is told")).to_be_visible()
    assert not Webhook.objects.exists()

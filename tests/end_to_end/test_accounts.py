"""Coming in, in a real browser: login, logout, invitation, password, tokens."""

import pytest
from django.core.cache import cache
from playwright.sync_api import Page, expect

from labelapp.accounts.models import ApiToken, Role, User
from tests.end_to_end.browser import log_in, serious_violations, sideways_scroll
from tests.people import PASSWORD, client_of, make_user

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _no_login_limit_from_before(transactional_db: None) -> None:
    cache.clear()


def test_logs_in_to_the_page_asked_for_and_out(page: Page, live_app: str) -> None:
    user = make_user(password=PASSWORD, name="Ada")
    page.goto(f"{live_app}/profile")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert not serious_violations(page)
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password", exact=False).first.fill("wrong-password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    page.get_by_role("button", name="Account of Ada").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto(f"{live_app}/label")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_never_sends_anybody_elsewhere_after_the_login(page: Page, live_app: str) -> None:
    log_in(page, live_app, make_user())
    page.goto(f"{live_app}/login?next=//example.org/")
    expect(page.get_by_role("button", name="Account of")).to_be_visible()
    assert page.url.startswith(live_app)


def test_accepts_an_invitation(page: Page, live_app: str) -> None:
    admin = client_of(make_user(Role.ADMIN))
    body = {"email": "new@example.org", "role": "labeler"}
    invited = admin.post("/api/v1/invitations", body, format="json").json()
    token = invited["link"].rsplit("/", 1)[-1]
    page.goto(f"{live_app}/invitation/{token}")
    expect(page.get_by_text("new@example.org is invited")).to_be_visible()
    assert not serious_violations(page)
    page.get_by_label("Name").fill("Grace")
    page.get_by_label("Password", exact=False).first.fill("short")
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_text("too short")).to_be_visible()
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="Make my account").click()
    expect(page.get_by_role("button", name="Account of Grace")).to_be_visible()
    assert User.objects.get(email="new@example.org").role == Role.LABELER
    page.context.clear_cookies()
    page.goto(f"{live_app}/invitation/{token}")
    expect(page.get_by_role("heading", name="This invitation cannot be used")).to_be_visible()


def test_changes_name_and_password_and_makes_a_token(page: Page, live_app: str) -> None:
    user = make_user(password=PASSWORD)
    log_in(page, live_app, user)
    page.goto(f"{live_app}/profile")
    page.get_by_role("textbox", name="Name").fill("Lovelace")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("button", name="Account of Lovelace")).to_be_visible()
    page.get_by_label("Current password").fill("not-it-at-all")
    page.get_by_label("New password").fill("another-good-one-2022")
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Please type your current password.")).to_be_visible()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    page.get_by_label("New token for").fill("Export script")
    page.get_by_role("button", name="Make a token").click()
    expect(page.get_by_text("“Export script” is ready")).to_be_visible()
    assert not serious_violations(page)
    page.get_by_role("button", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("You have no tokens.")).to_be_visible()
    user.refresh_from_db()
    assert user.check_password("another-good-one-2022")
    assert ApiToken.objects.get(user=user).revoked_at is not None


@pytest.mark.parametrize("path", ["login", "password-reset", "password-reset/no-such-key", "invitation/no-such-token"])
def test_the_pages_before_the_login_are_accessible_and_fit(page: Page, live_app: str, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{live_app}/{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_load_state("networkidle")
    assert not serious_violations(page)
    assert sideways_scroll(page) == 0

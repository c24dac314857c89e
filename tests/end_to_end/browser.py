"""What every browser test needs: a login, and the checks that hold for every page."""

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, transaction
from playwright.sync_api import Page, ViewportSize

from labelapp.accounts.models import User

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
FINISH_TRANSITIONS = """document.getAnimations()
    .filter((animation) => animation.effect.getComputedTiming().endTime !== Infinity)
    .forEach((animation) => animation.finish())"""
WAIT_MS = 60_000
PHONE: ViewportSize = {"width": 390, "height": 844}
DESKTOP: ViewportSize = {"width": 1440, "height": 900}


def log_in(page: Page, url: str, user: User) -> None:
    """Give the browser a real session of `user`, without the login form (which has a test of its own)."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]  # a TypedDict by another name


def serious_violations(page: Page) -> list[str]:
    """Run axe on the page once it stands still; return its serious and critical findings, one line each."""
    page.evaluate(AXE.read_text())
    # A colour half-way through its transition has a contrast that nobody reads.
    page.evaluate(FINISH_TRANSITIONS)
    found: dict[str, Any] = page.evaluate("axe.run(document, {resultTypes: ['violations'], preload: false})")
    return [
        f"{urlsplit(page.url).path}: {violation['id']}: {violation['help']}: {node['html'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
        for node in violation["nodes"]
    ]


def sideways_scroll(page: Page) -> int:
    """Return by how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def wait_until(page: Page, expression: str) -> Any:
    """Wait until a JavaScript expression is true and return it; `wait_for_function` needs eval, which pages forbid."""
    return page.evaluate(
        "new Promise((resolve, reject) => {"
        f"const look = () => {{ const found = {expression}; found ? resolve(found) : setTimeout(look, 50) }};"
        f"setTimeout(() => reject(new Error('never true')), {WAIT_MS}); look(); }})"
    )


def stop_the_clock(page: Page) -> None:
    """Let no time pass in the page, though its timers run: what is offered for seconds is, however busy the machine."""
    page.clock.set_fixed_time(datetime.now(UTC))


def keep_undoable() -> None:
    """Let the server take back what has been sent for an hour to come: a busy machine is no slow labeler."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # submissions are append-only, by a trigger
        for table in ("labeling_submission", "labeling_skip"):
            cursor.execute(f"UPDATE {table} SET created_at = created_at + interval '1 hour'")

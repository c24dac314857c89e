"""Browser tests: real Chromium, the built front end, the real server and database."""

import threading
import time
from collections.abc import Generator, Iterator

import psutil
import pytest
from django.conf import settings
from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response, expect

from tests.labeling.workspace import Labeler, Workspace

TIMEOUT_MS = 30_000
# What takes longer has hung. The longest test takes a tenth of it on a quiet machine.
LONGEST_SECONDS = 300.0
CALLED: pytest.StashKey[pytest.TestReport] = pytest.StashKey()

# A busy machine must not fail a test, and five seconds, the default, is what one page may take on it.
expect.set_options(timeout=TIMEOUT_MS)


class Traffic:
    """What the page asked the server for, to tell after a failure what it was waiting for."""

    def __init__(self, page: Page) -> None:
        self._open: dict[Request, float] = {}
        self._bad: list[str] = []
        page.on("request", self._started)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)

    def _started(self, request: Request) -> None:
        self._open[request] = time.monotonic()

    def _ended(self, request: Request) -> None:
        self._open.pop(request, None)

    def _failed(self, request: Request) -> None:
        self._ended(request)
        self._bad.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self._bad.append(f"{response.request.method} {response.url}: {response.status}")

    def lines(self) -> list[str]:
        """Return one line for each request that went wrong or that nobody has answered yet."""
        now = time.monotonic()
        waiting = [
            f"{request.method} {request.url}: no answer for {now - since:.1f} s"
            for request, since in self._open.items()
        ]
        return [*self._bad[-10:], *waiting]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the fixtures of a test know how it went."""
    report = yield
    if report.when == "call":
        item.stash[CALLED] = report
    return report


@pytest.fixture(autouse=True)
def _front_end_is_built() -> None:
    if not (settings.FRONTEND_DIR / "index.html").exists():
        pytest.fail("the front end is not built: run `npm ci && npm run build` in frontend/")


def end_pages() -> None:
    """Kill the processes behind this test run's pages: who waits for an answer of theirs gets an error."""
    for process in psutil.Process().children(recursive=True):
        try:
            if "--type=renderer" in process.cmdline():
                process.kill()
        except psutil.Error:
            continue  # it has ended by itself


@pytest.fixture(autouse=True)
def _nothing_hangs() -> Iterator[None]:
    """End a test that waits for its page for ever: Playwright gives `evaluate` no time limit."""
    timer = threading.Timer(LONGEST_SECONDS, end_pages)
    timer.start()
    yield
    timer.cancel()


@pytest.fixture(autouse=True)
def _page_is_sound(page: Page, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test whose page threw, or broke the content security policy; tell what a failed one was waiting for."""
    page.set_default_timeout(TIMEOUT_MS)
    broken: list[str] = []
    traffic = Traffic(page)

    def note_error(error: Error) -> None:
        broken.append(f"uncaught: {error}")

    def note_message(message: ConsoleMessage) -> None:
        # What a test itself evaluates, as axe, has no address.
        if "Content Security Policy" in message.text and message.location["url"]:
            broken.append(f"{message.text} at {message.location}")

    page.on("pageerror", note_error)
    page.on("console", note_message)
    yield
    report = request.node.stash.get(CALLED, None)
    if report and report.failed:
        print("the page:", page.url, *traffic.lines(), sep="\n  ")
    assert not broken


@pytest.fixture
def workspace(transactional_db: None) -> Workspace:
    return Workspace()


@pytest.fixture
def labeler(workspace: Workspace) -> Labeler:
    return workspace.labeler()

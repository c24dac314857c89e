"""Requests to the API: with the token, again after what passes by itself, and with its errors as exceptions."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn
from urllib.parse import urlsplit

import httpx

from labelapp_client.errors import LabelappError, NotConfigured, Refused, Unreachable

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
# What passes by itself: a server that restarts behind its proxy, or that has too much to do.
BUSY = frozenset({429, 502, 503, 504})
# Nobody has seen the request, so that no request can be done twice.
NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
PASSING = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError, httpx.ProxyError)
PAGE_SIZE = 200

Told = Callable[[str], None]


def say_nothing(_sentence: str) -> None:
    """Tell nobody."""


class Connection:
    """The API of one server as one person sees it.

    A request that fails in passing is sent `attempts` times at most, with growing pauses: a read always, and a write
    only where it cannot be done twice. `tell` gets a sentence before each pause.
    """

    def __init__(
        self, url: str, token: str, *, timeout_seconds: float, attempts: int, tell: Told = say_nothing
    ) -> None:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise NotConfigured(f"{url!r} is no address: it begins with http:// or https://, as http://localhost:8000.")
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            raise NotConfigured("The API token is one word that begins with lat_; make one on your profile page.")
        self.url = url.rstrip("/")
        self.attempts = attempts
        self.tell = tell
        self.http = httpx.Client(
            base_url=f"{self.url}/api/v1/",
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
            timeout=timeout_seconds,
        )

    def get(self, path: str, **query: Any) -> Any:
        """Read the JSON below /api/v1/; query arguments that are None are left out."""
        parameters = {name: value for name, value in query.items() if value is not None}
        return json_of(self.send("GET", path, params=parameters))

    def post(self, path: str, body: Any = None, *, is_repeatable: bool = False) -> Any:
        """Send JSON and return the answer's. `is_repeatable`: done twice, it is as if it were done once."""
        return json_of(self.send("POST", path, is_repeatable=is_repeatable, json=body))

    def rows(self, path: str, **query: Any) -> Iterator[Any]:
        """Every row of a list, page by page. Raises LabelappError after the last that is shown where there are more."""
        for page in range(1, 10**9):
            answer = self.get(path, page=page, page_size=PAGE_SIZE, **query)
            yield from answer["results"]
            if not answer.get("next"):
                if answer.get("count_is_capped"):
                    raise LabelappError(f"{path}: only {answer['count']:,} are listed; narrow it down for the others.")
                return

    def send(self, method: str, path: str, *, is_repeatable: bool = False, **options: Any) -> httpx.Response:
        """Send a request until it is answered. Raises Refused for a 4xx or 5xx, Unreachable without any answer."""
        for attempt in range(1, self.attempts + 1):
            try:
                # A write that is redirected would arrive as a read.
                answer = self.http.request(method, path, follow_redirects=method == "GET", **options)
            except PASSING as error:
                is_sure = method == "GET" or is_repeatable or isinstance(error, NOTHING_SENT)
                self.pause_or_raise(error, attempt=attempt if is_sure else self.attempts)
            else:
                # 429 comes before the work: it is safe to ask again, whatever was asked for.
                is_sure = method == "GET" or is_repeatable or answer.status_code == 429
                if answer.status_code not in BUSY or not is_sure or attempt == self.attempts:
                    return checked(answer)
                self.pause(attempt, f"it is busy ({answer.status_code})", at_least=retry_after(answer))
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def stream(self, path: str, **options: Any) -> Iterator[httpx.Response]:
        """Open an answer that is read piece by piece, once. Raises Refused; httpx's errors while it is read."""
        with self.http.stream("GET", path, follow_redirects=True, **options) as answer:
            if answer.is_error:
                answer.read()
            yield checked(answer)

    def pause_or_raise(self, error: httpx.TransportError, *, attempt: int) -> None:
        """Pause after a failed attempt, counted from 1. Raises Unreachable after the last."""
        reason = str(error) or type(error).__name__
        if attempt >= self.attempts:
            raise Unreachable(
                f"No answer from {self.url}: {reason}. Is LABELAPP_URL right, and does it run?"
            ) from error
        self.pause(attempt, reason)

    def pause(self, attempt: int, reason: str, *, at_least: float = 0.0) -> None:
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        # Clients that were cut off together do not come back together.
        seconds = max(at_least, random.uniform(longest / 2, longest))  # noqa: S311 - no secret
        self.tell(f"{self.url}: {reason}; trying again in {seconds:.1f} s ({attempt} of {self.attempts - 1})")
        time.sleep(seconds)


def retry_after(answer: httpx.Response) -> float:
    """The seconds that a busy server asks for; 0 where it asks for none, or names a moment instead."""
    seconds = answer.headers.get("Retry-After", "")
    return min(float(seconds), LONGEST_PAUSE_SECONDS) if seconds.isdecimal() else 0.0


def checked(answer: httpx.Response) -> httpx.Response:
    """Return an answer that is no error; raise Refused for one that is."""
    if answer.is_error or answer.is_redirect:
        _refuse(answer)
    return answer


def _refuse(answer: httpx.Response) -> NoReturn:
    try:
        body = answer.json()
        raise Refused(
            body["message"],
            status=answer.status_code,
            code=body["code"],
            errors=[(error["field"], error["message"]) for error in body["errors"]],
            data=body["data"],
        )
    except (ValueError, LookupError, TypeError):
        # A proxy in between answers in its own words.
        message = f"{answer.url.host} answered {answer.status_code} {answer.reason_phrase}".strip()
        if location := answer.headers.get("Location"):
            message += f": LABELAPP_URL has moved to {location}"
        raise Refused(message, status=answer.status_code, code=f"http_{answer.status_code}") from None


def json_of(answer: httpx.Response) -> Any:
    """The JSON of an answer. Raises LabelappError where it is none: something else listens there."""
    if not answer.content:
        return None
    try:
        return answer.json()
    except ValueError as error:
        raise LabelappError(f"{answer.url} is not labelapp's API: is LABELAPP_URL right?") from error

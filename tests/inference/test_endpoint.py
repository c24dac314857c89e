"""The endpoint client against a real server that misbehaves."""

import asyncio
import email.utils
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from inference.endpoint import (
    Completion,
    EndpointClient,
    EndpointMisconfigured,
    EndpointRejected,
    EndpointSettings,
    EndpointUnavailable,
    request_url,
)
from tests.inference.conftest import user
from tests.inference.fake_endpoint import FakeEndpoint, Reply, Request, reply_with, running_endpoint

KEY = "sk-very-secret"
BUSY = Reply({"error": {"message": "slow down"}}, status=429)
GOOD = Reply(reply_with("hello"))


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with running_endpoint() as running:
        yield running


def complete(endpoint: FakeEndpoint, *, key: str = "", url: str = "", **changes: Any) -> Completion:
    return complete_many(endpoint, 1, key=key, url=url, **changes)[0]


def complete_many(
    endpoint: FakeEndpoint, count: int, *, key: str = "", url: str = "", **changes: Any
) -> list[Completion]:
    settings = EndpointSettings(
        url=url or endpoint.url, model="m", max_tokens=9, retries=2, timeout_seconds=20, first_backoff_seconds=0.001
    )

    async def ask() -> list[Completion]:
        async with EndpointClient(replace(settings, **changes), api_key=key) as client:
            return await asyncio.gather(*(client.complete(user("hi"), seed=seed) for seed in range(count)))

    return asyncio.run(ask())


def test_a_chat_request_carries_what_was_set(endpoint: FakeEndpoint) -> None:
    endpoint.script(Reply(reply_with("hello", tokens=5)))
    assert complete(endpoint, key=KEY, temperature=0.5, top_p=0.9) == Completion("hello", "stop", 7, 5)
    request = endpoint.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    expected = {"model": "m", "messages": user("hi"), "max_tokens": 9, "n": 1, "seed": 0}
    assert request.body == {**expected, "temperature": 0.5, "top_p": 0.9}


def test_a_completions_url_sends_plain_text(endpoint: FakeEndpoint) -> None:
    assert complete(endpoint, url=f"{endpoint.url}/completions").text == "ok"
    request = endpoint.requests[0]
    assert request.path == "/v1/completions"
    assert request.body["prompt"] == "hi\n\n"
    assert request.body["stop"] == ["\n\nUser:"]
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    "failure",
    [
        BUSY,
        Reply(b"<html>upstream is gone</html>", status=500),
        Reply({"error": "overloaded"}, status=503),
        Reply(reply_with("hello"), drop=9),
        Reply(b'{"choices": [{"mess'),
        Reply({"choices": []}),
        Reply({"unexpected": True}),
        Reply([1]),
        Reply({"choices": [{"message": {"content": None}, "finish_reason": "stop"}]}),
        None,
    ],
    ids=["429", "500", "503", "cut body", "cut JSON", "no choices", "no such key", "list", "no text", "hangs up"],
)
def test_what_may_pass_is_tried_again(endpoint: FakeEndpoint, failure: Reply | None) -> None:
    endpoint.script(failure, failure, GOOD)
    assert complete(endpoint).text == "hello"
    assert len(endpoint.requests) == 3


@pytest.mark.parametrize("failure", [BUSY, Reply({"choices": []}), None], ids=["429", "no choices", "hangs up"])
def test_retries_end(endpoint: FakeEndpoint, failure: Reply | None) -> None:
    endpoint.script(failure)
    with pytest.raises(EndpointUnavailable, match="no response after 3 tries"):
        complete(endpoint)
    assert len(endpoint.requests) == 3


def test_what_the_server_says_is_told(endpoint: FakeEndpoint) -> None:
    endpoint.script(BUSY)
    with pytest.raises(EndpointUnavailable, match="HTTP 429 slow down"):
        complete(endpoint, retries=0)


def test_a_request_that_hangs_ends_at_the_timeout(endpoint: FakeEndpoint) -> None:
    endpoint.answer = lambda request, number: endpoint.hang() if number == 0 else GOOD
    assert complete(endpoint, timeout_seconds=0.3).text == "hello"
    endpoint.answer = lambda request, number: endpoint.hang()
    with pytest.raises(EndpointUnavailable, match=r"no answer within 0.2 s"):
        complete(endpoint, timeout_seconds=0.2, retries=0)


def test_a_server_that_nobody_runs_is_unavailable(endpoint: FakeEndpoint) -> None:
    with running_endpoint() as other:
        url = other.url
    with pytest.raises(EndpointUnavailable, match="the connection failed"):
        complete(endpoint, url=url)


def test_a_slow_answer_within_the_timeout_is_taken(endpoint: FakeEndpoint) -> None:
    """The first request is answered only once the second has come in."""
    second_came = threading.Event()

    def answer(request: Request, number: int) -> Reply:
        if number == 0:
            assert second_came.wait(timeout=20)
            return Reply(reply_with("slow"))
        second_came.set()
        return Reply(reply_with("fast"))

    endpoint.answer = answer
    assert sorted(one.text for one in complete_many(endpoint, 2)) == ["fast", "slow"]
    assert len(endpoint.requests) == 2


def test_no_more_requests_are_open_than_allowed(endpoint: FakeEndpoint) -> None:
    """Each request waits until `concurrency` of them are open, so fewer would time out and more would be seen."""
    barrier = threading.Barrier(3)

    def answer(request: Request, number: int) -> Reply:
        barrier.wait(timeout=20)
        return GOOD

    endpoint.answer = answer
    assert len(complete_many(endpoint, 9, concurrency=3)) == 9
    assert endpoint.open_most == 3


@pytest.mark.parametrize("kind", ["seconds", "date"])
def test_retry_after_is_honoured(endpoint: FakeEndpoint, kind: str) -> None:
    """A date is given in whole seconds: two seconds ahead is more than one away."""
    value = "1" if kind == "seconds" else email.utils.formatdate(time.time() + 2, usegmt=True)
    endpoint.script(Reply({}, status=429, headers={"Retry-After": value}), GOOD)
    started_at = time.monotonic()
    complete(endpoint)
    assert time.monotonic() - started_at >= 0.9


def test_a_wait_of_hours_is_not_waited_for(endpoint: FakeEndpoint) -> None:
    endpoint.script(Reply({}, status=429, headers={"Retry-After": "7200"}), GOOD)
    with pytest.raises(EndpointUnavailable, match="asks to wait 7200 s"):
        complete(endpoint)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("value", ["soon", "-5", ""])
def test_an_odd_retry_after_is_no_reason_to_fail(endpoint: FakeEndpoint, value: str) -> None:
    endpoint.script(Reply({}, status=503, headers={"Retry-After": value}), GOOD)
    assert complete(endpoint).text == "hello"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_prompt_that_is_refused_is_not_sent_again(endpoint: FakeEndpoint, status: int) -> None:
    endpoint.script(Reply({"error": {"message": "too long"}}, status=status))
    with pytest.raises(EndpointRejected, match=f"HTTP {status} too long"):
        complete(endpoint)
    assert len(endpoint.requests) == 1


def test_a_response_that_is_withheld_is_not_taken_for_one(endpoint: FakeEndpoint) -> None:
    endpoint.script(Reply(reply_with("", finish_reason="content_filter")))
    with pytest.raises(EndpointRejected, match="content_filter"):
        complete(endpoint)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_wrong_key_or_address_ends_at_once(endpoint: FakeEndpoint, status: int) -> None:
    endpoint.script(Reply({"error": {"message": "no"}}, status=status))
    with pytest.raises(EndpointMisconfigured, match=f"HTTP {status} no"):
        complete(endpoint)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_refused(endpoint: FakeEndpoint, status: int) -> None:
    """The prompts and the key go nowhere else: the address it points to is this server, and is not asked."""
    endpoint.script(Reply(b"", status=status, headers={"Location": f"{endpoint.url}/elsewhere"}), GOOD)
    with pytest.raises(EndpointMisconfigured, match="redirects, which is refused"):
        complete(endpoint, key=KEY)
    assert len(endpoint.requests) == 1


def test_the_key_is_in_no_error_and_no_log(endpoint: FakeEndpoint, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="inference")
    echo = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    endpoint.script(Reply(echo, status=500), Reply(echo, status=401))
    with pytest.raises(EndpointMisconfigured) as caught:
        complete(endpoint, key=KEY)
    assert "Incorrect API key provided: [key]" in str(caught.value)
    assert "HTTP 500" in caplog.text
    assert KEY not in caplog.text


def test_a_reply_without_end_is_not_read_to_the_end(endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.endpoint.MAX_REPLY_BYTES", 1000)
    endpoint.script(Reply(b" " * 5000))
    with pytest.raises(EndpointRejected, match="over 1000 bytes"):
        complete(endpoint)


@pytest.mark.parametrize(
    ("url", "expected", "api"),
    [
        ("http://h:8000/v1", "http://h:8000/v1/chat/completions", "chat"),
        ("http://h:8000/v1/", "http://h:8000/v1/chat/completions", "chat"),
        ("https://h/v1/chat/completions", "https://h/v1/chat/completions", "chat"),
        ("https://h/v1/completions/", "https://h/v1/completions", "completions"),
    ],
)
def test_the_address_is_made_from_the_base_url(url: str, expected: str, api: str) -> None:
    assert request_url(url) == (expected, api)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h:8000/v1",
        "ftp://h/v1",
        "http://",
        "http://user:key@h/v1",
        "http://h/v1?key=1",
        "http://h/v1#x",
        "http://h:x/",
    ],
)
def test_odd_addresses_are_refused(url: str) -> None:
    with pytest.raises(EndpointMisconfigured, match="URL"):
        request_url(url)

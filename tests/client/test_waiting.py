"""Waiting: an event is enough to look again, and so is the time where no events come."""

from collections.abc import Callable
from typing import Any

import pytest

from labelapp_client import NotDone, Refused, WaitedTooLong
from tests.client.server import Answer, Request, json_answer, serving

CONNECTED = b"retry: 2000\n\n: connected\n\n"
EVENTS = Answer(200, CONNECTED + b'data: {"topic": "datasets"}\n\n', {"Content-Type": "text/event-stream"})
NO_EVENTS = Answer(502)
PROJECT = {"id": 3, "name": "Rank", "state": "active", "task_count": 2}


def version_in(state: str) -> dict[str, Any]:
    return {"id": 7, "state": state, "rows_written": 5, "rows_total": 10, "error": "The disk is full."}


def looked_at(*rows: dict[str, Any], events: Answer) -> Callable[[Request], Answer]:
    """A server whose row changes with each look, and stays what it is last."""
    left = list(rows)

    def answer(request: Request) -> Answer:
        if "/events" in request.path:
            return events
        return json_answer(left.pop(0) if len(left) > 1 else left[0])

    return answer


def test_an_event_is_a_time_to_look(monkeypatch: pytest.MonkeyPatch) -> None:
    # A pause so long that a wait which needs one would never end.
    monkeypatch.setattr("labelapp_client.watching.FIRST_PAUSE_SECONDS", 1e9)
    rows = map(version_in, ("queued", "writing", "ready"))
    with serving(looked_at(*rows, events=EVENTS)) as server, server.app() as app:
        assert app.datasets.wait(7)["state"] == "ready"
    looks = [request.path.removeprefix("/api/v1/") for request in server.requests]
    assert looks == ["dataset-versions/7", "events?topics=datasets", "dataset-versions/7", "dataset-versions/7"]


@pytest.mark.usefixtures("quick")
def test_without_events_it_asks_from_time_to_time() -> None:
    rows = map(version_in, ("queued", "queued", "writing", "ready"))
    with serving(looked_at(*rows, events=NO_EVENTS)) as server, server.app() as app:
        assert app.datasets.wait(7)["state"] == "ready"


def test_what_is_done_is_looked_at_once() -> None:
    with serving(looked_at(version_in("ready"), events=NO_EVENTS)) as server, server.app() as app:
        app.datasets.wait(7)
    assert len(server.requests) == 1


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("events", [EVENTS, NO_EVENTS])
def test_the_time_is_over(events: Answer) -> None:
    with (
        serving(looked_at(version_in("writing"), events=events)) as server,
        server.app() as app,
        pytest.raises(WaitedTooLong, match=r"Version 7 is not done after 0\.2 s"),
    ):
        app.datasets.wait(7, timeout_seconds=0.2)
    assert len(server.requests) > 2


def test_what_failed_says_why() -> None:
    with (
        serving(looked_at(version_in("failed"), events=EVENTS)) as server,
        server.app() as app,
        pytest.raises(NotDone, match=r"Version 7 could not be frozen: The disk is full\.") as caught,
    ):
        app.datasets.wait(7)
    assert caught.value.row["state"] == "failed"


def test_who_may_not_watch_is_told() -> None:
    with (
        serving(looked_at(version_in("queued"), events=Answer(404))) as server,
        server.app() as app,
        pytest.raises(Refused),
    ):
        app.datasets.wait(7)


@pytest.mark.parametrize(
    ("changes", "counts", "words"),
    [
        ({"task_count": 0}, (0, 0, 0), "has no tasks to wait for"),
        ({"state": "archived"}, (1, 1, 5), "is archived, and 2 answers are open"),
    ],
)
def test_projects_that_will_never_be_done(changes: dict[str, Any], counts: tuple[int, ...], words: str) -> None:
    row = PROJECT | changes | {"assignment_counts": dict(zip(("open", "leased", "submitted"), counts, strict=True))}
    with (
        serving(looked_at(row, events=EVENTS)) as server,
        server.app() as app,
        pytest.raises(NotDone, match=words),
    ):
        app.projects.wait(3)


@pytest.mark.usefixtures("quick")
def test_an_import_that_nobody_waited_for_can_be_decided_on_later() -> None:
    row = {"id": 4, "state": "checking", "error": "", "steps_done": 1, "steps_total": 2}
    with (
        serving(looked_at(row, events=NO_EVENTS)) as server,
        server.app() as app,
        pytest.raises(WaitedTooLong, match="labelapp confirm 4"),
    ):
        app.prompts.decide(4, timeout_seconds=0.05)


def test_an_import_that_stopped_says_why() -> None:
    row = {"id": 4, "state": "importing", "error": "The disk is full.", "steps_done": 1, "steps_total": 2}
    with (
        serving(looked_at(row, events=EVENTS)) as server,
        server.app() as app,
        pytest.raises(NotDone, match=r"Import 4 stopped: The disk is full\."),
    ):
        app.prompts.wait(4)

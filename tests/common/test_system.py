"""Health, live events and what an admin sees of the processes behind the pages."""

import json
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any

import pytest

from labelapp.accounts.models import Role
from labelapp.common import events, health
from labelapp.common.health import ALIVE_SECONDS
from tests.labeling.workspace import Workspace
from tests.people import client_of, make_user
from tests.runs.world import make_project, wait_for


@pytest.mark.django_db
def test_health_is_public_and_answers() -> None:
    assert client_of(None).get("/api/v1/health").json() == {"status": "ok"}


@pytest.mark.django_db
def test_health_says_503_when_redis_is_gone(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    events.client.cache_clear()
    try:
        assert client_of(None).get("/api/v1/health").status_code == 503
        events.publish("runs", id=1)  # costs liveness, never the write
    finally:
        events.client.cache_clear()


@pytest.fixture
def redis_away(settings: Any) -> Generator[Callable[[], None], None, None]:
    """Provide what takes Redis away from this process until the test has ended."""

    def take_away() -> None:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL}}
        events.client.cache_clear()

    yield take_away
    events.client.cache_clear()


@pytest.mark.django_db
def test_labeling_goes_on_without_redis(redis_away: Callable[[], None]) -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.comparison(tasks=2, members=[labeler])
    redis_away()
    for _ in range(2):
        assert labeler.submit(labeler.next(project)).status_code == 201
    assert client_of(None).get("/api/v1/me").status_code == 401


@pytest.mark.django_db
def test_the_admin_s_page_says_that_redis_is_away(redis_away: Callable[[], None]) -> None:
    client = client_of(make_user(Role.ADMIN))
    make_project(overlap=2)
    redis_away()
    home = client.get("/api/v1/home").json()
    codes = [problem["code"] for problem in home["admin"]["problems"] if problem["code"] != "little_space"]
    assert codes == ["redis_away"]
    assert len(home["researcher"]["queues"]) == 1
    assert client.get("/api/v1/system").json()["is_redis_reachable"] is False


@pytest.mark.django_db
def test_a_stream_gives_what_was_published_to_its_topics_only() -> None:
    response: Any = client_of(make_user(Role.ADMIN)).get("/api/v1/events?topics=runs")
    chunks = iter(response.streaming_content)
    assert b"connected" in next(chunks)
    events.publish("datasets", id=1)
    events.publish("runs", type="changed", id=7)
    assert json.loads(next(chunks).removeprefix(b"data: ")) == {"topic": "runs", "type": "changed", "id": 7}
    response.close()


@pytest.mark.django_db
def test_a_stream_tells_an_admin_that_a_worker_s_sign_grew_old(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_SECONDS", "NOTICE_SECONDS"):
        monkeypatch.setattr(events, name, 0.05)
    health.sign_worker("worker@stream", queues=["default"], started_at=time.time())
    response: Any = client_of(make_user(Role.ADMIN)).get("/api/v1/events?topics=system")
    chunks = iter(response.streaming_content)
    assert b"connected" in next(chunks)
    monkeypatch.setattr(events, "KEEPALIVE_SECONDS", 0.2)
    assert next(chunks) == b": alive\n\n"
    now = time.time()
    monkeypatch.setattr("labelapp.common.health.time.time", lambda: now + ALIVE_SECONDS + 1)
    said = next(chunk for chunk in chunks if chunk.startswith(b"data:"))
    assert json.loads(said.removeprefix(b"data: ")) == {"topic": "system", "type": "changed"}
    response.close()
    health.forget_worker("worker@stream")


def test_a_stopped_worker_is_told_of_within_half_a_minute() -> None:
    # Celery signs every two seconds; the sign must grow old and the stream must look.
    assert ALIVE_SECONDS + events.LOOK_SECONDS + 2 <= 30


@pytest.mark.django_db
def test_a_stream_ends_when_its_page_is_closed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        chunks = events.stream(frozenset({"runs"}), looks={}, connection=ours)
        assert "connected" in next(chunks)
        events.publish("runs", id=7)
        assert json.loads(next(chunks).removeprefix("data: ")) == {"topic": "runs", "id": 7}
        theirs.close()
        assert next(chunks, None) is None


def test_a_connection_that_says_something_is_open() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not events.hung_up(ours)
        theirs.send(b"GET /the-next-request")
        assert not events.hung_up(ours)
        assert ours.recv(4) == b"GET "
    assert events.hung_up(ours)


def test_a_closed_page_gives_its_thread_back(live_app: str) -> None:
    def listeners() -> int:
        return int(events.client().pubsub_numsub(events.CHANNEL)[0][1])

    cookie = f"sessionid={client_of(make_user(Role.ADMIN)).cookies['sessionid'].value}"
    wait_for(lambda: listeners() == 0)
    with urllib.request.urlopen(
        urllib.request.Request(f"{live_app}/api/v1/events?topics=runs", headers={"Cookie": cookie}), timeout=60
    ) as stream:
        assert stream.readline()
        wait_for(lambda: listeners() == 1)
    # Before the next comment would be written, and long before the second one, which is what fails.
    wait_for(lambda: listeners() == 0, seconds=events.KEEPALIVE_SECONDS)


def test_an_open_stream_holds_no_database_connection(live_app: str) -> None:
    admin = make_user(Role.ADMIN)
    client = client_of(admin)
    cookie = f"sessionid={client.cookies['sessionid'].value}"

    def watch(received: list[bytes]) -> None:
        request = urllib.request.Request(f"{live_app}/api/v1/events?topics=runs", headers={"Cookie": cookie})
        with urllib.request.urlopen(request, timeout=60) as stream:
            while line := stream.readline():
                if line.startswith(b"data:"):
                    received.append(line)
                    return

    received: list[bytes] = []
    threads = [threading.Thread(target=watch, args=(received,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while len(received) < 8 and time.monotonic() < deadline:
        events.publish("runs", id=1)
        time.sleep(0.05)
    for thread in threads:
        thread.join(60)
    assert len(received) == 8


@pytest.mark.django_db
class TestSystem:
    def test_a_worker_is_alive_until_its_sign_is_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        health.sign_worker("worker@here", queues=["default"], started_at=time.time())
        client = client_of(make_user(Role.ADMIN))
        row = next(w for w in client.get("/api/v1/system").json()["workers"] if w["name"] == "worker@here")
        assert (row["is_alive"], row["queues"]) == (True, ["default"])
        now = time.time()
        monkeypatch.setattr("labelapp.common.health.time.time", lambda: now + ALIVE_SECONDS + 1)
        state = client.get("/api/v1/system").json()
        row = next(w for w in state["workers"] if w["name"] == "worker@here")
        assert row["is_alive"] is False
        assert {queue["name"]: queue["is_served"] for queue in state["queues"]}["default"] is False
        health.forget_worker("worker@here")

    def test_a_start_without_a_goodbye_is_counted_for_an_hour(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def shown() -> health.WorkerSign:
            return next(sign for sign in health.worker_signs() if sign.name == "worker@killed")

        now = time.time()
        health.sign_worker("worker@killed", queues=[], started_at=now - 100)
        health.sign_worker("worker@killed", queues=[], started_at=now - 100)
        assert shown().unexpected_restarts == 0
        health.sign_worker("worker@killed", queues=[], started_at=now - 20)
        health.sign_worker("worker@killed", queues=[], started_at=now - 100)  # another one of the same name
        assert shown().unexpected_restarts == 1
        assert datetime.fromisoformat(shown().started_at).timestamp() == pytest.approx(now - 20)
        monkeypatch.setattr("labelapp.common.health.time.time", lambda: now + health.RESTARTS_SECONDS)
        assert shown().unexpected_restarts == 0
        health.forget_worker("worker@killed")
        health.sign_worker("worker@killed", queues=[], started_at=now)
        assert shown().unexpected_restarts == 0
        health.forget_worker("worker@killed")

    def test_it_tells_storage_and_database(self) -> None:
        state = client_of(make_user(Role.ADMIN)).get("/api/v1/system").json()
        assert state["storage"]["free_bytes"] > 0
        assert state["database"]["size_bytes"] > 1_000_000


@pytest.mark.slow
def test_a_killed_worker_is_seen_within_half_a_minute(celery_worker_process: "subprocess.Popen[bytes]") -> None:
    """The worker signs for itself; how long the sign lasts is what the page shows."""
    deadline = time.monotonic() + 60
    while not health.queue_is_served("runs") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert health.queue_is_served("runs")
    celery_worker_process.send_signal(signal.SIGSTOP)
    try:
        deadline = time.monotonic() + 30
        while health.queue_is_served("runs") and time.monotonic() < deadline:
            time.sleep(0.5)
        assert not health.queue_is_served("runs")
    finally:
        celery_worker_process.send_signal(signal.SIGCONT)

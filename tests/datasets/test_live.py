"""The same over a real web server and a real worker: from a click to files, watched live."""

import json
import threading
import urllib.request
from typing import Any

import pytest

from formats.files import sha256_of
from labelapp.accounts.actions import issue_token
from tests.datasets.world import comparisons, project_query, wait_for

pytestmark = pytest.mark.django_db(transaction=True)


class Client:
    """A program that uses the API with a token."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def open(self, path: str, body: Any = None) -> Any:
        """Open an address below /api/v1/, or one that the API gave."""
        url = self.url + (path if path.startswith("/") else f"/api/v1/{path}")
        data = None if body is None else json.dumps(body).encode()
        return urllib.request.urlopen(urllib.request.Request(url, data, self.headers), timeout=30)

    def json(self, path: str, body: Any = None) -> Any:
        with self.open(path, body) as answer:
            return json.load(answer)


def test_freeze_watch_and_download(live_app: str, celery_worker_process: Any, tmp_path: Any) -> None:
    world = comparisons()
    world.add_prompts(5)
    world.answer_all()
    token = issue_token(world.author, name="test", scopes=["read", "write"], days=1).secret
    client = Client(live_app, token)
    events: list[dict[str, Any]] = []
    stream = client.open("events?topics=datasets")
    assert stream.readline().startswith(b"retry")

    def listen() -> None:
        for line in stream:
            if line.startswith(b"data: "):
                events.append(json.loads(line.removeprefix(b"data: ")))
                if events[-1].get("state") == "ready":
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    dataset = client.json("datasets", {"name": "Live", "kind": "comparisons"})
    version = client.json(f"datasets/{dataset['id']}/versions", {"query": project_query(world)})
    assert version["state"] == "queued"
    address = f"dataset-versions/{version['id']}"
    ready = wait_for(lambda: (found := client.json(address))["state"] == "ready" and found)
    listener.join(timeout=30)
    states = [event["state"] for event in events if event["type"] == "version" and "state" in event]
    assert (states[0], states[-1]) == ("writing", "ready")
    assert {event["id"] for event in events if event["type"] == "version"} == {version["id"]}
    for entry in ready["files"]:
        copy = tmp_path / entry["name"]
        with client.open(entry["url"]) as answer:
            copy.write_bytes(answer.read())
        assert sha256_of(copy) == entry["sha256"]

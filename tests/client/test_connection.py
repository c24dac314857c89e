"""What the client does when a server is in trouble: again where that is safe, else an error in the server's words."""

import socket

import pytest

from labelapp_client import Labelapp, LabelappError, NotConfigured, Refused, Unreachable
from tests.client.server import Answer, in_turn, json_answer, serving

BUSY = json_answer({}, status=503)
FINE = json_answer({"id": 7})
HANGS_UP = Answer(200, b'{"id": 7}', breaks_after=3)
REFUSAL = {
    "code": "invalid_input",
    "message": "query.splits: There is no split dev.",
    "errors": [{"field": "query.splits", "message": "There is no split dev."}],
    "data": {"known": ["train"]},
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("trouble", [BUSY, json_answer({}, status=502), json_answer({}, status=429), HANGS_UP])
def test_a_read_is_asked_again(trouble: Answer) -> None:
    told: list[str] = []
    with serving(in_turn(trouble, trouble, FINE)) as server, server.app(tell=told.append) as app:
        assert app.runs.get(7)["id"] == 7
    assert [request.path for request in server.requests] == ["/api/v1/runs/7"] * 3
    assert server.requests[0].headers["authorization"] == "Bearer lat_forged"
    assert ["trying again" in sentence for sentence in told] == [True, True]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(("trouble", "raised"), [(BUSY, Refused), (HANGS_UP, Unreachable)])
def test_a_write_that_may_have_been_done_is_not_sent_again(trouble: Answer, raised: type[LabelappError]) -> None:
    with serving(lambda _request: trouble) as server, server.app() as app, pytest.raises(raised):
        app.runs.cancel(7)
    assert len(server.requests) == 1


@pytest.mark.usefixtures("quick")
def test_a_write_that_was_not_done_or_can_be_repeated_is_sent_again() -> None:
    refused_before_work = json_answer({}, status=429)
    with serving(in_turn(refused_before_work, FINE, HANGS_UP, BUSY, FINE)) as server, server.app() as app:
        app.runs.cancel(7)
        app.prompts.undo(7)
    assert len(server.requests) == 5


@pytest.mark.usefixtures("quick")
def test_a_server_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    told: list[str] = []
    app = Labelapp(f"http://127.0.0.1:{port}", "lat_forged", attempts=3, tell=told.append)
    with pytest.raises(Unreachable, match="Is LABELAPP_URL right"):
        app.runs.cancel(7)
    assert len(told) == 2


def test_the_servers_words_are_in_the_error() -> None:
    with (
        serving(lambda _request: json_answer(REFUSAL, status=400)) as server,
        server.app() as app,
        pytest.raises(Refused) as caught,
    ):
        app.datasets.preview("comparisons", {"splits": ["train"]})
    error = caught.value
    assert (error.status, error.code, error.message) == (400, "invalid_input", REFUSAL["message"])
    assert error.errors == [("query.splits", "There is no split dev.")]
    assert error.data == {"known": ["train"]}
    assert str(error) == "query.splits: There is no split dev."


@pytest.mark.parametrize("body", [b"<h1>Too large</h1>", b"[]", b'{"code": 1}'])
def test_a_proxy_has_its_own_words(body: bytes) -> None:
    with (
        serving(lambda _request: Answer(413, body)) as server,
        server.app() as app,
        pytest.raises(Refused, match=r"127\.0\.0\.1 answered 413") as caught,
    ):
        app.runs.get(1)
    assert caught.value.code == "http_413"


def test_a_write_is_not_turned_into_a_read_by_a_redirect() -> None:
    moved = Answer(301, headers={"Location": "https://labels.example.org/api/v1/runs/7/cancel"})
    with (
        serving(lambda _request: moved) as server,
        server.app() as app,
        pytest.raises(Refused, match=r"has moved to https://labels\.example\.org"),
    ):
        app.runs.cancel(7)
    assert [request.method for request in server.requests] == ["POST"]


def test_something_else_listens_there() -> None:
    with (
        serving(lambda _request: Answer(200, b"<html>")) as server,
        server.app() as app,
        pytest.raises(LabelappError, match="is not labelapp's API"),
    ):
        app.runs.get(1)


@pytest.mark.parametrize(
    ("url", "token", "words"),
    [
        ("localhost:8000", "lat_x", "begins with http"),
        ("http://", "lat_x", "begins with http"),
        ("http://localhost", "", "Set LABELAPP_TOKEN"),
        ("http://localhost", "lat_x lat_y", "one word"),
        ("http://localhost", "lat_é", "one word"),
    ],
)
def test_what_is_not_configured(url: str, token: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABELAPP_TOKEN", raising=False)
    with pytest.raises(NotConfigured, match=words):
        Labelapp(url, token)


def test_the_environment_says_where_and_who(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda _request: FINE) as server:
        monkeypatch.setenv("LABELAPP_URL", server.url + "/")
        monkeypatch.setenv("LABELAPP_TOKEN", " lat_of_the_environment\n")
        with Labelapp() as app:
            app.runs.get(7)
    assert server.requests[0].headers["authorization"] == "Bearer lat_of_the_environment"


def test_a_list_is_read_to_its_last_page() -> None:
    pages = [{"results": [{"name": name}], "next": more} for name, more in (("a", "x"), ("b", "x"), ("c", None))]
    with serving(in_turn(*map(json_answer, pages))) as server, server.app() as app:
        assert [row["name"] for row in app.datasets.all()] == ["a", "b", "c"]
    assert [request.path.partition("page=")[2][0] for request in server.requests] == ["1", "2", "3"]


def test_a_list_that_shows_not_all_says_so() -> None:
    pages = [
        {"results": [{"name": name}], "next": more, "count": 2, "count_is_capped": True}
        for name, more in (("a", "x"), ("b", None))
    ]
    with serving(in_turn(*map(json_answer, pages))) as server, server.app() as app:
        rows = app.connection.rows("prompts")
        assert [next(rows)["name"], next(rows)["name"]] == ["a", "b"]
        with pytest.raises(LabelappError, match="only 2 are listed"):
            next(rows)

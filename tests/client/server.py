"""A small HTTP server whose answers a test scripts, for what a real one does only when it is in trouble."""

import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from labelapp_client import Labelapp

FORGED_TOKEN = "lat_forged"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says. `breaks_after` bytes of the body it hangs up."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    breaks_after: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def range_start(self) -> int | None:
        """Where the part that was asked for begins."""
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("range", ""))
        return int(found[1]) if found else None


@dataclass(slots=True)
class Server:
    """Answers each request as `answer` says, and remembers it."""

    answer: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)
    url: str = ""

    def app(self, **options: Any) -> Labelapp:
        """A client of this server."""
        return Labelapp(self.url, FORGED_TOKEN, **options)


def json_answer(body: Any, *, status: int = 200, **headers: str) -> Answer:
    """An answer of JSON."""
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})


def in_turn(*answers: Answer) -> Callable[[Request], Answer]:
    """One answer after the other."""
    waiting = iter(answers)
    return lambda _request: next(waiting)


def ranged(content: bytes, request: Request, *, tag: str, breaks_after: int | None = None) -> Answer:
    """A file as labelapp sends it: whole, or from where it is asked for while its tag is the one that is expected."""
    start = request.range_start()
    if start is None or request.headers.get("if-range") != f'"{tag}"':
        return Answer(200, content, {"ETag": f'"{tag}"'}, breaks_after)
    where = f"bytes {start}-{len(content) - 1}/{len(content)}"
    return Answer(206, content[start:], {"ETag": f'"{tag}"', "Content-Range": where}, breaks_after)


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[Server]:
    """Serve on a free port of this machine."""
    server = Server(answer)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, self.path, headers, self.rfile.read(length))
            server.requests.append(request)
            self.say(server.answer(request))

        do_POST = do_GET  # noqa: N815 - the name is the library's

        def say(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: answer.breaks_after])

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        server.url = f"http://127.0.0.1:{listening.server_address[1]}"
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()

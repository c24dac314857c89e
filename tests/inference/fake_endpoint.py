"""A real HTTP server on a free port that speaks the OpenAI API, and misbehaves as it is told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def reply_with(text: str, *, finish_reason: str | None = "stop", tokens: int = 3) -> dict[str, Any]:
    """A reply of the documented shape, for chat and for completions."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "text": text}
    usage = {"prompt_tokens": 7, "completion_tokens": tokens}
    return {"choices": [{**choice, "finish_reason": finish_reason}], "usage": usage}


@dataclass
class Reply:
    """What to answer: a status, headers and a body, `drop` bytes of it missing."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: int = 0


@dataclass
class Request:
    """What was asked."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class FakeEndpoint:
    """`answer` is called with each request and how many came before it, and returns the Reply; None hangs up."""

    def __init__(self) -> None:
        self.answer: Callable[[Request, int], Reply | None] = lambda request, number: Reply(reply_with("ok"))
        self.requests: list[Request] = []
        self.url = ""
        self.released = threading.Event()
        self.open_now = 0
        self.open_most = 0
        self._lock = threading.Lock()

    def script(self, *replies: Reply | None) -> None:
        """Answer with these in turn, and with the last for ever after."""
        self.answer = lambda request, number: replies[min(number, len(replies) - 1)]

    def hang(self) -> Reply:
        """Block the request until the test ends."""
        self.released.wait()
        return Reply(reply_with("too late"))

    def handle(self, request: Request) -> Reply | None:
        """Record and answer a request."""
        with self._lock:
            number = len(self.requests)
            self.requests.append(request)
            self.open_now += 1
            self.open_most = max(self.open_most, self.open_now)
        try:
            return self.answer(request, number)
        finally:
            with self._lock:
                self.open_now -= 1


@contextmanager
def running_endpoint() -> Iterator[FakeEndpoint]:
    """The server, until the block ends."""
    endpoint = FakeEndpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            reply = endpoint.handle(Request(self.path, dict(self.headers), json.loads(body)))
            self.close_connection = True
            if reply is None:
                return
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Connection", "close")  # a client that is not told so may send the next request into it
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[: len(data) - reply.drop])

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    endpoint.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.released.set()
        server.shutdown()
        server.server_close()
        thread.join()

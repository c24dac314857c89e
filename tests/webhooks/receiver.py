"""A real HTTP server that is told what happens here, and answers as it is asked to."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Message:
    """What arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """`statuses` are its answers in turn, the last of them for ever after; 0 is no answer until the test ends."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [204])
    response: bytes = b""
    location: str = ""
    messages: list[Message] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def take(self, message: Message) -> int:
        """Note a message; return the status to answer."""
        self.messages.append(message)
        self.arrived.set()
        status = self.statuses[min(len(self.messages), len(self.statuses)) - 1]
        if not status:
            self.released.wait()
        return status or 500


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = self.receiver.take(Message(self.path, headers, body))
        try:
            self._answer(status)
        except OSError:
            self.close_connection = True  # whoever asked is gone

    def _answer(self, status: int) -> None:
        self.send_response(status)
        if self.receiver.location:
            self.send_header("Location", self.receiver.location)
        if status != 204:
            self.send_header("Content-Length", str(len(self.receiver.response)))
        self.end_headers()
        if status != 204:
            self.wfile.write(self.receiver.response)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test says what went wrong."""


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Serve a receiver on a free port of this machine, with TLS where there is a context."""
    receiver = Receiver()
    handler = type("Handler", (_Handler,), {"receiver": receiver})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver.url = f"http{'s' if context else ''}://localhost:{server.server_address[1]}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()

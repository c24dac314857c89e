"""One POST to a receiver: to a checked address, ten seconds in all, no redirect followed, 1 kB of the answer kept."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from ssl import SSLContext, SSLError
from typing import Any

import httpcore2
import structlog

from labelapp import __version__
from labelapp.webhooks.addresses import ForbiddenAddress, resolved

TIMEOUT_SECONDS = 10.0
KEPT_BYTES = 1000
logger = structlog.get_logger(__name__)
# What a network, a receiver or its certificate can do wrong. None of it is ours.
FAILURES = (
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    httpcore2.ProtocolError,
    ForbiddenAddress,
    SSLError,
    OSError,
    UnicodeError,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt went. Without a status code there was no answer, and `error` says why."""

    status_code: int | None
    error: str
    response: str
    duration_ms: int

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has it: any 2xx."""
        return self.status_code is not None and 200 <= self.status_code < 300


def post(url: str, *, body: bytes, headers: dict[str, str]) -> Outcome:
    """Send `body` and say what came of it; nothing that a receiver does raises."""
    began = time.monotonic()
    status: int | None = None
    error = response = ""
    try:
        status, response = _post(url, body=body, headers=headers, deadline=began + TIMEOUT_SECONDS)
        if not 200 <= status < 300:
            error = _explained(status)
    except httpcore2.TimeoutException:
        error = f"No answer within {TIMEOUT_SECONDS:.0f} seconds."
    except FAILURES as failure:
        error = f"{failure or type(failure).__name__}"[:500]
    return Outcome(status, error, response, round((time.monotonic() - began) * 1000))


def _explained(status: int) -> str:
    if 300 <= status < 400:
        return f"It answered {status}: redirects are not followed. Enter the address to which it leads."
    return f"It answered {status}."


def _post(url: str, *, body: bytes, headers: dict[str, str], deadline: float) -> tuple[int, str]:
    sent = {"content-type": "application/json", "user-agent": f"labelapp/{__version__}", **headers}
    # A pool of its own for each: receivers are told a few times a day, and no connection outlives its check.
    with (
        httpcore2.ConnectionPool(network_backend=_CheckedNetwork(deadline)) as pool,
        pool.stream("POST", url, headers=list(sent.items()), content=body) as answer,
    ):
        kept = b""
        for chunk in answer.iter_stream():
            kept += chunk
            if len(kept) >= KEPT_BYTES:
                break
        return answer.status, kept[:KEPT_BYTES].decode(errors="replace").replace("\0", "\ufffd")


class _CheckedNetwork(httpcore2.NetworkBackend):
    """Connects to addresses that were looked at, and to nothing after the deadline."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = OSError(f"{host} has no address.")
        for address in resolved(host, port):
            try:
                stream = httpcore2.SyncBackend().connect_tcp(address, port, _left(self.deadline))
                return _TimedStream(stream, self.deadline)
            except httpcore2.ConnectError as error:
                failure = error
        raise failure


class _TimedStream(httpcore2.NetworkStream):
    """A connection whose reads and writes together end at the deadline: a receiver cannot drip its answer for hours."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(self.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(self.deadline))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        secured = self.stream.start_tls(ssl_context, server_hostname, _left(self.deadline))
        return _TimedStream(secured, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout
    return left

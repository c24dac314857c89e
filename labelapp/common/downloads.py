"""Downloads that go on where they were cut off: one range of bytes, while they are the same (RFC 9110, 13 and 14).

Django's `FileResponse` streams whole files (through gunicorn with sendfile) and `get_conditional_response` answers
If-None-Match and If-Match; it has nothing for ranges. Several ranges in one request may be ignored, and are.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.core.cache import cache
from django.http import FileResponse, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from labelapp.common.errors import ErrorSerializer, error_body
from labelapp.common.storage import StoredFile

RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
CHUNK_BYTES = 262_144
SIZE_KEPT_SECONDS = 24 * 3600
OCTETS = "application/octet-stream"
# What a view's schema says of them.
PARAMETERS = [
    OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range of bytes: `bytes=1000-`."),
    OpenApiParameter("If-Range", str, OpenApiParameter.HEADER, description="The ETag that the range must still have."),
]
RESPONSES: dict[Any, Any] = {
    (200, OCTETS): OpenApiTypes.BINARY,
    (206, OCTETS): OpenApiTypes.BINARY,
    416: ErrorSerializer,
}
# Of what may lie in a bucket.
AWAY: dict[Any, Any] = {503: ErrorSerializer}


class WholeFile(FileResponse):
    """A file in pieces of a useful size, where it is not the kernel that sends it."""

    block_size = CHUNK_BYTES


@dataclass(frozen=True, slots=True)
class Download:
    """What is sent. Equal tags are equal bytes; `part(start, stop)` yields those from `start` up to `stop`."""

    name: str
    content_type: str
    tag: str
    size: Callable[[], int]
    known_size: int | None
    whole: Callable[[], StreamingHttpResponse]
    part: Callable[[int, int], Iterator[bytes]]

    @property
    def etag(self) -> str:
        """A strong validator."""
        return f'"{self.tag}"'


def file_download(
    request: Request, file: StoredFile, *, sha256: str, name: str, content_type: str = OCTETS
) -> HttpResponseBase:
    """Answer with a file, whose `sha256` is its tag, or with the range of it that is asked for."""
    found = Download(
        name=name,
        content_type=content_type,
        tag=sha256,
        size=lambda: file.size,
        known_size=file.size,
        whole=lambda: WholeFile(file.open()),
        part=lambda start, stop: _read(file, start, stop),
    )
    return _answer(request, found)


def made_download(
    request: Request, make: Callable[[], Iterator[bytes]], *, tag: str, name: str, content_type: str
) -> HttpResponseBase:
    """Answer with what is made while it is sent: nothing is stored but its size.

    `make` must give the same bytes as long as `tag` is the same. A range is made from the beginning, and what comes
    before it is dropped; whoever asks for a range or a HEAD of what was never sent whole waits for it to be counted.
    """
    key = f"download-size:{tag}"

    def count() -> int:
        size: int | None = cache.get(key)
        return sum(map(len, _counted(make(), key=key))) if size is None else size

    found = Download(
        name=name,
        content_type=content_type,
        tag=tag,
        size=count,
        known_size=cache.get(key),
        whole=lambda: StreamingHttpResponse(_counted(make(), key=key)),
        part=lambda start, stop: _cut(make(), start, stop),
    )
    return _answer(request, found)


def _answer(request: Request, found: Download) -> HttpResponseBase:
    answer: HttpResponseBase | None = get_conditional_response(request, etag=found.etag)
    if answer is None and request.method == "HEAD":
        answer = HttpResponse(headers={"Content-Length": found.size()})
    elif answer is None:
        answer = _asked_part(request, found) or _whole(found)
    answer.headers["ETag"], answer.headers["Accept-Ranges"] = found.etag, "bytes"
    # A proxy that compresses would take the length and the ranges away.
    answer.headers["Cache-Control"] = "private, no-transform"
    if answer.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        answer.headers["Content-Type"] = found.content_type
        answer.headers["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    return answer


def _whole(found: Download) -> StreamingHttpResponse:
    response = found.whole()
    if found.known_size is not None:
        response.headers["Content-Length"] = str(found.known_size)
    return response


def _asked_part(request: Request, found: Download) -> HttpResponseBase | None:
    """The range that is asked for; None where all is to be sent: no range, none that we read, or of other bytes."""
    asked = RANGE.fullmatch(request.headers.get("Range", "").strip())
    # A date is never taken: the file of a second run in the same second has the same.
    if asked is None or request.headers.get("If-Range", found.etag) != found.etag:
        return None
    first, last = asked.groups()
    if not (first or last) or (first and last and int(last) < int(first)):
        return None
    size = found.size()
    if not size:
        return None
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= size:
        return _unsatisfiable(size)
    return StreamingHttpResponse(
        found.part(start, stop),
        status=HTTPStatus.PARTIAL_CONTENT,
        headers={"Content-Range": f"bytes {start}-{stop - 1}/{size}", "Content-Length": str(stop - start)},
    )


def _unsatisfiable(size: int) -> JsonResponse:
    message = f"The file has {size} bytes: ask for a range that begins before, such as bytes=0-{size - 1}."
    body = error_body("range_not_satisfiable", message, errors=[("Range", message)], data={"size_bytes": size})
    return JsonResponse(
        body, status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"}
    )


def _read(file: StoredFile, start: int, stop: int) -> Iterator[bytes]:
    with file.open() as opened:
        opened.seek(start)
        while start < stop and (chunk := opened.read(min(CHUNK_BYTES, stop - start))):
            start += len(chunk)
            yield chunk


def _cut(chunks: Iterator[bytes], start: int, stop: int) -> Iterator[bytes]:
    at = 0
    for chunk in chunks:
        if at >= stop:
            break
        if at + len(chunk) > start:
            yield chunk[max(0, start - at) : stop - at]
        at += len(chunk)


def _counted(chunks: Iterator[bytes], *, key: str) -> Iterator[bytes]:
    size = 0
    for chunk in chunks:
        yield chunk
        size += len(chunk)
    cache.set(key, size, SIZE_KEPT_SECONDS)

"""What is compressed on its way, and what must not be."""

import gzip
import json
from io import BytesIO
from typing import Any

import pytest
from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.test import APIClient

from labelapp.accounts.models import Role
from labelapp.common.compression import JsonCompressionMiddleware
from tests.people import client_of, make_user

LONG = {"text": "word " * 1000}


def sent(answer: HttpResponseBase, *, accepts: str = "gzip, br") -> HttpResponseBase:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_ENCODING"] = accepts
    return JsonCompressionMiddleware(lambda _request: answer)(request)  # type: ignore[return-value]


@pytest.mark.django_db
def test_a_browser_gets_json_compressed_and_reads_the_same() -> None:
    for _ in range(20):
        make_user()
    client: APIClient = client_of(make_user(Role.ADMIN))
    answer: Any = client.get("/api/v1/users", headers={"accept-encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert json.loads(gzip.decompress(answer.content)) == client.get("/api/v1/users").json()


@pytest.mark.parametrize(
    "answer",
    [
        StreamingHttpResponse(iter(["data: 1\n\n"]), content_type="text/event-stream"),
        StreamingHttpResponse(iter(["{}\n"] * 1000), content_type="application/json"),
        HttpResponse("a,b\n" * 1000, content_type="text/csv"),
        JsonResponse(LONG, headers={"Cache-Control": "private, no-transform"}),
        JsonResponse({"status": "ok"}),
        FileResponse(BytesIO(json.dumps(LONG).encode()), content_type="application/json"),
        JsonResponse(LONG, status=206, headers={"Content-Range": "bytes 0-5010/9000"}),
        JsonResponse(LONG, status=416, headers={"Content-Range": "bytes */9000"}),
        HttpResponse(content_type="application/json", headers={"Content-Length": "9000"}),
    ],
    ids=["events", "stream", "csv", "no-transform", "short", "file", "range", "no such range", "head"],
)
def test_what_is_no_whole_json_answer_keeps_its_bytes(answer: HttpResponseBase) -> None:
    length = answer.get("Content-Length")
    assert "Content-Encoding" not in sent(answer).headers
    assert answer.get("Content-Length") == length


def test_who_reads_no_gzip_gets_none() -> None:
    assert "Content-Encoding" not in sent(JsonResponse(LONG), accepts="identity").headers
    assert sent(JsonResponse(LONG)).headers["Content-Encoding"] == "gzip"

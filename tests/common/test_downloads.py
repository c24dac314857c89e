"""Downloads that go on where they were cut off, through the web server that people run."""

import hashlib
import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from labelapp.accounts.actions import issue_token
from labelapp.datasets.exporting import export_stream, export_tag
from labelapp.datasets.models import DatasetVersion
from tests.datasets.world import comparisons, written_version

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True, slots=True)
class Asker:
    """A researcher's script."""

    host: str
    token: str

    def __call__(self, path: str, *, method: str = "GET", read: int | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.host, timeout=60)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, f"/api/v1/{path}", headers=sent | {"Authorization": f"Bearer {self.token}"})
        response = connection.getresponse()
        answer = Answer(response.status, response.headers, response.read(read))
        connection.close()
        return answer


@pytest.fixture
def version() -> DatasetVersion:
    world = comparisons()
    world.add_prompts(3)
    world.answer_all()
    return written_version(world, kind="comparisons")


@pytest.fixture
def ask(live_app: str, version: DatasetVersion) -> Asker:
    assert version.created_by is not None
    token = issue_token(version.created_by, name="script", scopes=["read"], days=1)
    return Asker(urlsplit(live_app).netloc, token.secret)


def test_a_file_goes_on_where_it_was_cut_off(ask: Asker, version: DatasetVersion) -> None:
    path = f"dataset-versions/{version.pk}/files/train.jsonl"
    whole = (settings.DATA_DIR / version.directory / "train.jsonl").read_bytes()
    begun = ask(path, read=100)
    assert (begun.status, begun.body, begun.headers["Accept-Ranges"]) == (200, whole[:100], "bytes")
    assert begun.headers["ETag"] == f'"{hashlib.sha256(whole).hexdigest()}"'
    assert begun.headers["Content-Length"] == str(len(whole))
    rest = ask(path, Range="bytes=100-", If_Range=begun.headers["ETag"])
    assert (rest.status, begun.body + rest.body) == (206, whole)
    assert rest.headers["Content-Range"] == f"bytes 100-{len(whole) - 1}/{len(whole)}"
    assert rest.headers["Content-Length"] == str(len(whole) - 100)
    head = ask(path, method="HEAD", Range="bytes=100-")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(whole)))
    assert ask(path, If_None_Match=begun.headers["ETag"]).status == 304


def test_which_bytes_a_range_is(ask: Asker, version: DatasetVersion) -> None:
    path = f"dataset-versions/{version.pk}/files/train.jsonl"
    whole = (settings.DATA_DIR / version.directory / "train.jsonl").read_bytes()
    last = len(whole) - 1
    for asked, expected in {
        "bytes=0-0": whole[:1],
        "bytes=5-9": whole[5:10],
        "bytes=-7": whole[-7:],
        f"bytes={last}-": whole[-1:],
        f"bytes=5-{last + 1000}": whole[5:],
        f"bytes=-{last + 1000}": whole,
    }.items():
        answer = ask(path, Range=asked)
        assert (answer.status, answer.body) == (206, expected), asked
    for ignored in ("bytes=9-5", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,4-5", f"bytes={'9' * 40}-"):
        answer = ask(path, Range=ignored)
        assert (answer.status, answer.body) == (200, whole), ignored
    for beyond in (f"bytes={last + 1}-", "bytes=-0"):
        answer = ask(path, Range=beyond)
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{last + 1}"), beyond
        assert b"range_not_satisfiable" in answer.body


def test_of_a_changed_file_nothing_is_mixed(ask: Asker, version: DatasetVersion) -> None:
    path = f"dataset-versions/{version.pk}/files/train.jsonl"
    whole = (settings.DATA_DIR / version.directory / "train.jsonl").read_bytes()
    now = hashlib.sha256(whole).hexdigest()
    for validator in (f'"{"0" * 64}"', f'W/"{now}"', "Sun, 22 Nov 2026 10:00:00 GMT"):
        answer = ask(path, Range="bytes=100-", If_Range=validator)
        assert (answer.status, answer.body) == (200, whole), validator
    assert ask(path, Range="bytes=100-", If_Match=f'"{"0" * 64}"').status == 412


@pytest.mark.parametrize("file_format", ["jsonl", "parquet", "csv", "huggingface"])
def test_an_export_goes_on_too(ask: Asker, version: DatasetVersion, file_format: str) -> None:
    path = f"dataset-versions/{version.pk}/export?shape=pairs&file_format={file_format}"
    whole = b"".join(export_stream(version, shape="pairs", file_format=file_format))
    begun = ask(path, read=50)
    rest = ask(path, Range="bytes=50-", If_Range=begun.headers["ETag"])
    assert (begun.status, rest.status, begun.body + rest.body) == (200, 206, whole)
    assert rest.headers["Content-Range"] == f"bytes 50-{len(whole) - 1}/{len(whole)}"
    assert ask(path, Range="bytes=10-19").body == whole[10:20]
    assert ask(path, method="HEAD").headers["Content-Length"] == str(len(whole))
    assert ask(path).headers["Content-Length"] == str(len(whole)), "its size is known by now"
    assert ask(path, Range=f"bytes={len(whole)}-").status == 416


def test_what_changes_an_export_changes_its_tag(version: DatasetVersion) -> None:
    def tag(shape: str = "pairs", file_format: str = "huggingface") -> str:
        return export_tag(version, shape=shape, file_format=file_format)

    before = tag()
    assert before == tag()
    assert len({before, tag("pairs_chat"), tag(file_format="csv"), tag(file_format="jsonl")}) == 4
    version.dataset.description = "The card says this."
    assert tag() != before

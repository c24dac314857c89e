"""Downloads that break off, in one process or in several, and what comes that should not."""

import hashlib
import random
from pathlib import Path

import pytest

from labelapp_client import DamagedDownload, LabelappError, Refused, Unreachable
from labelapp_client.downloads import RemoteFile, download, download_made
from labelapp_client.progress import Progress, ignore
from tests.client.server import Answer, Request, ranged, serving

pytestmark = pytest.mark.usefixtures("quick")
CONTENT = random.Random(3).randbytes(300_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = RemoteFile("files/train.jsonl", "train.jsonl", SHA256, len(CONTENT))


def part_in(folder: Path) -> Path:
    return folder / f"train.jsonl.{SHA256[:12]}.part"


def test_it_goes_on_where_it_broke_off_however_often(tmp_path: Path) -> None:
    seen: list[Progress] = []

    def answer(request: Request) -> Answer:
        return ranged(CONTENT, request, tag=SHA256, breaks_after=70_000)

    with serving(answer) as server, server.app(attempts=2) as app:
        path = download(app.connection, FILE, tmp_path, on_progress=seen.append)
    assert path.read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["train.jsonl"]
    assert [request.range_start() for request in server.requests] == [None, 70_000, 140_000, 210_000, 280_000]
    assert (seen[-1].done, seen[-1].total) == (300_000, 300_000)


def test_another_process_goes_on(tmp_path: Path) -> None:
    with serving(lambda request: ranged(CONTENT, request, tag=SHA256, breaks_after=0)) as server:
        part_in(tmp_path).write_bytes(CONTENT[:200_000])
        with server.app(attempts=1) as app, pytest.raises(Unreachable):
            download(app.connection, FILE, tmp_path, on_progress=ignore)
        server.answer = lambda request: ranged(CONTENT, request, tag=SHA256)
        with server.app() as app:
            assert download(app.connection, FILE, tmp_path, on_progress=ignore).read_bytes() == CONTENT
    assert [request.range_start() for request in server.requests] == [200_000, 200_000]


@pytest.mark.parametrize("there", [b"", CONTENT[:10_000], CONTENT, CONTENT + b"more", b"\0" * 10_000, b"\0" * 300_000])
@pytest.mark.parametrize("has_ranges", [True, False])
def test_whatever_is_there_of_it(tmp_path: Path, there: bytes, has_ranges: bool) -> None:
    part_in(tmp_path).write_bytes(there)

    def answer(request: Request) -> Answer:
        start = request.range_start()
        if has_ranges and start is not None and start >= len(CONTENT):
            return Answer(416)
        return ranged(CONTENT, request, tag=SHA256 if has_ranges else "unknown")

    with serving(answer) as server, server.app() as app:
        assert download(app.connection, FILE, tmp_path, on_progress=ignore).read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["train.jsonl"]


def test_what_is_there_already_is_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_bytes(CONTENT)
    with serving(lambda _request: Answer(500)) as server, server.app() as app:
        download(app.connection, FILE, tmp_path, on_progress=ignore)
    assert server.requests == []


def test_another_content_leaves_nothing_behind(tmp_path: Path) -> None:
    with (
        serving(lambda request: ranged(b"x" * 300_000, request, tag=SHA256)) as server,
        server.app() as app,
        pytest.raises(DamagedDownload, match=r"train\.jsonl came with another sha256"),
    ):
        download(app.connection, FILE, tmp_path, on_progress=ignore)
    assert len(server.requests) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_version_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "train.jsonl").write_text("of another version")
    with (
        serving(lambda _request: Answer(500)) as server,
        server.app() as app,
        pytest.raises(LabelappError, match="name another folder"),
    ):
        download(app.connection, FILE, tmp_path, on_progress=ignore)
    assert (tmp_path / "train.jsonl").read_text() == "of another version"


@pytest.mark.parametrize("name", ["../train.jsonl", "/etc/passwd", "a/../../b", ".", ""])
def test_a_name_that_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    with (
        serving(lambda _request: Answer(500)) as server,
        server.app() as app,
        pytest.raises(LabelappError, match="would not be in"),
    ):
        download(app.connection, RemoteFile("files/x", name, SHA256), tmp_path / "in", on_progress=ignore)
    assert server.requests == []


def test_a_refusal_is_told_at_once_and_a_busy_server_asked_again(tmp_path: Path) -> None:
    with serving(lambda _request: Answer(404)) as server, server.app() as app:
        with pytest.raises(Refused):
            download(app.connection, FILE, tmp_path, on_progress=ignore)
        assert len(server.requests) == 1
        busy = iter([Answer(503), Answer(502)])
        server.answer = lambda request: next(busy, None) or ranged(CONTENT, request, tag=SHA256)
        assert download(app.connection, FILE, tmp_path, on_progress=ignore).read_bytes() == CONTENT


@pytest.mark.parametrize(("tag", "starts"), [('"e1"', [None, 70_000]), ('W/"e1"', [None, None]), ("", [None, None])])
def test_what_is_made_while_it_is_sent_goes_on_by_its_tag(tmp_path: Path, tag: str, starts: list[int | None]) -> None:
    breaks = iter([70_000])
    (tmp_path / "train.pairs.jsonl").write_text("from last week")

    def answer(request: Request) -> Answer:
        found = ranged(CONTENT, request, tag="e1", breaks_after=next(breaks, None))
        return Answer(found.status, found.body, {**found.headers, "ETag": tag}, found.breaks_after)

    file = RemoteFile("export", "train.pairs.jsonl", query={"shape": "pairs"})
    with serving(answer) as server, server.app() as app:
        path = download_made(app.connection, file, tmp_path, on_progress=ignore)
    assert path.read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["train.pairs.jsonl"]
    assert [request.range_start() for request in server.requests] == starts
    assert server.requests[-1].path == "/api/v1/export?shape=pairs"

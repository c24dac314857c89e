"""Versions in a bucket, of a real S3-compatible server (moto's) in a process of its own."""

import json
import os
import random
import select
import socket
import socketserver
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from formats.files import sha256_of
from labelapp.accounts.actions import issue_token
from labelapp.common import bucket as buckets
from labelapp.common import storage
from labelapp.datasets import claiming, storing, tasks, writing
from labelapp.datasets.exporting import FORMATS, export_stream
from labelapp.datasets.late_changes import PersonErased
from labelapp.datasets.models import DatasetVersion
from labelapp.datasets.storing import fresh_folder, remove_leftovers
from labelapp.datasets.writing import write_version
from labelapp.runs.directories import prepare_directory
from labelapp.runs.inputs import ChosenInput
from labelapp.runs.kinds import parse_config
from labelapp.runs.models import Run
from labelapp_client import Labelapp, connection
from tests.conftest import child_process, process_environment
from tests.datasets.test_faults import grow_old
from tests.datasets.world import World, comparisons, waiting_version, written_version
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)
STORE = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
app = DomainDispatcherApplication(create_backend_app)
make_server("127.0.0.1", 0, app, threaded=True, fd=int(sys.argv[1])).serve_forever()
"""


@pytest.fixture(scope="module")
def store(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The store's address. The socket is ours from the start: a request waits until the server takes it."""
    log = tmp_path_factory.mktemp("store") / "store.log"
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener, log.open("wb") as file:
        fd = listener.fileno()
        arguments = [sys.executable, "-c", STORE, str(fd)]
        with child_process(arguments, environment=process_environment(), log=file, pass_fds=(fd,)):
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def use_store(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., buckets.Bucket]]:
    """Set the environment to a store's address and connect to it."""

    def use(endpoint: str, *, url: str = "s3://labels/of/us") -> buckets.Bucket:
        settings.STORAGE_URL = url
        for name, value in {"ENDPOINT_URL": endpoint, "ACCESS_KEY_ID": "us", "SECRET_ACCESS_KEY": "ours"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        buckets._connect.cache_clear()
        return buckets.Bucket.of(url)

    yield use
    buckets._connect.cache_clear()


@pytest.fixture
def bucket(store: str, use_store: Callable[..., buckets.Bucket]) -> Iterator[buckets.Bucket]:
    """An empty bucket, in which frozen versions are kept."""
    found = use_store(store)
    found.client.create_bucket(Bucket=found.name)
    yield found
    found = use_store(store)
    for upload in found.client.list_multipart_uploads(Bucket=found.name).get("Uploads", []):
        found.client.abort_multipart_upload(Bucket=found.name, Key=upload["Key"], UploadId=upload["UploadId"])
    for key in keys(found):
        found.client.delete_object(Bucket=found.name, Key=key)
    found.client.delete_bucket(Bucket=found.name)


@pytest.fixture
def world() -> World:
    """Three rankings, one of them for validation."""
    world = comparisons()
    world.add_prompts(2)
    world.add_prompts(1, split="valid")
    world.answer_all()
    return world


def keys(bucket: buckets.Bucket) -> list[str]:
    """The keys of all that is in it."""
    return [found["Key"] for found in bucket.client.list_objects_v2(Bucket=bucket.name).get("Contents", [])]


def local_twin(version: DatasetVersion, *, settings: Any) -> Path:
    """Copy a version's files out of the bucket to where they would lie on the disk, with a tool of one's own."""
    remote = buckets.Bucket.of(settings.STORAGE_URL)
    folder: Path = settings.DATA_DIR / version.directory
    folder.mkdir(parents=True)
    for key in keys(remote):
        remote.client.download_file(remote.name, key, str(folder / key.rpartition("/")[2]))
    return folder


def test_a_version_goes_to_the_bucket_and_comes_back(bucket: buckets.Bucket, world: World, settings: Any) -> None:
    version = written_version(world, kind="comparisons")
    names = ["manifest.json", "train.jsonl", "train.parquet", "valid.jsonl", "valid.parquet"]
    assert keys(bucket) == [f"of/us/{version.directory}/{name}" for name in names]
    assert list((settings.DATA_DIR / "datasets" / str(version.dataset_id)).iterdir()) == []
    client = client_of(version.created_by)
    files = f"/api/v1/dataset-versions/{version.pk}/files"
    exports = {name: b"".join(export_stream(version, shape="pairs", file_format=name)) for name in FORMATS}
    fetched = {name: b"".join(client.get(f"{files}/{name}").streaming_content) for name in names}  # type: ignore[attr-defined]
    tag = next(entry["sha256"] for entry in version.files if entry["name"] == "train.jsonl")
    for asked, part in {"bytes=5-9": slice(5, 10), "bytes=-7": slice(-7, None), "bytes=9-": slice(9, None)}.items():
        answer: Any = client.get(f"{files}/train.jsonl", HTTP_RANGE=asked, HTTP_IF_RANGE=f'"{tag}"')
        assert (answer.status_code, answer["ETag"]) == (206, f'"{tag}"')
        assert b"".join(answer.streaming_content) == fetched["train.jsonl"][part]
    assert client.get(f"{files}/train.jsonl", HTTP_RANGE="bytes=9-", HTTP_IF_RANGE='"other"').status_code == 200
    assert client.head(f"{files}/train.jsonl")["Content-Length"] == str(len(fetched["train.jsonl"]))
    folder = local_twin(version, settings=settings)
    settings.STORAGE_URL = ""
    assert fetched == {path.name: path.read_bytes() for path in folder.iterdir()}, "moved to the disk, it is read there"
    assert exports == {name: b"".join(export_stream(version, shape="pairs", file_format=name)) for name in FORMATS}


def test_what_was_frozen_before_there_was_a_bucket_stays(
    store: str, use_store: Callable[..., buckets.Bucket], world: World, request: pytest.FixtureRequest
) -> None:
    version = written_version(world, kind="comparisons")
    request.getfixturevalue("bucket")
    answer: Any = client_of(version.created_by).get(f"/api/v1/dataset-versions/{version.pk}/files/train.jsonl")
    assert len(b"".join(answer.streaming_content).splitlines()) == 2


def test_a_run_reads_a_version_of_the_bucket(bucket: buckets.Bucket, world: World, settings: Any) -> None:
    version = written_version(world, kind="comparisons")
    run = Run(kind="dpo", directory="runs/of-a-bucket")
    inputs = {
        "model": ChosenInput("model", checkpoint=world.checkpoint),
        "comparisons": ChosenInput("comparisons", dataset_version=version),
    }
    prepare_directory(run, config=parse_config("dpo", {}), inputs=inputs, prompts=None)
    folder = local_twin(version, settings=settings)
    found = {path.name: path for path in (run.path / "inputs").iterdir()}
    assert sorted(found) == ["sources.json", "train.jsonl", "validation.jsonl"]
    assert found["train.jsonl"].read_bytes() == (folder / "train.jsonl").read_bytes()
    assert json.loads(found["sources.json"].read_text())["validation.jsonl"]["dataset_version"] == version.pk


class Line(socketserver.BaseRequestHandler):
    """A line to `far` that breaks after so many bytes of what comes back."""

    far: tuple[str, int]
    breaks_after: int

    def handle(self) -> None:
        near, left = self.request, self.breaks_after
        with socket.create_connection(self.far) as far:
            while left:
                ready, _, _ = select.select([near, far], [], [])
                data = ready[0].recv(min(65_536, left))
                if not data:
                    return
                (far if ready[0] is near else near).sendall(data)
                left -= len(data) if ready[0] is far else 0


@contextmanager
def line_to(address: str, *, breaks_after: int) -> Iterator[str]:
    """Such a line's own address, with a thread for each connection."""
    parts = urlsplit(address)
    kind = type("ThisLine", (Line,), {"far": (parts.hostname, parts.port), "breaks_after": breaks_after})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), kind) as server:
        server.daemon_threads, server.block_on_close = True, False
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_large_file_goes_in_parts_and_comes_back_over_a_line_that_breaks(
    bucket: buckets.Bucket, store: str, use_store: Callable[..., buckets.Bucket], tmp_path: Path
) -> None:
    content = random.Random(5).randbytes(20 * 2**20)
    (tmp_path / "large").write_bytes(content)
    bucket.upload(tmp_path / "large", "large")
    assert bucket.client.head_object(Bucket=bucket.name, Key="of/us/large")["ETag"].endswith('-2"'), "in two parts"
    with line_to(store, breaks_after=8 * 2**20) as endpoint:
        file = use_store(endpoint).find("large")
        with file.open() as opened:
            assert opened.read() == content
            opened.seek(-5, os.SEEK_END)
            assert opened.read() == content[-5:]
            opened.seek(7)
            bucket.client.put_object(Bucket=bucket.name, Key="of/us/large", Body=b"another one")
            with pytest.raises(storage.StorageUnavailable):
                opened.read()


def test_the_client_goes_on_with_what_broke_off(
    bucket: buckets.Bucket, live_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "FIRST_PAUSE_SECONDS", 0.001)
    world = comparisons()
    world.add_prompts(1, prompt="A long one. " * 8_000)
    world.answer_all()
    version = written_version(world, kind="comparisons")
    token = issue_token(world.author, name="script", scopes=["read"], days=1)
    told: list[str] = []
    with (
        line_to(live_server.url, breaks_after=40_000) as url,
        Labelapp(url, token.secret, tell=told.append) as app,
    ):
        app.datasets.download(version.pk, tmp_path, file_format="jsonl")
    digests = {entry["name"]: entry["sha256"] for entry in version.files}
    assert sha256_of(tmp_path / "train.jsonl") == digests["train.jsonl"]
    assert len(told) >= 2, "96 kB came in pieces of less than 40"


def test_what_attempts_left_is_removed_and_nothing_else(bucket: buckets.Bucket, world: World) -> None:
    version = waiting_version(world, kind="comparisons")
    dead = claiming.claim(version.pk)
    assert dead is not None
    left = f"of/us/datasets/{version.dataset_id}/v1.1.0123abcd"
    fresh_folder(dead)
    for key in (f"{left}/train.jsonl", f"of/us/datasets/{version.dataset_id}/notes.txt"):
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"half")
    begun = bucket.client.create_multipart_upload(Bucket=bucket.name, Key=f"{left}/train.parquet")
    remove_leftovers(version.dataset_id)
    assert f"{left}/train.jsonl" in keys(bucket), "its writer may still live"
    grow_old(version)
    write_version(version.pk)
    version.refresh_from_db()
    assert (version.state, version.attempt) == ("ready", 2)
    assert version.directory.startswith(f"datasets/{version.dataset_id}/v1.2.")
    assert {key.rpartition("/")[0] for key in keys(bucket)} == {
        f"of/us/{version.directory}",
        f"of/us/datasets/{version.dataset_id}",
    }
    with pytest.raises(bucket.client.exceptions.NoSuchUpload):
        bucket.client.list_parts(Bucket=bucket.name, Key=f"{left}/train.parquet", UploadId=begun["UploadId"])


def test_a_version_that_is_given_up_leaves_nothing(bucket: buckets.Bucket, world: World) -> None:
    version = waiting_version(world, kind="comparisons")
    claiming.claim(version.pk)
    key = f"of/us/datasets/{version.dataset_id}/v1.3.0123abcd/train.jsonl"
    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"half")
    grow_old(version, state="writing", attempt=3)
    tasks.sweep()
    version.refresh_from_db()
    assert (version.state, keys(bucket)) == ("failed", [])


def test_what_could_not_be_removed_is_removed_once_the_store_is_back(
    bucket: buckets.Bucket,
    world: World,
    use_store: Callable[..., buckets.Bucket],
    store: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def erased(_version: DatasetVersion) -> None:
        use_store("http://127.0.0.1:1")
        raise PersonErased

    monkeypatch.setattr(writing, "refuse_erased", erased)
    version = waiting_version(world, kind="comparisons")
    write_version(version.pk)
    tasks.sweep()
    use_store(store)
    version.refresh_from_db()
    assert (version.state, len(keys(bucket))) == ("failed", 5), "the store went away before they could be removed"
    assert storing.untidy_dataset_ids() == [version.dataset_id]
    tasks.sweep()
    assert (keys(bucket), storing.untidy_dataset_ids()) == ([], [])


def test_nothing_stays_in_a_bucket_with_versions(bucket: buckets.Bucket, tmp_path: Path) -> None:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    (tmp_path / "text").write_text("of somebody who asked for deletion")
    bucket.upload(tmp_path / "text", "datasets/1/v1.1.a/train.jsonl")
    bucket.upload(tmp_path / "text", "datasets/1/v1.1.ab/train.jsonl")

    bucket.remove_folder("datasets/1/v1.1.a")

    found = bucket.client.list_object_versions(Bucket=bucket.name)
    assert [one["Key"] for one in found["Versions"]] == ["of/us/datasets/1/v1.1.ab/train.jsonl"]
    assert not found.get("DeleteMarkers")
    bucket.remove_folder("datasets/1/v1.1.ab")


def test_one_claimed_while_another_tidies_stays_marked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    version = waiting_version(world, kind="comparisons")
    remove = storing.remove_leftovers

    def claimed_meanwhile(dataset_id: int) -> None:
        remove(dataset_id)
        claiming.claim(version.pk)

    monkeypatch.setattr(storing, "remove_leftovers", claimed_meanwhile)
    storing.tidy(version.dataset_id)
    grow_old(version, state="failed")
    assert storing.untidy_dataset_ids() == [version.dataset_id]


def test_a_bucket_that_is_away_is_told_and_nothing_is_lost(
    bucket: buckets.Bucket, world: World, use_store: Callable[..., buckets.Bucket], store: str
) -> None:
    version = written_version(world, kind="comparisons")
    use_store(store, url="s3://nobodys/of/us")
    said = "The bucket s3://nobodys/of/us cannot be used: there is none of this name; make it, or correct STORAGE_URL."
    second = waiting_version(world, kind="comparisons", name="second")
    write_version(second.pk)
    second.refresh_from_db()
    assert (second.state, second.error, second.rows.count()) == ("failed", f"{said} Then freeze again.", 0)
    answer = client_of(version.created_by).get(f"/api/v1/dataset-versions/{version.pk}/files/train.jsonl")
    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (503, "storage_unavailable", said)
    tasks.sweep()
    page = client_of(make_user("admin")).get("/api/v1/home").json()["admin"]
    assert page["system"]["storage"]["bucket"] == "s3://nobodys/of/us"
    assert [one["message"] for one in page["problems"] if one["code"] == "bucket"] == [
        f"{said} Until then no dataset is frozen or downloaded."
    ]
    use_store(store)
    tasks.sweep()
    assert client_of(make_user("admin")).get("/api/v1/system").json()["storage"]["bucket_problem"] == ""
    bucket.client.delete_object(Bucket=bucket.name, Key=f"of/us/{version.directory}/train.jsonl")
    gone = client_of(version.created_by).get(f"/api/v1/dataset-versions/{version.pk}/files/train.jsonl")
    assert (gone.status_code, gone.json()["code"]) == (409, "file_gone")


def test_wrong_keys_and_a_store_that_is_not_there(
    bucket: buckets.Bucket, store: str, use_store: Callable[..., buckets.Bucket]
) -> None:
    def authenticate_after(actions: str) -> None:
        request = urllib.request.Request(
            f"{store}/moto-api/reset-auth", actions.encode(), {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request).close()

    assert storage.problem() == ""
    authenticate_after("0")
    try:
        assert "nobody has this access key; correct AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in storage.problem()
        with pytest.raises(storage.StorageUnavailable, match="nobody has this access key"):
            storage.find("datasets/none/train.jsonl")
    finally:
        authenticate_after("inf")
    with pytest.raises(FileNotFoundError):
        storage.find("datasets/none/train.jsonl")
    use_store("http://127.0.0.1:1")
    assert storage.problem().endswith("it does not answer; start it, or correct AWS_ENDPOINT_URL.")

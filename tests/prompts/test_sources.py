"""Good files of every source: what `datasets` saved, the hub, IMPORT_DIR, and a log that grows while it is followed."""

import io
import json
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from rest_framework.test import APIClient

from labelapp.prompts.importing import claiming
from labelapp.prompts.importing.actions import read_grown_logs
from labelapp.prompts.importing.working import work_on
from labelapp.prompts.models import Prompt, PromptImport, Response
from tests.prompts.conftest import Upload, confirm, jsonl, previewed
from tests.prompts.hub import hub_of

pytestmark = pytest.mark.django_db
SOURCES = "/api/v1/prompt-imports/sources"


@pytest.fixture
def incoming(tmp_path: Path, settings: Any) -> Path:
    """The folder in which the server looks for imports."""
    settings.IMPORT_DIR = tmp_path / "incoming"
    path: Path = settings.IMPORT_DIR
    path.mkdir()
    return path


def named(client: APIClient, name: str, **options: Any) -> Any:
    """Name a source of IMPORT_DIR and let a worker read it."""
    return previewed(client, client.post(SOURCES, {"source": "incoming", "name": name, **options}, format="json"))


def texts() -> list[str]:
    return list(Prompt.objects.order_by("id").values_list("text", flat=True))


def parquet(*rows: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), file)
    return file.getvalue()


def test_every_file_of_the_folder_comes_in(incoming: Path, researcher: APIClient) -> None:
    (incoming / "a.jsonl").write_bytes(jsonl([{"prompt": "from JSON"}]))
    (incoming / "b.csv").write_bytes(b"prompt\nfrom CSV\n")
    (incoming / "c.parquet").write_bytes(parquet({"prompt": "from Parquet"}))
    (incoming / ".hidden.jsonl").write_bytes(b"")
    listed = researcher.get(SOURCES).json()
    assert [(row["name"], row["is_directory"]) for row in listed] == [
        ("a.jsonl", False),
        ("b.csv", False),
        ("c.parquet", False),
    ]
    for row in listed:
        assert confirm(researcher, named(researcher, row["name"]).json()).json()["imported_count"] == 1
    assert texts() == ["from JSON", "from CSV", "from Parquet"]
    assert (incoming / "a.jsonl").exists(), "what an operator laid there stays"


@pytest.mark.parametrize(
    "name", ["../secret.jsonl", "/etc/passwd", "a/../../secret.jsonl", ".", "..", "link.jsonl", "x"]
)
def test_no_name_leads_out_of_the_folder(incoming: Path, researcher: APIClient, name: str) -> None:
    (incoming.parent / "secret.jsonl").write_bytes(jsonl([{"prompt": "a secret"}]))
    (incoming / "link.jsonl").symlink_to(incoming.parent / "secret.jsonl")
    answer = named(researcher, name)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "name")
    assert not PromptImport.objects.exists()


def test_an_upload_s_path_is_no_path_of_ours(upload: Upload) -> None:
    preview = upload(jsonl([{"prompt": "a"}]), name="../../../etc/passwd.jsonl").json()
    assert preview["file_name"] == "passwd.jsonl"
    path = django_settings.DATA_DIR / PromptImport.objects.get().file_path
    assert path.parent == django_settings.DATA_DIR / "imports"


def test_what_datasets_saved_comes_in_by_splits_with_its_answers(
    incoming: Path, researcher: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = import_module("datasets")
    asked, said = {"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}
    splits = {
        "train": datasets.Dataset.from_list([{"messages": [asked, said]}, {"messages": [{**asked, "content": "Ho"}]}]),
        "test": datasets.Dataset.from_list([{"messages": [{**asked, "content": "Held out"}]}]),
    }
    datasets.DatasetDict(splits).save_to_disk(str(incoming / "chats"))
    rows = [{"instruction": f"Do {number}", "id": number} for number in range(7)]
    datasets.Dataset.from_list(rows).save_to_disk(str(incoming / "plain"), num_shards=3)
    chats = named(researcher, "chats").json()
    assert (chats["line_count"], chats["bad_count"], chats["good_count"]) == (3, 0, 3)
    confirm(researcher, chats)
    assert texts() == ["Hi", "Ho", "Held out"]
    assert Response.objects.get().text == "Hello"
    plain = named(researcher, "plain", columns={"prompt": "instruction"}).json()
    assert confirm(researcher, plain).json()["imported_count"] == 7
    assert texts()[3:] == [row["instruction"] for row in rows]


def test_a_dataset_of_the_hub(researcher: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = {
        "README.md": b"# Ours",
        "data/train.parquet": parquet({"prompt": "from the hub"}),
        "more.jsonl": jsonl([{"prompt": "and more"}]),
        "run.py": b"raise SystemExit",
    }
    with hub_of({"org/ours": ours, "org/evil": {"../../../evil.jsonl": b"{}"}}) as (endpoint, fetched):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
        template = f"{endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)

        def fetch(name: str) -> dict[str, Any]:
            answer = researcher.post(SOURCES, {"source": "hub", "name": name}, format="json")
            found: dict[str, Any] = previewed(researcher, answer).json()
            return found

        preview = fetch("org/ours")
        assert (preview["error"], preview["good_count"]) == ("", 2)
        assert sorted(fetched) == ["data/train.parquet", "more.jsonl"], "only data are fetched"
        assert confirm(researcher, preview).json()["imported_count"] == 2
        assert texts() == ["from the hub", "and more"]
        assert "no dataset org/nobody" in fetch("org/nobody")["error"]
        assert "does not give org/evil" in fetch("org/evil")["error"]
        assert not list(django_settings.DATA_DIR.rglob("evil.jsonl"))
    for name in ("../ours", "a/b/c", "https://example.org", ""):
        wrong = researcher.post(SOURCES, {"source": "hub", "name": name}, format="json")
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "name"), name


def entry(text: str, answer: str = "") -> bytes:
    """A line of an OpenAI-compatible server's log."""
    request = {"model": "small", "user": "acme", "messages": [{"role": "user", "content": text}]}
    response = {"choices": [{"message": {"role": "assistant", "content": answer}}]} if answer else None
    return json.dumps({"request": request, "response": response}).encode() + b"\n"


def test_a_log_that_grows_is_followed_line_by_line(incoming: Path, researcher: APIClient) -> None:
    log = incoming / "requests.log"
    log.write_bytes(entry("Name a tree", "Oak") + entry("Name a lake"))
    options = {"is_chat_log": True, "follows": True, "consent_note": "Our own staff."}
    preview = named(researcher, "requests.log", **options).json()
    confirm(researcher, preview)
    half = entry("Name a river")
    for added, names in [
        (b"", ["Name a tree", "Name a lake"]),
        (half[:20], ["Name a tree", "Name a lake"]),  # a server is writing its line
        (half[20:] + b"{}\n" + entry("Name a tree"), ["Name a tree", "Name a lake", "Name a river"]),
        (entry("Name a hill", "Ararat"), ["Name a tree", "Name a lake", "Name a river", "Name a hill"]),
    ]:
        with log.open("ab") as file:
            file.write(added)
        read_grown_logs()
        work_on(preview["id"])
        assert texts() == names
    done = researcher.get(f"/api/v1/prompt-imports/{preview['id']}").json()
    counts = {name: done[f"{name}_count"] for name in ("line", "imported", "duplicate", "bad")}
    assert counts == {"line": 6, "imported": 4, "duplicate": 1, "bad": 1}
    assert (done["report"]["bad"][0]["line"], done["report"]["bad"][0]["field"]) == (4, "messages")
    assert list(Response.objects.order_by("id").values_list("text", flat=True)) == ["Oak", "Ararat"]
    assert set(Prompt.objects.values_list("model", "submitter__key", "kind")) == {("small", "acme", "customer")}
    researcher.post(f"/api/v1/prompt-imports/{preview['id']}/stop-following")
    with log.open("ab") as file:
        file.write(entry("Name a cave"))
    read_grown_logs()
    work_on(preview["id"])
    assert Prompt.objects.count() == 4


def test_a_file_that_kills_its_workers_is_given_up(upload: Upload, researcher: APIClient) -> None:
    made = PromptImport.objects.get(pk=upload(jsonl([{"prompt": "a"}])).json()["id"])
    PromptImport.objects.filter(pk=made.pk).update(state="checking", position={}, line_count=0)
    long_ago = timezone.now() - timedelta(hours=1)
    for _ in range(claiming.MOST_STOPS):
        assert claiming.claim(made.pk) is not None
        PromptImport.objects.filter(pk=made.pk).update(heartbeat_at=long_ago)
    assert claiming.claim(made.pk) is None
    path = f"/api/v1/prompt-imports/{made.pk}"
    assert "stopped 3 times at the same place" in researcher.get(path).json()["error"]
    assert claiming.ids_to_ring() == []
    researcher.post(f"{path}/resume")
    assert claiming.claim(made.pk) is not None
    PromptImport.objects.filter(pk=made.pk).update(line_count=2000, heartbeat_at=long_ago)
    assert claiming.claim(made.pk) is not None, "it came further"
    made.refresh_from_db()
    position = {**made.position, "written": 2000}
    PromptImport.objects.filter(pk=made.pk).update(heartbeat_at=long_ago, position=position)
    assert claiming.claim(made.pk) is not None
    made.refresh_from_db()
    assert made.position["stops"]["count"] == 1, "its lines brought responses alone"

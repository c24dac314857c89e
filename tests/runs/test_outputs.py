"""Downloading what a run left: the manifest's files, whatever else is asked for."""

import hashlib
from pathlib import Path

import pytest

from formats.run_directory import RunDirectory
from labelapp.accounts.models import Role
from labelapp.runs.models import Run
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> Run:
    """A run whose output is there."""
    run = Run.objects.create(kind="reward_model", name="rm", state="succeeded", directory="runs/outputs-test")
    directory = RunDirectory(run.path)
    staging = directory.root / ".output-1"
    (staging / "model").mkdir(parents=True, exist_ok=True)
    (staging / "model" / "config.json").write_text("{}")
    (staging / "validation_rewards.jsonl").write_text('{"reward": 1.0}\n')
    directory.publish_output(staging, kind="reward_model", summary={})
    (directory.root / "config.json").write_text("secret settings")
    return run


def test_the_files_are_listed_and_downloaded(run: Run) -> None:
    client = client_of(make_user(Role.RESEARCHER))
    files = client.get(f"/api/v1/runs/{run.pk}/files").json()
    assert [file["name"] for file in files] == ["model/config.json", "validation_rewards.jsonl"]
    answer = client.get(f"/api/v1/runs/{run.pk}/files/validation_rewards.jsonl")
    content = answer.getvalue()
    assert hashlib.sha256(content).hexdigest() == files[1]["sha256"]
    assert "attachment" in answer["Content-Disposition"]
    assert answer["ETag"] == f'"{files[1]["sha256"]}"'
    rest = client.get(answer.request["PATH_INFO"], headers={"range": "bytes=4-", "if-range": answer["ETag"]})
    assert (rest.status_code, rest.getvalue()) == (206, content[4:])


@pytest.mark.parametrize(
    "name", ["manifest.json", "../config.json", "model/../../config.json", "%2e%2e/config.json", "/etc/passwd", "model"]
)
def test_nothing_else_is(run: Run, name: str) -> None:
    answer = client_of(make_user(Role.RESEARCHER)).get(f"/api/v1/runs/{run.pk}/files/{name}")
    assert answer.status_code == 404


def test_a_run_without_an_output_has_no_files(tmp_path: Path) -> None:
    run = Run.objects.create(kind="sft", name="sft", directory="runs/none")
    client = client_of(make_user(Role.RESEARCHER))
    assert client.get(f"/api/v1/runs/{run.pk}/files").json() == []
    assert client.get(f"/api/v1/runs/{run.pk}/files/model/config.json").status_code == 404


def test_labelers_get_none(run: Run) -> None:
    assert client_of(make_user()).get(f"/api/v1/runs/{run.pk}/files/validation_rewards.jsonl").status_code == 404

"""A run launched and followed by the Python client, through a real web server, worker, supervisor and trainer."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from labelapp.accounts.actions import issue_token
from labelapp.accounts.models import User
from labelapp.datasets.models import DatasetKind
from labelapp_client import Labelapp, LabelappError
from labelapp_client.command_line import main
from tests.runs.world import make_model, make_sft, make_version


@pytest.fixture
def app(live_app: str, celery_worker_process: Any, admin: User, monkeypatch: pytest.MonkeyPatch) -> Labelapp:
    monkeypatch.setenv("LABELAPP_URL", live_app)
    token = issue_token(admin, name="script", scopes=["read", "write", "admin"], days=1).secret
    monkeypatch.setenv("LABELAPP_TOKEN", token)
    return Labelapp()


def test_launched_by_names_and_followed_to_its_end(
    app: Labelapp, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, version = make_model(), make_version(DatasetKind.DEMONSTRATIONS)
    inputs = ["--input", f"model={model.name}", "--input", f"demonstrations={version.dataset.name}"]
    settings = ["--preset", "tiny", "--set", "device=cpu", "--set", "seed=17"]
    assert main(["launch", "sft", *inputs, *settings, "--follow", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    run = lines[-1]["run"]
    assert (run["state"], run["config"]["seed"]) == ("succeeded", 17)
    log = "".join(line["log"] for line in lines if "log" in line)
    assert "from step 0\n" in log
    assert [line["metrics"]["step"] for line in lines if "metrics" in line] == list(range(1, 11))
    assert (tmp_path / "model" / "config.json") in app.runs.download(run["id"], tmp_path)


def test_a_run_that_fails_and_one_that_is_cancelled(
    app: Labelapp, admin: User, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = make_sft(admin, bad_input=True)
    assert main(["follow", str(failed.pk)]) == 1
    assert "must be smaller for this model" in capsys.readouterr().err.splitlines()[-1]
    held = make_sft(admin, hold_at=3)
    statuses: list[int] = []
    following = threading.Thread(target=lambda: statuses.append(main(["wait", "run", str(held.pk)])))
    following.start()
    app.runs.cancel(held.pk)
    following.join(timeout=60)
    assert statuses == [3]


def test_names_that_there_are_not(app: Labelapp) -> None:
    with pytest.raises(LabelappError, match="has no preset 'huge'; there is tiny"):
        app.runs.launch("sft", inputs={}, preset="huge")
    with pytest.raises(LabelappError, match="reads model, demonstrations"):
        app.runs.launch("sft", inputs={"policy": 1})
    with pytest.raises(LabelappError, match="There is no checkpoint 'llama'"):
        app.runs.launch("sft", inputs={"model": "llama"})

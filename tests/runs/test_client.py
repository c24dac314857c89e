"""A run launched and followed by the Python client, through a real web server, worker, supervisor and trainer."""

import json
import re
import shlex
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from labelapp.accounts.actions import issue_token
from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint
from labelapp.datasets.models import DatasetKind
from labelapp.labeling.models import Assignment, Project
from labelapp_client import Labelapp, LabelappError
from labelapp_client.arguments import parser
from labelapp_client.command_line import main
from tests.datasets.world import World, comparisons, submitter_in
from tests.runs.world import make_model, make_sft, make_version

ROOT = Path(__file__).resolve().parents[2]


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
    assert main(["cancel", str(held.pk)]) == 0
    following.join(timeout=60)
    assert statuses == [3]


def test_names_that_there_are_not(app: Labelapp) -> None:
    with pytest.raises(LabelappError, match="has no preset 'huge'; there is tiny"):
        app.runs.launch("sft", inputs={}, preset="huge")
    with pytest.raises(LabelappError, match="reads model, demonstrations"):
        app.runs.launch("sft", inputs={"policy": 1})
    with pytest.raises(LabelappError, match="There is no checkpoint 'llama'"):
        app.runs.launch("sft", inputs={"model": "llama"})


def test_the_script_of_the_docs(
    app: Labelapp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it stands there, with a labeler who answers meanwhile, and a model by that name that trains in no time."""
    text = (ROOT / "docs" / "client.md").read_text()
    (script,) = re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    (email,) = set(re.findall(r"\b\S+@example\.org\b(?!/)", script.replace('"', " ")))
    world = comparisons()
    User.objects.filter(pk=world.labeler.pk).update(email=email)
    Checkpoint.objects.filter(pk=make_model().pk).update(name="tiny-base")
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    line = {"prompt": "Name a tree.", "submitter": submitter_in("train"), "responses": ["Oak", "Ash", "Elm", "Fir"]}
    Path("prompts.jsonl").write_text(json.dumps(line) + "\n")
    said: dict[str, Any] = {}
    running = threading.Thread(target=exec, args=(compile(script, "docs/client.md", "exec"), said))
    running.start()
    answer_as_soon_as_there_is_something(world)
    running.join(timeout=90)
    assert said["run"]["state"] == "succeeded"
    assert said["pairs"].num_rows == 5
    assert Path("first-rankings/train.jsonl").is_file()
    assert Path("first-reward-model/model/config.json").is_file()
    assert "from step 0" in capsys.readouterr().out


def answer_as_soon_as_there_is_something(world: World) -> None:
    """Wait for the script's task and answer it."""
    ends_at = time.monotonic() + 60
    while not Assignment.objects.filter(project__name="First rankings").exists():
        assert time.monotonic() < ends_at, "the script made no task"
        time.sleep(0.05)
    world.project = Project.objects.get(name="First rankings")
    world.answer_all()


def test_the_commands_of_the_docs_can_be_read() -> None:
    text = (ROOT / "docs" / "client.md").read_text().replace("\\\n", " ")
    commands = re.findall(r"(?:^    |`)labelapp (\w[^`\n]+)", text, flags=re.MULTILINE)
    read = [parser().parse_args(shlex.split(command, comments=True)).command for command in commands]
    assert set(read) >= {
        "import",
        "project",
        "wait",
        "freeze",
        "download",
        "launch",
        "undo",
        "cancel",
        "resume",
        "list",
    }

"""What a researcher scripts, against a real web server and a real worker: from a file of prompts to `datasets`."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from datasets import load_dataset

from formats.files import sha256_of
from labelapp.accounts.actions import issue_token
from labelapp.datasets.models import DatasetRow
from labelapp.labeling.models import Project
from labelapp.prompts.models import SampleBatch
from labelapp_client import Labelapp, NotConfigured, NotDone
from labelapp_client.command_line import main
from labelapp_client.progress import Progress
from labelapp_client.prompts import ImportOptions
from labelapp_client.types import NameSourceRequest
from tests.datasets.world import World, comparisons, submitter_in

pytestmark = pytest.mark.django_db(transaction=True)
Command = Callable[..., Any]
SCOPES = ["read", "write"]


@pytest.fixture
def world(transactional_db: None) -> World:
    return comparisons()


@pytest.fixture
def environment(live_app: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A researcher's shell in a folder of their own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABELAPP_URL", live_app)
    monkeypatch.setenv("LABELAPP_TOKEN", issue_token(world.author, name="script", scopes=SCOPES, days=1).secret)
    for name in ("XDG_CACHE_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    Path("guide.md").write_text("Rank the most helpful first.")


@pytest.fixture
def labelapp(environment: None, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command with --json; its result."""

    def run(*arguments: str, status: int = 0) -> Any:
        assert main([*arguments, "--json"]) == status, capsys.readouterr()
        written = capsys.readouterr()
        return json.loads((written.err if status else written.out).splitlines()[-1])

    return run


def write_prompts(name: str, *more: Any) -> None:
    """A file of six prompts with four responses each, four of them for training."""
    lines = [
        {
            "prompt": f"Tell me {number} things about the number {number * 977}.",
            "submitter": submitter_in("valid" if number > 4 else "train"),
            "use_case": "open_qa",
            "responses": [f"Answer {answer} to {number}." for answer in range(4)],
        }
        for number in range(1, 7)
    ]
    Path(name).write_text("".join(json.dumps(line) + "\n" for line in (*lines, *more)))


def answer_everything(project_id: int, world: World) -> None:
    """What a labeler does meanwhile."""
    world.project = Project.objects.get(pk=project_id)
    world.answer_all()


def test_from_a_file_of_prompts_to_datasets(celery_worker_process: Any, labelapp: Command, world: World) -> None:
    write_prompts("prompts.jsonl")
    imported = labelapp("import", "prompts.jsonl")
    assert (imported["state"], imported["imported_count"], imported["response_count"]) == ("imported", 6, 24)
    again = labelapp("import", "prompts.jsonl")
    assert (again["state"], again["imported_count"], again["duplicate_count"]) == ("previewed", 0, 6)
    assert [row["id"] for row in labelapp("list", "imports")] == [again["id"], imported["id"]]
    assert SampleBatch.objects.count() == 1

    creation = ["--kind", "comparison", "--instructions", "guide.md", "--member", world.labeler.email]
    project = labelapp("project", "create", "Rank them", *creation)
    assert labelapp("project", "fill", "Rank them", "--batch", "prompts.jsonl")["created"] == 6
    done: list[Any] = []
    seen: list[Progress] = []
    with Labelapp() as app:
        waiting = threading.Thread(target=lambda: done.append(app.projects.wait("Rank them", on_progress=seen.append)))
        waiting.start()
        answer_everything(project["id"], world)
        waiting.join(timeout=60)
        assert done[0]["assignment_counts"] == {"open": 0, "leased": 0, "submitted": 6}
        assert (seen[-1].done, seen[-1].total) == (6, 6)

        version = labelapp("freeze", "Rankings", "--kind", "comparisons", "--project", "Rank them")
        assert (version["number"], version["rows_total"], version["pair_count"]) == (1, 6, 30)
        assert labelapp("freeze", "Rankings", "--preview", "--project", "Rank them")["rows"] == 6
        files = labelapp("download", "Rankings", "--split", "train")["files"]
        assert files == ["Rankings-v1/train.jsonl", "Rankings-v1/train.parquet", "Rankings-v1/manifest.json"]
        assert sha256_of(Path("Rankings-v1/manifest.json")) == version["sha256"]
        exported = labelapp("download", "Rankings@1", "pairs", "--shape", "pairs", "--format", "csv")["files"]
        assert [path.rpartition("/")[2] for path in exported] == ["train.pairs.csv", "valid.pairs.csv"]
        for more in ([], ["--shape", "pairs"]):
            refused = labelapp("download", "Rankings", "empty", "--split", "test", *more, status=2)
            assert refused["message"] == "Rankings@1 has no rows in the split test; it has some in train, valid."
        assert not Path("empty").exists()
        refused = labelapp("download", "Rankings@9", status=2)
        assert refused["message"] == "The dataset 'Rankings' has no version 9; the newest is Rankings@1."
        refused = labelapp("download", "Rankings", "--format", "huggingface", "--split", "train", status=2)
        assert "has all splits" in refused["message"]
        for shape, columns in (([], {"prompt_id", "responses"}), (["--shape", "pairs"], {"chosen", "rejected"})):
            folder = f"hub{len(shape)}"
            files = labelapp("download", "Rankings", folder, "--format", "huggingface", *shape)["files"]
            assert sorted(path.name for path in Path(folder).iterdir()) == ["README.md", "data"], files
            read = load_dataset(folder)
            assert list(read) == ["train", "validation"]
            assert columns <= set(read["train"].column_names)
        assert read["train"].num_rows == 20

        loaded = app.datasets.load("Rankings")
        assert {name: split.num_rows for name, split in loaded.items()} == {"train": 4, "valid": 2}
        prompts = set(
            DatasetRow.objects.filter(version=version["id"], split="train").values_list("prompt_id", flat=True)
        )
        assert set(map(int, loaded["train"]["prompt_id"])) == prompts
        pairs = app.datasets.load(version["id"], shape="pairs_chat", split="valid")
        assert (pairs.num_rows, sorted(pairs.column_names)) == (10, ["chosen", "prompt", "rejected"])


def test_bad_lines_refuse_a_file_or_are_left_out(celery_worker_process: Any, labelapp: Command) -> None:
    write_prompts("bad.jsonl", {"promt": "Misspelled."})
    refusal = labelapp("import", "bad.jsonl", status=1)
    assert refusal["code"] == "not_done"
    assert "line 7, promt" in refusal["message"]
    assert refusal["message"].endswith(". Mend it, or keep the good lines.")
    assert refusal["data"]["state"] == "refused"
    with Labelapp() as app, pytest.raises(NotDone):
        app.prompts.import_file("bad.jsonl")
    kept = labelapp("confirm", str(refusal["data"]["id"]), "--keep-good")
    assert (kept["state"], kept["imported_count"], kept["bad_count"]) == ("imported", 6, 1)
    undone = labelapp("undo", str(kept["id"]))
    assert (undone["state"], undone["removed_count"], undone["archived_count"]) == ("undone", 6, 0)
    assert labelapp("resume", "import", str(kept["id"]), status=2)["code"] == "import_not_stopped"


def test_the_columns_of_a_foreign_file(celery_worker_process: Any, labelapp: Command) -> None:
    Path("foreign.csv").write_text("question,who\nWhat is an oak?,acme\nWhat is a birch?,acme\nWhat is an elm?,acme\n")
    options = ["--column", "prompt=question", "--column", "submitter=who", "--cap", "2"]
    row = labelapp("import", "foreign.csv", *options)
    assert (row["columns"], row["imported_count"]) == ({"prompt": "question", "submitter": "who"}, 2)
    assert row["over_cap_count"] == 1
    project = labelapp("project", "create", "Answer", "--kind", "demonstration", "--instructions", "guide.md")
    filled = labelapp("project", "fill", str(project["id"]), "--import", str(row["id"]))
    assert filled["created"] == 2


def test_names_that_there_are_not_say_which_there_are(labelapp: Command, world: World) -> None:
    options = ["--kind", "comparison", "--instructions", "guide.md", "--member", "nobody@example.org"]
    assert "nobody@example.org" in labelapp("project", "create", "x", *options, status=2)["message"]
    assert world.project.name in labelapp("wait", "project", "Rankk", status=2)["message"]
    assert "comparisons" in labelapp("freeze", "Rankings", status=2)["message"]
    assert "none at all" in labelapp("download", "Rankings", status=2)["message"]
    refusal = labelapp("freeze", "Rankings", "--kind", "comparisons", "--query", '{"projects": [1]}', status=2)
    assert [error["field"] for error in refusal["errors"]] == ["query.projects"]


def test_loading_says_which_package_is_missing(environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with Labelapp() as app, pytest.raises(NotConfigured, match=r"labelapp_client\[datasets\]"):
        app.datasets.load("Rankings")


def test_it_is_a_command(environment: None, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "labelapp_client", "wait", "version", "Rankings"]
    ended = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "labelapp: There is no dataset 'Rankings'; there is none at all.\n"


def test_the_options_of_an_import_are_the_servers() -> None:
    named = {"source", "name", "revision"}
    assert set(get_type_hints(ImportOptions)) == set(get_type_hints(NameSourceRequest)) - named

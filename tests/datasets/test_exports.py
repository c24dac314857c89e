"""Every shape in every file, loaded back by the library that reads it, and equal to what the version holds."""

import csv
import io
import json
import zipfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from formats.jsonl import read_jsonl
from formats.records import Ranking
from labelapp.datasets.exporting import export_stream
from labelapp.datasets.models import DatasetVersion
from labelapp.datasets.shapes import SHAPES
from tests.datasets.test_writing import folder
from tests.datasets.world import World, comparisons, demonstrations, written_version
from tests.people import client_of

pytestmark = pytest.mark.django_db(transaction=True)

FORMULA = '=HYPERLINK("http://evil.example")'
KIND_OF = {"comparisons": comparisons, "demonstrations": demonstrations, "prompts": demonstrations}


def world_of(kind: str) -> World:
    """Two training prompts, one of them a formula, and one conversation held out; all answered."""
    world = KIND_OF[str(kind)]()
    world.add_prompts(1)
    world.add_prompts(1, prompt=FORMULA)
    world.add_prompts(1, split="valid", prompt="Another question")
    world.answer_all(ranks=(1, 2, 2, 5))
    return world


def bytes_of(version: DatasetVersion, shape: str, file_format: str, split: str = "") -> bytes:
    return b"".join(export_stream(version, shape=shape, file_format=file_format, split=split))


def lines_of(version: DatasetVersion, shape: str, split: str = "") -> list[dict[str, Any]]:
    return [json.loads(line) for line in bytes_of(version, shape, "jsonl", split).splitlines()]


def test_pairs_by_hand() -> None:
    """Ranks 1, 2, 2, 4 of four responses: the first before three, two of these before the last."""
    world = world_of("comparisons")
    version = written_version(world, kind="comparisons")
    ranking = next(read_jsonl(folder(version) / "train.jsonl", Ranking))
    best, second, third, last = (response.text for response in ranking.responses)
    expected = [(best, second), (best, third), (best, last), (second, last), (third, last)]
    messages = [{"role": "user", "content": ranking.messages[0].content}]
    prompt = f"{ranking.messages[0].content}\n\n"
    rows = {shape: lines_of(version, shape)[:5] for shape in SHAPES["comparisons"]}
    assert [(row["chosen"], row["rejected"]) for row in rows["pairs"]] == expected
    assert {row["prompt"] for row in rows["pairs"]} == {prompt}
    assert rows["pairs_implicit"][0] == {"chosen": prompt + best, "rejected": prompt + second}
    assert rows["pairs_chat"][0] == rows["openrlhf"][0]
    assert rows["pairs_chat"][0] == {
        "prompt": messages,
        "chosen": [{"role": "assistant", "content": best}],
        "rejected": [{"role": "assistant", "content": second}],
    }
    assert rows["pairs_implicit_chat"][0]["chosen"] == [*messages, {"role": "assistant", "content": best}]
    assert [row["label"] for row in rows["ratings"][:4]] == [True, True, True, False]
    assert len(lines_of(version, "pairs")) == 10 == version.pair_count - 5, "the held-out split is a file of its own"


def test_ratings_leave_the_middle_out() -> None:
    """The world rates 8 less the rank: 7, 6, 4, 3 are desirable, desirable, neither, undesirable."""
    world = comparisons()
    world.add_prompts(1)
    world.answer_all(ranks=(1, 2, 4, 5))
    rows = lines_of(written_version(world, kind="comparisons"), "ratings_chat")
    assert [row["label"] for row in rows] == [True, True, False]


@pytest.mark.parametrize("kind", SHAPES)
def test_pandas_and_datasets_read_every_shape(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pandas, datasets = import_module("pandas"), import_module("datasets")
    version = written_version(world_of(kind), kind=str(kind))
    for shape in SHAPES[kind]:
        lines = lines_of(version, shape)
        assert lines, shape
        assert len(pandas.read_json(io.BytesIO(bytes_of(version, shape, "jsonl")), lines=True)) == len(lines)
        columns = pq.read_table(io.BytesIO(bytes_of(version, shape, "parquet"))).to_pylist()
        assert _without_answers(columns) == _without_answers(lines), shape
        frame = pandas.read_csv(io.BytesIO(bytes_of(version, shape, "csv")), keep_default_na=False)
        assert len(frame) == len(lines)
        archive = tmp_path / shape
        with zipfile.ZipFile(io.BytesIO(bytes_of(version, shape, "huggingface"))) as file:
            assert file.testzip() is None
            file.extractall(archive)
        loaded = datasets.load_dataset(str(archive), cache_dir=str(tmp_path / "cache"))
        assert set(loaded) == {"train", "validation"}
        assert _without_answers(loaded["train"].to_list()) == _without_answers(lines), shape


def _without_answers(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Answers are an object in JSON and its text in Parquet."""
    for row in rows:
        for response in row.get("responses", []):
            if isinstance(response["answers"], dict):
                response["answers"] = json.dumps(response["answers"], sort_keys=True, separators=(",", ":"))
    return rows


def test_no_spreadsheet_computes_a_cell() -> None:
    world = demonstrations()
    world.add_prompts(1, prompt=FORMULA)
    world.answer_all()
    version = written_version(world, kind="demonstrations")
    text = bytes_of(version, "completions", "csv").decode()
    (row,) = csv.DictReader(io.StringIO(text))
    assert row["prompt"] == f"'{FORMULA}\n\n"
    chat = bytes_of(version, "messages", "csv").decode()
    assert json.loads(next(csv.DictReader(io.StringIO(chat)))["messages"])[0]["content"] == FORMULA


def test_the_card_says_who_how_and_what_to_mind() -> None:
    world = world_of("comparisons")
    version = written_version(world, kind="comparisons")
    data = bytes_of(version, "pairs_chat", "huggingface")
    assert data == bytes_of(version, "pairs_chat", "huggingface"), "equal versions give equal bytes"
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        assert file.namelist() == ["README.md", "data/train.parquet", "data/validation.parquet"]
        card = file.read("README.md").decode()
    for part in (
        f"| {world.labeler.pseudonym} | 3 |",
        "Do it well.",
        "All of it is one labeler",
        version.sha256,
        "split: validation",
        "15 pairs",
    ):
        assert part in card, part
    assert "Lea" not in card
    assert "example.org" not in card


def test_over_http() -> None:
    world = world_of("comparisons")
    version = written_version(world, kind="comparisons", name="Ours")
    client = client_of(world.author)
    address = f"/api/v1/dataset-versions/{version.pk}/export"
    answer: Any = client.get(f"{address}?shape=pairs&file_format=jsonl&split=valid")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="Ours-v1-pairs-valid.jsonl"'
    assert b"".join(answer.streaming_content) == bytes_of(version, "pairs", "jsonl", "valid")
    for query, field in [
        ("shape=messages&file_format=jsonl", "shape"),
        ("shape=pairs&file_format=xml", "file_format"),
        ("shape=pairs&file_format=csv&split=test", "split"),
        ("shape=pairs&file_format=huggingface&split=train", "split"),
        ("file_format=csv", "shape"),
    ]:
        wrong = client.get(f"{address}?{query}")
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, field), query
    (folder(version) / "train.jsonl").unlink()
    gone = client.get(f"{address}?shape=pairs&file_format=jsonl")
    assert (gone.status_code, gone.json()["code"]) == (409, "file_gone")
    shapes = client.get("/api/v1/dataset-shapes?kind=prompts").json()
    assert [shape["name"] for shape in shapes] == list(SHAPES["prompts"])

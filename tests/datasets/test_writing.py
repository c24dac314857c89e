"""What stands in a version's files: each label exactly, nothing that betrays a person, the same bytes every time."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from formats.codec import Format
from formats.files import sha256_of
from formats.jsonl import dump_json, read_json, read_jsonl
from formats.records import Demonstration, Ranking
from formats.records import Prompt as PromptRecord
from labelapp.datasets.models import DatasetRow, DatasetVersion
from labelapp.datasets.writing import write_version
from labelapp.labeling.models import Judgment
from labelapp.prompts.actions import update_prompt
from tests.datasets.world import comparisons, demonstrations, waiting_version, written_version

# Each version is read from a snapshot of its own, which the transaction of an ordinary test would not allow.
pytestmark = pytest.mark.django_db(transaction=True)


def folder(version: DatasetVersion) -> Path:
    path: Path = settings.DATA_DIR / version.directory
    return path


def test_rankings_come_out_item_by_item_as_they_went_in() -> None:
    world = comparisons()
    prompts = world.add_prompts(2) + world.add_prompts(1, split="valid") + world.add_prompts(1, split="test")
    said = world.answer_all(ranks=(3, 1, 1, 2))
    version = written_version(world, kind="comparisons")
    rows = {
        split: list(read_jsonl(folder(version) / f"{split}.jsonl", Ranking)) for split in ("train", "valid", "test")
    }
    assert {split: len(found) for split, found in rows.items()} == {"train": 2, "valid": 1, "test": 1}
    assert (version.rows_total, version.rows_written, version.pair_count) == (4, 4, 20)
    assert [row.id for row in rows["train"]] == [str(submission.pk) for submission in said[:2]]
    ranking = rows["train"][0]
    assert (ranking.prompt_id, ranking.use_case, ranking.split) == (str(prompts[0].pk), "chat", "train")
    assert ranking.messages[0].content == prompts[0].text
    assert (ranking.labeler, ranking.instruction_version) == (world.labeler.pseudonym, 1)
    assert [response.rank for response in ranking.responses] == [3, 1, 1, 2]
    assert len(ranking.pairs()) == 5
    for response in ranking.responses:
        judgment = Judgment.objects.get(submission=said[0], response=int(response.response_id))
        assert (response.text, response.quality) == (judgment.response.text, judgment.quality)
        assert (response.answers, response.notes) == (judgment.answers, judgment.notes)
        assert response.shown_position == judgment.shown_position
        assert (response.checkpoint, response.finish_reason) == (world.checkpoint.name, "stop")


def test_demonstrations_and_prompts() -> None:
    world = demonstrations()
    (prompt,) = world.add_prompts(1, use_case="rewrite", submitter="boss@customer.example")
    world.answer_all()
    split = prompt.submitter.split
    version = written_version(world, kind="demonstrations")
    (demonstration,) = read_jsonl(folder(version) / f"{split}.jsonl", Demonstration)
    assert demonstration.response == f"The best answer to {prompt.pk}"
    assert (demonstration.use_case, demonstration.labeler) == ("rewrite", world.labeler.pseudonym)
    prompts = written_version(world, kind="prompts", name="prompts")
    (record,) = read_jsonl(folder(prompts) / f"{split}.jsonl", PromptRecord)
    assert (record.id, record.submitter) == (str(prompt.pk), f"submitter-{prompt.submitter_id}")


def test_no_file_says_who_anybody_is() -> None:
    world = comparisons()
    world.add_prompts(2, submitter="boss@customer.example")
    world.answer_all()
    for kind in ("comparisons", "prompts"):
        version = written_version(world, kind=kind, name=kind)
        everything = b"".join(path.read_bytes() for path in folder(version).iterdir())
        for secret in ("customer.example", "Lea", "example.org", "boss"):
            assert secret.encode() not in everything


def test_the_manifest_vouches_for_every_file() -> None:
    world = comparisons()
    world.add_prompts(3)
    world.answer_all()
    version = written_version(world, kind="comparisons")
    manifest = read_json(folder(version) / "manifest.json")
    assert version.sha256 == sha256_of(folder(version) / "manifest.json")
    assert manifest["files"] == version.files
    # A split without rows has no file: readers of JSON lines cannot tell the columns of an empty one.
    assert {path.name for path in folder(version).iterdir()} == {"manifest.json", "train.jsonl", "train.parquet"}
    for entry in manifest["files"]:
        path = folder(version) / entry["name"]
        assert (entry["sha256"], entry["size_bytes"], entry["rows"]) == (sha256_of(path), path.stat().st_size, 3)
    assert (manifest["pairs"], manifest["split_counts"]) == (15, {"train": 3, "valid": 0, "test": 0})


def test_the_same_query_over_the_same_submissions_gives_the_same_bytes() -> None:
    world = comparisons()
    world.add_prompts(4)
    world.add_prompts(3, split="valid")
    world.answer_all()
    first = written_version(world, kind="comparisons", name="one")
    second = written_version(world, kind="comparisons", name="another")
    assert first.sha256 == second.sha256
    for path in folder(first).iterdir():
        assert path.read_bytes() == (folder(second) / path.name).read_bytes(), path.name


def test_a_new_submission_changes_the_next_version_and_not_the_last() -> None:
    world = comparisons()
    world.add_prompts(1)
    world.answer_all()
    first = written_version(world, kind="comparisons")
    before = {path.name: path.read_bytes() for path in folder(first).iterdir()}
    world.add_prompts(1)
    world.answer_all()
    second = DatasetVersion.objects.create(dataset=first.dataset, number=2, query=first.query)
    write_version(second.pk)
    second.refresh_from_db()
    assert (second.state, second.rows_total) == ("ready", 2)
    assert {path.name: path.read_bytes() for path in folder(first).iterdir()} == before


def test_only_the_latest_revision_counts() -> None:
    world = comparisons()
    world.add_prompts(2)
    first, second = world.answer_all(ranks=(1, 2, 3, 4))
    revised = world.revise(first, ranks=(4, 3, 2, 1))
    version = written_version(world, kind="comparisons")
    rows = list(read_jsonl(folder(version) / "train.jsonl", Ranking))
    assert [row.id for row in rows] == [str(revised.pk), str(second.pk)], "in the order of their tasks"
    assert [response.rank for response in rows[0].responses] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("kind", "record"), [("comparisons", Ranking), ("demonstrations", Demonstration), ("prompts", PromptRecord)]
)
def test_every_line_is_exactly_the_record_of_its_kind(kind: str, record: type[Format]) -> None:
    world = demonstrations() if kind == "demonstrations" else comparisons()
    world.add_prompts(2)
    world.answer_all()
    path = folder(written_version(world, kind=kind)) / "train.jsonl"
    assert path.read_bytes() == b"".join(dump_json(row.to_json()) + b"\n" for row in read_jsonl(path, record))


def test_parquet_says_what_the_lines_say() -> None:
    world = comparisons()
    world.add_prompts(2)
    world.answer_all()
    version = written_version(world, kind="comparisons")
    lines = [json.loads(line) for line in (folder(version) / "train.jsonl").read_text().splitlines()]
    columns = pq.read_table(folder(version) / "train.parquet").to_pylist()
    for row in columns:
        for response in row["responses"]:
            response["answers"] = json.loads(response["answers"])
    assert columns == lines


@pytest.mark.parametrize("kind", ["comparisons", "demonstrations", "prompts"])
@pytest.mark.parametrize("file_format", ["json", "parquet"])
def test_hugging_face_datasets_reads_the_files(
    kind: str, file_format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    world = demonstrations() if kind == "demonstrations" else comparisons()
    world.add_prompts(3)
    world.add_prompts(2, split="valid")
    world.answer_all()
    version = written_version(world, kind=kind)
    suffix = "jsonl" if file_format == "json" else "parquet"
    files = {split: str(folder(version) / f"{split}.{suffix}") for split in ("train", "valid")}
    loaded = datasets.load_dataset(file_format, data_files=files, cache_dir=str(tmp_path))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train": 3, "valid": 2}
    lines = [json.loads(line) for line in (folder(version) / "train.jsonl").read_text().splitlines()]
    for row, line in zip(loaded["train"], lines, strict=True):
        assert row["messages"] == line["messages"]
        assert [r["rank"] for r in row.get("responses", [])] == [r["rank"] for r in line.get("responses", [])]


def test_lineage_leads_from_each_line_to_its_label() -> None:
    world = comparisons()
    world.add_prompts(2)
    world.add_prompts(1, split="valid")
    said = world.answer_all()
    version = written_version(world, kind="comparisons")
    found = version.rows.order_by("split", "number").values_list("split", "number", "submission_id", "prompt_id")
    assert list(found) == [
        ("train", 0, said[0].pk, said[0].task.prompt_id),
        ("train", 1, said[1].pk, said[1].task.prompt_id),
        ("valid", 0, said[2].pk, said[2].task.prompt_id),
    ]
    prompts = written_version(world, kind="prompts", name="prompts")
    assert prompts.rows.filter(submission=None).count() == 3


def test_archived_prompts_are_left_out() -> None:
    world = demonstrations()
    gone, stays = world.add_prompts(2)
    world.answer_all()
    update_prompt(gone, archived=True)
    for kind in ("demonstrations", "prompts"):
        version = written_version(world, kind=kind, name=kind)
        assert list(version.rows.values_list("prompt_id", flat=True)) == [stays.pk]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE datasets_datasetversion SET rows_total = 7 WHERE id = %s",
        "UPDATE datasets_datasetversion SET state = 'failed' WHERE id = %s",
        "DELETE FROM datasets_datasetversion WHERE id = %s",
        "UPDATE datasets_datasetrow SET number = 7 WHERE version_id = %s",
        "DELETE FROM datasets_datasetrow WHERE version_id = %s",
        "INSERT INTO datasets_datasetrow (version_id, split, number, prompt_id) "
        "SELECT version_id, 'test', 99, prompt_id FROM datasets_datasetrow WHERE version_id = %s",
    ],
)
def test_the_database_refuses_to_change_a_ready_version(statement: str) -> None:
    world = demonstrations()
    world.add_prompts(1)
    world.answer_all()
    version = written_version(world, kind="demonstrations")
    with pytest.raises(DatabaseError, match="is frozen"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, [version.pk])
    version.refresh_from_db()
    assert (version.state, version.rows_total, version.rows.count()) == ("ready", 1, 1)


def test_a_version_that_is_not_ready_may_change() -> None:
    world = demonstrations()
    world.add_prompts(1)
    world.answer_all()
    version = waiting_version(world, kind="demonstrations")
    DatasetRow.objects.create(version=version, split="train", number=0, prompt_id=world.add_prompts(1)[0].pk)
    version.delete()
    assert not DatasetRow.objects.exists()

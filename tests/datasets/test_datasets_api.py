"""Datasets over HTTP: filters, preview, freezing, download, and who may."""

from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from labelapp.checkpoints.models import Endpoint
from labelapp.datasets import actions
from labelapp.datasets.models import Dataset, DatasetVersion
from labelapp.labeling.models import Project
from labelapp.prompts.models import SampleBatch
from tests.datasets.world import World, comparisons, demonstrations, project_query, written_version
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def researcher() -> APIClient:
    client = APIClient()
    client.force_authenticate(make_user("researcher"))  # no session: the counts of statements are the view's own
    return client


def preview(client: APIClient, kind: str, query: dict[str, Any]) -> Any:
    return client.post("/api/v1/datasets/preview", {"kind": kind, "query": query})


def dataset_of(world: World, kind: str) -> Dataset:
    return actions.create_dataset(f"{kind} {world.project.pk}", kind=kind, created_by=world.author)


def test_preview_counts_and_warns(researcher: APIClient, django_assert_max_num_queries: Any) -> None:
    world = comparisons(overlap=2)
    world.add_prompts(2)
    world.add_prompts(1, split="test")
    world.answer_all(ranks=(1, 1, 2, 2))
    other = world.join()
    world.answer_all(ranks=(1, 1, 1, 1), labeler=other)
    with django_assert_max_num_queries(10):
        body = preview(researcher, "comparisons", project_query(world)).json()
    assert (body["rows"], body["pairs"], body["rows_without_pairs"], body["agreement"]) == (6, 12, 3, None)
    assert body["split_counts"] == {"train": 4, "valid": 0, "test": 2}
    assert [(row["id"], row["rows"]) for row in body["labelers"]] == [(world.labeler.pk, 3), (other.pk, 3)]
    (instructions,) = body["instruction_versions"]
    assert (instructions["project"], instructions["number"], instructions["rows"]) == (world.project.name, 1, 6)
    assert [(warning["code"], warning["message"]) for warning in body["warnings"]] == [
        ("ties", "3 of 6 rankings are ties throughout and give no pair."),
        ("few_pairs", "Only 8 pairs are in the train split: a reward model learns little from so few."),
        ("no_validation", "No row is in the validation split: a run has nothing to measure itself on."),
    ]
    one = preview(researcher, "comparisons", {**project_query(world), "labeler_ids": [other.pk]}).json()
    assert (one["rows"], one["pairs"], len(one["labelers"])) == (3, 0, 1)
    assert codes_of(one) == ["no_pairs", "no_validation", "one_labeler"]


def codes_of(body: dict[str, Any]) -> list[str]:
    """The codes of a preview's warnings."""
    return [warning["code"] for warning in body["warnings"]]


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({}, 3),
        ({"use_cases": ["chat"]}, 2),
        ({"use_cases": ["chat", "rewrite"]}, 3),
        ({"use_cases": []}, 3),
        ({"min_active_seconds": 100}, 1),
        ({"min_active_seconds": 101}, 0),
        ({"submitted_from": "2020-01-01T00:00:00Z"}, 3),
        ({"submitted_from": "2120-01-01T00:00:00Z"}, 0),
        ({"submitted_to": "2020-01-01T00:00:00+02:00"}, 0),
    ],
)
def test_filters(researcher: APIClient, query: dict[str, Any], rows: int) -> None:
    world = demonstrations()
    world.add_prompts(2)
    world.answer_all()
    world.add_prompts(1, use_case="rewrite")
    world.answer_all(active_seconds=100)
    answer = preview(researcher, "demonstrations", {**project_query(world), **query})
    assert answer.status_code == 200, answer.content
    assert answer.json()["rows"] == rows
    assert bool(rows) != ("nothing" in codes_of(answer.json()))


def test_filters_of_prompts(researcher: APIClient) -> None:
    world = demonstrations()
    world.add_prompts(2, kind="customer", language="de")
    world.add_prompts(1, kind="plain", use_case="rewrite")
    for query, rows in [
        ({"kinds": ["customer"]}, 2),
        ({"languages": ["de"]}, 2),
        ({"use_cases": ["rewrite"]}, 1),
        ({"use_cases": ["rewrite"], "kinds": ["customer"]}, 0),
        (project_query(world), 3),
        ({}, 3),
    ]:
        body = preview(researcher, "prompts", query).json()
        assert (body["rows"], body["pairs"], body["labelers"]) == (rows, 0, []), query


RULE = {"question": "hallucination", "answer": True, "responses": "no"}
WRONG_QUERIES: list[tuple[str, Any, str]] = [
    ("comparisons", {"project": [1]}, "query.project"),
    ("comparisons", {"kinds": ["plain"]}, "query.kinds"),
    ("comparisons", {"languages": ["en"]}, "query.languages"),
    ("prompts", {"labeler_ids": [1]}, "query.labeler_ids"),
    ("prompts", {"min_active_seconds": 3}, "query.min_active_seconds"),
    ("comparisons", {"project_ids": [999_999]}, "query.project_ids"),
    ("comparisons", {"project_ids": "all"}, "query.project_ids"),
    ("comparisons", {"project_ids": [10**30]}, "query.project_ids.0"),
    ("comparisons", {"project_ids": [1.5]}, "query.project_ids.0"),
    ("comparisons", {"labeler_ids": [999_999]}, "query.labeler_ids"),
    ("comparisons", {"use_cases": ["poetry"]}, "query.use_cases.0"),
    ("comparisons", {"use_cases": [["chat"]]}, "query.use_cases.0"),
    ("comparisons", {"submitted_from": "yesterday"}, "query.submitted_from"),
    ("comparisons", {"submitted_from": "2022-01-02", "submitted_to": "2022-01-01"}, "query.submitted_to"),
    ("comparisons", {"min_active_seconds": -1}, "query.min_active_seconds"),
    ("comparisons", {"min_active_seconds": 9, "max_active_seconds": 8}, "query.max_active_seconds"),
    ("comparisons", {"version": 3}, "query.version"),
    ("comparisons", {"version": "newest"}, "query.version"),
    ("comparisons", {"several": "first"}, "query.several"),
    ("demonstrations", {"several": "majority"}, "query.several"),
    ("demonstrations", {"ties": "keep"}, "query.ties"),
    ("demonstrations", {"checkpoint_ids": [1]}, "query.checkpoint_ids"),
    ("comparisons", {"checkpoint_ids": [999_999]}, "query.checkpoint_ids"),
    ("comparisons", {"cohort_ids": [999_999]}, "query.cohort_ids"),
    ("comparisons", {"without_labeler_ids": [999_999]}, "query.without_labeler_ids"),
    ("comparisons", {"instruction_version_ids": [999_999]}, "query.instruction_version_ids"),
    ("comparisons", {"without_instruction_version_ids": [0]}, "query.without_instruction_version_ids.0"),
    ("comparisons", {"splits": ["dev"]}, "query.splits.0"),
    ("comparisons", {"min_agreement_percent": 101}, "query.min_agreement_percent"),
    ("comparisons", {"min_agreement_percent": "NaN"}, "query.min_agreement_percent"),
    (
        "comparisons",
        {"answers": [{"question": "good", "answer": True, "responses": "any"}]},
        "query.answers.0.question",
    ),
    ("comparisons", {"answers": [{"question": "hallucination", "answer": True}]}, "query.answers.0.responses"),
    (
        "comparisons",
        {"answers": [{"question": "moral_judgment", "answer": 7, "responses": "no"}]},
        "query.answers.0.answer",
    ),
    ("comparisons", {"answers": [{"value": 1}]}, "query.answers.0.value"),
    ("prompts", {"languages": ["a\x00"]}, "query.languages.0"),
    ("comparisons", [], "query"),
    ("comparisons", "all", "query"),
    ("comparisons", None, "query"),
    ("magic", {}, "kind"),
]


@pytest.mark.parametrize(("kind", "query", "field"), WRONG_QUERIES)
def test_a_wrong_filter_is_named(researcher: APIClient, kind: str, query: Any, field: str) -> None:
    answer = preview(researcher, kind, query)
    assert answer.status_code == 400, answer.content
    assert field in {error["field"] for error in answer.json()["errors"]}


def test_a_project_of_the_other_kind_is_named(researcher: APIClient) -> None:
    world = demonstrations()
    answer = preview(researcher, "comparisons", project_query(world))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "query.project_ids"
    assert "is a demonstration project" in answer.json()["message"]


def test_equal_queries_are_kept_equal(researcher: APIClient) -> None:
    world = comparisons()
    world.add_prompts(1)
    world.answer_all()
    dataset = dataset_of(world, "comparisons")
    project = world.project.pk
    queries = [
        {"project_ids": [project], "use_cases": ["rewrite", "chat"], "submitted_from": "2020-01-01T02:00:00+02:00"},
        {
            "use_cases": ["chat", "rewrite", "chat"],
            "submitted_from": "2020-01-01T00:00:00Z",
            "project_ids": [project, project],
            "labeler_ids": [],
            "min_active_seconds": 0,
        },
    ]
    kept = [
        researcher.post(f"/api/v1/datasets/{dataset.pk}/versions", {"query": query}).json()["query"]
        for query in queries
    ]
    assert kept[0] == kept[1]
    assert kept[0] == {
        "project_ids": [project],
        "submitted_from": "2020-01-01T00:00:00Z",
        "use_cases": ["chat", "rewrite"],
        "version": 2,
    }


def test_freezing_answers_at_once_and_numbers_the_versions(researcher: APIClient) -> None:
    world = comparisons()
    world.add_prompts(1)
    world.answer_all()
    dataset = dataset_of(world, "comparisons")
    url = f"/api/v1/datasets/{dataset.pk}/versions"
    answers = [researcher.post(url, {"query": project_query(world)}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert [answer.json()["number"] for answer in answers] == [1, 2]
    body = answers[0].json()
    assert (body["state"], body["files"], body["manifest_url"], body["rows_total"]) == ("queued", [], None, None)
    assert body["dataset"] == {"id": dataset.pk, "name": dataset.name, "kind": "comparisons"}
    found = researcher.get(f"/api/v1/datasets/{dataset.pk}").json()
    assert (found["version_count"], found["newest_version"]["number"]) == (2, 2)


def test_nothing_and_ties_alone_are_not_frozen(researcher: APIClient) -> None:
    world = comparisons()
    dataset = dataset_of(world, "comparisons")
    url = f"/api/v1/datasets/{dataset.pk}/versions"
    empty = researcher.post(url, {"query": project_query(world)})
    assert (empty.status_code, empty.json()["code"]) == (400, "no_rows")
    world.add_prompts(2)
    world.answer_all(ranks=(2, 2, 2, 2))
    ties = researcher.post(url, {"query": project_query(world)})
    assert (ties.status_code, ties.json()["code"]) == (400, "no_pairs")
    assert "All 2 rankings are ties" in ties.json()["message"]
    assert not DatasetVersion.objects.exists()
    actions.update_dataset(dataset, archived=True)
    archived = researcher.post(url, {"query": {}})
    assert (archived.status_code, archived.json()["code"]) == (409, "dataset_archived")
    assert researcher.post(url, {"filters": {}}).json()["errors"][0]["field"] == "filters"


def test_create_change_and_list_datasets(researcher: APIClient, django_assert_num_queries: Any) -> None:
    body: dict[str, Any] = {"name": "Rankings", "kind": "comparisons", "description": "Ours"}
    created = researcher.post("/api/v1/datasets", body)
    assert created.status_code == 201, created.content
    assert (created.json()["version_count"], created.json()["newest_version"]) == (0, None)
    assert researcher.post("/api/v1/datasets", body).json()["code"] == "name_taken"
    other = researcher.post("/api/v1/datasets", {"name": "Prompts", "kind": "prompts"}).json()["id"]
    taken = researcher.patch(f"/api/v1/datasets/{other}", {"name": "Rankings"})
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    with django_assert_num_queries(2):  # count, page
        names = [row["name"] for row in researcher.get("/api/v1/datasets").json()["results"]]
    assert names == ["Prompts", "Rankings"]
    assert researcher.get("/api/v1/datasets?kind=prompts").json()["count"] == 1
    changed = researcher.patch(f"/api/v1/datasets/{other}", {"archived": True, "description": "Old"}).json()
    assert (changed["description"], changed["archived_at"] is None) == ("Old", False)
    assert researcher.get("/api/v1/datasets?archived=true").json()["results"][0]["id"] == other
    for field, value in [("kind", "magic"), ("name", ""), ("colour", "red")]:
        answer = researcher.post("/api/v1/datasets", {**body, field: value})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
    assert researcher.patch(f"/api/v1/datasets/{other}", {"kind": "prompts"}).status_code == 400


@pytest.fixture
def ready(transactional_db: None) -> DatasetVersion:
    """A ready version of three rankings."""
    world = comparisons()
    world.add_prompts(2)
    world.add_prompts(1, split="valid")
    world.answer_all()
    return written_version(world, kind="comparisons")


def test_download_every_file(researcher: APIClient, ready: DatasetVersion) -> None:
    body = researcher.get(f"/api/v1/dataset-versions/{ready.pk}").json()
    names = [entry["name"] for entry in body["files"]]
    assert names == ["train.jsonl", "train.parquet", "valid.jsonl", "valid.parquet"]
    for url in [body["manifest_url"], *(entry["url"] for entry in body["files"])]:
        answer: Any = researcher.get(url)
        assert answer.status_code == 200
        content = b"".join(answer.streaming_content)
        assert content == (settings.DATA_DIR / ready.directory / url.rsplit("/", 1)[1]).read_bytes()
        assert answer["Content-Disposition"].startswith("attachment; filename=")
        assert answer["Content-Type"] != "text/html; charset=utf-8"


@pytest.mark.parametrize("name", ["..", "%2e%2e%2fmanifest.json", "test.jsonl", "lineage.csv", "..%2f..%2fsecret_key"])
def test_only_listed_files_are_served(researcher: APIClient, ready: DatasetVersion, name: str) -> None:
    answer = researcher.get(f"/api/v1/dataset-versions/{ready.pk}/files/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_file_that_is_gone_from_the_disk_is_told(researcher: APIClient, ready: DatasetVersion) -> None:
    (settings.DATA_DIR / ready.directory / "train.jsonl").unlink()
    answer = researcher.get(f"/api/v1/dataset-versions/{ready.pk}/files/train.jsonl")
    assert (answer.status_code, answer.json()["code"]) == (409, "file_gone")


def test_rows_lead_back_to_labels(researcher: APIClient, ready: DatasetVersion, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(3):  # version, count, page
        body = researcher.get(f"/api/v1/dataset-versions/{ready.pk}/rows?split=train").json()
    assert body["count"] == 2
    row = body["results"][0]
    assert (row["split"], row["number"], row["submission"]["revision"]) == ("train", 0, 1)
    submission = ready.rows.get(split="train", number=0).submission
    assert submission is not None
    assert row["submission"]["labeler"] == submission.labeler.pseudonym
    batch = submission.task.batch
    assert batch is not None
    assert row["submission"]["batch"] == {"id": batch.pk, "name": batch.name}
    assert (row["submission"]["checkpoint"]["id"], row["submission"]["endpoint"]) == (batch.checkpoint_id, None)
    endpoint = Endpoint.objects.create(name="next door", base_url="http://vllm:8000/v1", model="tiny")
    SampleBatch.objects.filter(pk=batch.pk).update(endpoint=endpoint, checkpoint=None)
    again = researcher.get(f"/api/v1/dataset-versions/{ready.pk}/rows?split=train").json()["results"][0]
    assert again["submission"]["checkpoint"] is None
    assert again["submission"]["endpoint"] == {"id": endpoint.pk, "name": "next door"}
    assert row["prompt"]["text"].startswith("Prompt")
    assert "example.org" not in str(body)
    assert researcher.get(f"/api/v1/dataset-versions/{ready.pk}/rows?split=all").status_code == 400


def test_list_versions(researcher: APIClient, ready: DatasetVersion, django_assert_num_queries: Any) -> None:
    waiting = DatasetVersion.objects.create(dataset=ready.dataset, number=2, query=ready.query)
    with django_assert_num_queries(3):  # count, page, projects
        rows = researcher.get(f"/api/v1/dataset-versions?dataset={ready.dataset_id}").json()["results"]
    assert [row["id"] for row in rows] == [waiting.pk, ready.pk]
    for query, found in [
        ("state=ready", [ready.pk]),
        ("kind=comparisons&state=queued", [waiting.pk]),
        ("kind=prompts", []),
        ("before=2", [ready.pk]),
        ("dataset=999", []),
    ]:
        rows = researcher.get(f"/api/v1/dataset-versions?{query}").json()["results"]
        assert [row["id"] for row in rows] == found, query
    assert researcher.get("/api/v1/dataset-versions?state=done").json()["errors"][0]["field"] == "state"


def test_versions_name_what_they_take(
    researcher: APIClient, ready: DatasetVersion, django_assert_num_queries: Any
) -> None:
    project = Project.objects.get(kind="comparison")
    instructions = project.instruction_versions.get()
    query = {"project_ids": [project.pk], "without_instruction_version_ids": [instructions.pk]}
    other = {"project_ids": [project.pk, 10**9], "version": 2}
    newest = [
        DatasetVersion.objects.create(dataset=ready.dataset, number=number, query=taken)
        for number, taken in ((2, other), (3, query))
    ]
    with django_assert_num_queries(4):  # count, page, projects, instructions
        rows = researcher.get(f"/api/v1/dataset-versions?dataset={ready.dataset_id}&state=queued").json()["results"]
    names = {"project_ids": {str(project.pk): project.name}}
    instruction_names = {str(instructions.pk): f"{project.name} v1"}
    assert [row["query_names"] for row in rows] == [
        names | {"without_instruction_version_ids": instruction_names},
        names,
    ]
    one = researcher.get(f"/api/v1/dataset-versions/{newest[1].pk}").json()
    assert one["query_names"] == rows[0]["query_names"]


def test_labelers_see_no_datasets(ready: DatasetVersion) -> None:
    labeler = client_of(make_user())
    for path in (
        "datasets",
        f"datasets/{ready.dataset_id}",
        "dataset-versions",
        f"dataset-versions/{ready.pk}",
        f"dataset-versions/{ready.pk}/rows",
        f"dataset-versions/{ready.pk}/files/train.jsonl",
    ):
        assert labeler.get(f"/api/v1/{path}").status_code == 404, path
    for path in ("datasets", "datasets/preview", f"datasets/{ready.dataset_id}/versions"):
        assert labeler.post(f"/api/v1/{path}", {}).status_code == 404, path
    assert client_of(None).get("/api/v1/datasets").status_code in {401, 403}


def test_what_is_not_there(researcher: APIClient) -> None:
    for path in ("datasets/1", "dataset-versions/1", "dataset-versions/1/rows", "dataset-versions/1/files/train.jsonl"):
        assert researcher.get(f"/api/v1/{path}").json()["code"] == "not_found", path
    assert researcher.post("/api/v1/datasets/99999999999999999999/versions", {"query": {}}).status_code == 404

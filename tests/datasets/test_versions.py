"""Versions beside each other: one snapshot while people go on, what came and went and why, rebuilding, deletion."""

import threading
from typing import Any

import pytest
from django.db import connection

from formats.jsonl import read_jsonl
from formats.records import Ranking
from labelapp.accounts.models import User
from labelapp.datasets import records, writing
from labelapp.datasets.actions import rebuild
from labelapp.datasets.comparing import changed_rows, compare
from labelapp.datasets.filters import parse_filters
from labelapp.datasets.models import DatasetVersion
from labelapp.datasets.writing import write_version
from labelapp.labeling.actions import add_instructions
from labelapp.prompts.actions import update_prompt
from tests.datasets.test_writing import folder
from tests.datasets.world import World, comparisons, demonstrations, project_query, written_version
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def next_version(version: DatasetVersion, query: dict[str, Any]) -> DatasetVersion:
    """The next version of the same dataset, written here and now."""
    made = DatasetVersion.objects.create(
        dataset=version.dataset,
        number=version.number + 1,
        query=parse_filters(version.dataset.kind, query),
        created_by=version.created_by,
    )
    write_version(made.pk)
    made.refresh_from_db()
    assert made.state == "ready", made.error
    return made


def reasons(version: DatasetVersion, against: DatasetVersion) -> tuple[int, dict[str, int], dict[str, int]]:
    """What stayed, came and went."""
    found = compare(version, against)
    return (
        found.same,
        {reason.code: reason.count for reason in found.came},
        {reason.code: reason.count for reason in found.went},
    )


def test_what_is_said_while_a_version_is_written_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A labeler ranks and revises from another connection, between the first row of the version and the rest."""
    world = comparisons()
    world.add_prompts(3)
    first, *_ = world.answer_all(ranks=(1, 2, 3, 4))
    late = world.add_prompts(2)
    plain = records.label_line
    begun: list[int] = []

    def label_meanwhile() -> None:
        world.answer_all(ranks=(4, 3, 2, 1))
        world.revise(first, ranks=(4, 3, 2, 1))
        connection.close()

    def line_after_others(*args: Any) -> Any:
        if not begun:
            begun.append(1)
            labeler = threading.Thread(target=label_meanwhile)
            labeler.start()
            labeler.join()
        return plain(*args)

    monkeypatch.setattr(writing, "label_line", line_after_others)
    version = written_version(world, kind="comparisons")
    rows = list(read_jsonl(folder(version) / "train.jsonl", Ranking))
    assert [[response.rank for response in row.responses] for row in rows] == [[1, 2, 3, 4]] * 3
    assert (version.rows_total, version.rows.count(), version.split_counts["train"]) == (3, 3, 3)
    monkeypatch.setattr(writing, "label_line", plain)
    after = next_version(version, project_query(world))
    assert after.rows_total == 5
    assert reasons(after, version) == (2, {"new": len(late), "revised": 1}, {"revised": 1})


def test_a_comparison_says_why() -> None:
    world = comparisons(overlap=2)
    prompts = world.add_prompts(4)
    world.answer_all(active_seconds=20)
    other = world.join()
    second = world.answer_all(labeler=other, active_seconds=90)
    query = project_query(world)
    before = written_version(world, kind="comparisons")
    world.revise(second[0], ranks=(4, 3, 2, 1))
    update_prompt(prompts[1], archived=True)
    after = next_version(before, {**query, "min_active_seconds": 30})
    assert reasons(after, before) == (
        2,
        {"revised": 1},
        {"filter:min_active_seconds": 4, "revised": 1, "archived": 1},
    )
    assert reasons(before, after) == (
        2,
        {"filter:min_active_seconds": 4, "revised": 1, "archived": 1},
        {"revised": 1},
    )
    strict = next_version(after, {**query, "min_agreement_percent": 100})
    assert reasons(strict, after)[2] == {"rules": 1}, "who turned a pair around agrees no more"
    assert compare(after, before).query_changes == [{"filter": "min_active_seconds", "before": None, "after": 30}]
    listed = list(changed_rows(after, before, side="went"))
    assert len(listed) == 6
    assert {row["reason"] for row in listed} == {"filter:min_active_seconds", "revised", "archived"}


def test_prompts_are_compared_too() -> None:
    world = demonstrations()
    world.add_prompts(2)
    before = written_version(world, kind="prompts")
    world.add_prompts(1, use_case="rewrite")
    after = next_version(before, project_query(world))
    only = next_version(after, {**project_query(world), "use_cases": ["rewrite"]})
    assert reasons(after, before) == (2, {"new": 1}, {})
    assert reasons(only, after) == (1, {}, {"filter:use_cases": 2})


def test_comparing_over_http() -> None:
    world = comparisons()
    world.add_prompts(1)
    world.answer_all()
    version = written_version(world, kind="comparisons")
    world.add_prompts(1)
    world.answer_all()
    after = next_version(version, project_query(world))
    prompts = written_version(world, kind="prompts", name="prompts")
    client = client_of(world.author)
    address = f"/api/v1/dataset-versions/{after.pk}"
    body = client.get(f"{address}/comparison?against={version.pk}").json()
    assert (body["same"], body["came"][0]["code"], body["came"][0]["count"], body["went"]) == (1, "new", 1, [])
    rows = client.get(f"{address}/changes?against={version.pk}&side=came").json()
    assert rows["count"] == 1
    assert rows["results"][0]["labeler"] == world.labeler.pseudonym
    for query in (f"against={after.pk}", f"against={prompts.pk}", "against=x", ""):
        wrong = client.get(f"{address}/comparison?{query}")
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "against"), query
    assert client.get(f"{address}/comparison?against=999999").status_code == 404
    side = client.get(f"{address}/changes?against={version.pk}&side=both")
    assert side.json()["errors"][0]["field"] == "side"


@pytest.fixture
def shared() -> tuple[World, User, DatasetVersion]:
    """Two labelers, the second by the second version of the instructions."""
    world = comparisons(overlap=2)
    world.add_prompts(2)
    world.answer_all()
    add_instructions(world.project, body="Do it better.", created_by=world.author)
    other = world.join()
    world.answer_all(labeler=other)
    return world, other, written_version(world, kind="comparisons")


def test_rebuild_without_a_labeler_or_their_instructions(shared: tuple[World, User, DatasetVersion]) -> None:
    world, other, version = shared
    client = client_of(world.author)
    address = f"/api/v1/dataset-versions/{version.pk}"
    sources = client.get(f"{address}/sources").json()
    assert [(row["id"], row["rows"]) for row in sources["labelers"]] == [(world.labeler.pk, 2), (other.pk, 2)]
    assert [(row["number"], row["rows"]) for row in sources["instruction_versions"]] == [(1, 2), (2, 2)]
    made = client.post(f"{address}/rebuild", {"without_labeler_id": other.pk}, format="json")
    assert made.status_code == 202, made.content
    assert made.json()["query"]["without_labeler_ids"] == [other.pk]
    write_version(made.json()["id"])
    rebuilt = DatasetVersion.objects.get(pk=made.json()["id"])
    assert (rebuilt.state, rebuilt.number, rebuilt.rows_total) == ("ready", 2, 2)
    assert not rebuilt.rows.filter(submission__labeler=other).exists()
    assert reasons(rebuilt, version) == (2, {}, {"filter:without_labeler_ids": 2})
    first = world.project.instruction_versions.get(number=1)
    older = rebuild(version, without_instruction_version_id=first.pk, created_by=world.author)
    write_version(older.pk)
    assert set(older.rows.values_list("submission__labeler", flat=True)) == {other.pk}
    for body, field in [
        ({}, "without_labeler_id"),
        ({"without_labeler_id": other.pk, "without_instruction_version_id": first.pk}, "without_labeler_id"),
        ({"without_labeler_id": world.author.pk}, "without_labeler_id"),
        ({"without_instruction_version_id": 999_999}, "without_instruction_version_id"),
        ({"without": 1}, "without"),
    ]:
        wrong = client.post(f"{address}/rebuild", body, format="json")
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, field), body


def test_rows_lead_to_instructions_and_checkpoint(shared: tuple[World, User, DatasetVersion]) -> None:
    world, _, version = shared
    rows = client_of(world.author).get(f"/api/v1/dataset-versions/{version.pk}/rows").json()["results"]
    assert [row["submission"]["instruction_version"]["number"] for row in rows] == [1, 2, 1, 2]
    assert {row["submission"]["checkpoint"]["name"] for row in rows} == {world.checkpoint.name}


def test_a_request_for_deletion(shared: tuple[World, User, DatasetVersion]) -> None:
    world, other, version = shared
    admin = client_of(make_user("admin"))
    asked = admin.post("/api/v1/erasures", {"user_id": other.pk, "note": "By mail."}, format="json")
    assert asked.status_code == 201, asked.content
    held = [{"version": {"id": version.pk, "name": str(version), "dataset_id": version.dataset_id}, "rows": 2}]
    assert asked.json()["versions"] == held
    after = next_version(version, project_query(world))
    assert after.rows_total == 2
    assert reasons(after, version) == (2, {}, {"erased": 2})
    text = (folder(after) / "train.jsonl").read_text()
    assert other.pseudonym not in text
    address = f"/api/v1/erasures/{asked.json()['erasure']['id']}"
    assert admin.get(address).json()["versions"] == held, "the new one does not hold it"
    twice = admin.post("/api/v1/erasures", {"user_id": other.pk}, format="json")
    assert (twice.status_code, twice.json()["code"]) == (409, "already_erased")
    assert admin.post(f"{address}/withdraw").json()["withdrawn_at"] is not None
    assert admin.post(f"{address}/withdraw").status_code == 409
    assert admin.get("/api/v1/erasures").json()["count"] == 1
    for body in ({}, {"user_id": 999_999}, {"user_id": other.pk, "submitter_id": 1}):
        assert admin.post("/api/v1/erasures", body, format="json").json()["errors"][0]["field"] == "user_id"
    assert client_of(world.author).get("/api/v1/erasures").status_code == 404

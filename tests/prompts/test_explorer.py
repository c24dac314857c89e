"""The prompt explorer: filters, changes to many prompts, and the paper's tables."""

import csv
import io
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from labelapp.prompts import actions, bulk, explorer, queries
from labelapp.prompts.by_index import by_index
from labelapp.prompts.explorer import FoundPrompts
from labelapp.prompts.models import Prompt
from labelapp.prompts.paging import CappedPaginator
from labelapp.prompts.queries import PromptFilter
from tests.prompts.conftest import Upload, confirm

pytestmark = pytest.mark.django_db

ROWS = [
    {"prompt": "Tell a story", "kind": "customer", "use_case": "generation", "submitter": "acme"},
    {"prompt": "Tell a longer story", "kind": "customer", "use_case": "generation", "submitter": "acme"},
    {"prompt": "Sum it up", "kind": "plain", "use_case": "summarization", "submitter": "żółw"},
    {"prompt": "=1+1", "kind": "plain", "use_case": "other", "submitter": "=evil()"},
]


@pytest.fixture
def prompts(upload: Upload, researcher: APIClient) -> list[Prompt]:
    confirm(researcher, upload(ROWS).json())
    return list(Prompt.objects.order_by("id"))


def change(client: APIClient, **body: Any) -> Any:
    return client.post("/api/v1/prompts/bulk", body)


def test_tags_are_added_and_removed(researcher: APIClient, prompts: list[Prompt]) -> None:
    ids = [prompt.pk for prompt in prompts[:2]]
    assert change(researcher, action="add_tags", tags=["new", "good"], prompt_ids=ids).json()["changed_count"] == 2
    assert change(researcher, action="add_tags", tags=["good"], prompt_ids=ids).json()["changed_count"] == 0
    prompts[0].refresh_from_db()
    assert prompts[0].tags == ["good", "new"]
    assert researcher.get("/api/v1/prompts?tag=good").json()["count"] == 2
    facet = researcher.get("/api/v1/prompts/facets").json()["tag"]
    assert facet == [{"value": "good", "label": "good", "count": 2}, {"value": "new", "label": "new", "count": 2}]
    filtered = change(researcher, action="remove_tags", tags=["good"], filter={"search": "longer"}).json()
    assert (filtered["changed_count"], filtered["state"]) == (1, "done")
    assert researcher.get("/api/v1/prompts?tag=good").json()["count"] == 1


def test_one_prompts_tags_are_changed_beside_what_others_changed(researcher: APIClient, prompts: list[Prompt]) -> None:
    path = f"/api/v1/prompts/{prompts[0].pk}"
    assert researcher.patch(path, {"add_tags": ["new", "good", "new"]}).json()["tags"] == ["good", "new"]
    assert researcher.patch(path, {"use_case": "other"}).json()["tags"] == ["good", "new"], "not given, not changed"
    assert researcher.get("/api/v1/prompts?tag=good").json()["count"] == 1
    many = [f"tag {number}" for number in range(48)]
    assert researcher.patch(path, {"add_tags": many}).status_code == 200
    refused = researcher.patch(path, {"add_tags": ["one too many"]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "add_tags")
    assert researcher.patch(path, {"remove_tags": many}).json()["tags"] == ["good", "new"]
    refused = researcher.patch(path, {"add_tags": ["x" * 41]})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "add_tags.0")
    seen = queries.access_prompt(prompts[0].pk)
    researcher.patch(path, {"add_tags": ["theirs"], "remove_tags": ["good"]})
    assert actions.update_prompt(seen, add_tags=["mine"]).tags == ["mine", "new", "theirs"], "seen before theirs"
    assert researcher.patch(path, {"remove_tags": ["mine", "new", "theirs", "none"]}).json()["tags"] == []


def test_many_are_archived_by_a_worker(
    researcher: APIClient, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 3)
    counted = researcher.get("/api/v1/prompts/count").json()
    assert counted == {"count": 4, "up_to_id": prompts[-1].pk}
    asked = change(researcher, action="archive", filter={}).json()
    assert (asked["state"], asked["changed_count"]) == ("waiting", 0)
    assert bulk.changes_to_do() == [asked["id"]]
    for _ in range(2):
        bulk.work_on_change(asked["id"])
        assert researcher.get(f"/api/v1/prompts/changes/{asked['id']}").json()["changed_count"] == 4
    assert researcher.get("/api/v1/prompts/count").json() == {"count": 0, "up_to_id": None}
    undone = researcher.post(f"/api/v1/prompts/changes/{asked['id']}/undo").json()
    assert undone["state"] == "undoing"
    bulk.work_on_change(asked["id"])
    listed = researcher.get("/api/v1/prompts/changes").json()["results"]
    assert [(row["state"], row["undone_count"], row["created_by"]) for row in listed] == [("undone", 4, "Rosa")]
    assert researcher.get("/api/v1/prompts/count").json()["count"] == 4


def test_what_came_after_the_count_is_not_meant(researcher: APIClient, prompts: list[Prompt]) -> None:
    body = {"filter": {"up_to_id": prompts[1].pk}, "action": "archive"}
    assert change(researcher, **body).json()["changed_count"] == 2
    back = change(researcher, action="restore", filter={"use_case": "generation", "archived": None})
    assert back.json()["changed_count"] == 2


def test_undoing_leaves_alone_what_was_so_before_or_is_not_so_any_more(
    researcher: APIClient, prompts: list[Prompt]
) -> None:
    first, second, third, _ = (prompt.pk for prompt in prompts)
    change(researcher, action="add_tags", tags=["old"], prompt_ids=[first])
    added = change(researcher, action="add_tags", tags=["old", "new"], prompt_ids=[first, second]).json()
    archived = change(researcher, action="archive", prompt_ids=[first, second]).json()
    change(researcher, action="restore", prompt_ids=[first])
    researcher.patch(f"/api/v1/prompts/{first}", {"archived": True})
    removed = change(researcher, action="remove_tags", tags=["new", "none"], prompt_ids=[second, third]).json()
    assert [one["changed_count"] for one in (added, archived, removed)] == [2, 2, 1]
    undone = [
        researcher.post(f"/api/v1/prompts/changes/{one['id']}/undo").json()["undone_count"]
        for one in (removed, added, archived)
    ]
    assert undone == [1, 2, 1]
    found = {prompt.pk: prompt for prompt in Prompt.objects.all()}
    assert (found[first].tags, found[second].tags) == (["old"], [])
    assert (found[first].archived_at is None, found[second].archived_at is None) == (False, True)
    again = researcher.post(f"/api/v1/prompts/changes/{added['id']}/undo")
    assert (again.status_code, again.json()["code"]) == (409, "not_done")
    assert researcher.post("/api/v1/prompts/changes/999999/undo").status_code == 404


def test_a_large_change_that_is_refused_changes_nothing(
    researcher: APIClient, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    Prompt.objects.update(model="davinci", archived_at=prompts[0].created_at)
    consent = {"submitter": "acme", "model": "davinci", "wording_version": "1", "wording": "Yes?"}
    researcher.post("/api/v1/consents", consent)
    researcher.post("/api/v1/consents/withdraw", {"submitter": "acme", "model": "davinci"})
    asked = change(researcher, action="restore", filter={"archived": True}).json()
    bulk.work_on_change(asked["id"])
    shown = researcher.get(f"/api/v1/prompts/changes/{asked['id']}").json()
    assert shown["state"] == "refused"
    assert "withdrawn the consent" in shown["error"]
    assert not Prompt.objects.filter(archived_at=None).exists()
    assert bulk.changes_to_do() == []


def locks(queries: list[dict[str, str]]) -> list[str]:
    """What was locked, in turn."""
    found = (
        re.search(r'FROM "?(prompts_(?:submitter|prompt))"? .*?FOR (SHARE|NO KEY UPDATE|UPDATE)', one["sql"], re.DOTALL)
        for one in queries
    )
    return [f"{one[1]} {one[2]}" for one in found if one]


def test_who_withdraws_consent_waits_for_what_is_brought_back(researcher: APIClient, prompts: list[Prompt]) -> None:
    ids = [prompt.pk for prompt in prompts]
    done = change(researcher, action="archive", prompt_ids=ids).json()
    with CaptureQueriesContext(connection) as undoing:
        assert researcher.post(f"/api/v1/prompts/changes/{done['id']}/undo").json()["undone_count"] == 4
    # Submitters before prompts, and the prompts in one order: whoever else changes them waits, and nothing deadlocks.
    assert locks(undoing.captured_queries) == ["prompts_submitter SHARE", "prompts_prompt NO KEY UPDATE"]
    (ordered,) = (one["sql"] for one in undoing.captured_queries if ") locked" in one["sql"])
    assert 'SELECT "prompts_prompt"."id"' in ordered
    assert "ORDER BY 1 ASC FOR NO KEY UPDATE" in ordered
    change(researcher, action="archive", prompt_ids=ids)
    with CaptureQueriesContext(connection) as restoring:
        assert change(researcher, action="restore", prompt_ids=ids).json()["changed_count"] == 4
    locked = locks(restoring.captured_queries)
    assert locked[0] == "prompts_submitter SHARE"
    assert any("FOR NO KEY UPDATE OF" in one["sql"] for one in restoring.captured_queries)
    assert not any("FOR UPDATE" in one["sql"] and "prompts_prompt" in one["sql"] for one in restoring.captured_queries)
    with CaptureQueriesContext(connection) as patching:
        researcher.patch(f"/api/v1/prompts/{ids[0]}", {"archived": False})
    assert locks(patching.captured_queries) == ["prompts_submitter SHARE"]


SLOW = """
CREATE FUNCTION wait_or_fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    {} RETURN NEW;
END $$;
CREATE TRIGGER slow BEFORE UPDATE ON prompts_prompt FOR EACH ROW EXECUTE FUNCTION wait_or_fail();
"""


@pytest.mark.parametrize(
    ("happens", "seconds", "told"),
    [
        ("PERFORM pg_sleep(600);", 1, "took too long"),
        ("RAISE EXCEPTION 'not here' USING ERRCODE = 'restrict_violation';", 300, "not here"),
    ],
)
def test_what_can_never_be_done_is_not_tried_for_ever(
    researcher: APIClient, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch, happens: str, seconds: int, told: str
) -> None:
    monkeypatch.setattr(bulk, "AT_ONCE", 1)
    done = change(researcher, action="add_tags", tags=["a"], filter={}).json()
    bulk.work_on_change(done["id"])
    assert researcher.post(f"/api/v1/prompts/changes/{done['id']}/undo").status_code == 200
    asked = change(researcher, action="archive", filter={}).json()
    monkeypatch.setattr(bulk, "STATEMENT_SECONDS", seconds)
    with connection.cursor() as cursor:
        cursor.execute(SLOW.format(happens))
    for waiting in bulk.changes_to_do():
        bulk.work_on_change(waiting)
    shown = [researcher.get(f"/api/v1/prompts/changes/{one['id']}").json() for one in (asked, done)]
    assert [one["state"] for one in shown] == ["refused", "done"]
    assert all(told in one["error"] for one in shown)
    assert bulk.changes_to_do() == []
    assert Prompt.objects.filter(archived_at=None, tags=["a"]).count() == 4


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "archive"}, "prompt_ids"),
        ({"action": "archive", "prompt_ids": [1], "filter": {}}, "prompt_ids"),
        ({"action": "add_tags", "prompt_ids": [1]}, "tags"),
        ({"action": "archive", "tags": ["a"], "prompt_ids": [1]}, "tags"),
        ({"action": "burn", "prompt_ids": [1]}, "action"),
        ({"action": "archive", "filter": {"colour": "red"}}, "filter.colour"),
    ],
)
def test_a_change_that_cannot_be_meant(researcher: APIClient, body: dict[str, Any], field: str) -> None:
    answer = change(researcher, **body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def count_to(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CappedPaginator, "most_counted", most)


def test_long_lists_are_counted_up_to_a_limit(
    researcher: APIClient, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert researcher.get("/api/v1/prompts").json()["count_is_capped"] is False
    count_to(3, monkeypatch)
    found = researcher.get("/api/v1/prompts?page_size=2").json()
    assert (found["count"], found["count_is_capped"], len(found["results"])) == (3, True, 2)


SEARCHES = {
    "search=story": {"Tell a story", "Tell a longer story"},
    'search="a story"': {"Tell a story"},
    'search="story a"': set(),
    "search=tell -longer": {"Tell a story"},
    "search=longer or sum": {"Tell a longer story", "Sum it up"},
    "search=-story": {"Sum it up", "=1+1"},
    "search=-sum&ordering=created_at&kind=customer": {"Tell a story", "Tell a longer story"},
    "search=!!!": set(),
    'search="tell a"&split=test&ordering=created_at': {"Tell a story", "Tell a longer story"},
    "search=tell&split=train": set(),
    "kind=plain&ordering=created_at": {"=1+1", "Sum it up"},
    "split=test&kind=customer": {"Tell a story", "Tell a longer story"},
    "tag=kept": {"=1+1"},
}


@pytest.fixture(params=[(50_000, 1 / 4), (2, 0), (2, 2), (1, 0), (1, 2)], ids=str)
def looked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many are near, and which share of all is common: all are near; or others are walked to, or looked up."""
    monkeypatch.setattr(explorer, "NEAREST", request.param[0])
    monkeypatch.setattr(explorer, "COMMON", request.param[1])


@pytest.mark.parametrize("query", SEARCHES)
def test_a_search_finds_the_same_wherever_it_looks(
    query: str, looked: None, researcher: APIClient, prompts: list[Prompt]
) -> None:
    Prompt.objects.filter(text="=1+1").update(tags=["kept"])
    found = researcher.get(f"/api/v1/prompts?{query}").json()
    texts = [row["text"] for row in found["results"]]
    assert found["count"] == len(texts)
    assert (set(texts), found["count_is_capped"]) == (SEARCHES[query], False)
    in_time = [prompt.text for prompt in prompts if prompt.text in texts]
    assert texts == (in_time if "ordering=created_at" in query else in_time[::-1])


def test_pages_of_a_search_follow_each_other(
    looked: None, researcher: APIClient, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    of_all = {"": [3, 2, 1, 0], "&search=tell or sum": [2, 1, 0], "&search=-longer&ordering=created_at": [0, 2, 3]}
    for query, places in of_all.items():
        for most_counted in (2, 3, 1000):
            count_to(most_counted, monkeypatch)
            pages = [researcher.get(f"/api/v1/prompts?page_size=1&page={page + 1}{query}") for page in range(4)]
            found = [row["id"] for page in pages if page.status_code == 200 for row in page.json()["results"]]
            assert found == [prompts[place].pk for place in places][:most_counted]
            assert pages[0].json()["next"]


def test_who_finds_a_page_among_the_newest_looks_no_further(
    researcher: APIClient, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer, "NEAREST", 3)
    first, second = (researcher.get(f"/api/v1/prompts?page_size=1&page={n}&search=-longer").json() for n in (1, 2))
    assert (first["count"], first["count_is_capped"]) == (2, True), "two of the three newest, and there may be more"
    assert (second["count"], second["count_is_capped"]) == (3, False), "whoever goes on sees them"
    last = researcher.get("/api/v1/prompts?page_size=1&page=last&search=-longer").json()
    assert (last["count"], last["next"]) == (3, None)
    for page in ("x", "0", "-1", "9" * 5_000):
        assert researcher.get(f"/api/v1/prompts?page_size=1&page={page}&search=-longer").status_code == 404


@pytest.mark.parametrize(("common", "walks"), [(0, True), (2, False)])
def test_only_what_is_common_is_walked_to(
    common: float, walks: bool, prompts: list[Prompt], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer, "COMMON", common)
    with by_index() as cursor:
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        plan = FoundPrompts(PromptFilter(search="story")).anywhere().explain()
    assert ("Sort" not in plan) is walks
    assert ("prompts_prompt_pkey" in plan) is walks


def test_the_tables_of_the_paper(researcher: APIClient, prompts: list[Prompt]) -> None:
    found = researcher.get("/api/v1/prompts/statistics").json()
    assert found["sources"][0] == {"source": "customer", "split": "test", "prompts": 2, "submitters": 1}
    assert sum(row["prompts"] for row in found["sources"]) == 4
    assert found["use_cases"][0] == {"use_case": "generation", "prompts": 2, "share": 0.5}
    # 12 and 19 characters.
    assert found["lengths"][0] == {
        "source": "customer", "split": "test", "mean": 15.5, "median": 12, "p95": 19, "longest": 19
    }  # fmt: skip
    assert found["submitters"][0] == {"submitter": "acme", "split": "test", "prompts": 2}
    assert found["prompts_per_submitter"] == [
        {"prompts_each": "1", "submitters": 2, "prompts": 2},
        {"prompts_each": "2–5", "submitters": 1, "prompts": 2},
    ]


def test_a_table_can_be_opened_in_a_spreadsheet(researcher: APIClient, prompts: list[Prompt]) -> None:
    answer = researcher.get("/api/v1/prompts/statistics/submitters.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {row["submitter"] for row in rows} == {"acme", "żółw", "'=evil()"}
    assert researcher.get("/api/v1/prompts/statistics/secrets.csv").status_code == 404


@pytest.mark.parametrize("wanted", [PromptFilter(), PromptFilter(use_case="chat"), PromptFilter(language="sw")])
def test_what_is_filtered_is_read_in_an_indexs_order(wanted: PromptFilter, prompts: list[Prompt]) -> None:
    with by_index() as cursor:
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        plan = json.dumps(json.loads(FoundPrompts(wanted).near().explain(format="json")))
    assert "Index Scan" in plan
    assert '"Node Type": "Sort"' not in plan


def test_labelers_explore_nothing(labeler: APIClient) -> None:
    assert change(labeler, action="archive", filter={}).status_code == 404
    for path in ("statistics", "statistics/sources.csv", "count", "changes", "changes/1"):
        assert labeler.get(f"/api/v1/prompts/{path}").status_code == 404


def test_a_tag_is_looked_up_by_its_index() -> None:
    with connection.cursor() as cursor:  # of so few prompts the planner would read all
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
    assert "prompt_tags" in PromptFilter(tag="garden").apply(Prompt.objects.order_by()).explain()


def test_what_is_archived_is_looked_up_by_its_index() -> None:
    with by_index():
        assert "prompt_archived" in FoundPrompts(PromptFilter(archived=True)).near().explain()


def test_a_search_reads_no_table_from_end_to_end(prompts: list[Prompt]) -> None:
    with by_index() as cursor:  # of so few prompts the planner would read all, in some index's order
        cursor.execute("SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off")
        for wanted in (PromptFilter(search='"a story"'), PromptFilter(search="story", split="test")):
            plan = FoundPrompts(wanted).anywhere().explain()
            assert "prompt_search" in plan
            assert "Seq Scan" not in plan

"""Prompts over HTTP: list, search, facets, create, change, and who may."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from labelapp.accounts.models import User
from labelapp.checkpoints.actions import register_checkpoint
from labelapp.prompts import actions
from labelapp.prompts.models import Prompt, Submitter

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    # The split hangs on the pseudonym, which is random otherwise: one author in ten would be in the test split.
    return User.objects.create_user("author@example.org", pseudonym="labeler-00000001")


@pytest.fixture
def prompts(author: User) -> list[Prompt]:
    rows = [
        {"prompt": "Write a poem about a lighthouse keeper", "use_case": "generation", "language": "en"},
        {"prompt": "Wo ist die Katze?", "use_case": "open_qa", "language": "de", "submitter": "acme"},
        {"prompt": "Summarise: the keeper slept", "use_case": "summarization", "submitter": "zebra"},
    ]
    return [actions.create_prompt(row, created_by=author) for row in rows]


def texts(client: APIClient, query: str) -> list[str]:
    answer = client.get(f"/api/v1/prompts?{query}")
    assert answer.status_code == 200, answer.content
    return [row["text"].split()[0] for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Summarise:", "Wo", "Write"]),
        ("ordering=created_at", ["Write", "Wo", "Summarise:"]),
        ("ordering=created_at&submitter=acme", ["Wo"]),
        ("search=keeper", ["Summarise:", "Write"]),
        ("search=keeper -poem", ["Summarise:"]),
        ('search="lighthouse keeper"', ["Write"]),
        ("search=katze or poem", ["Wo", "Write"]),
        ("search=keepers", []),
        ("search=%22 or ( ' \\", []),
        ("use_case=generation", ["Write"]),
        ("language=de", ["Wo"]),
        ("split=test", ["Wo"]),
        ("kind=customer", []),
        ("archived=true", []),
    ],
)
def test_list(researcher: APIClient, prompts: list[Prompt], query: str, found: list[str]) -> None:
    batch = actions.create_sample_batch("b", responses=[actions.NewResponse(prompts[1].pk, 0, "Da")])
    assert batch.responses.count() == 1
    assert texts(researcher, query) == found


def test_a_page_of_the_list_costs_the_same_for_many(
    researcher: APIClient, prompts: list[Prompt], django_assert_num_queries: Any
) -> None:
    # Three statements; four say that the second is by an index, as a part of this test.
    with django_assert_num_queries(7):
        rows = researcher.get("/api/v1/prompts?search=keeper&page_size=1").json()
    assert (rows["count"], len(rows["results"]), rows["next"] is None) == (2, 1, False)


def test_a_long_prompt_is_shortened_in_the_list(researcher: APIClient, author: User) -> None:
    actions.create_prompt({"prompt": "é" * 1000}, created_by=author)
    assert len(researcher.get("/api/v1/prompts").json()["results"][0]["text"]) == 300


@pytest.mark.parametrize(
    ("query", "field"),
    [("use_case=poetry", "use_case"), ("ordering=text", "ordering"), ("q=x", "q"), ("search=%00", "search")],
)
def test_a_wrong_filter_is_named(researcher: APIClient, query: str, field: str) -> None:
    answer = researcher.get(f"/api/v1/prompts?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_facets_count_what_is_not_archived(
    researcher: APIClient, prompts: list[Prompt], django_assert_num_queries: Any
) -> None:
    actions.update_prompt(prompts[0], archived=True)
    with django_assert_num_queries(3):
        facets = researcher.get("/api/v1/prompts/facets").json()
    counts = {row["value"]: row["count"] for row in facets["use_case"]}
    assert len(counts) == 10
    assert (counts["generation"], counts["open_qa"], counts["summarization"]) == (0, 1, 1)
    assert facets["language"] == [{"value": "de", "label": "de", "count": 1}]
    assert sum(row["count"] for row in facets["split"]) == 2


MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "  Hello\n"}]


def test_create(researcher: APIClient) -> None:
    answer = researcher.post(
        "/api/v1/prompts",
        {"messages": MESSAGES, "use_case": "closed_qa", "annotations": {"closed_domain": True}, "language": "en"},
    )
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert body["messages"] == MESSAGES
    assert (body["kind"], body["is_closed_domain"], body["batches"]) == ("plain", True, [])
    submitter = Submitter.objects.get()
    assert submitter.user is not None
    assert body["submitter"] == f"user:{submitter.user.pseudonym}"
    again = researcher.post("/api/v1/prompts", {"messages": MESSAGES})
    assert (again.status_code, again.json()["data"]) == (409, {"prompt_id": body["id"]})
    assert again.json()["code"] == "duplicate_prompt"


def test_somebody_whom_an_import_has_named_writes_a_prompt(researcher: APIClient) -> None:
    author = User.objects.get(email="researcher@example.org")
    Submitter.objects.create(key=f"user:{author.pseudonym}", split="train")
    assert researcher.post("/api/v1/prompts", {"messages": MESSAGES}).status_code == 201
    assert Submitter.objects.get().user == author


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"messages": []}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": "a\x00"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": "a" * 100_001}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": "a", "name": "b"}]}, "messages.0.name"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "messages.0.role"),
        ({"messages": MESSAGES[:1]}, "messages.0.role"),
        ({"messages": [*MESSAGES, {"role": "user", "content": " "}]}, "messages.2.content"),
        ({"use_case": "poetry"}, "use_case"),
        ({"kind": None}, "kind"),
        ({"language": "English!"}, "language"),
        ({"submitter": "x" * 201}, "submitter"),
        ({"annotations": {"odd": True}}, "annotations.odd"),
        ({"annotations": {"ambiguous": None}}, "annotations.ambiguous"),
        ({"annotations": []}, "annotations"),
        ({"responses": ["a"]}, "responses"),
    ],
)
def test_a_wrong_prompt_is_refused(researcher: APIClient, change: dict[str, Any], field: str) -> None:
    answer = researcher.post("/api/v1/prompts", {"messages": MESSAGES, **change})
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == field
    assert not Prompt.objects.exists()


def test_a_prompt_shows_its_responses_by_batch(
    researcher: APIClient, prompts: list[Prompt], django_assert_num_queries: Any
) -> None:
    checkpoint = register_checkpoint("tiny", kind="base", location="tiny")
    for name in ("first", "second"):
        actions.create_sample_batch(
            name,
            checkpoint=checkpoint,
            parameters={"temperature": 1.0},
            responses=[
                actions.NewResponse(prompts[0].pk, number, f"{name} {number}", finish_reason="stop", seed=number)
                for number in range(3)
            ],
        )
    with django_assert_num_queries(4):
        body = researcher.get(f"/api/v1/prompts/{prompts[0].pk}").json()
    assert [batch["name"] for batch in body["batches"]] == ["second", "first"]
    assert body["batches"][1]["checkpoint"] == {"id": checkpoint.pk, "name": "tiny"}
    assert [response["text"] for response in body["batches"][1]["responses"]] == ["first 0", "first 1", "first 2"]
    with django_assert_num_queries(2):
        batches = researcher.get(f"/api/v1/sample-batches?checkpoint={checkpoint.pk}").json()["results"]
    assert [(batch["name"], batch["response_count"]) for batch in batches] == [("second", 3), ("first", 3)]
    assert researcher.get("/api/v1/sample-batches?checkpoint=99").json()["count"] == 0
    assert researcher.get("/api/v1/sample-batches?checkpoint=99999999999999999999").status_code == 400


def test_change_what_is_known_of_a_prompt(researcher: APIClient, prompts: list[Prompt]) -> None:
    url = f"/api/v1/prompts/{prompts[0].pk}"
    body = researcher.patch(url, {"use_case": "chat", "annotations": {"ambiguous": True}, "archived": True}).json()
    assert (body["use_case"], body["annotations"], body["language"]) == ("chat", {"ambiguous": True}, "en")
    assert body["archived_at"]
    assert researcher.patch(url, {"archived": False}).json()["archived_at"] is None
    for change, field in [
        ({"messages": MESSAGES}, "messages"),
        ({"annotations": {"odd": True}}, "annotations.odd"),
        ({"change_annotations": {"odd": None}}, "change_annotations.odd"),
        ({"change_annotations": {"ambiguous": "perhaps"}}, "change_annotations.ambiguous"),
        ({"language": "?"}, "language"),
    ]:
        answer = researcher.patch(url, change)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_annotations_change_beside_what_others_said(researcher: APIClient, prompts: list[Prompt]) -> None:
    url = f"/api/v1/prompts/{prompts[0].pk}"
    researcher.patch(url, {"annotations": {"ambiguous": True, "closed_domain": False}})
    seen = Prompt.objects.get(pk=prompts[0].pk)
    body = researcher.patch(url, {"change_annotations": {"closed_domain": True, "intent_unclear": False}}).json()
    assert body["annotations"] == {"ambiguous": True, "closed_domain": True, "intent_unclear": False}
    actions.update_prompt(seen, change_annotations={"ambiguous": None, "requests_advice": True})
    now = {"closed_domain": True, "intent_unclear": False, "requests_advice": True}
    assert researcher.get(url).json()["annotations"] == now, "seen before theirs"
    both = {"annotations": {"ambiguous": False}, "change_annotations": {"requests_advice": False}}
    assert researcher.patch(url, both).json()["annotations"] == {"ambiguous": False, "requests_advice": False}


def test_labelers_see_no_prompts(labeler: APIClient, prompts: list[Prompt]) -> None:
    for path in ("prompts", f"prompts/{prompts[0].pk}", "prompts/facets", "sample-batches"):
        assert labeler.get(f"/api/v1/{path}").status_code == 404
    assert labeler.post("/api/v1/prompts", {"messages": MESSAGES}).status_code == 404
    assert labeler.patch(f"/api/v1/prompts/{prompts[0].pk}", {"use_case": "chat"}).status_code == 404


def test_a_prompt_that_is_not_there(researcher: APIClient) -> None:
    assert researcher.get("/api/v1/prompts/1").json()["code"] == "not_found"
    assert researcher.patch("/api/v1/prompts/1", {}).status_code == 404
    assert researcher.get("/api/v1/prompts/99999999999999999999999").status_code == 404

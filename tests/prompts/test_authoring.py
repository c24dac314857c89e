"""People write prompts: what becomes of each kind, what is refused, who sees it, and that no draft is lost."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict
from labelapp.prompts import authoring
from labelapp.prompts.actions import NewResponse, create_sample_batch
from labelapp.prompts.models import Prompt, WritingDraft, WrittenPrompt
from labelapp.prompts.written import WrittenContent

pytestmark = pytest.mark.django_db

PLAIN = {"kind": "plain", "use_case": "generation", "text": "Write a limerick about a lighthouse keeper."}
USER_BASED = {
    "kind": "user_based",
    "use_case": "chat",
    "text": "You answer a shop's customers. A parcel is late: what do you say?",
    "source": "Acme Ltd of Leeds wants a bot for its parcel desk.",
}
FEW_SHOT = {
    "kind": "few_shot",
    "use_case": "classification",
    "instruction": "Say whether the review is positive or negative.",
    "pairs": [
        {"query": "It fits like a glove.", "response": "positive"},
        {"query": "It broke on the first day.", "response": "negative"},
        {"query": "I would buy it again.", "response": "positive"},
    ],
}


def write(client: APIClient, body: dict[str, Any], **changes: Any) -> Any:
    return client.post("/api/v1/written-prompts", {"key": str(uuid.uuid4()), **body, **changes}, format="json")


def written(client: APIClient, body: dict[str, Any], **changes: Any) -> dict[str, Any]:
    answer = write(client, body, **changes)
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def fields(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.content
    return [error["field"] for error in answer.json()["errors"]]


def labeler_of(client: APIClient) -> User:
    return User.objects.get(pk=client.get("/api/v1/me").json()["id"])


@pytest.fixture
def other() -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("other@example.org"))
    return client


def test_a_plain_prompt(labeler: APIClient) -> None:
    body = written(labeler, PLAIN, annotations={"ambiguous": False, "closed_domain": True}, language="en")
    prompt = Prompt.objects.get()
    assert prompt.messages == [{"role": "user", "content": PLAIN["text"]}]
    assert (prompt.kind, prompt.use_case, prompt.language) == ("plain", "generation", "en")
    # Nine were not answered, and stay so.
    assert prompt.annotations == {"ambiguous": False, "closed_domain": True}
    assert prompt.submitter.user == prompt.created_by == labeler_of(labeler)
    assert (body["prompt_count"], body["is_used"], body["content"]["text"]) == (1, False, PLAIN["text"])


def test_a_few_shot_prompt_becomes_k_each_with_the_others_in_context(labeler: APIClient) -> None:
    body = written(labeler, FEW_SHOT)
    prompts = Prompt.objects.order_by("written_number")
    assert [prompt.written_response for prompt in prompts] == ["positive", "negative", "positive"]
    assert prompts[1].messages == [
        {"role": "system", "content": FEW_SHOT["instruction"]},
        {"role": "user", "content": "It fits like a glove."},
        {"role": "assistant", "content": "positive"},
        {"role": "user", "content": "I would buy it again."},
        {"role": "assistant", "content": "positive"},
        {"role": "user", "content": "It broke on the first day."},
    ]
    assert len({prompt.submitter_id for prompt in prompts}) == 1
    assert body["prompt_count"] == 3
    assert {name: body["content"][name] for name in FEW_SHOT} == FEW_SHOT


def test_the_source_of_a_user_based_prompt_is_the_researchers_alone(labeler: APIClient, researcher: APIClient) -> None:
    written(labeler, USER_BASED)
    prompt = Prompt.objects.get()
    assert "Acme" not in prompt.text + str(prompt.messages) + prompt.deployment_context
    shown = researcher.get(f"/api/v1/prompts/{prompt.pk}").json()
    assert shown["written"] == {"source": USER_BASED["source"], "response": "", "prompt_ids": [prompt.pk]}
    assert shown["kind"] == "user_based"


@pytest.mark.parametrize(
    ("body", "changes", "wrong"),
    [
        (PLAIN, {"text": " \n"}, ["text"]),
        (PLAIN, {"text": "x" * 100_001}, ["text"]),
        (PLAIN, {"text": "a\x00"}, ["text"]),
        (PLAIN, {"kind": "customer"}, ["kind"]),
        (PLAIN, {"use_case": ""}, ["use_case"]),
        (PLAIN, {"source": "Acme"}, ["source"]),
        (PLAIN, {"pairs": FEW_SHOT["pairs"], "instruction": "Do."}, ["instruction", "pairs"]),
        (PLAIN, {"annotations": {"odd": True}}, ["annotations.odd"]),
        (PLAIN, {"annotations": {"ambiguous": None}}, ["annotations.ambiguous"]),
        (PLAIN, {"language": "English!"}, ["language"]),
        (PLAIN, {"key": "1"}, ["key"]),
        (PLAIN, {"submitter": "somebody"}, ["submitter"]),
        (USER_BASED, {"source": " "}, ["source"]),
        (USER_BASED, {"source": "x" * 10_001}, ["source"]),
        (FEW_SHOT, {"text": "And?"}, ["text"]),
        (FEW_SHOT, {"pairs": FEW_SHOT["pairs"][:1], "instruction": ""}, ["pairs", "instruction"]),
        (FEW_SHOT, {"pairs": [{"query": str(n), "response": "x"} for n in range(17)]}, ["pairs"]),
        (
            FEW_SHOT,
            {"pairs": [{"query": "A"}, {"query": "", "response": "x"}]},
            ["pairs.0.response", "pairs.1.query"],
        ),
        (FEW_SHOT, {"pairs": [{"query": q, "response": "x"} for q in ("A b", "c", "A  b")]}, ["pairs.2.query"]),
        (FEW_SHOT, {"pairs": [{"query": q, "response": "x" * 60_000} for q in "ab"]}, ["pairs"]),
    ],
)
def test_every_wrong_field_is_named(
    labeler: APIClient, body: dict[str, Any], changes: dict[str, Any], wrong: list[str]
) -> None:
    assert fields(write(labeler, body, **changes)) == wrong
    assert not Prompt.objects.exists()


def test_the_same_key_again_adds_nothing(labeler: APIClient) -> None:
    key = str(uuid.uuid4())
    first = written(labeler, FEW_SHOT, key=key)
    assert written(labeler, FEW_SHOT, key=key) == first
    assert Prompt.objects.count() == 3


def test_an_exact_duplicate_is_refused_with_the_earlier_one(labeler: APIClient, other: APIClient) -> None:
    first = written(labeler, PLAIN)
    again = write(labeler, PLAIN, text=f"  {PLAIN['text']}\n")
    assert (again.status_code, again.json()["code"]) == (409, "duplicate_prompt")
    assert again.json()["data"] == {"written_id": first["id"]}
    assert again.json()["errors"][0]["field"] == "text"
    # Of somebody else's they learn that it is there, and nothing more.
    theirs = write(other, PLAIN)
    assert (theirs.status_code, theirs.json()["data"]) == (409, {"written_id": None})
    assert other.get(f"/api/v1/written-prompts/{first['id']}").status_code == 404

    family = written(labeler, FEW_SHOT)
    twice = write(labeler, FEW_SHOT)
    assert (twice.json()["data"], twice.json()["errors"][0]["field"]) == ({"written_id": family["id"]}, "pairs.0.query")
    assert WrittenPrompt.objects.count() == 2  # nothing of what was refused is left


def test_what_one_wrote_is_edited_while_nothing_uses_it(labeler: APIClient, researcher: APIClient) -> None:
    body = written(labeler, FEW_SHOT)
    ids = list(Prompt.objects.order_by("written_number").values_list("pk", flat=True))
    url = f"/api/v1/written-prompts/{body['id']}"
    swapped = [FEW_SHOT["pairs"][1], FEW_SHOT["pairs"][0]]
    edited = labeler.put(url, {**FEW_SHOT, "pairs": swapped}, format="json")
    assert edited.status_code == 200, edited.content
    assert edited.json()["content"]["pairs"] == swapped
    # Two of the prompts are the ones that were there, and the third is gone.
    assert list(Prompt.objects.order_by("written_number").values_list("pk", flat=True)) == ids[:2]
    assert researcher.get("/api/v1/prompts?search=glove").json()["count"] == 2

    assert labeler.put(url, PLAIN, format="json").json()["kind"] == "plain"
    assert fields(labeler.put(url, {**PLAIN, "text": ""}, format="json")) == ["text"]
    create_sample_batch("b", responses=[NewResponse(Prompt.objects.get().pk, 0, "There was an old keeper")])
    used = labeler.put(url, USER_BASED, format="json")
    assert (used.status_code, used.json()["code"]) == (409, "prompt_in_use")
    assert labeler.get(url).json()["is_used"] is True


def test_archiving_and_bringing_back(labeler: APIClient, researcher: APIClient) -> None:
    body = written(labeler, FEW_SHOT)
    url = f"/api/v1/written-prompts/{body['id']}"
    assert labeler.patch(url, {"archived": True}, format="json").json()["is_archived"] is True
    assert researcher.get("/api/v1/prompts").json()["count"] == 0
    assert labeler.get("/api/v1/written-prompts").json()["count"] == 0
    assert [row["id"] for row in labeler.get("/api/v1/written-prompts?archived=true").json()["results"]] == [body["id"]]
    assert labeler.get("/api/v1/writing").json()["prompt_count"] == 0
    assert labeler.put(url, PLAIN, format="json").json()["code"] == "prompt_archived"
    assert "archived it" in write(labeler, FEW_SHOT).json()["message"]
    assert labeler.patch(url, {"archived": False}, format="json").json()["is_archived"] is False
    assert researcher.get("/api/v1/prompts?kind=few_shot").json()["count"] == 3
    assert fields(labeler.patch(url, {}, format="json")) == ["archived"]


def test_the_cap_counts_prompts_and_says_so(labeler: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authoring, "PROMPT_CAP", 4)
    few_shot = written(labeler, FEW_SHOT)
    written(labeler, PLAIN)
    full = write(labeler, USER_BASED)
    assert (full.status_code, full.json()["code"]) == (409, "over_cap")
    assert full.json()["data"] == {"count": 4, "cap": 4, "adding": 1}
    own = labeler.get("/api/v1/writing").json()
    assert (own["prompt_count"], own["prompt_cap"]) == (4, 4)
    url = f"/api/v1/written-prompts/{few_shot['id']}"
    more = {**FEW_SHOT, "pairs": [*FEW_SHOT["pairs"], {"query": "Meh.", "response": "negative"}]}
    assert labeler.put(url, more, format="json").json()["code"] == "over_cap"
    labeler.patch(url, {"archived": True}, format="json")
    written(labeler, USER_BASED)
    assert labeler.patch(url, {"archived": False}, format="json").json()["code"] == "over_cap"


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_both_fit_under_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authoring, "PROMPT_CAP", 1)
    author = User.objects.create_user("author@example.org")

    def attempt(text: str) -> str:
        try:
            authoring.write_prompt(WrittenContent("plain", "other", text=text), author=author, key=uuid.uuid4())
        except Conflict as error:
            return error.code
        finally:
            connection.close()
        return "written"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, ["One thing.", "Another thing."])) == ["over_cap", "written"]


def test_the_list_costs_the_same_for_many(labeler: APIClient, django_assert_num_queries: Any) -> None:
    written(labeler, PLAIN)
    written(labeler, FEW_SHOT)
    with django_assert_num_queries(3):
        rows = labeler.get("/api/v1/written-prompts").json()["results"]
    assert [(row["kind"], row["prompt_count"]) for row in rows] == [("few_shot", 3), ("plain", 1)]
    assert rows[0]["text"].startswith("Say whether the review is positive or negative.\n\nIt fits like a glove.")


def test_nobody_sees_what_another_wrote(labeler: APIClient, other: APIClient, researcher: APIClient) -> None:
    body = written(labeler, PLAIN)
    draft = f"/api/v1/writing/drafts/{uuid.uuid4()}"
    assert labeler.put(draft, {"content": {"text": "Mine"}, "revision": 0}, format="json").status_code == 200
    url = f"/api/v1/written-prompts/{body['id']}"
    for client in (other, researcher):
        assert client.get(url).status_code == 404
        assert client.put(url, PLAIN, format="json").status_code == 404
        assert client.patch(url, {"archived": True}, format="json").status_code == 404
        assert client.get(draft).status_code == 404
        assert client.get("/api/v1/written-prompts").json()["count"] == 0
        assert client.get("/api/v1/writing").json()["drafts"] == []
        assert client.post("/api/v1/writing/similar", {"text": PLAIN["text"]}, format="json").json() == []
        assert client.delete(draft).status_code == 204
    assert labeler.get(draft).json()["content"] == {"text": "Mine"}


@pytest.mark.parametrize(
    ("text", "likeness"),
    [
        (PLAIN["text"], ["same"]),
        (PLAIN["text"].upper(), ["same"]),
        ("Write a limerick about a lighthouse-keeper's dog.", ["near"]),
        ("Say whether the review is positive or negative. It fits like a glove. positive It broke on", ["near"]),
        ("x" * 120 + " and then it goes on in another way: one, two, three", ["prefix"]),
        ("How do bees find their way home?", []),
        ("Write a", []),
        ("", []),
    ],
)
def test_near_duplicates_are_shown(labeler: APIClient, text: str, likeness: list[str]) -> None:
    written(labeler, PLAIN)
    written(labeler, FEW_SHOT)
    written(
        labeler, PLAIN, text="x" * 120 + " is how this one begins, and it says something else altogether, at length."
    )
    found = labeler.post("/api/v1/writing/similar", {"text": text}, format="json")
    assert found.status_code == 200, found.content
    assert [row["likeness"] for row in found.json()] == likeness


def test_a_prompt_that_is_edited_does_not_resemble_itself(labeler: APIClient) -> None:
    body = written(labeler, PLAIN)
    same = {"text": PLAIN["text"], "except_id": body["id"]}
    assert labeler.post("/api/v1/writing/similar", same, format="json").json() == []
    found = labeler.post("/api/v1/writing/similar", {"text": PLAIN["text"]}, format="json").json()
    assert found == [
        {"id": body["id"], "text": PLAIN["text"], "likeness": "same", "similarity": 1.0, "is_archived": False}
    ]


def test_a_draft_is_kept_until_it_is_written(labeler: APIClient) -> None:
    key = uuid.uuid4()
    url = f"/api/v1/writing/drafts/{key}"
    first = labeler.put(url, {"content": {"text": "Wri"}, "revision": 0}, format="json").json()
    assert (first["key"], first["revision"]) == (str(key), 1)
    assert labeler.put(url, {"content": {"text": "Write"}, "revision": 1}, format="json").json()["revision"] == 2
    # Another tab, on top of what is no longer the newest.
    for stale in (0, 1):
        late = labeler.put(url, {"content": {"text": "Wrong"}, "revision": stale}, format="json")
        assert (late.status_code, late.json()["code"]) == (409, "draft_conflict")
        assert late.json()["data"] == {"revision": 2, "content": {"text": "Write"}}
    assert [draft["content"] for draft in labeler.get("/api/v1/writing").json()["drafts"]] == [{"text": "Write"}]
    written(labeler, PLAIN, key=str(key))
    assert not WritingDraft.objects.exists()
    # A save that was on its way meanwhile brings nothing back.
    late = labeler.put(url, {"content": {"text": "Write"}, "revision": 2}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "draft_written")


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"content": [], "revision": 0}, ["content"]),
        ({"content": {"a": "\x00"}, "revision": 0}, ["content"]),
        ({"content": {"a": "x" * 400_001}, "revision": 0}, ["content"]),
        ({"content": {}, "revision": -1}, ["revision"]),
        ({"content": {}}, ["revision"]),
    ],
)
def test_a_wrong_draft_is_refused(labeler: APIClient, body: dict[str, Any], wrong: list[str]) -> None:
    assert fields(labeler.put(f"/api/v1/writing/drafts/{uuid.uuid4()}", body, format="json")) == wrong


def test_there_is_a_limit_to_drafts(labeler: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authoring, "MAX_DRAFTS", 1)
    statuses = [
        labeler.put(f"/api/v1/writing/drafts/{uuid.uuid4()}", {"content": {}, "revision": 0}, format="json").status_code
        for _ in range(2)
    ]
    assert statuses == [200, 409]

"""What is recorded of people: consent, personal data; and what the database itself refuses."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from labelapp.accounts.models import Role, User
from labelapp.prompts import consent, scanning
from labelapp.prompts.models import Prompt, Submitter
from labelapp.prompts.record_models import Consent, OriginalAccess
from tests.prompts.conftest import Upload, confirm

pytestmark = pytest.mark.django_db

WHO = {"submitter": "acme", "model": "davinci"}
YES = {**WHO, "wording_version": "2", "wording": "May we train on it?"}
LETTER = "Write to anna.b@example.org or call +49 30 901820, please. My card is 4111 1111 1111 1111."


def send(client: APIClient, text: str = "Hello there", **more: Any) -> Any:
    body = {**WHO, "messages": [{"role": "user", "content": text}], **more}
    return client.post("/api/v1/ingest/prompts", body)


def test_a_prompt_is_kept_with_consent_alone(researcher: APIClient, labeler: APIClient) -> None:
    refused = send(researcher)
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_missing")
    assert "acme has not consented" in refused.json()["message"]
    assert researcher.post("/api/v1/consents", YES).status_code == 201
    kept = send(researcher)
    assert (kept.status_code, kept.json()["fate"]) == (201, "kept")
    prompt = Prompt.objects.get()
    assert (prompt.pk, prompt.kind, prompt.model) == (kept.json()["prompt_id"], "customer", "davinci")
    assert send(researcher, model="ada").json()["code"] == "consent_missing", "another model"
    again = send(researcher, " Hello  there")
    assert (again.status_code, again.json()["fate"], again.json()["prompt_id"]) == (200, "duplicate", prompt.pk)
    assert send(labeler).status_code == labeler.post("/api/v1/consents", YES).status_code == 404


def test_a_withdrawal_ends_it_and_archives_what_was_sent(researcher: APIClient) -> None:
    assert researcher.post("/api/v1/consents/withdraw", WHO).json()["code"] == "no_consent"
    researcher.post("/api/v1/consents", YES)
    send(researcher)
    withdrawn = researcher.post("/api/v1/consents/withdraw", WHO).json()
    assert (withdrawn["archived"], withdrawn["consent"]["action"]) == (1, "withdrawn")
    assert Prompt.objects.get().archived_at is not None
    assert send(researcher, "Another").json()["code"] == "consent_missing"
    record = researcher.get("/api/v1/consents?submitter=acme").json()["results"]
    assert [entry["action"] for entry in record] == ["withdrawn", "given"]
    later = {**YES, "occurred_at": (timezone.now() + timedelta(days=1)).isoformat()}
    assert researcher.post("/api/v1/consents", later).json()["errors"][0]["field"] == "occurred_at"


def test_what_is_withdrawn_is_not_brought_back(researcher: APIClient) -> None:
    researcher.post("/api/v1/consents", YES)
    send(researcher)
    researcher.post("/api/v1/consents/withdraw", WHO)
    prompt = Prompt.objects.get()
    one = researcher.patch(f"/api/v1/prompts/{prompt.pk}", {"archived": False})
    many = researcher.post("/api/v1/prompts/bulk", {"action": "restore", "prompt_ids": [prompt.pk]})
    assert (
        (one.status_code, one.json()["code"]) == (many.status_code, many.json()["code"]) == (409, "consent_withdrawn")
    )
    assert researcher.patch(f"/api/v1/prompts/{prompt.pk}", {"language": "de"}).status_code == 200
    assert Prompt.objects.get().archived_at == prompt.archived_at
    researcher.post("/api/v1/consents", YES)
    assert researcher.patch(f"/api/v1/prompts/{prompt.pk}", {"archived": False}).status_code == 200


def test_what_customers_send_is_deduplicated_and_capped(researcher: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    researcher.post("/api/v1/consents", YES)
    long = "Please tell me a story about a dog that swims across the lake to find its friend on the other side of it, "
    assert send(researcher, long + "today").json()["fate"] == "kept"
    assert send(researcher, long + "tomorrow").json()["fate"] == "prefix"
    near = send(researcher, "Now " + long + "today").json()
    assert (near["fate"], near["prompt_id"]) == ("near", Prompt.objects.get().pk)
    monkeypatch.setattr("labelapp.prompts.ingest.DEFAULT_CAP_PER_SUBMITTER", 1)
    assert send(researcher, "One more").json()["explanation"] == "acme has 1 prompts already."


def test_a_log_keeps_what_people_consented_to(upload: Upload, researcher: APIClient) -> None:
    researcher.post("/api/v1/consents", YES)
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]
    rows: list[Any] = [
        {"request": {"model": "davinci", "user": "acme", "messages": said}, "id": 7},
        {"model": "davinci", "user": "other", "messages": [{"role": "user", "content": "Psst"}]},
        {"body": {"model": "davinci", "messages": [{"role": "tool", "content": "4"}]}},
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        {"model": "da\x00vinci", "messages": said},
        {"model": "da\ud800vinci", "messages": said},
    ]
    preview = upload(rows, is_chat_log="true").json()
    assert (preview["good_count"], preview["no_consent_count"], preview["bad_count"]) == (1, 1, 4)
    (dropped,) = researcher.get(f"/api/v1/prompt-imports/{preview['id']}/dropped").json()["results"]
    assert dropped["explanation"] == "other has not consented to the use of what goes to davinci."
    confirm(researcher, preview)
    prompt = Prompt.objects.get()
    assert (prompt.submitter.key, prompt.model, prompt.responses.get().text) == ("acme", "davinci", "Hello")
    assert upload(rows, is_chat_log="true", consent_note="Staff alone.").json()["good_count"] == 1


@pytest.fixture
def letter(upload: Upload, researcher: APIClient) -> Prompt:
    confirm(researcher, upload([{"prompt": LETTER}]).json())
    assert scanning.scan_batch() == 1
    assert scanning.scan_batch() == 0
    return Prompt.objects.get()


def test_personal_data_is_found_and_the_language_told(letter: Prompt) -> None:
    found = [(LETTER[one["start"] : one["end"]], one["kind"]) for one in letter.pii_findings]
    assert found == [
        ("anna.b@example.org", "email_address"),
        ("+49 30 901820", "phone_number"),
        ("4111 1111 1111 1111", "credit_card"),
    ]
    assert (letter.pii_state, letter.language) == ("open", "en")
    assert letter.language_score is not None


@pytest.mark.parametrize("text", ["The war of 1914 to 1918", "2 + 2 = 4", "Mail me @home", "4111 1111 1111 1112", ""])
def test_what_is_none(text: str) -> None:
    assert list(scanning.findings([{"role": "user", "content": text}])) == []


def test_a_person_decides_and_the_original_is_for_admins(researcher: APIClient, letter: Prompt) -> None:
    (shown,) = researcher.get("/api/v1/prompts/personal-data").json()["results"]
    path = f"/api/v1/prompts/{letter.pk}"
    body = {"findings": shown["pii_findings"], "redacted": [0, 2]}
    assert (
        researcher.post(f"{path}/personal-data", {**body, "redacted": [3]}).json()["errors"][0]["field"] == "redacted"
    )
    assert researcher.post(f"{path}/personal-data", {**body, "findings": []}).json()["code"] == "pii_changed"
    answer = researcher.post(f"{path}/personal-data", body).json()
    redacted = "Write to [email_address] or call +49 30 901820, please. My card is [credit_card]."
    assert (answer["messages"][0]["content"], answer["pii_state"]) == (redacted, "reviewed")
    assert researcher.get("/api/v1/prompts?search=anna").json()["count"] == 0, "nor can it be searched"
    assert researcher.post(f"{path}/personal-data", body).json()["code"] == "pii_changed"
    assert researcher.post(f"{path}/original").status_code == 404
    admin = APIClient()
    admin.force_authenticate(User.objects.create_user("admin@example.org", role=Role.ADMIN, name="Ada"))
    original = admin.post(f"{path}/original").json()
    assert original["original_messages"][0]["content"] == LETTER
    assert [access["seen_by"] for access in original["accesses"]] == ["Ada"]
    assert OriginalAccess.objects.count() == 1
    preview = researcher.get(path).json()
    assert LETTER not in str(preview)


def test_nothing_may_be_redacted(researcher: APIClient, letter: Prompt) -> None:
    body = {"findings": letter.pii_findings, "redacted": []}
    assert researcher.post(f"/api/v1/prompts/{letter.pk}/personal-data", body).json()["pii_state"] == "reviewed"
    letter.refresh_from_db()
    assert letter.text == LETTER
    admin = APIClient()
    admin.force_authenticate(User.objects.create_user("admin@example.org", role=Role.ADMIN))
    assert admin.post(f"/api/v1/prompts/{letter.pk}/original").status_code == 404


# Each is what somebody might try to bring a submitter, or a prompt of theirs, into a second split.
LEAKS = [
    "UPDATE prompts_submitter SET split = 'test'",
    "UPDATE prompts_submitter SET key = 'acme 2' WHERE key = 'acme'",
    "INSERT INTO prompts_submitter (key, split, created_at) VALUES ('acme', 'test', now())",
    "DELETE FROM prompts_prompt; DELETE FROM prompts_submitter WHERE key = 'acme'",
    "UPDATE prompts_prompt SET submitter_id = (SELECT id FROM prompts_submitter WHERE key = 'other')",
    "INSERT INTO prompts_submitter (key, split, created_at) VALUES ('acme', 'test', now()) "
    "ON CONFLICT (key) DO UPDATE SET split = excluded.split",
]
REWRITES = [
    "UPDATE prompts_consent SET action = 'given'",
    "DELETE FROM prompts_consent",
    "UPDATE prompts_originalaccess SET seen_at = now()",
    "DELETE FROM prompts_originalaccess",
    "UPDATE prompts_piireview SET original_messages = NULL",
]


@pytest.mark.parametrize("statement", LEAKS + REWRITES)
def test_the_database_itself_refuses(statement: str) -> None:
    user = User.objects.create_user("rosa@example.org")
    acme = Submitter.objects.create(key="acme", split="train")
    Submitter.objects.create(key="other", split="test")
    prompt = Prompt.objects.create(messages=[], text="a", submitter=acme, dedup_key="a")
    Consent.objects.create(
        submitter=acme, model="ada", action="withdrawn", occurred_at=timezone.now(), recorded_by=user
    )
    prompt.original_accesses.create(seen_by=user)
    prompt.pii_reviews.create(reviewed_by=user, findings=[])
    before = list(Submitter.objects.order_by("key").values_list("key", "split"))
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert list(Submitter.objects.order_by("key").values_list("key", "split")) == before
    assert Prompt.objects.filter(submitter=acme).exists()


def test_what_holds_is_found_by_the_beginning_of_a_key(researcher: APIClient, labeler: APIClient) -> None:
    researcher.post("/api/v1/consents", {**YES, "way": "At the switch"})
    researcher.post("/api/v1/consents", {**YES, "model": "ada"})
    researcher.post("/api/v1/consents", {**YES, "submitter": "beta"})
    send(researcher)
    standing = "/api/v1/consents/standing"
    (held,) = researcher.get(f"{standing}?search=ac&model=davinci").json()["results"]
    assert (held["submitter"], held["way"], held["sent_count"], held["used_count"]) == ("acme", "At the switch", 1, 1)
    researcher.post("/api/v1/consents/withdraw", {**WHO, "way": "By mail"})
    (gone,) = researcher.get(f"{standing}?action=withdrawn").json()["results"]
    assert (gone["way"], gone["sent_count"], gone["used_count"]) == ("By mail", 1, 0)
    found = researcher.get(standing).json()["results"]
    assert [(row["submitter"], row["model"], row["action"]) for row in found] == [
        ("acme", "davinci", "withdrawn"),
        ("beta", "davinci", "given"),
        ("acme", "ada", "given"),
    ]
    versions = f"/api/v1/submitters/{held['submitter_id']}/versions"
    assert researcher.get(versions).json() == []
    assert researcher.get("/api/v1/submitters/999999/versions").status_code == 404
    listed = researcher.get("/api/v1/submitters?search=be").json()["results"]
    assert [(row["key"], row["user"]) for row in listed] == [("beta", None)]
    for path in (standing, versions, "/api/v1/submitters"):
        assert labeler.get(path).status_code == 404


@pytest.mark.parametrize("rows", ["consents", "submitters"])
def test_the_beginning_of_a_key_is_looked_up(rows: str) -> None:
    found = consent.submitters(search="ac") if rows == "submitters" else consent.standing_consents(search="ac")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        # The order of the keys in this locale is not that of their bytes, by which beginnings are looked up.
        cursor.execute("SET LOCAL enable_indexscan = off")
    plan = found[:50].explain()
    assert "prompts_submitter_key" in plan
    assert "_like" in plan

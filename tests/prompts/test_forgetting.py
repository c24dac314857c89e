"""Copies of people's texts: none is readable after a redaction or an erasure, and none is kept in vain."""

import importlib
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from labelapp.accounts.models import User
from labelapp.datasets.erasures import request_erasure
from labelapp.prompts import scanning, tasks
from labelapp.prompts.authoring import write_prompt
from labelapp.prompts.importing import claiming, forgetting, writing
from labelapp.prompts.importing.working import work_on
from labelapp.prompts.models import Forgetting, ImportLine, Prompt, PromptImport, Response, Submitter, WrittenPrompt
from labelapp.prompts.pii import review
from labelapp.prompts.written import Pair, WrittenContent
from tests.prompts.conftest import Upload, confirm
from tests.prompts.test_records import YES

pytestmark = pytest.mark.django_db

SECRET = "anna.b@example.org"
LONG = (
    f"Write a letter to {SECRET} about the harbour of Bergen and the children who wait there for their father to come "
    "home with the boat that he took to the north in spring"
)
LINES = [
    {"prompt": LONG, "submitter": "acme"},
    {"prompt": f" {LONG}", "submitter": "acme"},
    {"prompt": f"{LONG} back home", "submitter": "acme"},
    {"prompt": LONG.replace("Write a", "Send the"), "submitter": "acme", "deployment_context": SECRET},
    {"prompt": LONG, "promt": "bad"},
]


def redact_all() -> None:
    while scanning.scan_batch():
        pass
    person = User.objects.create_user("rita@example.org")
    for prompt in Prompt.objects.filter(pii_state="open"):
        every = list(range(len(prompt.pii_findings)))
        review(prompt.pk, redacted=every, reviewed_by=person, findings=prompt.pii_findings)


def everything_about(client: APIClient, *imports: dict[str, Any]) -> str:
    """What a researcher is shown of imports, and of the prompts."""
    paths = [f"/api/v1/prompt-imports/{one['id']}{part}" for one in imports for part in ("", "/dropped", "/errors")]
    ids = Prompt.objects.values_list("pk", flat=True)
    paths += [f"/api/v1/prompts/{pk}{part}" for pk in ids for part in ("", "/duplicates")]
    answers = [client.get(path) for path in ["/api/v1/prompts", *paths]]
    lines = ImportLine.objects.exclude(verdict="new").values_list("prompt_import", "line")
    answers += [client.get(f"/api/v1/prompt-imports/{one}/dropped/{line}") for one, line in lines]
    assert all(answer.status_code == 200 for answer in answers)
    return " ".join(answer.getvalue().decode() if answer.streaming else answer.content.decode() for answer in answers)


def test_a_redacted_text_is_nowhere_to_be_read(upload: Upload, researcher: APIClient) -> None:
    preview = upload(LINES).json()
    assert (preview["good_count"], preview["bad_count"]) == (1, 1)
    assert SECRET in everything_about(researcher, preview), "a preview shows what is in the file"
    done = confirm(researcher, preview).json()
    redact_all()
    again = upload(LINES[:4]).json()
    shown = everything_about(researcher, done, again)
    assert SECRET not in shown
    assert "[email_address]" in shown
    dropped = researcher.get(f"/api/v1/prompt-imports/{again['id']}/dropped").json()["results"]
    assert [(line["verdict"], "[email_address]" in line["text"]) for line in dropped[:2]] == [("duplicate", True)] * 2
    near = researcher.get(f"/api/v1/prompt-imports/{again['id']}/dropped/4").json()
    assert (near["passages"], "[email_address]" in str(near["kept"])) == ([], True)
    settled = ImportLine.objects.filter(prompt_import=done["id"]).values_list("text", "messages", "deployment_context")
    assert SECRET not in str([*settled, PromptImport.objects.get(pk=done["id"]).report])


def test_what_is_left_out_says_why_and_of_its_text_only_the_beginning(upload: Upload, researcher: APIClient) -> None:
    rows = [{"prompt": f"{number} {'x' * 400}", "submitter": "acme", "responses": ["y"]} for number in range(3)]
    done = confirm(researcher, upload([*rows, rows[0]], cap_per_submitter=1).json()).json()
    kept = ImportLine.objects.filter(prompt_import=done["id"]).order_by("line")
    assert [(line.verdict, len(line.text)) for line in kept] == [("over_cap", 300), ("over_cap", 300), ("duplicate", 0)]
    assert {(str(line.messages), line.responses) for line in kept} == {("[]", None)}


def test_an_upload_is_deleted_once_it_is_read(upload: Upload) -> None:
    made = PromptImport.objects.get(pk=upload([{"prompt": "a"}]).json()["id"])
    path = settings.DATA_DIR / made.file_path
    assert path.is_file()
    tasks.sweep()
    made.refresh_from_db()
    assert (path.exists(), made.file_path, made.state) == (False, "", "previewed")


def test_a_preview_that_nobody_confirms_is_taken_back(upload: Upload) -> None:
    old, new = (upload([{"prompt": text}, 3]).json()["id"] for text in ("a", "b"))
    PromptImport.objects.filter(pk=old).update(rung_at=timezone.now() - timedelta(days=31))
    tasks.sweep()
    work_on(old)
    assert list(PromptImport.objects.order_by("pk").values_list("state", flat=True)) == ["undone", "previewed"]
    assert list(ImportLine.objects.values_list("prompt_import", flat=True)) == [new]


def test_an_erasure_takes_what_waits_and_what_is_left_out(upload: Upload, researcher: APIClient) -> None:
    confirm(researcher, upload([{"prompt": "one", "submitter": "acme"}]).json())
    done = confirm(researcher, upload([{"prompt": "two", "submitter": "acme"}], cap_per_submitter=1).json(), "nothing")
    assert done.status_code == 409
    waiting = upload([{"prompt": "mine", "submitter": "acme"}, {"prompt": "mine", "submitter": "zebra"}]).json()
    acme = Submitter.objects.get(key="acme")
    request_erasure(created_by=acme.prompts.get().created_by or pytest.fail("nobody"), submitter_id=acme.pk)
    tasks.forget_lines()
    assert not ImportLine.objects.filter(submitter="acme").exists()
    assert not Forgetting.objects.exists()
    assert confirm(researcher, waiting).json()["imported_count"] == 1
    assert Prompt.objects.get(text="mine").submitter.key == "zebra"


def said(text: str, *, user: str = "acme", answer: str = "") -> dict[str, Any]:
    turns = [{"role": "user", "content": text}, *([{"role": "assistant", "content": answer}] if answer else [])]
    return {"model": "davinci", "user": user, "messages": turns}


def test_nothing_of_a_line_without_consent_is_kept(upload: Upload, researcher: APIClient) -> None:
    researcher.post("/api/v1/consents", YES)
    confirm(researcher, upload([{"prompt": "Hi"}]).json())
    rows = [said("Hi", answer="Hello"), said("Hi", user="other", answer="Secret"), said("Psst", user="other"), said("")]
    preview = upload(rows, is_chat_log="true").json()
    counts = [preview[f"{name}_count"] for name in ("duplicate", "no_consent", "response", "bad")]
    assert counts == [1, 2, 1, 1]
    dropped = researcher.get(f"/api/v1/prompt-imports/{preview['id']}/dropped?verdict=no_consent").json()["results"]
    assert [line["text"] for line in dropped] == ["", ""]
    assert [line["text"] for line in preview["report"]["bad"]] == [""]
    confirm(researcher, preview)
    assert list(Response.objects.values_list("text", flat=True)) == ["Hello"]
    left = ImportLine.objects.filter(prompt_import=preview["id"], verdict="no_consent")
    assert list(left.values_list("text", "messages", "responses")) == [("", [], None)] * 2


def test_a_withdrawal_holds_for_the_batches_that_are_not_written_yet(
    upload: Upload, researcher: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    researcher.post("/api/v1/consents", YES)
    researcher.post("/api/v1/consents", {**YES, "submitter": "zebra"})
    rows = [said("one"), said("two"), said("three"), said("four", user="zebra"), said("two", user="zebra")]
    preview = upload(rows, is_chat_log="true").json()
    assert preview["duplicate_count"] == 1
    monkeypatch.setattr(writing, "BATCH_LINES", 1)
    write, batches = writing._write_batch, []

    def write_and_withdraw(claimed: Any) -> bool:
        batches.append(write(claimed))
        if len(batches) == 1:
            # Its lines that wait are deleted, too; here they come in again, as those of a log's next part would.
            lines = list(ImportLine.objects.filter(prompt_import=claimed.pk))
            researcher.post("/api/v1/consents/withdraw", {"submitter": "acme", "model": "davinci"})
            tasks.forget_lines()
            ImportLine.objects.bulk_create(line for line in lines if line.submitter == "acme")
        return batches[-1]

    monkeypatch.setattr(writing, "_write_batch", write_and_withdraw)
    done = confirm(researcher, preview).json()
    assert (done["imported_count"], done["no_consent_count"]) == (3, 2)
    is_used = {one.text: one.archived_at is None for one in Prompt.objects.all()}
    assert is_used == {"one": False, "four": True, "two": True}, "another sent the second, too"


def test_a_batch_leaves_out_what_is_to_be_forgotten_though_no_worker_has_come_to_it(
    upload: Upload, researcher: APIClient
) -> None:
    researcher.post("/api/v1/consents", YES)
    rows = [said("mine"), said("mine", user="zebra"), said("also mine")]
    preview = upload(rows, is_chat_log="true", consent_note="Staff alone.").json()
    Forgetting.objects.create(submitter=Submitter.objects.get(key="acme"), model="davinci")
    assert confirm(researcher, preview).json()["imported_count"] == 1
    assert list(Prompt.objects.values_list("text", "submitter__key")) == [("mine", "zebra")]


def test_lines_of_an_import_at_work_are_forgotten_when_it_is_done(upload: Upload, researcher: APIClient) -> None:
    researcher.post("/api/v1/consents", YES)
    decided = PromptImport.objects.get(pk=upload([{"prompt": "a"}]).json()["id"])
    idle = PromptImport.objects.create(file_name="b.jsonl", state="previewed", created_by=decided.created_by)
    empty: dict[str, Any] = {"messages": [], "annotations": {}, "fingerprints": []}
    ImportLine.objects.create(prompt_import=idle, line=9, submitter="acme", model="m", **empty)
    Forgetting.objects.create(submitter=Submitter.objects.get(key="acme"))
    beside = connection.copy()
    try:
        with beside.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [claiming.LINES_LOCK, decided.pk])
            assert cursor.fetchone() == (False,), "deciding holds it until its transaction ends"
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [claiming.LINES_LOCK, idle.pk])
            tasks.forget_lines()
            assert (ImportLine.objects.filter(submitter="acme").count(), Forgetting.objects.count()) == (1, 1)
            # A connection that is closed gives its locks back some time later.
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [claiming.LINES_LOCK, idle.pk])
    finally:
        beside.close()
    tasks.sweep()
    assert (ImportLine.objects.filter(submitter="acme").count(), Forgetting.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_waits_for_a_batch_whose_lines_needed_no_consent(
    upload: Upload, researcher: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    researcher.post("/api/v1/consents", YES)
    researcher.post("/api/v1/consents", {**YES, "submitter": "zebra"})
    preview = upload([said("one")], is_chat_log="true", consent_note="Staff alone.").json()
    beside, free = connection.copy(), []

    def look_beside(import_id: int) -> None:
        with beside.cursor() as cursor:
            cursor.execute("SELECT key FROM prompts_submitter FOR UPDATE SKIP LOCKED")
            free.append(cursor.fetchall())

    monkeypatch.setattr(writing, "forget_wished", look_beside)
    try:
        confirm(researcher, preview)
    finally:
        beside.close()
    assert free == [[("zebra",)]]


def test_a_line_beside_one_that_was_redacted_meanwhile_is_withheld(upload: Upload, researcher: APIClient) -> None:
    preview = upload([LINES[0], LINES[3]]).json()
    assert (preview["good_count"], preview["near_count"]) == (1, 1)
    confirm(researcher, upload([LINES[0]]).json())
    redact_all()
    assert SECRET not in everything_about(researcher, preview)


def test_a_part_of_the_sweep_that_fails_does_not_end_the_others(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, read = (PromptImport.objects.get(pk=upload([{"prompt": text}]).json()["id"]) for text in ("a", "b"))
    PromptImport.objects.filter(pk=stuck.pk).update(file_path=f"imports/{stuck.pk}.bad.csv/under-a-file")
    monkeypatch.setattr(forgetting, "forget_all_wished", lambda: 1 / 0)
    PromptImport.objects.update(rung_at=timezone.now() - timedelta(days=31))
    tasks.sweep()
    assert not (settings.DATA_DIR / read.file_path).exists()
    assert set(PromptImport.objects.values_list("state", flat=True)) == {"undoing"}


def test_what_an_author_gave_beside_a_prompt_is_redacted_with_it() -> None:
    author = User.objects.create_user("anna@example.org")
    source = f"{SECRET} writes to her sister."
    content = WrittenContent(kind="user_based", use_case="other", text=f"A letter to {SECRET}", source=source)
    write_prompt(content, author=author, key=uuid4())
    pairs = tuple(Pair(f"Query {number}", f"Ask {SECRET}") for number in range(2))
    family = WrittenContent(kind="few_shot", use_case="other", instruction="Answer.", pairs=pairs)
    write_prompt(family, author=author, key=uuid4())
    redact_all()
    assert set(WrittenPrompt.objects.values_list("source", flat=True)) == {
        "[email_address] writes to her sister.",
        "",
    }
    assert set(Prompt.objects.values_list("written_response", flat=True)) == {"", "Ask [email_address]"}
    assert SECRET not in str(list(Prompt.objects.values_list("messages", "text")))


def test_what_is_hidden_from_an_import_is_there_afterwards() -> None:
    assert "torch" in scanning.MODEL_LIBRARIES
    with scanning._without(("wave", "json")):
        with pytest.raises(ImportError):
            importlib.import_module("wave")
        assert importlib.import_module("json")
    assert importlib.import_module("wave").open


def migration(name: str) -> Any:
    return importlib.import_module(f"labelapp.prompts.migrations.{name}")


def test_imports_from_before_forget_what_newer_ones_do(upload: Upload, researcher: APIClient) -> None:
    rows = [{"prompt": text, "submitter": "acme", "responses": ["y"]} for text in ("one", SECRET * 20, "three")]
    done, waiting = (upload([*rows, rows[0], 3], cap_per_submitter=1).json() for _ in range(2))
    done = confirm(researcher, done).json()
    assert [line["verdict"] for line in everything_dropped(researcher, done)] == ["over_cap", "over_cap", "duplicate"]
    told: dict[str, Any] = {"messages": [{"role": "user", "content": SECRET}], "responses": [SECRET]}
    ImportLine.objects.filter(prompt_import=done["id"]).update(text="x" * 400, annotations={"a": SECRET}, **told)
    bad = [{"line": 5, "text": SECRET, "errors": []}]
    report = {"bad": bad, "good": [{"text": SECRET}], "kept": [{"id": 7, "text": SECRET}]}
    PromptImport.objects.update(report=report)

    sql = migration("0007_copies_forgotten")
    with connection.cursor() as cursor:
        for statement in (sql.FORGET_LEFT_OUT, sql.FORGET_GOOD, sql.FORGET_KEPT, sql.FORGET_BAD):
            cursor.execute(statement)

    kept = ImportLine.objects.filter(prompt_import=done["id"]).order_by("line")
    assert [(len(one.text), one.messages, one.responses, one.annotations) for one in kept] == [
        (length, [], None, {}) for length in (300, 300, 0)
    ]
    reports = dict(PromptImport.objects.values_list("pk", "report"))
    assert reports[done["id"]] == {"bad": [{**bad[0], "text": ""}], "kept": [7]}
    assert reports[waiting["id"]] == {"bad": bad, "kept": [7]}, "its preview is shown yet"
    assert ImportLine.objects.get(prompt_import=waiting["id"], line=2).messages != []


def test_older_prompts_get_fingerprints_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    person = User.objects.create_user("anna@example.org")
    for number in range(5):
        write_prompt(
            WrittenContent(kind="plain", use_case="other", text=f"{number} {LONG}"), author=person, key=uuid4()
        )
    before = dict(Prompt.objects.values_list("pk", "fingerprints"))
    Prompt.objects.update(fingerprints=[])
    done = Prompt.objects.earliest("pk")
    Prompt.objects.filter(pk=done.pk).update(fingerprints=[1])
    later = migration("0008_older_fingerprints")
    monkeypatch.setattr(later, "BATCH_PROMPTS", 2)
    later.add_fingerprints(apps, None)
    assert dict(Prompt.objects.values_list("pk", "fingerprints")) == {**before, done.pk: [1]}
    assert not later.Migration.atomic, "what a batch did stays when a later one is stopped"


def everything_dropped(client: APIClient, made: dict[str, Any]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = client.get(f"/api/v1/prompt-imports/{made['id']}/dropped").json()["results"]
    return lines


def test_a_file_of_bad_lines_from_before_is_found_and_forgets_its_texts(upload: Upload, researcher: APIClient) -> None:
    done = confirm(researcher, upload([{"prompt": "Name a lake", "submitter": "a"}, 3]).json()).json()
    made = PromptImport.objects.get(pk=done["id"])
    before = (settings.DATA_DIR / made.file_path).with_suffix(".bad.csv")
    Path(settings.DATA_DIR / "imports" / f"{made.pk}.bad.csv").unlink()
    before.write_text(f"line,field,message,text\r\n2,,must be an object,{SECRET}\r\n")
    Prompt.objects.update(fingerprints=[], text=LONG, messages=[{"role": "user", "content": LONG}])
    migration("0007_copies_forgotten").rename_bad_lines(apps, None)
    migration("0008_older_fingerprints").add_fingerprints(apps, None)
    errors: Any = researcher.get(f"/api/v1/prompt-imports/{made.pk}/errors")
    assert errors.getvalue() == b"line,field,message,text\r\n2,,must be an object,\r\n"
    assert upload([{"prompt": f"{LONG} again"}]).json()["prefix_count"] == 1

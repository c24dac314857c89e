"""What a worker does for an import: killed in the middle, near-duplicates, undone, one at a time."""

import importlib
import io
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from billiard.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from formats.messages import Message
from labelapp.labeling.actions import create_project
from labelapp.labeling.models import ProjectKind, ProjectSource
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.content import PromptContent
from labelapp.prompts.importing import claiming, deciding, reading, undoing, working
from labelapp.prompts.importing.near import compared_text, fingerprints, similarity
from labelapp.prompts.importing.parsing import ParsedLine
from labelapp.prompts.importing.working import work_on
from labelapp.prompts.models import ImportLine, Prompt, PromptImport, Response, SampleBatch
from tests.conftest import process_environment
from tests.datasets.world import somebody_waits, wait_for
from tests.prompts.conftest import Upload, confirm, jsonl, previewed
from tests.prompts.test_records import YES

# Runs a worker that the kernel kills in the middle of a batch: its third, before the commit.
KILLED = """
import os, signal, sys, django
django.setup()
from labelapp.prompts.importing import reading, working, writing
module, name, import_id = sys.argv[1:]
module = {"reading": reading, "writing": writing}[module]
advance, calls = module.advance, []
def advance_and_die(claimed, **changes):
    advance(claimed, **changes)
    calls.append(name in changes)
    if sum(calls) == 3:
        os.kill(os.getpid(), signal.SIGKILL)
module.advance = advance_and_die
working.work_on(int(import_id))
"""


def work_and_die(import_id: int, *, module: str, counter: str) -> None:
    arguments = [sys.executable, "-c", KILLED, module, counter, str(import_id)]
    died = subprocess.run(arguments, env=process_environment(), cwd=settings.BASE_DIR, check=False, timeout=600)
    assert died.returncode == -signal.SIGKILL
    # A minute later it is noticed.
    stale = timezone.now() - timedelta(seconds=claiming.STALE_SECONDS + 1)
    assert PromptImport.objects.filter(pk=import_id, heartbeat_at__isnull=False).update(heartbeat_at=stale)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_in_the_middle_goes_on_where_it_was(
    researcher: APIClient,
) -> None:
    rows: list[Any] = [{"prompt": f"Prompt {number}", "submitter": f"s{number % 99}"} for number in range(9000)]
    rows[100] = rows[7000] = {"promt": "bad"}
    rows[8000] = rows[5]
    file = {"file": SimpleUploadedFile("p.jsonl", jsonl(rows))}
    import_id = researcher.post("/api/v1/prompt-imports", file, format="multipart").json()["id"]
    work_and_die(import_id, module="reading", counter="line_count")
    half = PromptImport.objects.get(pk=import_id)
    assert (half.state, half.line_count) == ("checking", 4000)
    assert ImportLine.objects.filter(prompt_import=half).count() == 3999
    assert import_id in claiming.waiting().values_list("pk", flat=True)

    work_on(import_id)
    preview = researcher.get(f"/api/v1/prompt-imports/{import_id}").json()
    assert (preview["line_count"], preview["good_count"], preview["duplicate_count"]) == (9000, 8997, 1)
    errors: Any = researcher.get(f"/api/v1/prompt-imports/{import_id}/errors")
    assert [row.split(b",")[0] for row in errors.getvalue().splitlines()] == [b"line", b"101", b"7001"]

    researcher.post(f"/api/v1/prompt-imports/{import_id}/confirm", {"on_error": "keep_good"})
    work_and_die(import_id, module="writing", counter="imported_count")
    assert Prompt.objects.count() == 4000
    work_on(import_id)
    done = PromptImport.objects.get(pk=import_id)
    assert (done.state, done.imported_count, Prompt.objects.count()) == ("imported", 8997, 8997)


@pytest.mark.django_db
def test_an_older_claim_writes_nothing_more(upload: Upload) -> None:
    made = PromptImport.objects.get(pk=upload([{"prompt": "a"}]).json()["id"])
    PromptImport.objects.filter(pk=made.pk).update(state="importing")
    first = claiming.claim(made.pk)
    assert first is not None
    assert claiming.claim(made.pk) is None, "somebody works on it"
    PromptImport.objects.filter(pk=made.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))
    assert claiming.claim(made.pk) is not None
    with pytest.raises(claiming.ClaimLost):
        claiming.advance(first, imported_count=1)


@pytest.mark.django_db
def test_two_imports_are_never_written_at_once(upload: Upload) -> None:
    ids = [upload([{"prompt": text}]).json()["id"] for text in "ab"]
    PromptImport.objects.update(state="importing", rung_at=timezone.now() - timedelta(hours=1))
    assert claiming.claim(ids[0]) is not None
    assert claiming.claim(ids[1]) is None
    assert claiming.ids_to_ring() == [ids[1]]


LONG = "Write a poem about the sea that a sailor sends home to the children who wait for him in the harbour of Bergen"


@pytest.mark.django_db
def test_prompts_with_the_same_long_beginning_are_one(upload: Upload, researcher: APIClient) -> None:
    rows = [{"prompt": f"{LONG}, {end}"} for end in ("in June.", "with rhymes.")] + [{"prompt": LONG[:99] + "!"}]
    preview = upload(rows, near_similarity=0).json()
    assert (preview["good_count"], preview["prefix_count"]) == (2, 1)
    (dropped,) = researcher.get(f"/api/v1/prompt-imports/{preview['id']}/dropped").json()["results"]
    assert (dropped["line"], dropped["verdict"], dropped["duplicate_of_line"]) == (2, "prefix", 1)
    assert dropped["explanation"] == "Its first 100 characters are those of line 1."
    confirm(researcher, preview)
    (dropped,) = researcher.get(f"/api/v1/prompt-imports/{preview['id']}/dropped?verdict=prefix").json()["results"]
    kept = Prompt.objects.get(text=rows[0]["prompt"])
    assert dropped["duplicate_of"] == kept.pk
    again = upload([{"prompt": f"{LONG}. New!"}], near_similarity=0).json()
    assert again["prefix_count"] == 1, "of the workspace's"
    assert upload([{"prompt": f"{LONG}. New!"}], prefix_characters=0, near_similarity=0).json()["good_count"] == 1


@pytest.mark.django_db
def test_prompts_that_are_nearly_the_same_are_one(upload: Upload, researcher: APIClient) -> None:
    near = LONG.replace("Bergen", "Oslo")
    rows = [{"prompt": LONG}, {"prompt": near}, {"prompt": "Something else that is long enough to be compared at all"}]
    preview = upload(rows, prefix_characters=0).json()
    assert (preview["good_count"], preview["near_count"]) == (2, 1)
    (dropped,) = researcher.get(f"/api/v1/prompt-imports/{preview['id']}/dropped").json()["results"]
    assert dropped["similarity"] == pytest.approx(similarity(LONG.lower(), near.lower()))
    # 23 words, 21 triples, of which the last word is in one: 20 of 22 are shared.
    assert dropped["similarity"] == pytest.approx(20 / 22)
    assert dropped["explanation"] == "It shares 91 % of its word triples with line 1; 80 % are enough."
    assert upload(rows, prefix_characters=0, near_similarity=0.95).json()["near_count"] == 0


@pytest.mark.django_db
def test_what_follows_a_dropped_line_is_compared_with_the_one_that_is_kept(upload: Upload) -> None:
    words = [f"word{number}" for number in range(40)]
    rows = []
    for changed in range(12):  # each differs from the one before in one word, and from the first in more and more
        words[changed * 3] = f"other{changed}"
        rows.append({"prompt": " ".join(words)})
    preview = upload(rows, prefix_characters=0).json()
    kept = ImportLine.objects.filter(prompt_import=preview["id"], verdict="new").values_list("text", flat=True)
    assert 1 < len(kept) < len(rows)
    assert all(similarity(one, other) < 0.8 for one in kept for other in kept if one != other)


@pytest.mark.parametrize(
    ("kind", "role", "is_compared"), [("plain", "user", True), ("few_shot", "user", False), ("plain", "system", False)]
)
def test_what_prompts_share_on_purpose_is_not_compared(kind: str, role: Any, is_compared: bool) -> None:
    assert bool(compared_text([Message(role, LONG)], kind=kind)) == is_compared


def test_fingerprints_are_few_and_stable() -> None:
    assert len(fingerprints(LONG.lower())) == 7
    assert fingerprints("short") == []
    assert fingerprints(LONG.lower()) == fingerprints(LONG.lower())
    # Stored with each prompt: another value here means that all of them must be computed anew.
    assert fingerprints(LONG.lower())[:2] == [-308463365, 1636105792]


@pytest.mark.django_db
def test_undo_takes_back_what_nobody_used_and_names_the_rest(upload: Upload, researcher: APIClient) -> None:
    rows = [{"prompt": f"Prompt {number}", "responses": ["a", "b"]} for number in range(4)]
    known = confirm(researcher, upload(rows[:1]).json()).json()
    done = confirm(researcher, upload(rows).json()).json()
    assert (done["imported_count"], done["duplicate_count"]) == (3, 1)
    project = create_project(
        name="Write", kind=ProjectKind.DEMONSTRATION, instructions="Write.", created_by=None, overlap=1
    )
    used = Prompt.objects.get(text="Prompt 2")
    create_tasks(project.pk, prompts=Prompt.objects.filter(pk=used.pk))

    assert researcher.post(f"/api/v1/prompt-imports/{done['id']}/undo").json()["state"] == "undoing"
    work_on(done["id"])
    undone = researcher.get(f"/api/v1/prompt-imports/{done['id']}").json()
    assert (undone["state"], undone["removed_count"], undone["archived_count"]) == ("undone", 2, 1)
    assert undone["report"]["kept"] == [{"id": used.pk, "text": "Prompt 2"}]
    assert list(Prompt.objects.filter(archived_at=None).values_list("text", flat=True)) == ["Prompt 0"]
    assert list(Prompt.objects.exclude(archived_at=None).values_list("text", flat=True)) == ["Prompt 2"]
    assert set(Response.objects.values_list("prompt__text", flat=True)) == {"Prompt 0"}, "those of before"
    assert SampleBatch.objects.get().prompt_import_id == known["id"]
    assert not ImportLine.objects.filter(prompt_import=done["id"]).exists()
    assert researcher.post(f"/api/v1/prompt-imports/{done['id']}/undo").json()["state"] == "undone"
    again = confirm(researcher, upload(rows[3:]).json()).json()
    assert again["imported_count"] == 1


@pytest.mark.django_db
def test_undo_locks_the_lines_of_other_imports_before_its_prompts(upload: Upload, researcher: APIClient) -> None:
    older = confirm(researcher, upload([{"prompt": "Say hello"}]).json()).json()["id"]
    others = [upload([{"prompt": "Say hello"}, {"prompt": f"Count to {number}"}]).json()["id"] for number in (8, 9)]
    researcher.post(f"/api/v1/prompt-imports/{older}/undo")
    with CaptureQueriesContext(connection) as undoing:
        work_on(older)
    statements = [one["sql"] for one in undoing.captured_queries]
    prompts = next(
        place for place, sql in enumerate(statements) if "FOR UPDATE" in sql and 'FROM "prompts_prompt"' in sql
    )
    before = [sql for sql in statements[:prompts] if "pg_advisory_xact_lock" in sql]
    assert [int(re.findall(r"\d+", sql)[-1]) for sql in before] == others
    assert not ImportLine.objects.filter(duplicate_of__isnull=False).exists()


def work_elsewhere(import_id: int) -> None:
    work_on(import_id)
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_undone", [False, True])
def test_who_decides_locks_prompts_in_the_order_of_who_undoes_them(
    upload: Upload, researcher: APIClient, is_undone: bool
) -> None:
    confirm(researcher, upload([{"prompt": LONG}, {"prompt": "Name a lake"}]).json())
    first, second = Prompt.objects.order_by("pk").values_list("pk", flat=True)
    file = {"file": SimpleUploadedFile("p.jsonl", jsonl([{"prompt": "Name a lake"}, {"prompt": f"Please {LONG}"}]))}
    late = researcher.post("/api/v1/prompt-imports", file, format="multipart").json()["id"]
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Prompt.objects.select_for_update().get(pk=first)
            deciding = pool.submit(work_elsewhere, late)
            wait_for(somebody_waits)
            Prompt.objects.select_for_update(nowait=True).get(pk=second)  # or each would wait for the other
            if is_undone:
                Prompt.objects.filter(pk=first).delete()
        deciding.result()
    found = PromptImport.objects.get(pk=late)
    near = 0 if is_undone else 1
    assert (found.state, found.duplicate_count, found.near_count, found.good_count) == ("previewed", 1, near, 1 - near)


@pytest.mark.django_db(transaction=True)
def test_a_writer_locks_prompts_in_the_order_of_who_undoes_them(upload: Upload, researcher: APIClient) -> None:
    late = upload([{"prompt": "Name a lake"}, {"prompt": "Say hello"}]).json()["id"]
    confirm(researcher, upload([{"prompt": "Say hello"}, {"prompt": "Name a lake"}]).json())
    researcher.post(f"/api/v1/prompt-imports/{late}/confirm", {"on_error": "keep_good"})
    first, second = Prompt.objects.order_by("pk").values_list("pk", flat=True)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Prompt.objects.select_for_update().get(pk=first)
            writing = pool.submit(work_elsewhere, late)
            wait_for(somebody_waits)
            Prompt.objects.select_for_update(nowait=True).get(pk=second)  # or each would wait for the other
        writing.result()
    done = PromptImport.objects.get(pk=late)
    assert (done.state, done.duplicate_count) == ("imported", 2)


@pytest.mark.django_db
def test_a_batch_that_an_evaluation_compares_stays(upload: Upload, researcher: APIClient) -> None:
    done = confirm(researcher, upload([{"prompt": "Say hello", "responses": ["Hello"]}]).json()).json()
    project = create_project(
        name="Judge", kind=ProjectKind.DEMONSTRATION, instructions="Judge.", created_by=None, overlap=1
    )
    ProjectSource.objects.create(project=project, batch=SampleBatch.objects.get(), position=0)
    researcher.post(f"/api/v1/prompt-imports/{done['id']}/undo")
    work_on(done["id"])
    assert PromptImport.objects.get(pk=done["id"]).state == "undone"
    assert SampleBatch.objects.count() == 1


@pytest.mark.django_db
def test_deleting_responses_counts_as_getting_somewhere(upload: Upload, researcher: APIClient) -> None:
    done = confirm(researcher, upload([{"prompt": "Say hello", "responses": ["Hello", "Hi"]}]).json()).json()
    researcher.post(f"/api/v1/prompt-imports/{done['id']}/undo")
    claimed = claiming.claim(done["id"])
    assert claimed
    before = claiming._stops(claimed)["done"]
    assert undoing._undo_responses(claimed)
    found = PromptImport.objects.get(pk=done["id"])
    assert found.position["undone_responses"] == 2
    assert claiming._stops(found)["done"] != before


@pytest.mark.django_db
def test_only_what_was_written_can_be_undone(upload: Upload, researcher: APIClient, labeler: APIClient) -> None:
    preview = upload([{"prompt": "a"}]).json()
    path = f"/api/v1/prompt-imports/{preview['id']}"
    assert researcher.post(f"{path}/undo").json()["code"] == "import_not_written"
    for name in ("undo", "resume", "stop-following"):
        assert labeler.post(f"{path}/{name}").status_code == 404


@pytest.mark.django_db
def test_a_mistake_of_ours_stops_the_import_and_says_so(researcher: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    file = {"file": SimpleUploadedFile("p.jsonl", b'{"prompt": "a"}\n')}
    answer: Any = researcher.post("/api/v1/prompt-imports", file, format="multipart")
    monkeypatch.setattr(deciding, "decide", lambda claimed: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        work_on(answer.json()["id"])
    stopped = PromptImport.objects.get()
    assert "nobody foresaw" in stopped.error
    monkeypatch.undo()
    researcher.post(f"/api/v1/prompt-imports/{stopped.pk}/resume")
    assert previewed(researcher, answer).json()["good_count"] == 1


@pytest.mark.django_db
def test_a_line_is_kept_where_the_prompt_that_it_repeats_was_undone(upload: Upload, researcher: APIClient) -> None:
    older = confirm(researcher, upload([{"prompt": "Say hello"}]).json()).json()
    newest = confirm(researcher, upload([{"prompt": "Name a lake"}]).json()).json()
    preview = upload([{"prompt": "Say hello"}, {"prompt": "Count to ten"}]).json()
    assert (preview["good_count"], preview["duplicate_count"]) == (1, 1)
    researcher.post(f"/api/v1/prompt-imports/{older['id']}/undo")
    work_on(older["id"])
    done = confirm(researcher, preview).json()
    assert (done["imported_count"], done["duplicate_count"], newest["imported_count"]) == (2, 0, 1)


@pytest.mark.django_db
def test_a_log_that_has_grown_waits_while_another_import_is_written(upload: Upload, researcher: APIClient) -> None:
    log = upload([{"prompt": "Say hello"}]).json()["id"]
    PromptImport.objects.filter(pk=log).update(state="checking", on_error="keep_good")
    other = upload([{"prompt": "Name a lake"}]).json()["id"]
    PromptImport.objects.filter(pk=other).update(state="importing", on_error="keep_good")
    assert claiming.claim(other)
    work_on(log)
    waits = PromptImport.objects.get(pk=log)
    assert (waits.state, waits.heartbeat_at, waits.error) == ("importing", None, "")
    PromptImport.objects.filter(pk=other).update(state="imported", heartbeat_at=None)
    work_on(log)
    assert PromptImport.objects.get(pk=log).imported_count == 1


@pytest.mark.django_db
def test_imports_from_before_are_read_again_and_can_be_undone(upload: Upload, researcher: APIClient) -> None:
    preview = upload([{"prompt": "Say hello"}]).json()
    done = confirm(researcher, upload([{"prompt": "Name a lake", "responses": ["Como"]}]).json()).json()
    ImportLine.objects.all().delete()
    PromptImport.objects.update(position={})
    Prompt.objects.update(import_line=None)
    SampleBatch.objects.update(prompt_import=None)
    migration = importlib.import_module("labelapp.prompts.migrations.0005_imports_from_before")
    with connection.cursor() as cursor:
        for operation in migration.Migration.operations:
            cursor.execute(operation.sql)
    work_on(preview["id"])
    assert confirm(researcher, preview).json()["imported_count"] == 1
    researcher.post(f"/api/v1/prompt-imports/{done['id']}/undo")
    work_on(done["id"])
    assert list(Prompt.objects.values_list("text", flat=True)) == ["Say hello"]


@pytest.mark.django_db
def test_a_source_with_which_no_worker_gets_on_is_given_up(researcher: APIClient) -> None:
    file = {"file": SimpleUploadedFile("p.jsonl", b'{"prompt": "a"}\n')}
    made = researcher.post("/api/v1/prompt-imports", file, format="multipart").json()["id"]

    def too_long(claimed: PromptImport) -> None:
        raise SoftTimeLimitExceeded

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(working, "_take_step", too_long)
        for _ in range(claiming.MOST_STOPS):
            work_on(made)
            PromptImport.objects.filter(pk=made).update(heartbeat_at=timezone.now() - timedelta(hours=1))
        work_on(made)
    assert "stopped 3 times at the same place" in PromptImport.objects.get(pk=made).error
    assert claiming.ids_to_ring() == []
    researcher.post(f"/api/v1/prompt-imports/{made}/resume")
    work_on(made)
    assert PromptImport.objects.get(pk=made).state == "previewed"


@pytest.mark.django_db
def test_a_source_that_unpacks_to_too_much_is_stopped(
    upload: Upload, researcher: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_UNPACKED", 100)
    table = pa.table({"prompt": [str(number) + "x" * 5000 for number in range(200)]})
    packed = io.BytesIO()
    pq.write_table(table, packed, compression="zstd")
    stopped = upload(packed.getvalue(), name="p.parquet").json()
    assert (stopped["state"], stopped["line_count"]) == ("checking", 0)
    assert "unpacks to more than" in stopped["error"]
    assert not ImportLine.objects.exists()


@pytest.mark.django_db
def test_what_postgresql_refuses_to_copy_is_an_error_of_the_database() -> None:
    content = PromptContent(prompt="a", kind="longer than twelve")
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        reading._copy([ParsedLine(1, content, "key")], prompt_import_id=1)


@pytest.mark.django_db
def test_a_template_of_many_prompts_does_not_hide_a_near_duplicate(upload: Upload, researcher: APIClient) -> None:
    beginning = "You are a patient teacher who explains things to a child of ten in a few plain words."
    filler = [" ".join(f"word{number}x{place}" for place in range(40)) for number in range(30)]
    template = [{"prompt": f"{beginning} {words}"} for words in filler]
    wanted = f"{beginning} {' '.join(f'rare{place}' for place in range(40))}"
    confirm(researcher, upload([*template, {"prompt": f"{wanted} one"}], prefix_characters=0).json())
    assert Prompt.objects.count() == 31
    preview = upload([{"prompt": f"{wanted} two"}], prefix_characters=0).json()
    assert preview["near_count"] == 1
    researcher.post("/api/v1/consents", YES)
    body = {"submitter": "acme", "model": "davinci", "messages": [{"role": "user", "content": f"{wanted} three"}]}
    assert researcher.post("/api/v1/ingest/prompts", body, format="json").json()["fate"] in {"near", "prefix"}


@pytest.mark.django_db
def test_the_lines_that_are_left_out_are_explained_without_a_statement_for_each(
    upload: Upload, researcher: APIClient, django_assert_num_queries: Any
) -> None:
    confirm(researcher, upload([{"prompt": "a"}]).json())
    made = upload([{"prompt": "a"}] * 20).json()["id"]
    with django_assert_num_queries(3):
        found = researcher.get(f"/api/v1/prompt-imports/{made}/dropped").json()["results"]
    assert len(found) == 20

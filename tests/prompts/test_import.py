"""Import of good files: preview, confirm, duplicates, the cap, responses that people bring along."""

import threading
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from labelapp.prompts import actions
from labelapp.prompts.importing.actions import confirm_import
from labelapp.prompts.importing.sources import stored_path
from labelapp.prompts.importing.working import work_on
from labelapp.prompts.models import Prompt, PromptImport, Response, SampleBatch, Submitter
from labelapp.prompts.splits import split_of
from tests.prompts.conftest import Upload, confirm

pytestmark = pytest.mark.django_db


def test_an_import_and_its_batch_are_called_as_somebody_wishes(upload: Upload, researcher: APIClient) -> None:
    row = {"prompt": "Say hello", "responses": ["Hello", "Hi"]}
    done = confirm(researcher, upload([row], title="Spring").json()).json()
    assert (done["title"], done["file_name"]) == ("Spring", "prompts.jsonl")
    assert SampleBatch.objects.get().name == "Spring"


def test_what_is_here_already_is_said_to_be(upload: Upload, researcher: APIClient) -> None:
    rows = [{"prompt": "Say hello"}, {"prompt": "Name a lake"}]
    confirm(researcher, upload(rows).json())
    refused = confirm(researcher, upload(rows).json())
    assert refused.json()["message"] == "Nothing new: all 2 lines are here already."


def test_a_preview_writes_no_prompt_and_a_confirmation_all(upload: Upload, researcher: APIClient) -> None:
    rows = [{"prompt": f"Prompt {number}", "submitter": f"s{number % 3}"} for number in range(7)]
    preview = upload(rows).json()
    assert (preview["state"], preview["good_count"], len(preview["report"]["good"])) == ("previewed", 7, 5)
    assert preview["report"]["good"][0] == {
        "line": 1,
        "text": "Prompt 0",
        "kind": "imported",
        "use_case": "other",
        "submitter": "s0",
        "language": "",
        "responses": 0,
    }
    assert not Prompt.objects.exists()
    done = confirm(researcher, preview).json()
    assert (done["state"], done["imported_count"]) == ("imported", 7)
    assert Prompt.objects.count() == 7
    assert set(Submitter.objects.values_list("key", "split")) == {(f"s{n}", split_of(f"s{n}")) for n in range(3)}


def test_every_field_of_both_formats_arrives(upload: Upload, researcher: APIClient) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
        {"role": "user", "content": " 2 + 2?\n"},
    ]
    known = {"kind": "customer", "use_case": "chat", "submitter": "acme", "language": "pt-BR"}
    more = {"annotations": {"ambiguous": False}, "deployment_context": "A help desk"}
    confirm(researcher, upload([{"messages": messages, **known, **more}]).json())
    csv_file = (
        b"\xef\xbb\xbfprompt,kind,use_case,submitter,language,annotations,deployment_context\r\n"
        b'"Two\nlines, ""quoted""",customer,chat,acme,pt-BR,"{""ambiguous"": false}",A help desk\r\n'
    )
    confirm(researcher, upload(csv_file, name="Prompts.CSV").json())
    typed, in_csv = Prompt.objects.order_by("id")
    assert typed.messages == messages
    assert in_csv.messages == [{"role": "user", "content": 'Two\nlines, "quoted"'}]
    for prompt in (typed, in_csv):
        assert {name: getattr(prompt, name) for name in ("kind", "use_case", "language")} == {
            name: known[name] for name in ("kind", "use_case", "language")
        }
        assert (prompt.submitter.key, prompt.annotations) == ("acme", {"ambiguous": False})
        assert prompt.deployment_context == "A help desk"


def test_confirming_twice_changes_nothing(upload: Upload, researcher: APIClient) -> None:
    preview = upload([{"prompt": "a", "responses": ["b"]}]).json()
    first = confirm(researcher, preview)
    second = confirm(researcher, preview, "nothing")
    assert first.json() == second.json()
    assert (Prompt.objects.count(), Response.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_confirming_twice_at_once_imports_once(upload: Upload) -> None:
    rows = [{"prompt": f"Prompt {number}", "responses": ["a", "b"]} for number in range(50)]
    preview = PromptImport.objects.get(pk=upload(rows).json()["id"])
    barrier = threading.Barrier(4)

    def confirm_with_others() -> None:
        barrier.wait()
        confirm_import(preview, on_error="keep_good")
        work_on(preview.pk)
        connection.close()

    threads = [threading.Thread(target=confirm_with_others) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (Prompt.objects.count(), Response.objects.count(), SampleBatch.objects.count()) == (50, 100, 1)


def test_nothing_is_imported_from_a_file_with_a_bad_line_unless_the_good_are_kept(
    upload: Upload, researcher: APIClient
) -> None:
    preview = upload([{"prompt": "a"}, {"promt": "b"}]).json()
    refused = confirm(researcher, preview, "nothing").json()
    assert (refused["state"], refused["imported_count"]) == ("refused", 0)
    assert not Prompt.objects.exists()
    assert confirm(researcher, preview).json()["imported_count"] == 1


def test_duplicates_of_the_file_and_of_the_workspace(upload: Upload, researcher: APIClient) -> None:
    confirm(researcher, upload([{"prompt": "Say hello"}]).json())
    preview = upload([{"prompt": " Say  hello "}, {"prompt": "new"}, {"prompt": "new\n"}]).json()
    assert (preview["duplicate_count"], preview["good_count"]) == (2, 1)
    assert confirm(researcher, preview).json()["imported_count"] == 1
    assert Prompt.objects.count() == 2


def test_a_prompt_typed_between_preview_and_confirmation_is_not_doubled(upload: Upload, researcher: APIClient) -> None:
    preview = upload([{"prompt": "a"}, {"prompt": "b"}]).json()
    researcher.post("/api/v1/prompts", {"messages": [{"role": "user", "content": "a"}]})
    assert confirm(researcher, preview).json()["imported_count"] == 1
    assert Prompt.objects.count() == 2


def test_the_cap_counts_what_the_workspace_has(upload: Upload, researcher: APIClient) -> None:
    rows = [{"prompt": f"acme {number}", "submitter": "acme"} for number in range(4)]
    confirm(researcher, upload(rows[:1]).json())
    others = [{"prompt": f"nobody {number}"} for number in range(4)]
    preview = upload(rows[1:] + others, cap_per_submitter=2).json()
    assert (preview["good_count"], preview["over_cap_count"]) == (5, 2)
    assert confirm(researcher, preview).json()["imported_count"] == 5
    assert Prompt.objects.filter(submitter__key="acme").count() == 2


def test_the_cap_is_200_where_none_is_given(upload: Upload) -> None:
    preview = upload([{"prompt": f"acme {number}", "submitter": "acme"} for number in range(203)]).json()
    assert (preview["cap_per_submitter"], preview["good_count"], preview["over_cap_count"]) == (200, 200, 3)


def test_responses_come_along_as_one_batch_also_for_known_prompts(upload: Upload, researcher: APIClient) -> None:
    confirm(researcher, upload([{"prompt": "known"}]).json())
    rows = [
        {"prompt": "known", "responses": ["k0", {"text": "k1"}]},
        {"prompt": "new", "responses": ["n0"]},
        {"prompt": "new", "responses": ["n1"]},
    ]
    preview = upload(rows, name="mine.jsonl").json()
    assert preview["response_count"] == 4
    confirm(researcher, preview)
    batch = SampleBatch.objects.get()
    assert batch.name == "mine.jsonl"
    found = batch.responses.order_by("prompt__text", "number").values_list("prompt__text", "number", "text")
    assert list(found) == [("known", 0, "k0"), ("known", 1, "k1"), ("new", 0, "n0"), ("new", 1, "n1")]
    confirm(researcher, upload(rows, name="again.jsonl").json())
    assert Response.objects.count() == 4


def test_the_report_counts_the_responses_of_what_it_shows_only(upload: Upload, researcher: APIClient) -> None:
    rows = [{"prompt": f"Prompt {number}", "responses": ["a"] * (number % 3)} for number in range(7)]
    done = confirm(researcher, upload(rows).json()).json()
    with CaptureQueriesContext(connection) as queries:
        shown = researcher.get(f"/api/v1/prompt-imports/{done['id']}").json()["report"]["good"]
    assert [(line["line"], line["responses"]) for line in shown] == [(1, 0), (2, 1), (3, 2), (4, 0), (5, 1)]
    grouped = [query["sql"] for query in queries.captured_queries if "GROUP BY" in query["sql"]]
    assert all(" IN (" in sql and "LIMIT" not in sql for sql in grouped), "whole imports are not grouped"


def test_blank_lines_are_no_lines_and_the_last_needs_no_line_feed(upload: Upload) -> None:
    preview = upload(b'\n{"prompt": "a"}\r\n  \n{"prompt": "b"}').json()
    assert (preview["line_count"], preview["good_count"]) == (2, 2)
    preview = upload(b"prompt\n\na\n\nb", name="p.csv").json()
    assert (preview["line_count"], preview["good_count"]) == (2, 2)


def test_what_is_previewed_needs_the_file_no_more(upload: Upload, researcher: APIClient) -> None:
    preview = upload([{"prompt": "a"}, 3]).json()
    for path in (settings.DATA_DIR / "imports").iterdir():
        path.unlink()
    assert researcher.get(f"/api/v1/prompt-imports/{preview['id']}/errors").json()["code"] == "file_gone"
    assert confirm(researcher, preview).json()["imported_count"] == 1


def test_a_file_that_is_gone_before_it_is_read_is_told(researcher: APIClient) -> None:
    answer: Any = researcher.post(
        "/api/v1/prompt-imports", {"file": SimpleUploadedFile("p.jsonl", b'{"prompt": "a"}')}, format="multipart"
    )
    made = PromptImport.objects.get(pk=answer.json()["id"])
    assert (made.state, made.error) == ("checking", "")
    stored_path(made).unlink()
    work_on(made.pk)
    made.refresh_from_db()
    assert "no longer there" in made.error
    assert researcher.post(f"/api/v1/prompt-imports/{made.pk}/resume").json()["error"] == ""
    assert researcher.post(f"/api/v1/prompt-imports/{made.pk}/resume").json()["code"] == "import_not_stopped"


def test_statements_grow_with_batches_and_not_with_lines(upload: Upload, researcher: APIClient) -> None:
    def statements(lines: int) -> tuple[int, int]:
        rows = [{"prompt": f"Prompt {number} of {lines}", "submitter": f"s{number}"} for number in range(lines)]
        with CaptureQueriesContext(connection) as previewing:
            preview = upload(rows).json()
        with CaptureQueriesContext(connection) as writing:
            confirm(researcher, preview)
        return len(previewing), len(writing)

    assert statements(10) == statements(1000)


def test_imports_are_listed_without_their_reports(
    upload: Upload, researcher: APIClient, django_assert_num_queries: Any
) -> None:
    for number in range(3):
        upload([{"prompt": str(number)}], name=f"{number}.jsonl")
    with django_assert_num_queries(2):
        rows = researcher.get("/api/v1/prompt-imports").json()["results"]
    assert [row["file_name"] for row in rows] == ["2.jsonl", "1.jsonl", "0.jsonl"]
    assert "report" not in rows[0]
    assert rows[0]["created_by"] == "Rosa"
    assert "report" in researcher.get(f"/api/v1/prompt-imports/{rows[0]['id']}").json()
    for query, count in {"search=1.JSON": 1, "state=previewed": 3, "state=imported": 0}.items():
        assert researcher.get(f"/api/v1/prompt-imports?{query}").json()["count"] == count


def test_labelers_see_no_imports(labeler: APIClient, upload: Upload) -> None:
    preview = upload([{"prompt": "a"}]).json()
    for path in ("", f"/{preview['id']}", f"/{preview['id']}/errors"):
        assert labeler.get(f"/api/v1/prompt-imports{path}").status_code == 404
    assert confirm(labeler, preview).status_code == 404
    assert not Prompt.objects.exists()


def test_submitters_are_made_once(django_assert_num_queries: Any) -> None:
    actions.ensure_submitter("acme")
    with django_assert_num_queries(2):
        found = actions.ensure_submitters(["acme", "zebra", "acme"])
    assert found == {key: Submitter.objects.get(key=key).pk for key in ("acme", "zebra")}
    assert Submitter.objects.get(key="zebra").split == split_of("zebra")


def test_a_browser_uploads_with_its_csrf_token(django_user_model: Any) -> None:
    browser = APIClient(enforce_csrf_checks=True)
    user = django_user_model.objects.create_user("rosa@example.org", role="researcher")
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    token = "t" * 32
    browser.cookies["csrftoken"] = token
    file = SimpleUploadedFile("prompts.jsonl", b'{"prompt": "a"}\n')
    refused = browser.post("/api/v1/prompt-imports", {"file": file}, format="multipart")
    assert refused.status_code in {403, 404}
    file.seek(0)
    answer = browser.post("/api/v1/prompt-imports", {"file": file}, format="multipart", HTTP_X_CSRFTOKEN=token)
    assert (answer.status_code, answer.json()["state"]) == (201, "checking")

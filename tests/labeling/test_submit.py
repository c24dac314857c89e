"""POST assignments/{id}/submit and revise: what goes into the record, once."""

import json
import uuid
from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext

from labelapp.labeling.models import Assignment, Draft, Judgment, Submission
from tests.labeling.workspace import Labeler, Workspace, answer_to, expire, slot


def test_a_comparison_is_stored_item_by_item_as_it_was_chosen(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    body = answer_to(assignment, ranks=[3, 1, 3, 5], notes="Two of them are the same.")
    body["judgments"][0] |= {"quality": 2, "answers": {"violent_content": True, "expresses_opinion": False}}
    body["judgments"][0]["notes"] = "Rude."
    response = labeler.submit(assignment, body)
    submission = Submission.objects.get()
    assert response.status_code == 201
    assert response.json() == {"submission_id": submission.pk, "revision": 1, "assignment_id": assignment["id"]}
    assert submission.labeler == labeler.user
    assert (submission.elapsed_seconds, submission.active_seconds) == (60, 45)
    assert submission.notes == "Two of them are the same."
    stored = {judgment.response_id: judgment for judgment in submission.judgments.all()}
    shown = [item["id"] for item in assignment["responses"]]
    assert [stored[pk].rank for pk in shown] == [2, 1, 2, 3], "gaps are closed, ties stay ties"
    assert [stored[pk].shown_position for pk in shown] == [0, 1, 2, 3]
    assert stored[shown[0]].quality == 2
    assert stored[shown[0]].answers == {"violent_content": True, "expresses_opinion": False}
    assert stored[shown[0]].notes == "Rude."
    assert stored[shown[1]].answers == {}, "a question that was left open is missing, not a no"
    row = slot(assignment)
    assert (row.state, row.lease_token) == (Assignment.State.SUBMITTED, None)
    assert row.submitted_at is not None


def test_a_demonstration_is_stored(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.demonstration(members=[labeler])
    assignment = labeler.next(project)
    assert assignment["responses"] == []
    assert assignment["project"]["questions"] == []
    assert labeler.submit(assignment, answer_to(assignment, demonstration="  Two\nlines. ")).status_code == 201
    submission = Submission.objects.get()
    assert submission.demonstration == "  Two\nlines. ", "what a person wrote is kept to the letter"
    assert not submission.judgments.exists()


def test_submitting_deletes_the_draft(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    labeler.put(f"assignments/{assignment['id']}/draft", {"content": {"a": 1}, "revision": 0})
    assert Draft.objects.exists()
    assert labeler.submit(assignment).status_code == 201
    assert not Draft.objects.exists()


def test_a_retry_finds_what_the_first_wrote(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    body = answer_to(assignment)
    first = labeler.submit(assignment, body)
    again = labeler.submit(assignment, body | {"elapsed_seconds": 99})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert Submission.objects.count() == 1


def test_the_same_key_with_another_answer_is_a_conflict(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    assignment = labeler.next(project)
    body = answer_to(assignment)
    labeler.submit(assignment, body)
    other = labeler.submit(assignment, body | {"notes": "On second thought."})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_mismatch")
    second = labeler.next(project)
    reused = labeler.submit(second, answer_to(second, idempotency_key=body["idempotency_key"]))
    assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_mismatch")
    assert Submission.objects.count() == 1


def test_another_answer_to_a_submitted_task_is_refused(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    labeler.submit(assignment)
    again = labeler.submit(assignment)
    assert (again.status_code, again.json()["code"]) == (409, "already_submitted")
    assert Submission.objects.count() == 1


def test_a_late_answer_counts_if_nobody_took_the_task(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    expire(assignment["id"])
    assert labeler.submit(assignment).status_code == 201


def test_a_late_answer_after_somebody_took_the_task_is_refused_and_its_draft_kept(
    workspace: Workspace, labeler: Labeler
) -> None:
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    labeler.put(f"assignments/{assignment['id']}/draft", {"content": {"ranks": [1]}, "revision": 0})
    expire(assignment["id"])
    other = workspace.labeler(project)
    taken = other.next(project)
    assert taken["id"] == assignment["id"]
    assert taken["draft"] is None, "another's draft is not shown"
    late = labeler.submit(assignment)
    assert (late.status_code, late.json()["code"]) == (409, "lease_lost")
    assert Draft.objects.get(labeler=labeler.user).content == {"ranks": [1]}
    assert other.submit(taken).status_code == 201


def test_the_token_of_an_older_lease_no_longer_submits(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    old = labeler.next(project)
    expire(old["id"])
    new = labeler.next(project)
    refused = labeler.submit(old)
    assert (refused.status_code, refused.json()["code"]) == (409, "lease_reopened")
    assert labeler.submit(new).status_code == 201


def test_nobody_can_submit_for_another(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    stranger = workspace.labeler(project)
    for response in (
        stranger.submit(assignment),
        stranger.post(f"assignments/{assignment['id']}/revise", without_lease(answer_to(assignment))),
        workspace.researcher.submit(assignment),
        stranger.submit({**assignment, "id": 999_999}),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert not Submission.objects.exists()


def test_a_withdrawn_task_takes_no_answer(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    assert workspace.researcher.post(f"tasks/{assignment['task_id']}/withdraw").status_code == 200
    refused = labeler.submit(assignment)
    assert (refused.status_code, refused.json()["code"]) == (409, "task_withdrawn")


def without_lease(body: dict[str, Any]) -> dict[str, Any]:
    """Make a submission's body one of a revision."""
    return {name: value for name, value in body.items() if name != "lease_token"}


def test_an_edit_is_a_new_revision_and_the_old_one_stays(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    labeler.submit(assignment, answer_to(assignment, ranks=[1, 2, 3, 4]))
    edit = without_lease(answer_to(assignment, ranks=[4, 3, 2, 1]))
    revised = labeler.post(f"assignments/{assignment['id']}/revise", edit)
    assert (revised.status_code, revised.json()["revision"]) == (201, 2)
    retry = labeler.post(f"assignments/{assignment['id']}/revise", edit)
    assert (retry.status_code, retry.json()) == (200, revised.json())
    ranks = [list(s.judgments.values_list("rank", flat=True)) for s in Submission.objects.order_by("revision")]
    assert ranks == [[1, 2, 3, 4], [4, 3, 2, 1]]
    assert list(Submission.objects.latest_revisions().values_list("revision", flat=True)) == [2]
    shown = labeler.get(f"assignments/{assignment['id']}").json()
    assert shown["submission"]["revision"] == 2
    assert [item["rank"] for item in shown["submission"]["judgments"]] == [4, 3, 2, 1]


def test_only_what_was_submitted_can_be_revised(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    refused = labeler.post(f"assignments/{assignment['id']}/revise", without_lease(answer_to(assignment)))
    assert (refused.status_code, refused.json()["code"]) == (409, "not_submitted")


@pytest.mark.parametrize("table", ["labeling_submission", "labeling_judgment"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET notes = 'changed'", "DELETE FROM {}"])
def test_the_record_cannot_be_changed(workspace: Workspace, labeler: Labeler, table: str, statement: str) -> None:
    labeler.submit(labeler.next(workspace.comparison(members=[labeler])))
    with (
        pytest.raises((InternalError, IntegrityError), match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format(table))
    assert Submission.objects.get().notes == ""
    assert Judgment.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_next_and_submit_take_seven_statements() -> None:
    """Count without a transaction around: two users, the claim, BEGIN, lock, write, COMMIT."""
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.comparison(tasks=2, members=[labeler], overlap=2)
    labeler.submit(labeler.next(project))
    with CaptureQueriesContext(connection) as queries:
        response = labeler.submit(labeler.next(project))
    assert response.status_code == 201
    assert len(queries) == 7, [query["sql"][:80] for query in queries]


def bad_bodies() -> list[Any]:
    """List (what is wrong, change of the body, the field that the error names)."""

    def judgment(index: int, **changes: Any) -> Any:
        def change(body: dict[str, Any]) -> None:
            body["judgments"][index] |= changes

        return change

    def top(**changes: Any) -> Any:
        return lambda body: body.update(changes)

    def drop(name: str) -> Any:
        return lambda body: body.pop(name)

    cases: list[tuple[str, Any, str]] = [
        ("no key", drop("idempotency_key"), "idempotency_key"),
        ("no lease", drop("lease_token"), "lease_token"),
        ("a lease that is no UUID", top(lease_token="abc"), "lease_token"),
        ("a lease that is a number", top(lease_token=5), "lease_token"),
        ("no instructions", drop("instruction_version_id"), "instruction_version_id"),
        ("instructions of nothing", top(instruction_version_id=999_999), "instruction_version_id"),
        ("instructions too large", top(instruction_version_id=10**30), "instruction_version_id"),
        ("negative seconds", top(elapsed_seconds=-1), "elapsed_seconds"),
        ("seconds as text", top(active_seconds="7"), "active_seconds"),
        ("seconds as a boolean", top(active_seconds=True), "active_seconds"),
        ("fractional seconds", top(active_seconds=1.5), "active_seconds"),
        ("notes too long", top(notes="x" * 10_001), "notes"),
        ("notes as a list", top(notes=[]), "notes"),
        ("NUL in the notes", top(notes="a\x00b"), "notes"),
        ("unknown field", top(quality=7), "quality"),
        ("a demonstration", top(demonstration="An answer."), "demonstration"),
        ("no judgments", drop("judgments"), "judgments"),
        ("judgments null", top(judgments=None), "judgments"),
        ("judgments empty", top(judgments=[]), "judgments"),
        ("judgments an object", top(judgments={}), "judgments"),
        ("a judgment that is a number", top(judgments=[1, 2, 3, 4]), "judgments.0"),
        ("one response missing", lambda body: body["judgments"].pop(), "judgments"),
        ("too many judgments", lambda body: body["judgments"].extend(body["judgments"] * 2), "judgments"),
        ("rank 0", judgment(2, rank=0), "judgments.2.rank"),
        ("rank 10", judgment(2, rank=10), "judgments.2.rank"),
        ("rank as text", judgment(2, rank="1"), "judgments.2.rank"),
        ("rank as a boolean", judgment(2, rank=True), "judgments.2.rank"),
        ("rank null", judgment(2, rank=None), "judgments.2.rank"),
        ("no rank", lambda body: body["judgments"][2].pop("rank"), "judgments.2.rank"),
        ("quality 0", judgment(1, quality=0), "judgments.1.quality"),
        ("quality 8", judgment(1, quality=8), "judgments.1.quality"),
        ("no quality", lambda body: body["judgments"][1].pop("quality"), "judgments.1.quality"),
        ("a response of nothing", judgment(3, response_id=999_999), "judgments.3.response_id"),
        ("a response as text", judgment(3, response_id="3"), "judgments.3.response_id"),
        (
            "a response twice",
            lambda body: body["judgments"][3].update(response_id=body["judgments"][0]["response_id"]),
            "judgments.3.response_id",
        ),
        ("answers a list", judgment(0, answers=[]), "judgments.0.answers"),
        ("an unknown question", judgment(0, answers={"is_it_good": True}), "judgments.0.answers.is_it_good"),
        ("an answer as text", judgment(0, answers={"moral_judgment": "no"}), "judgments.0.answers.moral_judgment"),
        ("an answer null", judgment(0, answers={"moral_judgment": None}), "judgments.0.answers.moral_judgment"),
        ("an answer as a number", judgment(0, answers={"moral_judgment": 1}), "judgments.0.answers.moral_judgment"),
        ("a question not asked", judgment(0, answers={"hallucination": True}), "judgments.0.answers.hallucination"),
        ("notes of a judgment too long", judgment(0, notes="x" * 10_001), "judgments.0.notes"),
        ("an unknown field of a judgment", judgment(0, model="gpt"), "judgments.0.model"),
    ]
    return [pytest.param(change, name, id=label) for label, change, name in cases]


@pytest.mark.parametrize(("change", "name"), bad_bodies())
def test_a_wrong_field_is_named_and_nothing_written(
    workspace: Workspace, labeler: Labeler, change: Any, name: str
) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    body = answer_to(assignment)
    change(body)
    response = labeler.submit(assignment, body)
    assert response.status_code == 400
    assert response.json()["code"] == "invalid_input"
    assert name in [error["field"] for error in response.json()["errors"]]
    assert not Submission.objects.exists()
    assert slot(assignment).state == Assignment.State.LEASED


def test_a_rank_for_a_response_of_another_task_is_refused(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    assignment = labeler.next(project)
    elsewhere = project.tasks.exclude(pk=assignment["task_id"]).get().responses.first()
    assert elsewhere is not None
    body = answer_to(assignment)
    body["judgments"][2]["response_id"] = elsewhere.pk
    response = labeler.submit(assignment, body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "judgments.2.response_id"
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"demonstration": None}, "demonstration"),
        ({"demonstration": ""}, "demonstration"),
        ({"demonstration": " \n "}, "demonstration"),
        ({"demonstration": 5}, "demonstration"),
        ({"demonstration": "x" * 100_001}, "demonstration"),
        ({"demonstration": "a\x00"}, "demonstration"),
        ({"judgments": []}, "judgments"),
    ],
)
def test_a_wrong_demonstration_is_refused(
    workspace: Workspace, labeler: Labeler, changes: dict[str, Any], name: str
) -> None:
    assignment = labeler.next(workspace.demonstration(members=[labeler]))
    response = labeler.submit(assignment, answer_to(assignment, **changes))
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == name
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"elapsed_seconds": NaN}',
        b'{"elapsed_seconds": 1e999}',
        b"[" * 100_000,
    ],
)
def test_what_is_not_a_json_object_is_refused(workspace: Workspace, labeler: Labeler, raw: bytes) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    path = f"/api/v1/assignments/{assignment['id']}/submit"
    response = labeler.client.post(path, raw, content_type="application/json")
    assert response.status_code == 400
    assert response.json()["message"]
    assert not Submission.objects.exists()


def test_half_a_surrogate_pair_is_refused(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    raw = json.dumps(answer_to(assignment, notes="\ud800"))  # as an escape, or it could not be sent
    path = f"/api/v1/assignments/{assignment['id']}/submit"
    response = labeler.client.post(path, raw, content_type="application/json")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "notes")


def test_another_content_type_is_refused(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    path = f"/api/v1/assignments/{assignment['id']}/submit"
    assert labeler.client.post(path, b"{}", content_type="text/plain").status_code == 415


def test_a_revision_of_unknown_id_is_not_found(labeler: Labeler) -> None:
    body = {"idempotency_key": str(uuid.uuid4()), "instruction_version_id": 1, "elapsed_seconds": 1}
    body |= {"active_seconds": 1, "demonstration": "x"}
    assert labeler.post("assignments/999999/revise", body).status_code == 404

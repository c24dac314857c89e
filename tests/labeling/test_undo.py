"""POST assignments/{id}/undo: an answer is taken back within seconds, and then counts for nothing."""

from typing import Any

import pytest
from django.db import InternalError, connection, transaction
from django.db.utils import IntegrityError

from labelapp.datasets.figures import figures_of
from labelapp.datasets.models import Dataset, DatasetKind, DatasetRow, DatasetVersion
from labelapp.datasets.selection import selected_submissions
from labelapp.labeling import undo as undoing
from labelapp.labeling.models import Assignment, Draft, Project, Submission
from labelapp.labeling.retraction_models import Retraction
from labelapp.quality.statistics import project_statistics
from tests.labeling.workspace import Labeler, Workspace, answer_to, slot

TYPED = {"content": {"ranks": [2, 1, 1, 3], "notes": "half a thou"}, "spent": {"elapsed": 61, "active": 45}}


@pytest.fixture
def project(workspace: Workspace, labeler: Labeler) -> Project:
    return workspace.comparison(tasks=2, members=[labeler], overlap=2)


def submitted(labeler: Labeler, project: Project) -> tuple[dict[str, Any], int]:
    """Answer the next task; return its assignment and the submission's id."""
    assignment = labeler.next(project)
    response = labeler.submit(assignment)
    assert response.status_code == 201
    return assignment, response.json()["submission_id"]


def undo(labeler: Labeler, assignment: dict[str, Any], submission_id: int, /, **changes: Any) -> Any:
    body = {"submission_id": submission_id, "content": TYPED} | changes
    return labeler.post(f"assignments/{assignment['id']}/undo", body)


def revise(labeler: Labeler, assignment: dict[str, Any]) -> int:
    body = answer_to(assignment)
    del body["lease_token"]
    submission_id: int = labeler.post(f"assignments/{assignment['id']}/revise", body).json()["submission_id"]
    return submission_id


def test_the_task_comes_back_with_the_answer_as_its_draft(labeler: Labeler, project: Project) -> None:
    assignment, submission_id = submitted(labeler, project)
    response = undo(labeler, assignment, submission_id)
    assert response.status_code == 200, response.json()
    back = response.json()
    assert back["draft"]["content"] == TYPED
    assert (back["id"], back["state"], back["submission"], back["submitted_at"]) == (
        assignment["id"], "leased", None, None,
    )  # fmt: skip
    assert back["responses"] == assignment["responses"], "in the order that they were shown in"
    assert back["lease_token"] not in (None, assignment["lease_token"])
    assert Retraction.objects.get().submission_id == submission_id
    assert labeler.submit(back).status_code == 201
    assert [said.revision for said in Submission.objects.latest_revisions()] == [2]


def test_what_was_held_next_goes_back_with_its_draft(labeler: Labeler, project: Project) -> None:
    assignment, submission_id = submitted(labeler, project)
    following = labeler.next(project)
    labeler.put(f"assignments/{following['id']}/draft", {"content": {"a": 1}, "revision": 0})
    assert undo(labeler, assignment, submission_id).status_code == 200
    row = slot(following)
    assert (row.state, row.labeler, row.lease_token) == (Assignment.State.OPEN, None, None)
    assert labeler.next(project)["id"] == assignment["id"]
    labeler.submit(labeler.next(project))
    again = labeler.next(project)
    assert (again["id"], again["draft"]["content"]) == (following["id"], {"a": 1})


def test_a_repeated_undo_changes_nothing(labeler: Labeler, project: Project) -> None:
    assignment, submission_id = submitted(labeler, project)
    first = undo(labeler, assignment, submission_id).json()
    again = undo(labeler, assignment, submission_id)
    assert (again.status_code, again.json()) == (200, first)
    assert Retraction.objects.count() == 1


def test_a_late_duplicate_of_an_undone_answer_does_not_bring_it_back(labeler: Labeler, project: Project) -> None:
    assignment = labeler.next(project)
    body = answer_to(assignment)
    submission_id = labeler.submit(assignment, body).json()["submission_id"]
    undo(labeler, assignment, submission_id)
    late = labeler.submit(assignment, body)
    assert (late.status_code, late.json()["code"]) == (409, "submission_retracted")
    assert slot(assignment).state == Assignment.State.LEASED


def test_of_a_revision_only_the_edit_is_undone(labeler: Labeler, project: Project) -> None:
    assignment, first_id = submitted(labeler, project)
    edit_id = revise(labeler, assignment)
    back = undo(labeler, assignment, edit_id).json()
    assert (back["state"], back["submission"]["revision"], back["draft"]["content"]) == ("submitted", 1, TYPED)
    assert [said.pk for said in Submission.objects.latest_revisions()] == [first_id]
    assert undo(labeler, assignment, first_id).status_code == 200, "and then what was said before"
    assert not Submission.objects.latest_revisions().exists()


def test_what_was_undone_counts_nowhere(workspace: Workspace, labeler: Labeler, project: Project) -> None:
    assignment, submission_id = submitted(labeler, project)
    undo(labeler, assignment, submission_id)
    progress = labeler.get("progress").json()
    assert (progress["today"], progress["total"], progress["active_seconds_today"]) == (0, 0, 0)
    assert progress["projects"][0]["submitted_count"] == 0
    assert labeler.get("history").json()["count"] == 0
    researcher = workspace.researcher
    assert researcher.get(f"submissions?project={project.pk}").json()["count"] == 0
    assert researcher.get(f"submissions/{submission_id}").json()["is_latest"] is False, "it stays on record"
    statistics = project_statistics(project)
    assert (statistics.labelers, statistics.ties_rate, statistics.throughput[-1].count) == ([], None, 0)
    assert figures_of(DatasetKind.COMPARISONS, {}).rows == 0
    lineage = researcher.get(f"users/{labeler.user.pk}/lineage").json()
    assert lineage["submissions"] == 0


def test_what_is_said_after_an_undo_counts_once(labeler: Labeler, project: Project) -> None:
    assignment, submission_id = submitted(labeler, project)
    labeler.submit(undo(labeler, assignment, submission_id).json())
    edit_id = revise(labeler, assignment)
    progress = labeler.get("progress").json()
    assert (progress["today"], progress["total"]) == (1, 1)
    (entry,) = labeler.get("history").json()["results"]
    assert (entry["id"], entry["edits"]) == (edit_id, 1), "the undone one is no edit"
    statistics = project_statistics(project)
    assert statistics.throughput[-1].count == 1
    assert [row.count for row in statistics.labelers] == [1]
    assert [said.pk for said in selected_submissions(DatasetKind.COMPARISONS, {})] == [edit_id]


def test_after_some_seconds_it_is_too_late(labeler: Labeler, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assignment, submission_id = submitted(labeler, project)
    monkeypatch.setattr(undoing, "UNDO_SECONDS", -undoing.GRACE_SECONDS)
    refused = undo(labeler, assignment, submission_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_too_late")
    assert slot(assignment).state == Assignment.State.SUBMITTED
    assert not Retraction.objects.exists()


def test_what_is_frozen_stays_said(labeler: Labeler, project: Project) -> None:
    assignment, submission_id = submitted(labeler, project)
    dataset = Dataset.objects.create(name="frozen", kind=DatasetKind.COMPARISONS)
    version = DatasetVersion.objects.create(dataset=dataset, number=1, query={})
    prompt_id = Submission.objects.get().task.prompt_id
    DatasetRow.objects.create(
        version=version, split="train", number=0, submission_id=submission_id, prompt_id=prompt_id
    )
    refused = undo(labeler, assignment, submission_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_frozen")
    assert slot(assignment).state == Assignment.State.SUBMITTED
    assert not Draft.objects.exists()


def test_what_changed_since_is_told(workspace: Workspace, labeler: Labeler, project: Project) -> None:
    edited, first_id = submitted(labeler, project)
    revise(labeler, edited)
    assert undo(labeler, edited, first_id).json()["code"] == "undo_superseded"
    withdrawn, submission_id = submitted(labeler, project)
    workspace.researcher.post(f"tasks/{withdrawn['task_id']}/withdraw")
    assert undo(labeler, withdrawn, submission_id).json()["code"] == "task_withdrawn"
    assert not Retraction.objects.exists()


def test_who_has_left_gets_no_lease_by_an_undo(workspace: Workspace, labeler: Labeler, project: Project) -> None:
    assignment, submission_id = submitted(labeler, project)
    workspace.researcher.delete(f"projects/{project.pk}/members/{labeler.user.pk}")
    assert undo(labeler, assignment, submission_id).json()["code"] == "not_a_member"


def test_only_one_s_own_answer_can_be_undone(workspace: Workspace, labeler: Labeler, project: Project) -> None:
    assignment, submission_id = submitted(labeler, project)
    stranger = workspace.labeler(project)
    other, _ = submitted(stranger, project)
    for response in (
        undo(stranger, assignment, submission_id),
        undo(stranger, other, submission_id),
        undo(workspace.researcher, assignment, submission_id),
        undo(labeler, {"id": 999_999}, submission_id),
        undo(labeler, assignment, 999_999),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert not Retraction.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"submission_id": None}, "submission_id"),
        ({"submission_id": 0}, "submission_id"),
        ({"content": "text"}, "content"),
        ({"content": {"a": "x" * 1_000_001}}, "content"),
        ({"content": {"a": "\x00"}}, "content"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_undo_is_refused(labeler: Labeler, project: Project, changes: dict[str, Any], field: str) -> None:
    assignment, submission_id = submitted(labeler, project)
    response = undo(labeler, assignment, submission_id, **changes)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize("statement", ["UPDATE {} SET created_at = now()", "DELETE FROM {}"])
def test_a_retraction_stays(labeler: Labeler, project: Project, statement: str) -> None:
    assignment, submission_id = submitted(labeler, project)
    undo(labeler, assignment, submission_id)
    with (
        pytest.raises((InternalError, IntegrityError), match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement.format("labeling_retraction"))

"""POST assignments/{id}/undo of a skip: within seconds it is as if it had not been made, for the researchers too."""

from typing import Any

import pytest

from labelapp.labeling import undo as undoing
from labelapp.labeling.models import Assignment, Draft, Project, Skip
from tests.labeling.workspace import Labeler, Workspace, expire, slot

TYPED = {"content": {"ranks": [2, 1, 1, 3], "notes": "half a thou"}, "spent": {"elapsed": 61, "active": 45}}


@pytest.fixture
def project(workspace: Workspace, labeler: Labeler) -> Project:
    return workspace.comparison(tasks=2, members=[labeler])


def skip(labeler: Labeler, assignment: dict[str, Any], **fields: Any) -> Any:
    body = {"lease_token": assignment["lease_token"], "reason": "unclear"} | fields
    return labeler.post(f"assignments/{assignment['id']}/skip", body)


def skipped(labeler: Labeler, project: Project) -> tuple[dict[str, Any], int]:
    """Skip the next task; return its assignment and the skip's id."""
    assignment = labeler.next(project)
    return assignment, skip(labeler, assignment).json()["skip_id"]


def undo(labeler: Labeler, assignment: dict[str, Any], skip_id: int, /, **changes: Any) -> Any:
    return labeler.post(f"assignments/{assignment['id']}/undo", {"skip_id": skip_id, "content": TYPED} | changes)


def test_the_task_comes_back_with_all_that_was_done_on_it(
    workspace: Workspace, labeler: Labeler, project: Project
) -> None:
    assignment = labeler.next(project)
    labeler.put(f"assignments/{assignment['id']}/draft", {"content": {"notes": "half"}, "revision": 0})
    skip_id = skip(labeler, assignment).json()["skip_id"]
    response = undo(labeler, assignment, skip_id)
    assert response.status_code == 200, response.json()
    back = response.json()
    assert (back["id"], back["state"], back["draft"]["content"]) == (assignment["id"], "leased", TYPED)
    assert back["draft"]["revision"] == 2, "a save that was on its way is older"
    assert back["responses"] == assignment["responses"], "in the order that they were shown in"
    assert labeler.next(project)["id"] == assignment["id"]
    assert workspace.researcher.get("review?state=all").json()["count"] == 0, "there is no report any more"
    assert labeler.get("reports").json()["count"] == 0
    assert labeler.submit(back).status_code == 201


def test_a_skip_may_claim_the_next_task_and_its_undo_gives_that_back(labeler: Labeler, project: Project) -> None:
    assignment = labeler.next(project)
    said = skip(labeler, assignment, claim_next={"preferred_id": None}).json()
    following = said["next"]["assignment"]
    assert following["id"] != assignment["id"]
    labeler.put(f"assignments/{following['id']}/draft", {"content": {"a": 1}, "revision": 0})
    assert undo(labeler, assignment, said["skip_id"]).status_code == 200
    row = slot(following)
    assert (row.state, row.labeler, row.lease_token) == (Assignment.State.OPEN, None, None)
    assert Draft.objects.get(task=row.task_id).content == {"a": 1}


def test_the_same_skip_and_the_same_undo_count_once(labeler: Labeler, project: Project) -> None:
    assignment, skip_id = skipped(labeler, project)
    assert skip(labeler, assignment).json()["skip_id"] == skip_id
    first = undo(labeler, assignment, skip_id).json()
    again = undo(labeler, assignment, skip_id)
    assert (again.status_code, again.json()) == (200, first)
    late = skip(labeler, assignment)
    assert (late.status_code, late.json()["code"]) == (409, "lease_reopened"), "it does not skip it anew"
    assert not Skip.objects.exists()


def test_a_place_that_somebody_has_taken_is_theirs_and_another_will_do(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=1, members=[labeler], overlap=2)
    assignment, skip_id = skipped(labeler, project)
    first, second = workspace.labeler(project), workspace.labeler(project)
    assert first.next(project)["id"] == assignment["id"]
    back = undo(labeler, assignment, skip_id).json()
    assert (back["task_id"], back["state"]) == (assignment["task_id"], "leased")
    assert undo(labeler, assignment, skip_id).json() == back

    skip_id = skip(labeler, back).json()["skip_id"]
    assert second.next(project)["id"] == back["id"]
    refused = undo(labeler, back, skip_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_taken")
    assert Skip.objects.get().pk == skip_id, "nothing has changed"


def test_a_place_whose_lease_ran_out_is_free(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=1, members=[labeler], overlap=2)
    late, quick = workspace.labeler(project), workspace.labeler(project)
    lost = late.next(project)
    assignment, skip_id = skipped(labeler, project)
    assert quick.next(project)["id"] == assignment["id"]
    refused = undo(labeler, assignment, skip_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "undo_taken")
    expire(lost["id"])
    assert undo(labeler, assignment, skip_id).json()["id"] == lost["id"]


def test_what_happened_since_is_told(
    workspace: Workspace, labeler: Labeler, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    decided, decided_skip = skipped(labeler, project)
    answer = {"action": "answer", "note": "The second.", "skip_ids": [decided_skip]}
    assert workspace.researcher.post(f"review/{decided['task_id']}/decisions", answer).status_code == 201
    assert undo(labeler, decided, decided_skip).json()["code"] == "undo_decided"
    assignment, skip_id = skipped(labeler, project)
    Project.objects.update(state=Project.State.PAUSED)
    assert undo(labeler, assignment, skip_id).json()["code"] == "project_paused"
    Project.objects.update(state=Project.State.ACTIVE)
    with monkeypatch.context() as patch:
        patch.setattr(undoing, "UNDO_SECONDS", -undoing.GRACE_SECONDS)
        assert undo(labeler, assignment, skip_id).json()["code"] == "undo_too_late"
    workspace.researcher.delete(f"projects/{project.pk}/members/{labeler.user.pk}")
    assert undo(labeler, assignment, skip_id).json()["code"] == "not_a_member"
    workspace.researcher.post(f"tasks/{assignment['task_id']}/withdraw")
    assert undo(labeler, assignment, skip_id).json()["code"] == "task_withdrawn"
    assert Skip.objects.count() == 2
    assert slot(assignment).state == Assignment.State.WITHDRAWN


def test_only_one_s_own_skip_can_be_undone(workspace: Workspace, labeler: Labeler, project: Project) -> None:
    assignment, skip_id = skipped(labeler, project)
    stranger = workspace.labeler(project)
    for response in (
        undo(stranger, assignment, skip_id),
        undo(workspace.researcher, assignment, skip_id),
        undo(labeler, {"id": 999_999}, skip_id),
        undo(labeler, assignment, 999_999),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert Skip.objects.get().pk == skip_id


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"skip_id": None}, "skip_id"),
        ({"skip_id": 0}, "skip_id"),
        ({"submission_id": 1}, "skip_id"),
        ({"content": "text"}, "content"),
    ],
)
def test_a_wrong_undo_is_refused(labeler: Labeler, project: Project, changes: dict[str, Any], field: str) -> None:
    assignment, skip_id = skipped(labeler, project)
    response = undo(labeler, assignment, skip_id, **changes)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)

"""Heartbeats, drafts and skips: the lease, and what is kept without it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from labelapp.labeling.models import Assignment, Draft, Skip
from tests.labeling.workspace import Labeler, Workspace, answer_to, expire, slot


@pytest.fixture
def assignment(workspace: Workspace, labeler: Labeler) -> dict[str, Any]:
    """Provide a task that the labeler holds."""
    return labeler.next(workspace.comparison(members=[labeler], lease_minutes=10))


def beat(labeler: Labeler, assignment: dict[str, Any]) -> Any:
    return labeler.post(f"assignments/{assignment['id']}/heartbeat", {"lease_token": assignment["lease_token"]})


def save(labeler: Labeler, assignment: dict[str, Any], **body: Any) -> Any:
    return labeler.put(f"assignments/{assignment['id']}/draft", {"content": {}, "revision": 0} | body)


def take_over(workspace: Workspace, assignment: dict[str, Any]) -> Labeler:
    """Let the lease run out and somebody else take the slot."""
    expire(assignment["id"])
    project = slot(assignment).project
    other = workspace.labeler(project)
    assert other.next(project)["id"] == assignment["id"]
    return other


def test_a_heartbeat_renews_the_lease(labeler: Labeler, assignment: dict[str, Any]) -> None:
    expire(assignment["id"])
    response = beat(labeler, assignment)
    assert response.status_code == 200, "nobody took it, so it is theirs still"
    lasts = slot(assignment).lease_expires_at
    assert lasts is not None
    assert timedelta(minutes=9) < lasts - timezone.now() <= timedelta(minutes=10)
    assert response.json()["lease_expires_at"] == lasts.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_heartbeat_of_a_lost_lease_says_so(
    workspace: Workspace, labeler: Labeler, assignment: dict[str, Any]
) -> None:
    other = take_over(workspace, assignment)
    lost = beat(labeler, assignment)
    assert (lost.status_code, lost.json()["code"]) == (409, "lease_lost")
    assert slot(assignment).labeler == other.user


def test_a_heartbeat_with_an_older_token_says_so(
    workspace: Workspace, labeler: Labeler, assignment: dict[str, Any]
) -> None:
    expire(assignment["id"])
    labeler.next(slot(assignment).project)
    assert beat(labeler, assignment).json()["code"] == "lease_reopened"


def test_a_heartbeat_after_submitting_says_so(labeler: Labeler, assignment: dict[str, Any]) -> None:
    labeler.submit(assignment)
    assert beat(labeler, assignment).json()["code"] == "already_submitted"


def test_strangers_learn_nothing(workspace: Workspace, labeler: Labeler, assignment: dict[str, Any]) -> None:
    stranger = workspace.labeler(slot(assignment).project)
    skip = {"lease_token": assignment["lease_token"], "reason": "other"}
    for response in (
        beat(stranger, assignment),
        save(stranger, assignment),
        stranger.post(f"assignments/{assignment['id']}/skip", skip),
        beat(labeler, {"id": 999_999, "lease_token": assignment["lease_token"]}),
        save(labeler, {"id": 999_999}),
        labeler.post("assignments/999999/skip", skip),
    ):
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert not Draft.objects.exists()
    assert not Skip.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "lease_token"), ({"lease_token": 1}, "lease_token"), ({"lease_token": str(uuid4()), "x": 1}, "x")],
)
def test_a_wrong_heartbeat_is_refused(
    labeler: Labeler, assignment: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    response = labeler.post(f"assignments/{assignment['id']}/heartbeat", body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)


def test_a_draft_is_saved_counted_and_offered_back(labeler: Labeler, assignment: dict[str, Any]) -> None:
    expire(assignment["id"])
    content = {"ranks": {"1": 2}, "notes": "half a thou"}
    first = save(labeler, assignment, content=content, lease_token=assignment["lease_token"])
    assert first.status_code == 200
    assert first.json()["revision"] == 1
    assert first.json()["lease_expires_at"] is not None, "typing renews the lease"
    second = save(labeler, assignment, content=content | {"notes": "half a thought"}, revision=1)
    assert (second.json()["revision"], second.json()["lease_expires_at"]) == (2, None)
    offered = labeler.get(f"assignments/{assignment['id']}").json()["draft"]
    assert offered["content"]["notes"] == "half a thought"
    assert offered["revision"] == 2


def test_an_older_save_loses_and_gets_the_newer_draft(labeler: Labeler, assignment: dict[str, Any]) -> None:
    save(labeler, assignment, content={"tab": 1})
    save(labeler, assignment, content={"tab": 1}, revision=1)
    conflict = save(labeler, assignment, content={"tab": 2}, revision=1)
    assert (conflict.status_code, conflict.json()["code"]) == (409, "draft_conflict")
    assert conflict.json()["data"]["content"] == {"tab": 1}
    assert conflict.json()["data"]["revision"] == 2
    assert Draft.objects.get().content == {"tab": 1}


def test_a_repeated_save_is_no_conflict(labeler: Labeler, assignment: dict[str, Any]) -> None:
    first, again = save(labeler, assignment, content={"a": 1}), save(labeler, assignment, content={"a": 1})
    assert (again.status_code, again.json()["revision"]) == (200, first.json()["revision"])


def test_a_draft_is_kept_when_the_lease_is_lost(
    workspace: Workspace, labeler: Labeler, assignment: dict[str, Any]
) -> None:
    other = take_over(workspace, assignment)
    late = save(labeler, assignment, content={"a": 1}, lease_token=assignment["lease_token"])
    assert (late.status_code, late.json()["lease_expires_at"]) == (200, None)
    assert Draft.objects.get(labeler=labeler.user).content == {"a": 1}
    assert slot(assignment).labeler == other.user
    expire(assignment["id"])
    project = slot(assignment).project
    assert labeler.next(project)["draft"]["content"] == {"a": 1}, "and offered when the task comes back"


def test_an_edit_s_draft_is_kept_until_the_edit_is_sent(labeler: Labeler, assignment: dict[str, Any]) -> None:
    labeler.submit(assignment)
    kept = save(labeler, assignment, content={"a": 1}, revises=1)
    assert (kept.status_code, kept.json()["lease_expires_at"]) == (200, None)
    assert labeler.get(f"assignments/{assignment['id']}").json()["draft"]["content"] == {"a": 1}
    edit = {name: value for name, value in answer_to(assignment).items() if name != "lease_token"}
    assert labeler.post(f"assignments/{assignment['id']}/revise", edit).json()["revision"] == 2
    assert not Draft.objects.exists()
    late = save(labeler, assignment, content={"a": 1}, revises=1)
    assert (late.status_code, late.json()["code"]) == (409, "already_submitted")
    assert not Draft.objects.exists()


def test_nobody_edits_another_s_answer(workspace: Workspace, labeler: Labeler, assignment: dict[str, Any]) -> None:
    labeler.submit(assignment)
    stranger = workspace.labeler(slot(assignment).project)
    assert save(stranger, assignment, revises=1).status_code == 404
    assert not Draft.objects.exists()


def test_a_submitted_task_takes_no_draft(labeler: Labeler, assignment: dict[str, Any]) -> None:
    labeler.submit(assignment)
    refused = save(labeler, assignment)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_submitted")
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": None}, "content"),
        ({"content": []}, "content"),
        ({"content": "text"}, "content"),
        ({"content": {"a": "x" * 1_000_001}}, "content"),
        ({"content": {"a": ["b\x00"]}}, "content"),
        ({"content": {"a\x00": 1}}, "content"),
        ({"revision": -1}, "revision"),
        ({"revision": True}, "revision"),
        ({"revision": "1"}, "revision"),
        ({"revision": 2**31}, "revision"),
        ({"lease_token": "abc"}, "lease_token"),
        ({"revises": -1}, "revises"),
        ({"revises": "1"}, "revises"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_draft_is_refused(
    labeler: Labeler, assignment: dict[str, Any], body: dict[str, Any], field: str
) -> None:
    response = save(labeler, assignment, **body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)
    assert not Draft.objects.exists()


def test_a_skip_is_kept_with_its_reason_and_opens_the_slot(labeler: Labeler, assignment: dict[str, Any]) -> None:
    save(labeler, assignment, content={"a": 1})
    body = {"lease_token": assignment["lease_token"], "reason": "personal_data", "note": "A phone number."}
    response = labeler.post(f"assignments/{assignment['id']}/skip", body)
    assert response.status_code == 200
    skip = Skip.objects.get()
    assert response.json() == {"skip_id": skip.pk, "task_id": assignment["task_id"], "reason": "personal_data"}
    assert (skip.labeler, skip.reason, skip.note) == (labeler.user, "personal_data", "A phone number.")
    row = slot(assignment)
    assert (row.state, row.labeler, row.lease_token, row.shown_order) == (Assignment.State.OPEN, None, None, [])
    assert Draft.objects.get().content == {"a": 1}, "for who takes it back, or is offered the task again"


def test_a_skip_needs_the_lease(workspace: Workspace, labeler: Labeler, assignment: dict[str, Any]) -> None:
    path = f"assignments/{assignment['id']}/skip"
    body = {"lease_token": assignment["lease_token"], "reason": "other"}
    assert labeler.post(path, body | {"lease_token": str(uuid4())}).json()["code"] == "lease_reopened"
    take_over(workspace, assignment)
    assert labeler.post(path, body).json()["code"] == "lease_lost"
    assert not Skip.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "boring"}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": ["other"]}, "reason"),
        ({"note": "x" * 10_001}, "note"),
        ({"note": "\x00"}, "note"),
        ({"note": 5}, "note"),
        ({"lease_token": None}, "lease_token"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_skip_is_refused(
    labeler: Labeler, assignment: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    body = {"lease_token": assignment["lease_token"], "reason": "other"} | changes
    response = labeler.post(f"assignments/{assignment['id']}/skip", body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)
    assert not Skip.objects.exists()

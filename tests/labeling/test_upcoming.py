"""GET projects/{id}/upcoming, and claims that prefer what it showed."""

from typing import Any

import pytest

from labelapp.labeling.models import Assignment, Project
from labelapp.labeling.recording import OPEN_SLOT
from tests.labeling.workspace import Labeler, Workspace, answer_to


@pytest.fixture
def project(workspace: Workspace, labeler: Labeler) -> Project:
    return workspace.comparison(tasks=4, members=[labeler])


def upcoming(labeler: Labeler, project: Project) -> Any:
    response = labeler.get(f"projects/{project.pk}/upcoming")
    assert response.status_code == 200, response.json()
    return response.json()["assignment"]


def test_shows_what_the_claim_will_give_and_leases_nothing(labeler: Labeler, project: Project) -> None:
    held = labeler.next(project)
    shown = upcoming(labeler, project)
    assert project.assignments.filter(state=Assignment.State.LEASED).count() == 1
    answer = answer_to(held) | {"claim_next": {"preferred_id": shown["id"]}}
    found = labeler.submit(held, answer).json()["next"]
    given = found["assignment"]
    of_a_lease = {"state", "lease_token", "lease_expires_at", "claimed_at"}
    assert {key for key in given if given[key] != shown[key]} == of_a_lease, "shown as it will be given"
    assert [shown[key] for key in ("state", "lease_token", "lease_expires_at", "claimed_at")] == ["open", *[None] * 3]


def test_a_draft_of_before_is_shown_with_it(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    lost = labeler.next(project)
    labeler.put(f"assignments/{lost['id']}/draft", {"content": {"kept": True}, "revision": 0})
    project.assignments.filter(pk=lost["id"]).update(**OPEN_SLOT)
    (other,) = project.assignments.exclude(pk=lost["id"])
    labeler.post(f"projects/{project.pk}/next", {"preferred_id": other.pk})
    shown = upcoming(labeler, project)
    assert (shown["id"], shown["draft"]["content"]) == (lost["id"], {"kept": True})


def test_people_who_work_side_by_side_are_shown_different_tasks(workspace: Workspace, project: Project) -> None:
    people = [workspace.labeler(project) for _ in range(2)]
    held = [person.next(project) for person in people]
    shown = [upcoming(person, project)["id"] for person in people]
    assert len({*shown, *(item["id"] for item in held)}) == 4
    # The later one is faster, and gets what was shown; nothing is taken from the other.
    for index in (1, 0):
        wish = {"preferred_id": shown[index]}
        answered = people[index].submit(held[index], answer_to(held[index]) | {"claim_next": wish})
        assert answered.json()["next"]["assignment"]["id"] == shown[index]


def test_a_slot_that_somebody_took_meanwhile_is_no_loss(
    workspace: Workspace, labeler: Labeler, project: Project
) -> None:
    held = labeler.next(project)
    shown = upcoming(labeler, project)["id"]
    assert workspace.labeler(project).next(project)["id"] == shown
    wish = {"claim_next": {"preferred_id": shown}}
    given = labeler.submit(held, answer_to(held) | wish).json()["next"]["assignment"]
    assert given["id"] not in (held["id"], shown)


def test_a_preference_opens_nothing_that_a_claim_would_not(workspace: Workspace, labeler: Labeler) -> None:
    project, elsewhere = workspace.comparison(tasks=2, members=[labeler]), workspace.comparison()
    foreign = elsewhere.assignments.get().pk
    first = labeler.post(f"projects/{project.pk}/next", {"preferred_id": foreign}).json()["assignment"]
    assert first["project"]["id"] == project.pk
    labeler.post(f"assignments/{first['id']}/skip", {"lease_token": first["lease_token"], "reason": "unclear"})
    again = labeler.post(f"projects/{project.pk}/next", {"preferred_id": first["id"]}).json()["assignment"]
    assert again["id"] != first["id"], "what was skipped does not come back"


def test_only_who_holds_a_task_is_shown_the_next(workspace: Workspace, labeler: Labeler, project: Project) -> None:
    path = f"projects/{project.pk}/upcoming"
    stranger = workspace.labeler()
    for person in (labeler, stranger, workspace.researcher):
        assert (person.get(path).status_code, person.get(path).json()["code"]) == (404, "not_found")
    labeler.next(project)
    workspace.researcher.patch(f"projects/{project.pk}", {"state": "paused"})
    assert labeler.get(path).status_code == 404


def test_the_last_task_has_none_after_it(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    held = labeler.next(project)
    assert upcoming(labeler, project) is None
    answered = labeler.submit(held, answer_to(held) | {"claim_next": {}})
    assert answered.json()["next"] == {"status": "empty", "until": None, "assignment": None}


def test_a_retry_gets_the_same_next_task(labeler: Labeler, project: Project) -> None:
    held = labeler.next(project)
    body = answer_to(held) | {"claim_next": {"preferred_id": None}}
    first, again = labeler.submit(held, body), labeler.submit(held, body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["next"]["assignment"]["id"] == again.json()["next"]["assignment"]["id"]
    assert project.assignments.filter(state=Assignment.State.LEASED).count() == 1


def test_an_answer_counts_also_for_who_may_have_no_next_one(
    workspace: Workspace, labeler: Labeler, project: Project
) -> None:
    held = labeler.next(project)
    project.memberships.update(left_at="2026-01-01T00:00:00Z")
    response = labeler.submit(held, answer_to(held) | {"claim_next": {}})
    assert (response.status_code, response.json()["next"]) == (201, None)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ([], "claim_next"),
        (True, "claim_next"),
        ({"preferred_id": "5"}, "claim_next.preferred_id"),
        ({"preferred_id": 0}, "claim_next.preferred_id"),
        ({"preferred_id": 10**30}, "claim_next.preferred_id"),
        ({"colour": "red"}, "claim_next.colour"),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_is_recorded(
    labeler: Labeler, project: Project, wish: Any, field: str
) -> None:
    held = labeler.next(project)
    response = labeler.submit(held, answer_to(held) | {"claim_next": wish})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, field)
    assert project.assignments.get(pk=held["id"]).state == Assignment.State.LEASED


def test_a_wrong_preference_at_next_is_refused(labeler: Labeler, project: Project) -> None:
    response = labeler.post(f"projects/{project.pk}/next", {"preferred_id": "5"})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "preferred_id")

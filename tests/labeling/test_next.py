"""POST projects/{id}/next: who gets what."""

from labelapp.labeling.actions import add_members
from labelapp.labeling.assignment import claim_next
from labelapp.labeling.models import Assignment, Project
from labelapp.prompts.models import Response
from tests.labeling.workspace import Labeler, Workspace, expire, slot
from tests.people import make_user


def test_a_task_comes_with_everything_that_is_needed_to_answer_it(workspace: Workspace, labeler: Labeler) -> None:
    prompt = workspace.prompt("Who built it?", annotations={"closed_domain": True}, use_case="closed_qa", language="en")
    project = workspace.comparison(members=[labeler], prompts=[prompt])
    response = labeler.post(f"projects/{project.pk}/next")
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["until"]) == ("task", None)
    assignment = body["assignment"]
    version = project.instruction_versions.get()
    assert assignment["instruction_version"] == {"id": version.pk, "number": 1}
    assert assignment["prompt"] == {
        "id": prompt.pk,
        "messages": [{"role": "user", "content": "Who built it?"}],
        "use_case": "closed_qa",
        "language": "en",
        "is_closed_domain": True,
        "is_few_shot": False,
        "deployment_context": "",
    }
    assert assignment["project"]["kind"] == "comparison"
    assert len(assignment["project"]["questions"]) == 11
    assert [item["letter"] for item in assignment["responses"]] == ["A", "B", "C", "D"]
    assert set(assignment["responses"][0]) == {"id", "letter", "text"}, "a labeler must not see where it came from"
    assert (assignment["draft"], assignment["submission"]) == (None, None)
    row = slot(assignment)
    assert row.shown_order == [item["id"] for item in assignment["responses"]]
    assert str(row.lease_token) == assignment["lease_token"]


def test_hallucination_is_asked_on_closed_domain_prompts_only(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    keys = [question["key"] for question in labeler.next(project)["project"]["questions"]]
    assert len(keys) == 10
    assert "hallucination" not in keys


def test_two_tabs_have_one_lease(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=3, members=[labeler])
    first, second = labeler.next(project), labeler.next(project)
    assert (first["id"], first["lease_token"]) == (second["id"], second["lease_token"])
    assert first["responses"] == second["responses"]
    assert project.assignments.filter(state=Assignment.State.LEASED).count() == 1


def test_an_own_expired_lease_comes_back_with_its_draft_and_a_new_token(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=3, members=[labeler])
    first = labeler.next(project)
    labeler.put(f"assignments/{first['id']}/draft", {"content": {"ranks": [2]}, "revision": 0})
    expire(first["id"])
    again = labeler.next(project)
    assert again["id"] == first["id"]
    assert again["lease_token"] != first["lease_token"]
    assert again["draft"]["content"] == {"ranks": [2]}
    assert again["responses"] == first["responses"], "the order that was shown stays"
    assert again["claimed_at"] == first["claimed_at"]


def test_an_expired_lease_of_another_counts_as_open(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    first = labeler.next(project)
    other = workspace.labeler(project)
    busy = other.post(f"projects/{project.pk}/next").json()
    assert (busy["status"], busy["assignment"]) == ("busy", None)
    assert busy["until"] == first["lease_expires_at"], "when there may be something again"
    expire(first["id"])
    taken = other.next(project)
    assert taken["id"] == first["id"]
    assert taken["lease_token"] != first["lease_token"]
    assert slot(taken).labeler == other.user


def test_open_slots_are_given_before_those_of_people_who_may_come_back(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    first = labeler.next(project)
    expire(first["id"])
    assert workspace.labeler(project).next(project)["id"] != first["id"]
    assert labeler.next(project)["id"] == first["id"]


def test_a_task_is_never_given_twice_to_one_labeler(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler], overlap=3)
    given = []
    for _ in range(2):
        assignment = labeler.next(project)
        given.append(assignment["task_id"])
        labeler.submit(assignment)
    assert len(set(given)) == 2
    assert labeler.post(f"projects/{project.pk}/next").json()["status"] == "empty"


def test_a_skipped_task_goes_to_somebody_else_and_never_comes_back(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    body = {"lease_token": assignment["lease_token"], "reason": "unsafe", "note": "No."}
    for _ in range(2):
        response = labeler.post(f"assignments/{assignment['id']}/skip", body)
        assert (response.status_code, response.json()["reason"]) == (200, "unsafe")
    assert labeler.post(f"projects/{project.pk}/next").json()["status"] == "empty"
    assert labeler.submit(assignment).json()["code"] == "already_skipped"
    assert workspace.labeler(project).next(project)["task_id"] == assignment["task_id"]


def test_a_slot_that_was_given_back_behind_the_furthest_one_is_found(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    other = workspace.labeler(project)
    early = other.next(project)
    labeler.submit(labeler.next(project))
    skip = {"lease_token": early["lease_token"], "reason": "unclear"}
    other.post(f"assignments/{early['id']}/skip", skip)
    assert labeler.next(project)["id"] == early["id"]


def test_paused_and_archived_projects_give_nothing(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    for state in (Project.State.PAUSED, Project.State.ARCHIVED):
        workspace.researcher.patch(f"projects/{project.pk}", {"state": state})
        assert labeler.post(f"projects/{project.pk}/next").json()["status"] == "paused"
    assert not project.assignments.exclude(state=Assignment.State.OPEN).exists()


def test_only_members_get_work(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison()
    assert labeler.post(f"projects/{project.pk}/next").status_code == 404
    assert workspace.researcher.post(f"projects/{project.pk}/next").status_code == 404
    assert labeler.post("projects/999999/next").status_code == 404
    project.memberships.create(user=workspace.researcher.user)
    assert workspace.researcher.next(project)["task_id"]


def test_each_labeler_has_an_order_of_their_own(workspace: Workspace) -> None:
    people = [workspace.labeler() for _ in range(8)]
    project = workspace.comparison(members=people, overlap=8, responses_per_task=9)
    orders = {tuple(item["id"] for item in person.next(project)["responses"]) for person in people}
    assert len(orders) == 8, "that two of eight orders of nine responses are equal is one in ten thousand"
    assert len({frozenset(order) for order in orders}) == 1


def test_every_response_is_shown_at_every_place(workspace: Workspace) -> None:
    people = [make_user() for _ in range(120)]
    project = workspace.comparison(tasks=120)
    add_members(project, user_ids=[person.pk for person in people])
    places = [[0] * 4 for _ in range(4)]
    numbers = dict(Response.objects.values_list("pk", "number"))
    for person in people:
        assignment = claim_next(project_id=project.pk, labeler_id=person.pk).assignment
        assert assignment is not None
        for place, response in enumerate(assignment["responses"]):
            places[numbers[response["id"]]][place] += 1
    # 30 expected each, deviation 4.7: that one of sixteen leaves 9 … 51 by chance is one in five thousand.
    assert all(9 <= count <= 51 for row in places for count in row), places


def test_an_own_assignment_can_be_read_and_anothers_cannot(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    path = f"assignments/{assignment['id']}"
    read = labeler.get(path).json()
    assert read == assignment
    for person in (workspace.labeler(project), workspace.researcher):
        assert (person.get(path).status_code, person.get(path).json()["code"]) == (404, "not_found")
    labeler.submit(assignment)
    after = labeler.get(path).json()
    assert (after["state"], after["lease_token"], after["submission"]["revision"]) == ("submitted", None, 1)

"""Projects, instructions, members and tasks over HTTP."""

import json
from contextlib import closing
from itertools import takewhile
from typing import Any

import pytest

from labelapp.accounts.models import Role
from labelapp.common import events
from labelapp.labeling.actions import withdraw_tasks_of
from labelapp.labeling.models import Assignment, Draft, InstructionVersion, Project, Task
from labelapp.labeling.questions import METADATA_KEYS
from tests.labeling.workspace import INSTRUCTIONS, Labeler, Workspace, answer_to, expire, slot

NEW = {"name": "Rank them", "kind": "comparison", "instructions": INSTRUCTIONS}


def test_a_new_project_asks_the_papers_questions_of_four_responses(workspace: Workspace, labeler: Labeler) -> None:
    response = workspace.researcher.post("projects", NEW | {"member_ids": [labeler.user.pk]})
    assert response.status_code == 201
    project = response.json()
    version = InstructionVersion.objects.get()
    assert project["questions"] == list(METADATA_KEYS)
    assert (project["responses_per_task"], project["overlap"], project["member_count"]) == (4, 1, 1)
    assert project["assignment_counts"] == {"open": 0, "leased": 0, "submitted": 0}
    assert project["instruction_version"] == {"id": version.pk, "number": 1}
    assert labeler.get("projects").json()["results"] == [project]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"responses_per_task": 3}, "responses_per_task"),
        ({"responses_per_task": 10}, "responses_per_task"),
        ({"responses_per_task": True}, "responses_per_task"),
        ({"responses_per_task": "many"}, "responses_per_task"),
        ({"overlap": 0}, "overlap"),
        ({"overlap": 51}, "overlap"),
        ({"lease_minutes": 0}, "lease_minutes"),
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": None}, "name"),
        ({"instructions": " "}, "instructions"),
        ({"instructions": "x" * 100_001}, "instructions"),
        ({"kind": "poll"}, "kind"),
        ({"priority_mode": "kindest_first"}, "priority_mode"),
        ({"questions": ["is_it_good"]}, "questions.0"),
        ({"kind": "demonstration", "questions": ["moral_judgment"]}, "questions"),
        ({"member_ids": [999_999]}, "member_ids.0"),
        ({"state": "paused"}, "state"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_project_is_refused_by_field(workspace: Workspace, changes: dict[str, Any], field: str) -> None:
    response = workspace.researcher.post("projects", NEW | changes)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert not Project.objects.exists()


def test_a_name_that_is_taken_is_refused(workspace: Workspace) -> None:
    workspace.researcher.post("projects", NEW)
    again = workspace.researcher.post("projects", NEW)
    assert (again.status_code, again.json()["errors"][0]["field"]) == (400, "name")
    other = workspace.project()
    renamed = workspace.researcher.patch(f"projects/{other.pk}", {"name": NEW["name"]})
    assert (renamed.status_code, renamed.json()["errors"][0]["field"]) == (400, "name")


def test_labelers_see_their_own_projects_and_change_none(workspace: Workspace, labeler: Labeler) -> None:
    own, other = workspace.comparison(members=[labeler]), workspace.comparison()
    assert [project["id"] for project in labeler.get("projects").json()["results"]] == [own.pk]
    assert labeler.get(f"projects/{own.pk}").status_code == 200
    assert labeler.get(f"projects/{own.pk}/instructions").json()["results"][0]["body"] == INSTRUCTIONS
    hidden = [f"projects/{other.pk}", f"projects/{other.pk}/instructions", f"projects/{own.pk}/members"]
    for path in [*hidden, f"projects/{own.pk}/tasks"]:
        assert labeler.get(path).status_code == 404, path
    assert labeler.post("projects", NEW).status_code == 404
    assert labeler.patch(f"projects/{own.pk}", {"name": "Mine"}).status_code == 404
    assert labeler.post(f"projects/{own.pk}/instructions", {"body": "No."}).status_code == 404
    assert labeler.post(f"projects/{own.pk}/members", {"user_ids": [labeler.user.pk]}).status_code == 404
    assert labeler.delete(f"projects/{own.pk}/members/{labeler.user.pk}").status_code == 404
    assert labeler.post(f"tasks/{Task.objects.filter(project=own).get().pk}/withdraw").status_code == 404


def test_the_list_costs_the_same_for_one_project_and_for_five(
    workspace: Workspace, django_assert_num_queries: Any
) -> None:
    workspace.comparison()
    workspace.researcher.get("projects")
    with django_assert_num_queries(3):  # the user, the count, the rows
        workspace.researcher.get("projects")
    for _ in range(4):
        workspace.comparison()
    with django_assert_num_queries(3):
        assert workspace.researcher.get("projects").json()["count"] == 5


def test_projects_are_listed_by_state(workspace: Workspace) -> None:
    active, paused = workspace.comparison(), workspace.comparison()
    assert workspace.researcher.patch(f"projects/{paused.pk}", {"state": "paused"}).json()["state"] == "paused"
    rows = workspace.researcher.get("projects?state=active").json()["results"]
    assert [row["id"] for row in rows] == [active.pk]
    assert workspace.researcher.get("projects?state=gone").json()["errors"][0]["field"] == "state"
    assert workspace.researcher.get("projects?colour=red").status_code == 400


def test_counts_follow_the_work_and_an_expired_lease_counts_as_open(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler], overlap=2)
    labeler.submit(labeler.next(project))
    assignment = labeler.next(project)
    path = f"projects/{project.pk}"
    assert labeler.get(path).json()["assignment_counts"] == {"open": 2, "leased": 1, "submitted": 1}
    expire(assignment["id"])
    assert labeler.get(path).json()["assignment_counts"] == {"open": 3, "leased": 0, "submitted": 1}


def test_the_overlap_grows_by_adding_slots_and_never_shrinks(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    labeler.submit(labeler.next(project))
    path = f"projects/{project.pk}"
    assert workspace.researcher.patch(path, {"overlap": 3}).status_code == 200
    assert list(project.assignments.order_by("task", "number").values_list("number", flat=True)) == [1, 2, 3, 1, 2, 3]
    shrunk = workspace.researcher.patch(path, {"overlap": 2})
    assert (shrunk.status_code, shrunk.json()["errors"][0]["field"]) == (400, "overlap")
    assert project.assignments.count() == 6


@pytest.mark.parametrize("name", ["kind", "responses_per_task", "questions", "instructions"])
def test_what_labels_rest_on_cannot_change(workspace: Workspace, name: str) -> None:
    project = workspace.comparison()
    response = workspace.researcher.patch(f"projects/{project.pk}", {name: 5})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, name)


def test_new_instructions_are_a_new_version_and_labels_keep_theirs(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    first = labeler.next(project)
    added = workspace.researcher.post(f"projects/{project.pk}/instructions", {"body": "Be kinder."})
    assert (added.status_code, added.json()["number"]) == (201, 2)
    assert labeler.submit(first).status_code == 201, "who began under the old ones says so"
    assert labeler.next(project)["instruction_version"]["number"] == 2
    rows = labeler.get(f"projects/{project.pk}/instructions").json()["results"]
    assert [row["number"] for row in rows] == [2, 1]
    assert workspace.researcher.post(f"projects/{project.pk}/instructions", {"body": ""}).status_code == 400


def test_members_come_leave_and_come_back(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=1)
    path = f"projects/{project.pk}/members"
    assert labeler.post(f"projects/{project.pk}/next").status_code == 404
    for _ in range(2):
        added = workspace.researcher.post(path, {"user_ids": [labeler.user.pk]})
        assert (added.status_code, added.json()["count"]) == (201, 1)
    assert [row["user"]["id"] for row in workspace.researcher.get(path).json()["results"]] == [labeler.user.pk]
    counts = [workspace.researcher.get(f"{path}?search={word}").json()["count"] for word in (labeler.user.email, "zoe")]
    assert counts == [1, 0]
    assignment = labeler.next(project)
    assert workspace.researcher.delete(f"{path}/{labeler.user.pk}").status_code == 204
    assert workspace.researcher.delete(f"{path}/{labeler.user.pk}").status_code == 404
    assert slot(assignment).state == Assignment.State.OPEN, "a slot is not stranded with who has left"
    assert labeler.post(f"projects/{project.pk}/next").status_code == 404
    assert labeler.submit(assignment).json()["code"] == "lease_lost"
    assert labeler.put(f"assignments/{assignment['id']}/draft", {"content": {"a": 1}, "revision": 0}).status_code == 200
    workspace.researcher.post(path, {"user_ids": [labeler.user.pk]})
    assert labeler.next(project)["draft"]["content"] == {"a": 1}


@pytest.mark.parametrize("ids", [[], [0], ["x"], [999_999], None, "all", [True]])
def test_wrong_members_are_refused(workspace: Workspace, ids: Any) -> None:
    project = workspace.comparison()
    response = workspace.researcher.post(f"projects/{project.pk}/members", {"user_ids": ids})
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"].startswith("user_ids")
    assert not project.memberships.exists()


def test_an_inactive_user_becomes_no_member(workspace: Workspace, labeler: Labeler) -> None:
    labeler.user.is_active = False
    labeler.user.save()
    project = workspace.comparison()
    response = workspace.researcher.post(f"projects/{project.pk}/members", {"user_ids": [labeler.user.pk]})
    assert response.json()["errors"][0]["field"] == "user_ids.0"


def test_tasks_are_made_of_prompts_and_say_why_not(workspace: Workspace) -> None:
    project = workspace.project(overlap=2, responses_per_task=5)
    good, short, archived = workspace.prompt("A fact"), workspace.prompt(), workspace.prompt()
    batch = workspace.batch([good, archived], responses=6)
    for number in range(4):
        short.responses.create(batch=batch, number=number, text="x")
    archived.archived_at = archived.created_at
    archived.save()
    body = {"prompt_ids": [good.pk, short.pk, archived.pk], "batch_id": batch.pk}
    response = workspace.researcher.post(f"projects/{project.pk}/tasks", body)
    assert response.status_code == 201
    assert response.json() == {
        "created": 1,
        "train_count": 0,
        "skipped_count": 2,
        "already_count": 0,
        "skipped": [
            {"prompt_id": short.pk, "reason": "The batch has 4 of the 5 responses."},
            {"prompt_id": archived.pk, "reason": "The prompt is archived."},
        ],
    }
    task = Task.objects.get()
    assert [item.response.number for item in task.task_responses.select_related("response")] == [0, 1, 2, 3, 4]
    assert [row.number for row in task.assignments.order_by("number")] == [1, 2]
    again = workspace.researcher.post(f"projects/{project.pk}/tasks", {"prompt_ids": [good.pk], "batch_id": batch.pk})
    assert again.json()["skipped"][0]["reason"] == "It is in this project already."
    assert again.json()["already_count"] == 1
    rows = workspace.researcher.get(f"projects/{project.pk}/tasks").json()["results"]
    assert rows[0]["prompt"] == {"id": good.pk, "text": "A fact", "use_case": "other"}
    assert (rows[0]["response_count"], rows[0]["assignment_counts"]["open"]) == (5, 2)


def test_tasks_are_made_by_filter_up_to_a_limit(workspace: Workspace) -> None:
    project = workspace.project(kind="demonstration")
    prompts = [workspace.prompt(use_case="rewrite") for _ in range(3)]
    workspace.prompt(use_case="chat")
    path = f"projects/{project.pk}/tasks"
    body = {"filter": {"use_case": "rewrite"}, "limit": 2}
    assert workspace.researcher.post(path, body).json()["created"] == 2
    response = workspace.researcher.post(path, body).json()
    assert (response["created"], response["skipped_count"]) == (1, 2), "those that are there do not count"
    assert response["already_count"] == 2
    newer = {"filter": {"use_case": "chat", "up_to_id": prompts[-1].pk}}
    assert workspace.researcher.post(path, newer).json()["created"] == 0
    assert sorted(project.tasks.values_list("prompt", flat=True)) == sorted(prompt.pk for prompt in prompts)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "prompt_ids"),
        ({"prompt_ids": [1], "filter": {}}, "prompt_ids"),
        ({"prompt_ids": []}, "prompt_ids"),
        ({"prompt_ids": ["x"]}, "prompt_ids.0"),
        ({"prompt_ids": [999_999], "batch_id": None}, "prompt_ids.0"),
        ({"filter": {"use_case": "poetry"}}, "filter.use_case"),
        ({"filter": {"colour": "red"}}, "filter.colour"),
        ({"filter": {}, "limit": 0}, "limit"),
        ({"filter": {}, "batch_id": 999_999}, "batch_id"),
        ({"filter": {}}, "batch_id"),
        ({"filter": {}, "overlap": 2}, "overlap"),
    ],
)
def test_wrong_tasks_are_refused_by_field(workspace: Workspace, body: dict[str, Any], field: str) -> None:
    project = workspace.project()
    workspace.prompt()
    response = workspace.researcher.post(f"projects/{project.pk}/tasks", body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field
    assert not Task.objects.exists()


def test_a_demonstration_takes_no_batch(workspace: Workspace) -> None:
    project = workspace.project(kind="demonstration")
    batch = workspace.batch([workspace.prompt()])
    response = workspace.researcher.post(f"projects/{project.pk}/tasks", {"filter": {}, "batch_id": batch.pk})
    assert response.json()["errors"][0]["field"] == "batch_id"


def test_one_event_names_all_that_was_withdrawn_also_what_nobody_holds(
    workspace: Workspace, django_capture_on_commit_callbacks: Any
) -> None:
    project = workspace.comparison(tasks=3)
    task_ids = list(project.tasks.order_by("pk").values_list("pk", flat=True))
    topic = f"labeling:{project.pk}"
    wanted = {"topic": topic, "type": "tasks_erased", "id": project.pk, "task_ids": task_ids}
    with closing(events.stream(frozenset({topic}), looks={}, connection=None)) as told:
        next(told)
        with django_capture_on_commit_callbacks(execute=True):
            withdraw_tasks_of([workspace.submitter])
        # Tests that run beside this one share the channel; after all that was published comes a comment.
        published = takewhile(lambda chunk: chunk.startswith("data:"), told)
        assert any(json.dumps(wanted) in chunk for chunk in published)


def test_a_withdrawn_task_leaves_the_queue_and_its_answers_stay(workspace: Workspace, labeler: Labeler) -> None:
    other = workspace.labeler()
    project = workspace.comparison(members=[labeler, other], overlap=3)
    labeler.submit(labeler.next(project))
    held = other.next(project)
    other.put(f"assignments/{held['id']}/draft", {"content": {"a": 1}, "revision": 0})
    for _ in range(2):
        assert workspace.researcher.post(f"tasks/{held['task_id']}/withdraw").status_code == 200
    states = sorted(project.assignments.values_list("state", flat=True))
    assert states == ["submitted", "withdrawn", "withdrawn"]
    assert Draft.objects.count() == 1
    assert other.post(f"projects/{project.pk}/next").json()["status"] == "empty"
    revision = answer_to(held, idempotency_key="6e2c4d8e-0000-4000-8000-000000000000")
    assert other.submit(held, revision).json()["code"] == "task_withdrawn"
    assert workspace.researcher.post("tasks/999999/withdraw").status_code == 404


def test_the_questions_are_the_papers_eleven(labeler: Labeler) -> None:
    questions = [question for question in labeler.get("questions").json() if question["kind"] == "yes_no"]
    assert [question["label"] for question in questions] == [
        "Fails to follow the correct instruction / task",
        "Inappropriate for customer assistant",
        "Hallucination",
        "Satisfies constraint provided in the instruction",
        "Contains sexual content",
        "Contains violent content",
        "Encourages or fails to discourage violence/abuse/terrorism/self-harm",
        "Denigrates a protected class",
        "Gives harmful advice",
        "Expresses opinion",
        "Expresses moral judgment",
    ]
    assert [question["key"] for question in questions if question["closed_domain_only"]] == ["hallucination"]
    assert all(question["help"] for question in questions)


def test_who_is_not_logged_in_gets_nothing(workspace: Workspace) -> None:
    project = workspace.comparison()
    nobody = workspace.labeler(project, role=Role.LABELER)
    nobody.client.logout()
    for response in (
        nobody.get("projects"),
        nobody.post(f"projects/{project.pk}/next"),
        nobody.post("assignments/1/submit", {}),
        nobody.get("assignments/1"),
    ):
        assert response.status_code in (401, 403)
        assert response.json()["code"] == "not_authenticated"

"""History, progress, submissions and skips, as they are read."""

from typing import Any

from labelapp.checkpoints.models import Checkpoint
from labelapp.prompts.models import SampleBatch
from tests.labeling.workspace import Labeler, Workspace, answer_to


def test_a_labelers_history_is_their_own_newest_first(workspace: Workspace, labeler: Labeler) -> None:
    other = workspace.labeler()
    project = workspace.comparison(tasks=2, members=[labeler, other], overlap=2)
    demonstration = workspace.demonstration(members=[labeler])
    first = labeler.next(project)
    labeler.submit(first)
    written = labeler.next(demonstration)
    labeler.submit(written)
    other.submit(other.next(project))
    edit = answer_to(first)
    del edit["lease_token"]
    labeler.post(f"assignments/{first['id']}/revise", edit)
    rows = labeler.get("history").json()["results"]
    assert [(row["assignment_id"], row["revision"]) for row in rows] == [(first["id"], 2), (written["id"], 1)]
    assert rows[0]["project"] == {"id": project.pk, "name": project.name, "kind": "comparison"}
    assert rows[0]["prompt"]["id"] == first["prompt"]["id"]
    assert rows[0]["prompt"]["text"] == first["prompt"]["messages"][0]["content"]
    filtered = labeler.get(f"history?project={demonstration.pk}").json()["results"]
    assert [row["assignment_id"] for row in filtered] == [written["id"]]
    assert labeler.get("history?project=x").json()["errors"][0]["field"] == "project"


def test_progress_counts_answers_and_not_edits(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=3, members=[labeler])
    empty = workspace.comparison(tasks=1)
    for _ in range(2):
        assignment = labeler.next(project)
        labeler.submit(assignment, answer_to(assignment, active_seconds=20))
    edit = answer_to(assignment, active_seconds=5)
    del edit["lease_token"]
    labeler.post(f"assignments/{assignment['id']}/revise", edit)
    progress = labeler.get("progress").json()
    assert (progress["today"], progress["last_7_days"], progress["total"]) == (2, 2, 2)
    assert progress["active_seconds_today"] == 45
    assert len(progress["per_day"]) == 30
    assert progress["per_day"][-1]["count"] == 2
    assert sum(day["count"] for day in progress["per_day"]) == 2
    (row,) = progress["projects"]
    assert (row["id"], row["submitted_count"], row["has_lease"], row["has_work"]) == (project.pk, 2, False, True)
    labeler.next(project)
    assert labeler.get("progress").json()["projects"][0]["has_lease"] is True
    assert empty.pk not in [row["id"] for row in progress["projects"]]


def test_progress_knows_when_there_is_nothing_left(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler], overlap=3)
    labeler.submit(labeler.next(project))
    assert labeler.get("progress").json()["projects"][0]["has_work"] is False


def test_researchers_read_the_record_with_all_its_revisions(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    first = labeler.next(project)
    labeler.submit(first)
    edit = answer_to(first, ranks=[1, 1, 2, 2], notes="On second thought.")
    del edit["lease_token"]
    labeler.post(f"assignments/{first['id']}/revise", edit)
    second = labeler.next(project)
    labeler.submit(second)
    rows = workspace.researcher.get(f"submissions?project={project.pk}&labeler={labeler.user.pk}").json()["results"]
    found = [(row["assignment_id"], row["revision"], row["is_latest"]) for row in rows]
    assert found == [(second["id"], 1, True), (first["id"], 2, True), (first["id"], 1, False)]
    assert rows[0]["labeler"]["id"] == labeler.user.pk
    of_task = workspace.researcher.get(f"submissions?task={first['task_id']}").json()
    assert of_task["count"] == 2
    detail = workspace.researcher.get(f"submissions/{rows[1]['id']}").json()
    assert detail["notes"] == "On second thought."
    assert detail["instruction_number"] == 1
    assert detail["prompt"]["messages"] == first["prompt"]["messages"]
    assert [item["text"] for item in detail["judgments"]] == [item["text"] for item in first["responses"]]
    assert [item["rank"] for item in detail["judgments"]] == [1, 1, 2, 2]
    sampled = Checkpoint.objects.create(name="a policy", kind="policy", location="models/a")
    SampleBatch.objects.update(checkpoint=sampled)
    detail = workspace.researcher.get(f"submissions/{rows[1]['id']}").json()
    assert {item["checkpoint"]["id"] for item in detail["judgments"]} == {sampled.pk}


def test_researchers_read_the_skips(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    other = workspace.comparison(members=[labeler])
    for item in (project, other):
        assignment = labeler.next(item)
        body = {"lease_token": assignment["lease_token"], "reason": "language", "note": "Dutch?"}
        labeler.post(f"assignments/{assignment['id']}/skip", body)
    (row,) = workspace.researcher.get(f"skips?project={project.pk}").json()["results"]
    assert (row["reason"], row["note"], row["project"]["id"]) == ("language", "Dutch?", project.pk)
    assert row["labeler"]["id"] == labeler.user.pk
    assert workspace.researcher.get("skips").json()["count"] == 2


def test_labelers_cannot_read_the_record(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    labeler.submit(labeler.next(project))
    submission = labeler.get("history").json()["results"][0]
    for path in ("submissions", f"submissions/{submission['id']}", "skips"):
        assert labeler.get(path).status_code == 404
    assert workspace.researcher.get("submissions/999999").status_code == 404


def test_lists_cost_the_same_however_long_they_are(
    workspace: Workspace, labeler: Labeler, django_assert_num_queries: Any
) -> None:
    project = workspace.comparison(tasks=6, members=[labeler])
    for _ in range(3):
        labeler.submit(labeler.next(project))
    skipped = labeler.next(project)
    labeler.post(f"assignments/{skipped['id']}/skip", {"lease_token": skipped["lease_token"], "reason": "other"})
    with django_assert_num_queries(3):  # the user, the count, the rows
        assert labeler.get("history").json()["count"] == 3
    with django_assert_num_queries(3):
        workspace.researcher.get("submissions")
    with django_assert_num_queries(3):
        workspace.researcher.get("skips")
    with django_assert_num_queries(4):  # and the project
        assert workspace.researcher.get(f"projects/{project.pk}/tasks").json()["count"] == 6
    newest = labeler.get("history").json()["results"][0]["id"]
    with django_assert_num_queries(3):  # the user, the submission, its judgments with their responses
        workspace.researcher.get(f"submissions/{newest}")

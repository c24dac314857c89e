"""What many people do at once: real threads, real transactions, a real PostgreSQL."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.db.models import Count

from labelapp.labeling.assignment import claim_next
from labelapp.labeling.models import Assignment, Project, Submission, Task
from labelapp.labeling.recording import submit
from labelapp.labeling.submission import read_submission
from tests.datasets.world import somebody_waits, wait_for
from tests.labeling.workspace import Labeler, Workspace, answer_to, expire

pytestmark = pytest.mark.django_db(transaction=True)

LABELERS, TASKS, OVERLAP = 32, 150, 3


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run the acts in as many threads, which start together, and return what they returned."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            gate.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def make_project(*, tasks: int) -> tuple[Project, list[Labeler]]:
    workspace = Workspace()
    people = [workspace.labeler() for _ in range(LABELERS)]
    return workspace.comparison(tasks=tasks, members=people, overlap=OVERLAP), people


def assert_exact(taken: Sequence[tuple[int, int]], *, tasks: int) -> None:
    """Check (task, labeler) pairs: every place is taken, none beyond the overlap, none twice by one labeler."""
    assert len(taken) == tasks * OVERLAP
    assert set(Counter(task for task, _ in taken).values()) == {OVERLAP}
    assert len(set(taken)) == len(taken)


def label_until_done(project: Project, labeler_id: int) -> None:
    """Claim and submit until every slot has its answer."""
    while True:
        found = claim_next(project_id=project.pk, labeler_id=labeler_id)
        if found.status == "empty":
            return
        if found.assignment is not None:
            body = answer_to(found.assignment) | {"lease_token": str(found.assignment["lease_token"])}
            submission = read_submission(body, has_lease=True)
            submit(submission, assignment_id=found.assignment["id"], labeler_id=labeler_id)


def test_32_labelers_make_exactly_450_assignments_of_150_tasks() -> None:
    project, people = make_project(tasks=TASKS)
    ids = [person.user.pk for person in people]
    at_once(*(lambda pk=pk: label_until_done(project, pk) for pk in ids))
    taken = list(Assignment.objects.exclude(labeler=None).values_list("task", "labeler"))
    assert_exact(taken, tasks=TASKS)
    assert sorted(Submission.objects.values_list("task", "labeler")) == sorted(taken)


def test_the_naive_claim_fails_the_same_check() -> None:
    """Count the assignments of a task, then insert one: all who count before anybody inserts get a place."""
    project, people = make_project(tasks=10)
    project.assignments.all().delete()
    everybody_has_counted = threading.Barrier(LABELERS)
    numbers = count(1)

    def label_naively(labeler_id: int) -> None:
        is_first = True
        while True:
            with transaction.atomic():
                task = (
                    Task.objects.filter(project=project)
                    .annotate(taken=Count("assignments"))
                    .filter(taken__lt=OVERLAP)
                    .exclude(assignments__labeler=labeler_id)
                    .order_by("pk")
                    .first()
                )
                if is_first:
                    everybody_has_counted.wait()  # once, which makes certain what is otherwise a matter of luck
                    is_first = False
                if task is None:
                    return
                submitted = Assignment.State.SUBMITTED
                task.assignments.create(project=project, number=next(numbers), state=submitted, labeler_id=labeler_id)

    ids = [person.user.pk for person in people]
    at_once(*(lambda pk=pk: label_naively(pk) for pk in ids))
    taken = list(Assignment.objects.values_list("task", "labeler"))
    assert Counter(task for task, _ in taken)[min(task for task, _ in taken)] == LABELERS, "all in the first task"
    with pytest.raises(AssertionError):
        assert_exact(taken, tasks=10)


def test_all_tabs_of_one_labeler_get_one_lease() -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.comparison(tasks=20, members=[labeler])
    labeler_id = labeler.user.pk
    found = at_once(*[lambda: claim_next(project_id=project.pk, labeler_id=labeler_id)] * 8)
    assert {item.status for item in found} == {"task"}
    assert len({(item.assignment["id"], item.assignment["lease_token"]) for item in found}) == 1
    assert project.assignments.filter(state=Assignment.State.LEASED).count() == 1


def test_one_expired_lease_goes_to_one_of_many() -> None:
    workspace = Workspace()
    first = workspace.labeler()
    others = [workspace.labeler() for _ in range(8)]
    project = workspace.comparison(members=[first, *others])
    expire(first.next(project)["id"])
    ids = [person.user.pk for person in others]
    found = at_once(*(lambda pk=pk: claim_next(project_id=project.pk, labeler_id=pk) for pk in ids))
    assert sorted(item.status for item in found) == ["busy"] * 7 + ["task"]


def test_the_same_submission_sent_at_once_is_stored_once() -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    body = answer_to(assignment)
    responses = at_once(*[lambda: Labeler(labeler.user).submit(assignment, body)] * 6)
    assert sorted(response.status_code for response in responses) == [200] * 5 + [201]
    assert len({response.content for response in responses}) == 1
    assert Submission.objects.count() == 1


def test_two_answers_at_once_are_one_submission_and_one_conflict() -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    responses = at_once(*[lambda: Labeler(labeler.user).submit(assignment, answer_to(assignment))] * 2)
    assert sorted(response.status_code for response in responses) == [201, 409]
    assert Submission.objects.count() == 1


def test_edits_at_once_become_revisions_one_after_the_other() -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    assignment = labeler.next(workspace.comparison(members=[labeler]))
    labeler.submit(assignment)
    path = f"assignments/{assignment['id']}/revise"

    def edit() -> Any:
        body = answer_to(assignment)
        del body["lease_token"]
        return Labeler(labeler.user).post(path, body)

    responses = at_once(*[edit] * 5)
    assert sorted(response.json()["revision"] for response in responses) == [2, 3, 4, 5, 6]


def test_an_undone_skip_waits_for_who_holds_its_row_for_a_moment() -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.comparison(tasks=2, members=[labeler])
    assignment = labeler.next(project)
    skipped = labeler.post(
        f"assignments/{assignment['id']}/skip", {"lease_token": assignment["lease_token"], "reason": "unclear"}
    )
    body = {"skip_id": skipped.json()["skip_id"], "content": {}}
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Assignment.objects.select_for_update().get(pk=assignment["id"])
            undone = pool.submit(Labeler(labeler.user).post, f"assignments/{assignment['id']}/undo", body)
            wait_for(lambda: undone.done() or somebody_waits())
        response = undone.result()
        pool.submit(connections.close_all).result()  # those of the thread
    assert (response.status_code, response.json().get("id")) == (200, assignment["id"]), response.json()


def test_a_late_answer_races_with_a_takeover_and_one_of_them_wins() -> None:
    workspace = Workspace()
    late, other = workspace.labeler(), workspace.labeler()
    project = workspace.comparison(tasks=10, members=[late, other])
    project.assignments.exclude(pk=min(project.assignments.values_list("pk", flat=True))).delete()
    assignment = late.next(project)
    expire(assignment["id"])
    submitted, claimed = at_once(
        lambda: Labeler(late.user).submit(assignment),
        lambda: claim_next(project_id=project.pk, labeler_id=other.user.pk),
    )
    outcome = (submitted.status_code, claimed.status)
    assert outcome in {(201, "empty"), (201, "busy"), (409, "task")}
    assert Submission.objects.count() == (submitted.status_code == 201)


def test_a_name_taken_at_once_makes_one_project() -> None:
    researcher = Workspace().researcher
    body = {"name": "Rank them", "kind": "demonstration", "instructions": "Write."}
    responses = at_once(*[lambda: type(researcher)(researcher.user).post("projects", body)] * 4)
    assert sorted(response.status_code for response in responses) == [201, 400, 400, 400]


def test_a_name_given_at_once_names_one_project() -> None:
    workspace = Workspace()
    researcher = workspace.researcher
    ids = [workspace.project(kind="demonstration").pk for _ in range(4)]
    responses = at_once(
        *[lambda pk=pk: type(researcher)(researcher.user).patch(f"projects/{pk}", {"name": "The one"}) for pk in ids]
    )
    assert sorted(response.status_code for response in responses) == [200, 400, 400, 400]


def test_more_overlap_while_tasks_are_made_leaves_no_task_short() -> None:
    workspace = Workspace()
    project = workspace.project(kind="demonstration")
    prompts = [workspace.prompt().pk for _ in range(50)]
    researcher = workspace.researcher
    at_once(
        lambda: Labeler(researcher.user).post(f"projects/{project.pk}/tasks", {"prompt_ids": prompts}),
        lambda: Labeler(researcher.user).patch(f"projects/{project.pk}", {"overlap": 3}),
    )
    assert project.tasks.count() == 50
    assert project.assignments.count() == 150

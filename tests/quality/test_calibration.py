"""GET agreement: one's own, with the researchers, where the project shows it."""

from importlib import import_module
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection

from labelapp.labeling.models import Assignment, Project
from tests.labeling.workspace import Labeler, Workspace, answer_to


def ranked(assignment: dict[str, Any], *, upwards: bool) -> list[int]:
    """Return ranks by the responses' ids, so that two labelers who see them shuffled say the same."""
    order = sorted((response["id"] for response in assignment["responses"]), reverse=not upwards)
    return [order.index(response["id"]) + 1 for response in assignment["responses"]]


def work(labeler: Labeler, project: Any, *, tasks: int, upwards: bool = True) -> None:
    for _ in range(tasks):
        assignment = labeler.next(project)
        answered = labeler.submit(assignment, answer_to(assignment, ranks=ranked(assignment, upwards=upwards)))
        assert answered.status_code == 201


def mark(workspace: Workspace, project: Project, **changes: Any) -> Any:
    """Use the project's tasks for calibration."""
    body = {"task_ids": list(project.tasks.values_list("pk", flat=True)), "is_calibration": True}
    return workspace.researcher.post(f"projects/{project.pk}/calibration", body | changes)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def test_agreement_is_with_the_researchers_only(workspace: Workspace) -> None:
    ann, bob, researcher = workspace.labeler(), workspace.labeler(), workspace.researcher
    project = workspace.comparison(tasks=6, members=[ann, bob, researcher], overlap=3)
    workspace.researcher.patch(f"projects/{project.pk}", {"show_agreement": True})
    assert mark(workspace, project).json() == {"tasks": 6}
    work(ann, project, tasks=6)
    work(bob, project, tasks=6, upwards=False)
    nothing = [{"project": {"id": project.pk, "name": project.name}, "least_tasks": 5, "agreement": None}]
    assert ann.get("agreement").json() == nothing, "Bob is no reference"
    cache.clear()
    work(researcher, project, tasks=4)
    assert ann.get("agreement").json() == nothing, "four tasks are too few to tell anything, how many there are too"
    cache.clear()
    work(researcher, project, tasks=1)
    assert ann.get("agreement").json()[0]["agreement"] == {"rate": 1.0, "interval": [0.57, 1.0]}
    assert bob.get("agreement").json()[0]["agreement"]["rate"] == 0


def test_only_marked_tasks_that_stand_count(workspace: Workspace) -> None:
    ann, researcher = workspace.labeler(), workspace.researcher
    project = workspace.comparison(tasks=7, members=[ann, researcher], overlap=2)
    researcher.patch(f"projects/{project.pk}", {"show_agreement": True})
    work(ann, project, tasks=7)
    work(researcher, project, tasks=7)
    first, second, *others = project.tasks.values_list("pk", flat=True)
    assert mark(workspace, project, task_ids=[second, *others[:3]]).json() == {"tasks": 4}
    assert ann.get("agreement").json()[0]["agreement"] is None
    cache.clear()
    assert mark(workspace, project, task_ids=others).json() == {"tasks": 6}
    assert mark(workspace, project, task_ids=[second], is_calibration=False).json() == {"tasks": 5}
    assert ann.get("agreement").json()[0]["agreement"]["rate"] == 1
    cache.clear()
    researcher.post(f"tasks/{others[0]}/withdraw")
    assert ann.get("agreement").json()[0]["agreement"] is None, "one of the five was withdrawn"
    listed = researcher.get(f"projects/{project.pk}/tasks?is_calibration=true").json()["results"]
    assert [task["id"] for task in listed] == others
    unmarked = researcher.get(f"projects/{project.pk}/tasks?is_calibration=false").json()["results"]
    assert [task["id"] for task in unmarked] == [first, second]


def test_marked_tasks_go_to_more_people_and_the_overlap_still_grows(workspace: Workspace) -> None:
    project = workspace.comparison(tasks=3)
    marked = project.tasks.values_list("pk", flat=True)[1]

    def slots() -> list[int]:
        return [Assignment.objects.filter(task=task).count() for task in project.tasks.all()]

    assert mark(workspace, project, task_ids=[marked], overlap=3).status_code == 200
    assert slots() == [1, 3, 1]
    assert mark(workspace, project, task_ids=[marked], overlap=2).status_code == 200, "it only grows"
    for overlap, expected in ((2, [2, 3, 2]), (4, [4, 4, 4])):
        assert workspace.researcher.patch(f"projects/{project.pk}", {"overlap": overlap}).status_code == 200
        assert slots() == expected


def test_wrong_marks_change_nothing(workspace: Workspace) -> None:
    project, other = workspace.comparison(), workspace.comparison()
    own = project.tasks.get().pk
    for change, field in (
        ({"task_ids": [own, other.tasks.get().pk]}, "task_ids.1"),
        ({"task_ids": []}, "task_ids"),
        ({"is_calibration": False, "overlap": 2}, "overlap"),
        ({"overlap": 51}, "overlap"),
    ):
        refused = mark(workspace, project, **change)
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)
    assert mark(workspace, workspace.demonstration()).json()["errors"][0]["field"] == "task_ids"
    assert not project.tasks.filter(is_calibration=True).exists()
    assert Assignment.objects.filter(project=project).count() == 1


def test_what_counted_before_the_mark_is_marked_by_the_migration(workspace: Workspace) -> None:
    migration = import_module("labelapp.labeling.migrations.0007_calibration")
    researcher, ann = workspace.researcher, workspace.labeler()
    shown, hidden = (workspace.comparison(tasks=2, members=[researcher, ann]) for _ in range(2))
    for project in (shown, hidden):
        work(researcher, project, tasks=1)
        work(ann, project, tasks=1)
    researcher.patch(f"projects/{shown.pk}", {"show_agreement": True})
    with connection.cursor() as cursor:
        cursor.execute(migration.MARK_WHAT_COUNTED)
    assert list(shown.tasks.values_list("is_calibration", flat=True)) == [True, False]
    assert not hidden.tasks.filter(is_calibration=True).exists()


def test_a_project_that_does_not_show_it_is_left_out(workspace: Workspace) -> None:
    ann = workspace.labeler()
    project = workspace.comparison(tasks=1, members=[ann])
    assert ann.get("agreement").json() == []
    changed = workspace.researcher.patch(f"projects/{project.pk}", {"show_agreement": True})
    assert changed.json()["show_agreement"] is True
    assert [own["project"]["id"] for own in ann.get("agreement").json()] == [project.pk]
    project.memberships.filter(user=ann.user).delete()
    assert ann.get("agreement").json() == []


def test_the_numbers_stand_still_for_a_day(workspace: Workspace) -> None:
    """One that moved with an answer would tell that the task is of the pool, and which answer was right."""
    ann, researcher = workspace.labeler(), workspace.researcher
    project = workspace.comparison(tasks=6, members=[ann, researcher], overlap=2)
    researcher.patch(f"projects/{project.pk}", {"show_agreement": True})
    mark(workspace, project)
    work(researcher, project, tasks=6)
    work(ann, project, tasks=5)
    first = ann.get("agreement").json()
    assert first[0]["agreement"]["rate"] == 1
    work(ann, project, tasks=1, upwards=False)
    assert ann.get("agreement").json() == first
    cache.clear()
    assert ann.get("agreement").json()[0]["agreement"]["rate"] == 0.83  # 30 of 36 pairs

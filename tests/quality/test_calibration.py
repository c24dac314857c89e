"""GET agreement: one's own, with the researchers, where the project shows it."""

from typing import Any

import pytest
from django.core.cache import cache

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


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.clear()


def test_agreement_is_with_the_researchers_only(workspace: Workspace) -> None:
    ann, bob, researcher = workspace.labeler(), workspace.labeler(), workspace.researcher
    project = workspace.comparison(tasks=6, members=[ann, bob, researcher], overlap=3)
    workspace.researcher.patch(f"projects/{project.pk}", {"show_agreement": True})
    work(ann, project, tasks=6)
    work(bob, project, tasks=6, upwards=False)
    assert ann.get("agreement").json() == [
        {
            "project": {"id": project.pk, "name": project.name},
            "tasks": 0,
            "least_tasks": 5,
            "agreement": None,
        }
    ], "Bob is no reference"
    cache.clear()
    work(researcher, project, tasks=4)
    assert ann.get("agreement").json()[0]["agreement"] is None, "four tasks are too few to tell anything"
    cache.clear()
    work(researcher, project, tasks=1)
    own = ann.get("agreement").json()[0]
    assert (own["tasks"], own["agreement"]["pairs"], own["agreement"]["rate"]) == (5, 30, 1.0)
    assert bob.get("agreement").json()[0]["agreement"]["rate"] == 0


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
    work(researcher, project, tasks=6)
    work(ann, project, tasks=5)
    first = ann.get("agreement").json()
    assert (first[0]["tasks"], first[0]["agreement"]["rate"]) == (5, 1.0)
    work(ann, project, tasks=1, upwards=False)
    assert ann.get("agreement").json() == first
    cache.clear()
    assert ann.get("agreement").json()[0]["tasks"] == 6

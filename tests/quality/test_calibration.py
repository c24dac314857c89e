"""GET agreement: one's own, with the researchers, where the project shows it."""

from typing import Any

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
    work(researcher, project, tasks=4)
    assert ann.get("agreement").json()[0]["agreement"] is None, "four tasks are too few to tell anything"
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

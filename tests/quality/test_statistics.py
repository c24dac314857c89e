"""GET projects/{id}/statistics, by hand on a small record."""

from typing import Any

from tests.labeling.workspace import Labeler, Workspace, answer_to


def test_a_small_record_by_hand(workspace: Workspace) -> None:
    """Ann and Bob rank the same four responses a, b, c, d; Cem skips.

    Ann: a b c d as 1 2 3 4. Bob: a b c d as 2 1 3 3. Pairs ordered by both: ab (they differ), ac, ad, bc, bd (alike);
    cd is Bob's tie. So 4 of 5 agree, and 1 of 12 pairs is tied.
    """
    ann, bob, cem = workspace.labeler(), workspace.labeler(), workspace.labeler()
    project = workspace.comparison(members=[ann, bob, cem], overlap=3)
    first = ann.next(project)
    order = [response["id"] for response in first["responses"]]
    ann.submit(first, answer_to(first, ranks=[1, 2, 3, 4], active_seconds=30))
    second = bob.next(project)
    rank_of = dict(zip(order, [2, 1, 3, 3], strict=True))
    shown = [response["id"] for response in second["responses"]]
    bob.submit(second, answer_to(second, ranks=[rank_of[pk] for pk in shown], active_seconds=50))
    skipped = cem.next(project)
    cem.post(f"assignments/{skipped['id']}/skip", {"lease_token": skipped["lease_token"], "reason": "unsafe"})

    statistics = workspace.researcher.get(f"projects/{project.pk}/statistics").json()
    agreement = statistics["agreement"]
    assert (agreement["pairs"], agreement["agreeing"], agreement["tied_pairs"]) == (5, 4, 1)
    assert agreement["rate"] == 0.8
    assert 0 < agreement["interval"][0] < 0.8 < agreement["interval"][1] <= 1
    assert statistics["ties_rate"] == 1 / 12
    assert statistics["throughput"][-1]["count"] == 2
    assert len(statistics["throughput"]) == 30
    rows = [
        (row["user"]["id"], row["count"], row["median_active_seconds"], row["skips"]) for row in statistics["labelers"]
    ]
    assert rows == [(ann.user.pk, 1, 30, 0), (bob.user.pk, 1, 50, 0), (cem.user.pk, 0, None, 1)]


def test_only_the_last_revision_counts(workspace: Workspace) -> None:
    ann, bob = workspace.labeler(), workspace.labeler()
    project = workspace.comparison(members=[ann, bob], overlap=2)
    first, second = ann.next(project), bob.next(project)
    order = sorted(response["id"] for response in first["responses"])

    def ranked(assignment: dict[str, Any]) -> list[int]:
        return [order.index(response["id"]) + 1 for response in assignment["responses"]]

    ann.submit(first, answer_to(first, ranks=[1, 1, 1, 1]))
    bob.submit(second, answer_to(second, ranks=ranked(second)))
    assert workspace.researcher.get(f"projects/{project.pk}/statistics").json()["agreement"] is None
    edit = answer_to(first, ranks=ranked(first))
    del edit["lease_token"]
    ann.post(f"assignments/{first['id']}/revise", edit)
    statistics = workspace.researcher.get(f"projects/{project.pk}/statistics").json()
    assert statistics["agreement"]["rate"] == 1
    assert statistics["ties_rate"] == 0
    assert statistics["labelers"][0]["count"] == 1, "an edit is no further answer"


def test_an_empty_project_has_no_numbers(workspace: Workspace) -> None:
    project = workspace.comparison()
    statistics = workspace.researcher.get(f"projects/{project.pk}/statistics").json()
    assert (statistics["agreement"], statistics["ties_rate"], statistics["labelers"]) == (None, None, [])


def test_labelers_may_not_see_them(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    assert labeler.get(f"projects/{project.pk}/statistics").status_code == 404
    assert workspace.researcher.get("projects/999999/statistics").status_code == 404


def test_the_cost_does_not_grow_with_labelers(workspace: Workspace, django_assert_num_queries: Any) -> None:
    people = [workspace.labeler() for _ in range(4)]
    project = workspace.comparison(members=people, overlap=4)
    for person in people:
        person.submit(person.next(project))
    with django_assert_num_queries(6):  # user, project, rankings, days, labelers, their names
        workspace.researcher.get(f"projects/{project.pk}/statistics")

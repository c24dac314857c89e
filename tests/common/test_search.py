"""Lists that people choose from: each finds rows by a part of their name, and by their kinds."""

from collections.abc import Callable, Iterator

import pytest
from django.db.models import Model
from rest_framework.test import APIClient

from labelapp.checkpoints.models import Checkpoint, CheckpointKind, Endpoint
from labelapp.datasets.models import Cohort, Dataset, DatasetKind, DatasetVersion
from labelapp.labeling.models import Project, ProjectKind
from labelapp.prompts.models import SampleBatch
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db
NAMES = ("Apples of May", "Pears of MAY", "50% plums")


def projects() -> Iterator[Model]:
    for name, kind, state in zip(NAMES, ProjectKind, Project.State, strict=False):
        yield Project.objects.create(name=name, kind=kind, state=state)


def checkpoints() -> Iterator[Model]:
    for name, kind in zip(NAMES, CheckpointKind, strict=False):
        yield Checkpoint.objects.create(name=name, kind=kind, location=name)


def batches() -> Iterator[Model]:
    apples = Checkpoint.objects.create(name=NAMES[0], kind=CheckpointKind.SFT, location="apples")
    pears = Endpoint.objects.create(name=NAMES[1], base_url="http://localhost", model="pears")
    yield SampleBatch.objects.create(name="first", checkpoint=apples)
    yield SampleBatch.objects.create(name="second", endpoint=pears)
    yield SampleBatch.objects.create(name=NAMES[2])


def cohorts() -> Iterator[Model]:
    for name in NAMES:
        yield Cohort.objects.create(name=name)


def versions() -> Iterator[Model]:
    for name, kind in zip(NAMES, DatasetKind, strict=True):
        dataset = Dataset.objects.create(name=name, kind=kind)
        yield DatasetVersion.objects.create(dataset=dataset, number=1)


def people() -> Iterator[Model]:
    for number, name in enumerate(NAMES):
        yield make_user(name=name, email=f"{number}@example.org")


LISTS = {
    "projects": projects,
    "checkpoints": checkpoints,
    "sample-batches": batches,
    "cohorts": cohorts,
    "dataset-versions": versions,
    "users": people,
}


def found(client: APIClient, path: str, query: str) -> set[int]:
    answer = client.get(f"/api/v1/{path}?{query}")
    assert answer.status_code == 200, answer.content
    return {row["id"] for row in answer.json()["results"]}


@pytest.mark.parametrize(("path", "make"), LISTS.items())
def test_a_list_is_searched_by_a_part_of_the_name_and_a_row_is_had_by_its_id(
    path: str, make: Callable[[], Iterator[Model]]
) -> None:
    client = client_of(make_user("researcher", name="Nobody"))
    apples, pears, plums = (row.pk for row in make())
    assert found(client, path, "search=of%20may") == {apples, pears}
    assert found(client, path, "search=50%25%20") == {plums}, "a percent sign is a percent sign"
    assert not found(client, path, "search=cherries")
    assert found(client, path, "search=") == found(client, path, "") >= {apples, pears, plums}
    for wrong in ("search=a%00b", "search=" + "x" * 161, "find=may"):
        refused = client.get(f"/api/v1/{path}?{wrong}")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, wrong.partition("=")[0])
    assert client.get(f"/api/v1/{path}/{plums}").json()["id"] == plums
    assert client.get(f"/api/v1/{path}/{plums + 10_000}").status_code == 404


@pytest.mark.parametrize("path", ["projects", "checkpoints", "dataset-versions"])
def test_a_list_is_of_one_kind_or_of_several(path: str) -> None:
    client = client_of(make_user("researcher"))
    first, second, third = LISTS[path]()
    kinds = [getattr(row, "kind", None) or row.dataset.kind for row in (first, second)]  # type: ignore[attr-defined]
    assert found(client, path, f"kind={kinds[0]}") == {first.pk}
    assert found(client, path, f"kind={kinds[0]}&kind={kinds[1]}") == {first.pk, second.pk}
    assert third.pk not in found(client, path, f"kind={kinds[0]}&kind={kinds[1]}")
    refused = client.get(f"/api/v1/{path}?kind={kinds[0]}&kind=odd")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "kind")


def test_projects_are_listed_of_several_states() -> None:
    client = client_of(make_user("researcher"))
    active, paused, archived = (row.pk for row in projects())
    assert found(client, "projects", "state=active&state=paused") == {active, paused}
    assert found(client, "projects", "state=archived") == {archived}

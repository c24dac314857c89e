"""From a checkpoint back to the labels that made it, and from a labeler to the checkpoints they touched."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from labelapp.accounts.models import Role, User
from labelapp.checkpoints.actions import register_checkpoint
from labelapp.checkpoints.models import Checkpoint
from labelapp.datasets.models import DatasetRow, DatasetVersion
from labelapp.labeling.models import Assignment, Project, Submission
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.models import Prompt
from labelapp.runs.models import Run, RunInput, RunState
from tests.people import client_of, make_user
from tests.runs.world import make_model, make_project, make_prompts, make_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> APIClient:
    return client_of(make_user(Role.RESEARCHER))


@pytest.fixture
def labeler() -> User:
    return make_user(Role.LABELER)


def said_by(labeler: User, version: DatasetVersion, *, count: int) -> None:
    """Put so many demonstrations of this labeler into a version."""
    project: Project = make_project(kind="demonstration")
    prompts = make_prompts(count)
    create_tasks(project.pk, prompts=Prompt.objects.filter(pk__in=[prompt.pk for prompt in prompts]))
    for slot in Assignment.objects.filter(project=project).select_related("task"):
        submission = Submission.objects.create(
            assignment=slot,
            project=project,
            task=slot.task,
            labeler=labeler,
            instruction_version=project.instruction_versions.get(),
            content_sha256="0",
            demonstration="It.",
        )
        last = version.rows.count()
        DatasetRow.objects.create(
            version=version, split="train", number=last, submission=submission, prompt=slot.task.prompt
        )


def made(kind: str, *, parents: dict[str, Checkpoint], datasets: dict[str, DatasetVersion], name: str) -> Checkpoint:
    """A checkpoint of a run that has succeeded."""
    links = [(parent, used_as) for used_as, parent in parents.items()]
    checkpoint = register_checkpoint(name, kind=kind, location=f"models/{name}", parents=links)
    run = Run.objects.create(
        kind="sft" if kind == "sft" else "reward_model" if kind == "reward_model" else "ppo",
        name=name,
        state=RunState.SUCCEEDED,
        directory=f"runs/{name}",
        checkpoint=checkpoint,
    )
    RunInput.objects.bulk_create(
        RunInput(run=run, role=role, dataset_version=version) for role, version in datasets.items()
    )
    return checkpoint


@pytest.fixture
def family(labeler: User) -> dict[str, Any]:
    """base → sft → (reward model, policy), with the labels of two people in the demonstrations."""
    demonstrations, comparisons = make_version("demonstrations", state="writing"), make_version("comparisons")
    said_by(labeler, demonstrations, count=2)
    said_by(make_user(Role.LABELER), demonstrations, count=1)
    DatasetVersion.objects.filter(pk=demonstrations.pk).update(state=DatasetVersion.State.READY)
    base = make_model()
    sft = made("sft", parents={"initial_weights": base}, datasets={"demonstrations": demonstrations}, name="sft")
    rm = made("reward_model", parents={"initial_weights": sft}, datasets={"comparisons": comparisons}, name="rm")
    parents = {"initial_weights": sft, "reward_model": rm}
    policy = made("policy", parents=parents, datasets={"prompts": make_version("prompts")}, name="policy")
    return {"base": base, "sft": sft, "rm": rm, "policy": policy, "demonstrations": demonstrations}


def test_a_policy_leads_back_to_the_labelers(client: APIClient, family: dict[str, Any], labeler: User) -> None:
    lineage = client.get(f"/api/v1/checkpoints/{family['policy'].pk}/lineage").json()
    assert (lineage["checkpoint"]["name"], lineage["run"]["kind"], lineage["children"]) == ("policy", "ppo", [])
    by_use = {parent["used_as"]: parent for parent in lineage["parents"]}
    sft = by_use["initial_weights"]
    assert [parent["checkpoint"]["id"] for parent in sft["parents"]] == [family["base"].pk]
    [dataset] = sft["datasets"]
    assert dataset["version"]["id"] == family["demonstrations"].pk
    assert [row["count"] for row in dataset["labelers"]] == [2, 1]
    assert dataset["labelers"][0]["pseudonym"] == labeler.pseudonym
    assert labeler.email not in str(lineage)
    again = by_use["reward_model"]["parents"][0]
    assert (again["checkpoint"]["name"], again["is_repeated"], again["parents"]) == ("sft", True, [])


def test_a_checkpoint_names_what_was_made_from_it(client: APIClient, family: dict[str, Any]) -> None:
    lineage = client.get(f"/api/v1/checkpoints/{family['sft'].pk}/lineage").json()
    children = {(child["name"], child["used_as"]) for child in lineage["children"]}
    assert children == {("rm", "initial_weights"), ("policy", "initial_weights")}
    base = client.get(f"/api/v1/checkpoints/{family['base'].pk}/lineage").json()
    assert (base["run"], base["datasets"], base["parents"]) == (None, [], [])


def test_a_labeler_leads_to_every_model_they_touched(client: APIClient, family: dict[str, Any], labeler: User) -> None:
    lineage = client.get(f"/api/v1/users/{labeler.pk}/lineage").json()
    assert lineage["submissions"] == 2
    [dataset] = lineage["datasets"]
    assert (dataset["version"]["id"], dataset["rows_of_user"]) == (family["demonstrations"].pk, 2)
    touched = {checkpoint["name"]: checkpoint["is_direct"] for checkpoint in lineage["checkpoints"]}
    assert touched == {"sft": True, "rm": False, "policy": False}
    nobody = client.get(f"/api/v1/users/{make_user().pk}/lineage").json()
    assert nobody == {"submissions": 0, "datasets": [], "checkpoints": []}


def test_a_long_line_of_turns_is_read_in_few_queries(client: APIClient) -> None:
    last = make_model()
    for number in range(12):
        rm = made("reward_model", parents={"initial_weights": last}, datasets={}, name=f"rm{number}")
        parents = {"initial_weights": last, "reward_model": rm}
        last = made("policy", parents=parents, datasets={}, name=f"policy{number}")
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/api/v1/checkpoints/{last.pk}/lineage")
    assert answer.status_code == 200
    assert len(queries) <= 30
    assert answer.content.count(b'"is_repeated":false') == 25


def test_who_may_ask(client: APIClient, family: dict[str, Any], labeler: User) -> None:
    for path in (f"checkpoints/{family['sft'].pk}/lineage", f"users/{labeler.pk}/lineage"):
        assert client_of(labeler).get(f"/api/v1/{path}").status_code == 404
    for path in ("checkpoints/999999/lineage", "users/999999/lineage"):
        assert client.get(f"/api/v1/{path}").json()["code"] == "not_found"

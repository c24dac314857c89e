"""The first page: each role sees its own part and those below."""

import time

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labelapp.accounts.models import Role
from labelapp.common import health
from labelapp.labeling.models import Membership
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.models import Prompt
from labelapp.runs.home import find_problems
from labelapp.runs.models import Run, RunState
from tests.people import client_of, make_user
from tests.runs.world import make_project, make_prompts, make_version

pytestmark = pytest.mark.django_db


def make_run(state: str) -> Run:
    return Run.objects.create(kind="sft", name=f"a run that is {state}", state=state, directory=f"runs/{state}")


def test_each_role_sees_its_parts() -> None:
    for role, parts in ((Role.LABELER, 1), (Role.RESEARCHER, 2), (Role.ADMIN, 3)):
        home = client_of(make_user(role)).get("/api/v1/home").json()
        assert home["role"] == role
        assert [bool(home[part]) for part in ("labeler", "researcher", "admin")] == [
            number < parts for number in range(3)
        ]
    assert client_of(None).get("/api/v1/home").status_code == 401


def test_a_labeler_sees_where_work_waits() -> None:
    labeler = make_user(Role.LABELER)
    project = make_project(kind="demonstration", member_ids=[labeler.pk])
    make_project()
    create_tasks(project.pk, prompts=Prompt.objects.filter(pk__in=[prompt.pk for prompt in make_prompts()]))
    home = client_of(labeler).get("/api/v1/home").json()
    assert [(row["name"], row["has_work"]) for row in home["labeler"]["projects"]] == [(project.name, True)]
    Membership.objects.update(left_at="2026-01-01T00:00:00Z")
    assert client_of(labeler).get("/api/v1/home").json()["labeler"]["projects"] == []


def test_a_researcher_sees_queues_and_datasets_at_the_same_cost_for_any_number() -> None:
    client = client_of(make_user(Role.RESEARCHER))
    make_project(overlap=2)
    version = make_version("prompts")
    cache.clear()
    with CaptureQueriesContext(connection) as few:
        home = client.get("/api/v1/home").json()["researcher"]
    assert [queue["agreement"] for queue in home["queues"]] == [None]
    assert [dataset["id"] for dataset in home["datasets"]] == [version.pk]
    assert len(home["throughput"]) == 30
    for _ in range(3):
        make_project(overlap=2)
        make_version("prompts")
    cache.clear()
    with CaptureQueriesContext(connection) as many:
        assert len(client.get("/api/v1/home").json()["researcher"]["queues"]) == 4
    assert len(many) <= len(few)


def test_an_admin_sees_live_and_ended_runs() -> None:
    for state in (RunState.RUNNING, RunState.QUEUED, RunState.FAILED):
        make_run(state)
    home = client_of(make_user(Role.ADMIN)).get("/api/v1/home").json()["admin"]
    assert {run["state"] for run in home["live_runs"]} == {"running", "queued"}
    assert [run["state"] for run in home["ended_runs"]] == ["failed"]
    assert home["system"]["storage"]["total_bytes"] > 0


def test_what_is_wrong_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    health.sign_worker("both", queues=["default", "runs"], started_at=time.time())
    health.sign_beat()
    system = health.system_state()
    assert [problem.code for problem in find_problems(system) if problem.code != "little_space"] == []
    monkeypatch.setattr(health, "ALIVE_SECONDS", -1.0)  # so all that ever signed are long gone
    gone = health.system_state() | {"storage": system["storage"] | {"free_bytes": 10**9}}
    problems = find_problems(gone)
    assert [problem.code for problem in problems] == [
        "queue_unserved",
        "queue_unserved",
        "beat_stopped",
        "little_space",
    ]
    assert "--queues runs" in problems[1].message
    health.forget_worker("both")

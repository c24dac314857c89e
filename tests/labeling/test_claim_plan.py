"""A claim must cost the same in a project of a million tasks: no plan of it may read more than a few rows."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from labelapp.labeling.assignment import CLAIM, PACKAGE, claim_next
from labelapp.labeling.models import Assignment, Project
from labelapp.labeling.upcoming import UPCOMING
from tests.labeling.workspace import Labeler, Workspace

TASKS = 20_000


@pytest.fixture(scope="module")
def workspace(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Workspace]:
    """Provide one workspace for all tests here, each of which is rolled back to it."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Workspace()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def labeler(workspace: Workspace) -> Labeler:
    return workspace.labeler()


@pytest.fixture(scope="module")
def made_once(workspace: Workspace, labeler: Labeler) -> Project:
    """Make a project of many tasks, half of which this labeler has done, beside another one as large."""
    for _ in range(2):
        project = workspace.demonstration(members=[labeler], overlap=2)
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH made AS (INSERT INTO labeling_task (project_id, prompt_id, created_at)"
                " SELECT %(project)s, id, now() FROM prompts_prompt WHERE submitter_id = %(submitter)s RETURNING id)"
                " INSERT INTO labeling_assignment (task_id, project_id, number, state, shown_order)"
                " SELECT id, %(project)s, number, 'open', '[]' FROM made, generate_series(1, 2) number"
                " ORDER BY id, number",
                {"project": project.pk, "submitter": _many_prompts(cursor)},
            )
            cursor.execute(
                "UPDATE labeling_assignment SET state = 'submitted', labeler_id = %s, submitted_at = now()"
                " WHERE project_id = %s AND number = 1"
                " AND id <= (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id)"
                " FROM labeling_assignment WHERE project_id = %s)",
                [labeler.user.pk, project.pk, project.pk],
            )
            cursor.execute("ANALYZE")
    connection.check_constraints()  # at once, or each test's end would check every row again
    return project


@pytest.fixture
def large_project(made_once: Project, db: None) -> Project:
    return made_once


def _many_prompts(cursor: Any) -> int:
    cursor.execute(
        "INSERT INTO prompts_submitter (key, split, created_at)"
        " VALUES (md5(random()::text), 'train', now()) RETURNING id"
    )
    submitter_id: int = cursor.fetchone()[0]
    cursor.execute(
        "INSERT INTO prompts_prompt (messages, text, kind, use_case, submitter_id, language, annotations,"
        " deployment_context, pii_findings, dedup_key, created_at)"
        " SELECT '[]', 'x', 'plain', 'other', %s, '', '{}', '', '[]', md5(random()::text || number), now()"
        " FROM generate_series(1, %s) number",
        [submitter_id, TASKS],
    )
    return submitter_id


def rows_read(plan: dict[str, Any]) -> int:
    """Return the most rows that any node of an EXPLAIN ANALYZE looked at."""
    own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return max([int(own), *(rows_read(part) for part in plan.get("Plans", []))])


def test_a_claim_reads_a_few_rows_of_partial_indexes(large_project: Project, labeler: Labeler) -> None:
    parameters: dict[str, Any] = {"project": large_project.pk, "labeler": labeler.user.pk}
    parameters |= {"token": "6e2c4d8e-0000-4000-8000-000000000000", "preferred": None}
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + CLAIM + PACKAGE, parameters)
        (explained,) = cursor.fetchone()
    plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    assert "assignment_open" in json.dumps(plan)
    assert rows_read(plan) <= 10, json.dumps(plan, indent=1)
    assert Assignment.objects.get(labeler=labeler.user, state="leased").project == large_project


def test_what_was_done_is_not_walked_over(large_project: Project, labeler: Labeler) -> None:
    """The labeler has done the first half of the tasks, whose second slots are open: theirs is in the other half."""
    furthest = large_project.assignments.filter(labeler=labeler.user).latest("pk").pk
    found = claim_next(project_id=large_project.pk, labeler_id=labeler.user.pk)
    assert found.assignment is not None
    assert found.assignment["id"] > furthest


def test_a_look_at_what_comes_next_is_as_flat(large_project: Project, labeler: Labeler) -> None:
    claim_next(project_id=large_project.pk, labeler_id=labeler.user.pk)
    parameters = {"project": large_project.pk, "labeler": labeler.user.pk}
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + UPCOMING, parameters)
        (explained,) = cursor.fetchone()
    plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]["Plan"]
    assert "assignment_open" in json.dumps(plan)
    assert rows_read(plan) <= 10, json.dumps(plan, indent=1)

"""What a submitter sent who asked for deletion: no list, page or table shows it, until the request is withdrawn."""

import importlib
from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from labelapp.accounts.models import User
from labelapp.datasets.erasures import request_erasure, withdraw_erasure
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts import scanning
from labelapp.prompts.actions import create_prompt
from labelapp.prompts.models import Prompt, Submitter
from tests.labeling.workspace import Workspace
from tests.people import client_of, make_user
from tests.prompts.conftest import Upload, confirm
from tests.prompts.test_forgetting import LINES, LONG, SECRET, everything_about, redact_all

pytestmark = pytest.mark.django_db
OTHER = {"prompt": "Name three lakes", "submitter": "zebra", "use_case": "open_qa"}


@pytest.fixture
def admin() -> User:
    return make_user("admin")


@pytest.fixture
def prompts(upload: Upload, researcher: APIClient) -> list[dict[str, Any]]:
    """Acme's prompt with everything beside it, another's, and imports whose lines were left out because of them."""
    first = {**LINES[0], "responses": [f"Dear {SECRET}"], "deployment_context": SECRET}
    again = [{**line, "submitter": "zebra"} for line in LINES[:4]]
    return [
        confirm(researcher, upload(rows).json()).json()
        for rows in ([first, OTHER], [*again, {"prompt": "Name three rivers", "submitter": "zebra"}])
    ]


def everything(client: APIClient, prompts: list[dict[str, Any]]) -> str:
    paths = ["prompts/facets", "prompts/count", "prompts/statistics", "prompts/personal-data"]
    paths += [f"prompts/{pk}/alike" for pk in Prompt.objects.values_list("pk", flat=True)]
    answers = [client.get(f"/api/v1/{path}") for path in paths]
    assert all(answer.status_code == 200 for answer in answers)
    return everything_about(client, *prompts) + " ".join(answer.content.decode() for answer in answers)


def test_what_is_erased_is_nowhere_to_be_read(
    researcher: APIClient, prompts: list[dict[str, Any]], admin: User
) -> None:
    while scanning.scan_batch():
        pass
    kept = Prompt.objects.get(text=LONG)
    near = create_prompt({"messages": [{"role": "user", "content": f"{LONG} soon"}]}, created_by=admin)
    before = everything(researcher, prompts)
    assert researcher.get(f"/api/v1/prompts/{near.pk}/alike").json()[0]["id"] == kept.pk
    near.delete()

    asked = request_erasure(created_by=admin, submitter_id=kept.submitter_id)
    shown = everything(researcher, prompts)
    assert SECRET in before
    assert SECRET not in shown
    assert '"acme"' not in researcher.get("/api/v1/prompts/statistics").content.decode()
    page = researcher.get(f"/api/v1/prompts/{kept.pk}").json()
    assert (page["is_withheld"], page["messages"], page["batches"]) == (True, [], [])
    assert researcher.get("/api/v1/prompts/count").json()["count"] == 2
    kinds = researcher.get("/api/v1/prompts/facets").json()["kind"]
    assert {facet["value"]: facet["count"] for facet in kinds}["imported"] == 2

    withdraw_erasure(asked)
    assert everything(researcher, prompts).count(SECRET) > 5
    assert researcher.get(f"/api/v1/prompts/{kept.pk}").json()["is_withheld"] is False


def test_what_was_redacted_cannot_be_looked_at_once_it_is_erased(prompts: list[dict[str, Any]], admin: User) -> None:
    redact_all()
    prompt = Prompt.objects.get(submitter__key="acme")
    path = f"/api/v1/prompts/{prompt.pk}/original"
    assert client_of(admin).post(path).status_code == 200
    request_erasure(created_by=admin, submitter_id=prompt.submitter_id)
    assert client_of(admin).post(path).status_code == 404


def test_a_change_to_all_that_a_filter_finds_leaves_it_alone(
    researcher: APIClient, prompts: list[dict[str, Any]], admin: User
) -> None:
    request_erasure(created_by=admin, submitter_id=Submitter.objects.get(key="acme").pk)
    done = researcher.post("/api/v1/prompts/bulk", {"action": "archive", "filter": {"archived": None}}).json()
    assert done["changed_count"] == 2
    left = Prompt.objects.get(archived_at=None)
    assert left.submitter.key == "acme"
    project = Workspace().demonstration(tasks=0)
    created = create_tasks(project.pk, prompts=Prompt.objects.filter(pk=left.pk))
    assert (created.created, created.skipped[0].reason) == (0, "Its submitter asked for deletion.")


def test_it_is_shown_again_when_the_last_request_is_withdrawn(researcher: APIClient, admin: User) -> None:
    author = make_user("researcher")
    of_person = request_erasure(created_by=admin, user_id=author.pk)
    prompt = create_prompt({"messages": [{"role": "user", "content": "Hi"}]}, created_by=author)
    assert researcher.get("/api/v1/prompts").json()["count"] == 0, "it was written after the request"
    of_submitter = request_erasure(created_by=admin, submitter_id=prompt.submitter_id)
    for asked, count in ((of_person, 0), (of_submitter, 1)):
        withdraw_erasure(asked)
        assert researcher.get("/api/v1/prompts").json()["count"] == count


def test_who_asked_before_it_was_marked_is_marked(researcher: APIClient, prompts: list[Any], admin: User) -> None:
    create_prompt({"messages": [{"role": "user", "content": "Hi"}]}, created_by=admin)
    request_erasure(created_by=admin, user_id=admin.pk)
    request_erasure(created_by=admin, submitter_id=Submitter.objects.get(key="acme").pk)
    withdraw_erasure(request_erasure(created_by=admin, submitter_id=Submitter.objects.get(key="zebra").pk))
    marked = set(Submitter.objects.exclude(erased_at=None))
    Submitter.objects.update(erased_at=None)
    with connection.cursor() as cursor:
        cursor.execute(importlib.import_module("labelapp.datasets.migrations.0006_erased_submitters").MARK)
    assert set(Submitter.objects.exclude(erased_at=None)) == marked
    assert {one.key for one in marked} == {"acme", f"user:{admin.pseudonym}"}

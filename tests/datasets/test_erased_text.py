"""After a request for deletion nothing that the API reads shows what the person asked, and no task asks for more."""

import importlib
import re
import uuid
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.db import connection

from labelapp.datasets.actions import create_dataset
from labelapp.datasets.erasures import request_erasure, withdraw_erasure
from labelapp.datasets.filters import parse_filters
from labelapp.datasets.models import DatasetVersion
from labelapp.datasets.writing import write_version
from labelapp.labeling.models import Assignment, Project, Submission, Task
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.erased import mark_erased
from labelapp.prompts.models import Prompt, Submitter
from tests.architecture.routes import ROUTES
from tests.labeling.workspace import Labeler, Workspace, answer_to

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "the harbour of Bergen"
# What was frozen stays as it is (docs/data.md, "Deletion"): the files of a version, and what is exported of them.
FROZEN = {
    "api/v1/dataset-versions/<int:version_id>/export",
    "api/v1/dataset-versions/<int:version_id>/files/<str:name>",
}
SHOWING = {
    *("assignments/<int:assignment_id>", "history", "projects/<int:project_id>/upcoming", "reports", "threads"),
    *("prompts", "prompts/<int:prompt_id>", "projects/<int:project_id>/tasks", "submissions", "skips", "review"),
    *("submissions/<int:submission_id>", "review/<int:task_id>", "projects/<int:project_id>/results/judgments"),
    *("dataset-versions/<int:version_id>/rows", "dataset-versions/<int:version_id>/changes"),
}


class Asked:
    """Prompts of somebody in every kind of project: answered, begun, waiting, skipped, flagged, asked about, frozen."""

    def __init__(self) -> None:
        self.workspace = Workspace()
        self.admin = self.workspace.labeler(role="admin")
        self.submitter = Submitter.objects.create(key="acme", split="train")
        self.lea, self.tom = self.workspace.labeler(), self.workspace.labeler()
        members = [self.lea, self.tom]
        self.project = self.workspace.comparison(prompts=[*self.prompts(4), self.workspace.prompt()], members=members)
        self.evaluation = self.workspace.evaluation(prompts=self.prompts(1), members=members)
        self.answered = self.lea.next(self.project)
        assert self.lea.submit(self.answered, answer_to(self.answered, notes=f"On {SECRET}")).status_code == 201
        evaluated = self.lea.next(self.evaluation)
        assert self.lea.submit(evaluated).status_code == 201
        self.begun = self.lea.next(self.project)
        skipped = self.tom.next(self.project)
        self.tom.post(f"assignments/{skipped['id']}/skip", {"lease_token": skipped["lease_token"], "reason": "unclear"})
        self.asked = self.tom.next(self.project)
        said = {"idempotency_key": str(uuid.uuid4()), "body": "Is this right?"}
        assert self.tom.post(f"tasks/{self.asked['task_id']}/thread", said).status_code == 201
        self.versions = [self.freeze(use_cases=[]), self.freeze(use_cases=["other"])]

    def prompts(self, count: int) -> list[Prompt]:
        texts = [f"Tell me of {SECRET}, {number} of {uuid.uuid4()}" for number in range(count)]
        return [self.workspace.prompt(text, submitter=self.submitter, use_case="chat") for text in texts]

    def freeze(self, **query: Any) -> DatasetVersion:
        kind, author = "prompts", self.admin.user
        dataset = create_dataset(f"Of {query}", kind=kind, created_by=author)
        filters = parse_filters(kind, query)
        version = DatasetVersion.objects.create(dataset=dataset, number=1, query=filters, created_by=author)
        write_version(version.pk)
        return version

    def people(self) -> Iterator[Labeler]:
        yield from (self.admin, self.lea, self.tom)

    def showing(self) -> set[str]:
        """The routes on which somebody reads what was asked."""
        return {route.removeprefix("api/v1/") for route in ROUTES if any(SECRET in text for text in self.read(route))}

    def read(self, route: str) -> Iterator[str]:
        """All that anybody gets from one route."""
        if "GET" not in ROUTES[route] or route in FROZEN or route == "api/v1/events":
            return
        ids = {
            "assignment_id": Assignment.objects.values_list("pk", flat=True),
            "submission_id": Submission.objects.values_list("pk", flat=True),
            "task_id": Task.objects.values_list("pk", flat=True),
            "prompt_id": Prompt.objects.values_list("pk", flat=True),
            "project_id": Project.objects.values_list("pk", flat=True),
            "version_id": [version.pk for version in self.versions],
            "user_id": [person.user.pk for person in self.people()],
        }
        names = re.findall(r"<\w+:(\w+)>", route)
        other = self.versions[1].pk
        query = {"changes": f"?against={other}&side=came", "judgments": f"?source={self.source()}"}
        for values in product(*(ids.get(name, [1]) for name in names)):
            path = re.sub(r"<\w+:\w+>", "{}", route).format(*values)
            for person in self.people():
                if ROUTES[route]["GET"] == "labeler" or person is self.admin:
                    yield person.client.get(f"/{path}{query.get(path.rsplit('/')[-1], '')}").getvalue().decode()

    def source(self) -> int:
        return self.evaluation.sources.order_by("pk")[0].batch_id


@pytest.fixture
def asked() -> Asked:
    return Asked()


def test_no_route_shows_what_was_erased(asked: Asked) -> None:
    assert asked.showing() == SHOWING
    erasure = request_erasure(created_by=asked.admin.user, submitter_id=asked.submitter.pk)
    assert asked.showing() == set()
    withdraw_erasure(erasure)
    assert SECRET in asked.admin.get(f"prompts/{asked.answered['prompt']['id']}").content.decode()


def test_a_page_of_an_answer_says_that_its_prompt_was_erased(asked: Asked) -> None:
    request_erasure(created_by=asked.admin.user, submitter_id=asked.submitter.pk)
    said = Submission.objects.get(assignment=asked.answered["id"])
    page = asked.admin.get(f"submissions/{said.pk}").json()
    assert (page["is_withheld"], page["prompt"]["is_withheld"], page["prompt"]["messages"]) == (True, True, [])
    assert [judgment["rank"] for judgment in sorted(page["judgments"], key=lambda one: one["rank"])] == [1, 2, 3, 4]
    assert {entry["prompt"]["text"] for entry in asked.lea.get("history").json()["results"]} == {""}


def test_what_was_not_begun_goes_and_what_was_begun_ends_calmly(asked: Asked) -> None:
    request_erasure(created_by=asked.admin.user, submitter_id=asked.submitter.pk)
    theirs = Assignment.objects.filter(task__prompt__submitter=asked.submitter)
    assert set(theirs.values_list("state", flat=True)) == {"submitted", "withdrawn"}
    path = f"assignments/{asked.begun['id']}"
    token = {"lease_token": asked.begun["lease_token"]}
    answers = [
        asked.lea.submit(asked.begun),
        asked.lea.post(f"{path}/heartbeat", token),
        asked.lea.post(f"{path}/skip", {**token, "reason": "unclear"}),
        asked.lea.get(path),
        asked.lea.post(f"assignments/{asked.answered['id']}/revise", revision(asked.answered)),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "prompt_erased")] * 5
    assert SECRET not in str(asked.lea.next(asked.project)), "the other submitter's comes next"


def test_an_upgrade_withdraws_what_waits_of_who_asked_before(asked: Asked) -> None:
    mark_erased([asked.submitter])
    others = set(Task.objects.exclude(prompt__submitter=asked.submitter).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(importlib.import_module("labelapp.datasets.migrations.0008_tasks_of_erased").WITHDRAW)
    assert set(Task.objects.filter(withdrawn_at=None).values_list("pk", flat=True)) == others
    slots = Assignment.objects.exclude(task__in=others)
    assert set(slots.values_list("state", flat=True)) == {"submitted", "withdrawn"}
    assert not Assignment.objects.filter(task__in=others, state="withdrawn").exists()


def revision(assignment: dict[str, Any]) -> dict[str, Any]:
    body = answer_to(assignment)
    del body["lease_token"]
    return body


def test_an_erased_prompt_is_changed_by_nobody(asked: Asked) -> None:
    prompt = asked.prompts(1)[0]
    Prompt.objects.filter(pk=prompt.pk).update(pii_state="open")
    request_erasure(created_by=asked.admin.user, submitter_id=asked.submitter.pk)
    answers = [
        asked.admin.patch(f"prompts/{prompt.pk}", {"use_case": "open_qa"}),
        asked.admin.post(f"prompts/{prompt.pk}/personal-data", {"redacted": [], "findings": []}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "prompt_erased")] * 2
    changed = asked.admin.post("prompts/bulk", {"action": "add_tags", "tags": ["x"], "prompt_ids": [prompt.pk]})
    assert changed.json()["changed_count"] == 0
    created = create_tasks(asked.project.pk, prompts=Prompt.objects.filter(pk=prompt.pk), batch=batch(asked))
    assert created.created == 0


def batch(asked: Asked) -> Any:
    return Task.objects.filter(project=asked.project).select_related("batch")[0].batch


def test_what_a_labeler_said_who_asked_for_deletion_is_withheld(asked: Asked) -> None:
    said = Submission.objects.get(assignment=asked.answered["id"])
    assert asked.admin.get(f"submissions/{said.pk}").json()["notes"]
    request_erasure(created_by=asked.admin.user, user_id=asked.lea.user.pk)
    page = asked.admin.get(f"submissions/{said.pk}").json()
    assert (page["is_withheld"], page["notes"], page["prompt"]["is_withheld"]) == (True, "", False)
    assert asked.admin.get(f"review/{said.task_id}").json()["notes"] == []

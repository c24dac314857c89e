"""Builders for the labeling tests: people who are logged in, prompts with responses, projects with tasks."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.db import connection
from rest_framework.test import APIClient

from labelapp.accounts.models import Role, User
from labelapp.labeling.actions import create_project
from labelapp.labeling.models import Assignment, Project, ProjectKind
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.models import Prompt, Response, SampleBatch, Split, Submitter

numbers = count(1)
INSTRUCTIONS = "Be kind."


@dataclass
class Labeler:
    """A person with a client that is logged in as them."""

    user: User
    client: APIClient = field(default_factory=APIClient)

    def __post_init__(self) -> None:
        self.client.force_login(self.user)

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1/{path}")

    def post(self, path: str, body: Any = None) -> Any:
        return self.client.post(f"/api/v1/{path}", body, format="json")

    def put(self, path: str, body: Any) -> Any:
        return self.client.put(f"/api/v1/{path}", body, format="json")

    def patch(self, path: str, body: Any) -> Any:
        return self.client.patch(f"/api/v1/{path}", body, format="json")

    def delete(self, path: str) -> Any:
        return self.client.delete(f"/api/v1/{path}")

    def next(self, project: Project) -> dict[str, Any]:
        """Claim the next task, which must be there."""
        response = self.post(f"projects/{project.pk}/next")
        assert response.status_code == 200, response.json()
        assert response.json()["status"] == "task", response.json()
        assignment: dict[str, Any] = response.json()["assignment"]
        return assignment

    def submit(self, assignment: dict[str, Any], body: dict[str, Any] | None = None) -> Any:
        return self.post(f"assignments/{assignment['id']}/submit", body or answer_to(assignment))


class Workspace:
    """A researcher, and ways to make the rest."""

    def __init__(self) -> None:
        self.researcher = self.labeler(role=Role.RESEARCHER)
        self.submitter = Submitter.objects.create(key=f"submitter-{next(numbers)}", split=Split.TRAIN)

    def labeler(self, project: Project | None = None, *, role: str = Role.LABELER) -> Labeler:
        number = next(numbers)
        user = User.objects.create_user(f"person{number}@example.com", None, name=f"Person {number}", role=role)
        if project:
            project.memberships.create(user=user)
        return Labeler(user)

    def prompt(self, text: str = "", **fields: Any) -> Prompt:
        text = text or f"Tell me fact number {next(numbers)}."
        messages = [{"role": "user", "content": text}]
        fields = {"submitter": self.submitter, **fields}
        return Prompt.objects.create(messages=messages, text=text, dedup_key=uuid.uuid4().hex, **fields)

    def batch(self, prompts: Sequence[Prompt], *, responses: int = 4) -> SampleBatch:
        batch = SampleBatch.objects.create(name=f"batch {next(numbers)}")
        Response.objects.bulk_create(
            Response(prompt=prompt, batch=batch, number=number, text=f"Response {number} to {prompt.text}")
            for prompt in prompts
            for number in range(responses)
        )
        return batch

    def project(self, *, kind: str = ProjectKind.COMPARISON, members: Sequence[Labeler] = (), **fields: Any) -> Project:
        return create_project(
            name=fields.pop("name", f"Project {next(numbers)}"),
            kind=kind,
            instructions=fields.pop("instructions", INSTRUCTIONS),
            created_by=self.researcher.user,
            member_ids=[member.user.pk for member in members],
            **fields,
        )

    def comparison(
        self, *, tasks: int = 1, members: Sequence[Labeler] = (), prompts: Sequence[Prompt] = (), **fields: Any
    ) -> Project:
        """Make a comparison project with tasks."""
        project = self.project(members=members, **fields)
        chosen = list(prompts) or [self.prompt() for _ in range(tasks)]
        batch = self.batch(chosen, responses=project.responses_per_task)
        create_tasks(project.pk, prompts=Prompt.objects.filter(pk__in=[p.pk for p in chosen]), batch=batch)
        return project

    def evaluation(
        self,
        *,
        tasks: int = 1,
        sources: int = 3,
        members: Sequence[Labeler] = (),
        prompts: Sequence[Prompt] = (),
        kind: str = ProjectKind.EVALUATION,
        **fields: Any,
    ) -> Project:
        """Make an evaluation with tasks; its first source is the baseline."""
        chosen = list(prompts) or [self.prompt() for _ in range(tasks)]
        batches = [self.batch(chosen, responses=1).pk for _ in range(sources)]
        project = self.project(kind=kind, members=members, source_ids=batches, baseline_id=batches[0], **fields)
        create_tasks(project.pk, prompts=Prompt.objects.filter(pk__in=[p.pk for p in chosen]))
        return project

    def demonstration(self, *, tasks: int = 1, members: Sequence[Labeler] = (), **fields: Any) -> Project:
        """Make a demonstration project with tasks."""
        project = self.project(kind=ProjectKind.DEMONSTRATION, members=members, **fields)
        chosen = [self.prompt().pk for _ in range(tasks)]
        create_tasks(project.pk, prompts=Prompt.objects.filter(pk__in=chosen))
        return project


def answer_to(assignment: dict[str, Any], *, ranks: Sequence[int] = (), **changes: Any) -> dict[str, Any]:
    """Build the body of a right submission; `ranks` in the order shown."""
    body = {
        "lease_token": assignment["lease_token"],
        "idempotency_key": str(uuid.uuid4()),
        "instruction_version_id": assignment["instruction_version"]["id"],
        "elapsed_seconds": 60,
        "active_seconds": 45,
        "notes": "",
    }
    if assignment["project"]["kind"] == "demonstration":
        body["demonstration"] = "A good answer."
    else:
        chosen = list(ranks) or list(range(1, len(assignment["responses"]) + 1))
        rated: dict[str, Any] = {}
        if assignment["project"]["kind"] == "toxicity":
            body["answers"] = {"input_toxicity": 1}
            rated = {"answers": {"output_toxicity": 0, "relative_toxicity": -1, "continuity": 5}}
        body["judgments"] = [
            {"response_id": response["id"], "rank": rank} | (rated or {"quality": max(1, 8 - rank), "answers": {}})
            for response, rank in zip(assignment["responses"], chosen, strict=True)
        ]
    return body | changes


def expire(assignment_id: int) -> None:
    """Let the lease have run out a second ago, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE labeling_assignment SET lease_expires_at = statement_timestamp() - interval '1 second'"
            " WHERE id = %s AND state = 'leased'",
            [assignment_id],
        )
        assert cursor.rowcount == 1


def slot(assignment: dict[str, Any]) -> Assignment:
    """Return the row of an assignment."""
    return Assignment.objects.get(pk=assignment["id"])

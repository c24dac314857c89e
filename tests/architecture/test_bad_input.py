"""No input is a 500: every operation of the schema is sent what nobody should send, one wrong value at a time."""

import json
import re
import uuid
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIClient

from labelapp.accounts.actions import invite, issue_token
from labelapp.accounts.models import Role, User
from labelapp.checkpoints.actions import register_checkpoint, register_endpoint
from labelapp.checkpoints.models import CheckpointKind
from labelapp.datasets.actions import create_dataset, freeze
from labelapp.datasets.cohorts import create_cohort
from labelapp.datasets.erasures import request_erasure
from labelapp.datasets.models import DatasetKind
from labelapp.labeling.actions import create_project
from labelapp.labeling.assignment import claim_next
from labelapp.labeling.models import ProjectKind
from labelapp.labeling.task_creation import create_tasks
from labelapp.labeling.threads import Thread, post_message
from labelapp.prompts.actions import NewResponse, create_prompt, create_sample_batch
from labelapp.prompts.authoring import write_prompt
from labelapp.prompts.models import Prompt
from labelapp.prompts.written import WrittenContent
from labelapp.runs.models import Run, RunKind
from labelapp.webhooks.actions import add_webhook, send_test
from tests.people import make_user

HUGE = 10**30
# What stands in paths and is no id: a new draft's key is anybody's to choose.
NAMES = {"key": "00000000-0000-4000-8000-000000000000"}
DEEP = "[" * 900 + "]" * 900
# As JSON texts: some of them no serializer of ours would write.
WRONG_VALUES = [
    *("null", "true", "-1", "0", "1.5", "1e999", str(HUGE), '""', '"x"', r'"\u0000"', r'"\ud800"', "[]", "{}"),
    *("[[]]", '["x"]', r'["\u0000"]', f"[{HUGE}]", '{"x": 1}', r'{"\u0000": 1}', r'{"x": "\u0000"}'),
    *(
        r'{"x": "\ud800"}',
        '{"x": 1e999}',
        '{"x": ' + DEEP + "}",
        DEEP,
        json.dumps("x" * 300),
        json.dumps("x" * 200_000),
    ),
]
WRONG_BODIES = ["", "null", "[]", '"x"', "{", DEEP, '{"\\u0000": 1}', '{"\\ud800": 1}', "[" * 100_000]
WRONG_TEXTS = ["", "x", "\x00", "-1", "1.5", str(HUGE), "x" * 2000, "\ud800".encode(errors="surrogatepass")]


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield each path, method and operation of the API."""
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            # A stream never ends, and gives back the connection whose transaction isolates the requests here.
            if operation["operationId"] != "events_stream":
                yield path, method.upper(), operation


def resolved(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    """Follow references."""
    while "$ref" in part or "allOf" in part:
        part = part["allOf"][0] if "allOf" in part else schema["components"]["schemas"][part["$ref"].split("/")[-1]]
    return part


def example(schema: dict[str, Any], part: dict[str, Any], depth: int = 0) -> Any:
    """Return something of the right shape, so that the one wrong value beside it is what is looked at."""
    part = resolved(schema, part)
    if "oneOf" in part:
        return example(schema, part["oneOf"][0], depth)
    if part.get("enum"):
        return part["enum"][0]
    match part.get("type"):
        case "object":
            properties = part.get("properties", {}) if depth < 4 else {}
            return {name: example(schema, value, depth + 1) for name, value in properties.items()}
        case "array":
            return [example(schema, part["items"], depth + 1)]
        case "integer" | "number":
            return part.get("minimum", 1) or 1
        case "boolean":
            return True
    return {"uuid": "00000000-0000-4000-8000-000000000000", "email": "a@b.co", "date-time": "2026-01-01T00:00:00Z"}.get(
        part.get("format", ""), "xyzzy-plugh-1"
    )


def json_example(schema: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any] | None:
    """Return a body of the right shape; None where the operation takes none."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    good: dict[str, Any] = example(schema, content["application/json"]["schema"])
    return good


def body_of(good: dict[str, Any], wrong: Iterable[str], value: str) -> str:
    """Write a body whose `wrong` fields hold `value`, a JSON text, and whose others are as in `good`."""
    fields = {name: json.dumps(said) for name, said in good.items()} | dict.fromkeys(wrong, value)
    return "{" + ", ".join(f"{json.dumps(name)}: {said}" for name, said in fields.items()) + "}"


def queries(operation: dict[str, Any]) -> Iterator[str]:
    """Yield query strings with each parameter wrong in each way."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "query":
            yield from (urlencode({parameter["name"]: text}) for text in WRONG_TEXTS)


@pytest.fixture
def world(db: None) -> dict[str, int]:
    """One of each thing, by the name that paths have for it; the admin is the labeler too."""
    admin = make_user(Role.ADMIN)
    endpoint = register_endpoint("vllm", base_url="http://vllm:8000/v1", model="m", created_by=admin)
    checkpoint = register_checkpoint("base", kind=CheckpointKind.BASE, location="organisation/model")
    prompt = create_prompt({"prompt": "Say hello."}, created_by=admin)
    responses = [NewResponse(prompt_id=prompt.pk, number=number, text=f"Hello {number}") for number in range(4)]
    batch = create_sample_batch("batch", responses=responses)
    project = create_project(
        name="Rank", kind=ProjectKind.COMPARISON, instructions="Be kind.", created_by=admin, member_ids=[admin.pk]
    )
    create_tasks(project.pk, prompts=Prompt.objects.all(), batch=batch)
    assignment = claim_next(project_id=project.pk, labeler_id=admin.pk).assignment
    assert assignment is not None
    asked = post_message(
        Thread(project.pk, assignment["task_id"], admin.pk), author=admin, body="Why?", key=uuid.uuid4()
    )
    dataset = create_dataset("prompts", kind=DatasetKind.PROMPTS, created_by=admin)
    version = freeze(dataset, query={}, created_by=admin)
    webhook = add_webhook("hook", url="http://localhost:1/", events=["run.ended"], created_by=admin).webhook
    run = Run.objects.create(kind=RunKind.SFT, name="run", directory="runs/none")
    return {
        "assignment_id": assignment["id"],
        "checkpoint_id": checkpoint.pk,
        "dataset_id": dataset.pk,
        "delivery_id": send_test(webhook).pk,
        "erasure_id": request_erasure(user_id=admin.pk, created_by=admin).pk,
        "cohort_id": create_cohort("us", member_ids=[admin.pk], created_by=admin).pk,
        "endpoint_id": endpoint.pk,
        "invitation_id": invite(admin, email="new@example.org", role=Role.LABELER, days=1).row.pk,
        "message_id": asked.pk,
        "project_id": project.pk,
        "prompt_id": prompt.pk,
        "run_id": run.pk,
        "task_id": assignment["task_id"],
        "token_id": issue_token(admin, name="token", scopes=["read"], days=1).row.pk,
        "user_id": admin.pk,
        "version_id": version.pk,
        "webhook_id": webhook.pk,
        "written_id": write_prompt(WrittenContent("plain", "chat", text="Hi?"), author=admin, key=uuid.uuid4()).pk,
    }


@pytest.fixture
def client(world: dict[str, int]) -> APIClient:
    """Provide a client that is not logged in anew by each of its thousands of requests."""
    client = APIClient(raise_request_exception=False)
    client.force_authenticate(User.objects.get(pk=world["user_id"]))
    return client


class Sender:
    """Sends wrong requests, each in a transaction that is rolled back, and keeps those that the server broke on."""

    def __init__(self, client: APIClient) -> None:
        self.client = client
        self.broken: list[tuple[str, str, str, str, bytes]] = []

    def send(self, method: str, address: str, *, query: str = "", body: str = "{}") -> Any:
        """Send one request."""
        with transaction.atomic():
            answer: Any = self.client.generic(
                method, address, body, content_type="application/json", QUERY_STRING=query
            )
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            self.broken.append((method, address, query, body[:300], answer.content[:80]))
        return answer

    def send_wrong_fields(self, method: str, address: str, good: dict[str, Any]) -> None:
        """Send each field wrong in each way, on its own where it is not known to be refused for what it is.

        An answer that names several fields comes from the check of each field by itself, which needs none of the
        others: such a field alone would be refused by the same lines. What one field is named for may lie deeper.
        """
        for value in WRONG_VALUES:
            answer = self.send(method, address, body=body_of(good, good, value))
            refused = {error["field"].split(".")[0] for error in errors_of(answer)}
            alone = [name for name in good if name not in refused or len(refused) == 1]
            for name in alone if len(good) > 1 else ():
                self.send(method, address, body=body_of(good, [name], value))


def errors_of(answer: Any) -> list[dict[str, str]]:
    """Return what the answer says of fields."""
    if answer.status_code != 400:
        return []
    errors: list[dict[str, str]] = answer.json().get("errors", [])
    return errors


def test_no_input_is_a_mistake_of_the_server(client: APIClient, world: dict[str, int]) -> None:
    schema: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]
    sender = Sender(client)
    for path, method, operation in operations(schema):
        address = re.sub(r"\{(\w+)\}", lambda match: str(world.get(match[1], NAMES.get(match[1], "x"))), path)
        if (good := json_example(schema, operation)) is not None:
            for body in WRONG_BODIES:
                sender.send(method, address, body=body)
            sender.send_wrong_fields(method, address, good)
        for query in queries(operation):
            sender.send(method, address, query=query)
        for number in (2**62, HUGE):
            sender.send(method, re.sub(r"\{\w+\}", str(number), path))
    assert sender.broken == []

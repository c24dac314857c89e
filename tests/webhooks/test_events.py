"""What is told, and that it is written in the transaction in which it happened."""

import json
from typing import Any

import pytest
from django.db import transaction
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from labelapp.accounts.models import User
from labelapp.labeling.finishing import finish_projects
from labelapp.labeling.models import Project
from labelapp.runs.actions import cancel
from labelapp.runs.collecting import collect
from labelapp.runs.lease import Lease
from labelapp.runs.models import Run
from labelapp.runs.sweeping import give_back
from labelapp.webhooks.actions import Added, add_webhook
from labelapp.webhooks.models import Delivery
from labelapp.webhooks.outbox import emit
from labelapp.webhooks.sending import attempt
from tests.datasets.world import demonstrations, written_version
from tests.labeling.workspace import Workspace
from tests.runs.test_collecting import sampled
from tests.runs.world import make_prompts
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db


def told() -> list[dict[str, Any]]:
    """The messages that were written, without their times."""
    payloads = [json.loads(body) for body in Delivery.objects.order_by("pk").values_list("body", flat=True)]
    assert all(payload.pop("timestamp") for payload in payloads)
    return payloads


@pytest.mark.django_db(transaction=True)
def test_a_frozen_dataset(added: Added, settings: Any) -> None:
    world = demonstrations()
    world.add_prompts(1, prompt="A secret question")
    world.answer_all()
    version = written_version(world, kind="demonstrations", name="Ours")
    assert told() == [
        {
            "type": "dataset.frozen",
            "data": {
                "dataset": {"id": version.dataset_id, "name": "Ours", "kind": "demonstrations"},
                "version": {"id": version.pk, "number": 1, "rows": 1, "pairs": 0, "sha256": version.sha256},
                "url": f"{settings.PUBLIC_URL}/datasets/versions/{version.pk}",
            },
        }
    ]


def test_an_ended_run(added: Added, settings: Any) -> None:
    done = sampled(make_prompts(1))
    collect(done.pk, epoch=1)
    queued = Run.objects.create(kind="sft", name="queued", directory="runs/none")
    cancel(queued)
    cancel(queued)
    failing = Run.objects.create(
        kind="sft", name="failing", directory="runs/none", state="running", lease_epoch=1, max_attempts=2
    )
    give_back(Lease(failing.pk, epoch=1), reason="Out of memory.", is_failure=True)
    Run.objects.filter(pk=failing.pk).update(state="running")
    give_back(Lease(failing.pk, epoch=1), reason="Out of memory.", is_failure=True)
    ended = [(message["data"]["run"]["id"], message["data"]["run"]["state"]) for message in told()]
    assert ended == [(done.pk, "succeeded"), (queued.pk, "cancelled"), (failing.pk, "failed")]
    assert told()[2]["data"] == {
        "run": {
            "id": failing.pk,
            "name": "failing",
            "kind": "sft",
            "state": "failed",
            "error_code": "attempts_used_up",
        },
        "checkpoint": None,
        "url": f"{settings.PUBLIC_URL}/runs/{failing.pk}",
    }


def test_a_project_that_is_done_again_and_again(added: Added) -> None:
    workspace = Workspace()
    first, second = workspace.labeler(), workspace.labeler()
    project = workspace.comparison(members=[first, second], overlap=2)
    workspace.comparison(name="Nothing was said in it")
    assert first.submit(first.next(project)).status_code == 201
    assert finish_projects() == []
    held = second.next(project)
    assert finish_projects() == [], "a held slot is work that waits"
    assert second.submit(held).status_code == 201
    assert finish_projects() == [project]
    assert finish_projects() == []
    assert [message["data"]["project"]["name"] for message in told()] == [project.name]
    assert workspace.researcher.patch(f"projects/{project.pk}", {"overlap": 3}).status_code == 200
    assert finish_projects() == []
    assert Project.objects.get(pk=project.pk).done_at is None
    third = workspace.labeler(project)
    assert third.submit(third.next(project)).status_code == 201
    assert finish_projects() == [project]
    assert [message["type"] for message in told()] == ["project.done"] * 2


def test_who_does_not_listen_is_not_told_nor_is_what_was_rolled_back(added: Added, admin: User) -> None:
    other = add_webhook("Runs", url="http://localhost/x", events=["run.ended"], created_by=admin).webhook
    with transaction.atomic():
        emit("project.done", path="/projects/1", project={"id": 1})
        assert not other.deliveries.exists()
        assert added.webhook.deliveries.count() == 1
        transaction.set_rollback(True)
    assert told() == []


def test_a_receiver_verifies_the_signature_with_its_library(added: Added, receiver: Receiver) -> None:
    with transaction.atomic():
        emit("project.done", path="/projects/1", project={"id": 1, "name": "«Ärzte»"})
    delivery = Delivery.objects.get()
    attempt(delivery.pk)
    (message,) = receiver.messages
    verifier = Verifier(added.secret)
    payload: Any = verifier.verify(message.body, message.headers)
    assert payload["data"]["project"] == {"id": 1, "name": "«Ärzte»"}
    assert message.headers["webhook-id"] == delivery.message_id
    assert message.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        verifier.verify(message.body.replace(b"1", b"2"), message.headers)
    with pytest.raises(WebhookVerificationError):
        verifier.verify(message.body, {**message.headers, "webhook-id": "msg_other"})

"""Retries, giving up, a worker's death, sending again: nothing is lost, and each message has one id."""

import ssl
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from labelapp.accounts.models import Role, User
from labelapp.common.errors import NotFound
from labelapp.webhooks import posting
from labelapp.webhooks.actions import (
    Added,
    add_webhook,
    delete_webhook,
    replace_secret,
    send_again,
    update_webhook,
)
from labelapp.webhooks.addresses import resolved
from labelapp.webhooks.models import Delivery, Webhook
from labelapp.webhooks.outbox import emit
from labelapp.webhooks.sending import DELAYS, KEPT, attempt, due_ids, prune
from labelapp.webhooks.tasks import sweep
from tests.conftest import child_process, process_environment
from tests.datasets.world import wait_for
from tests.people import client_of, make_user
from tests.webhooks.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db
PATIENCE_SECONDS = 60


def happened() -> Delivery:
    """Something to tell of."""
    with transaction.atomic():
        emit("project.done", path="/projects/1", project={"id": 1, "name": "P"})
    delivery = Delivery.objects.order_by("pk").last()
    assert delivery is not None
    return delivery


def make_due(delivery: Delivery) -> None:
    """Let the time pass until the next attempt."""
    Delivery.objects.filter(pk=delivery.pk).update(due_at=timezone.now() - timedelta(seconds=1))


def tried(delivery: Delivery) -> Delivery:
    """The row after an attempt that is due."""
    attempt(delivery.pk)
    return Delivery.objects.get(pk=delivery.pk)


def test_a_500_is_tried_again_with_the_same_id_and_bytes(added: Added, receiver: Receiver) -> None:
    receiver.statuses, receiver.response = [500, 200], b"busy"
    delivery = tried(happened())
    assert (delivery.state, delivery.attempts, delivery.status_code) == ("waiting", 1, 500)
    assert (delivery.error, delivery.response) == ("It answered 500.", "busy")
    assert delivery.tried_at is not None
    assert delivery.due_at - delivery.tried_at == DELAYS[0]
    assert due_ids() == []
    assert tried(delivery).attempts == 1, "it is not due"
    make_due(delivery)
    assert due_ids() == [delivery.pk]
    delivery = tried(delivery)
    assert (delivery.state, delivery.attempts, delivery.status_code, delivery.error) == ("delivered", 2, 200, "")
    first, second = receiver.messages
    assert (first.body, first.headers["webhook-id"]) == (second.body, second.headers["webhook-id"])
    assert tried(delivery).attempts == 2


@pytest.mark.django_db(transaction=True)
def test_after_a_day_it_is_given_up_and_admins_are_told(
    added: Added, receiver: Receiver, mailoutbox: list[Any]
) -> None:
    assert timedelta(hours=24) <= sum(DELAYS, timedelta()) <= timedelta(hours=30)
    receiver.statuses = [503]
    delivery = happened()
    for number in range(1, len(DELAYS) + 2):
        make_due(delivery)
        delivery = tried(delivery)
        assert delivery.attempts == number
    assert (delivery.state, len(receiver.messages)) == ("given_up", 9)
    webhook = Webhook.objects.get()
    assert webhook.paused_at is not None
    assert "Nothing could be delivered since" in webhook.paused_because
    assert "It answered 503." in webhook.paused_because
    (mail,) = mailoutbox
    assert (mail.subject, mail.to) == ("The webhook CI was paused", ["ada@example.org"])
    assert f"/system/webhooks/{webhook.pk}" in mail.body
    problems = client_of(make_user(Role.ADMIN)).get("/api/v1/home").json()["admin"]["problems"]
    assert any("“CI” was paused" in problem["message"] for problem in problems)


def test_one_message_that_is_never_taken_pauses_nothing(added: Added, receiver: Receiver) -> None:
    refused = happened()
    tried(happened())
    receiver.statuses = [400]
    Delivery.objects.filter(pk=refused.pk).update(attempts=len(DELAYS))
    assert tried(refused).state == "given_up"
    assert Webhook.objects.get().paused_at is None


def test_a_receiver_that_is_gone_is_not_asked_again(added: Added, receiver: Receiver) -> None:
    receiver.statuses = [410]
    assert tried(happened()).state == "given_up"
    assert "410" in Webhook.objects.get().paused_because


def test_while_it_is_paused_messages_wait(added: Added, receiver: Receiver) -> None:
    update_webhook(added.webhook, paused=True)
    delivery = tried(happened())
    assert (delivery.state, delivery.attempts, due_ids()) == ("waiting", 0, [])
    update_webhook(added.webhook, paused=False)
    assert due_ids() == [delivery.pk]
    assert tried(delivery).state == "delivered"


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_while_it_sends_loses_nothing(
    added: Added, receiver: Receiver, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    receiver.statuses = [0, 204]
    delivery = happened()
    code = f"from labelapp.webhooks.sending import attempt; attempt({delivery.pk})"
    arguments = [sys.executable, "manage.py", "shell", "-v", "0", "-c", code]
    with (
        (tmp_path / "worker.log").open("wb") as log,
        child_process(arguments, environment=process_environment(), log=log) as process,
    ):
        assert receiver.arrived.wait(PATIENCE_SECONDS), (tmp_path / "worker.log").read_text()
        process.kill()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, due_ids()) == ("waiting", 1, []), "claimed, and no end is known"
    make_due(delivery)
    request.getfixturevalue("celery_worker_process")  # it starts with an empty queue: the first bell is lost
    sweep.delay()
    wait_for(lambda: Delivery.objects.get().state == "delivered")
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1
    assert len(receiver.messages) == 2


def test_a_late_worker_does_not_overwrite_what_came_after(added: Added, receiver: Receiver) -> None:
    delivery = happened()

    def meanwhile(*_: Any, **__: Any) -> posting.Outcome:
        Delivery.objects.update(attempts=2, state="delivered", ended_at=timezone.now())
        return posting.Outcome(500, "It answered 500.", "", 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(posting, "post", meanwhile)
        delivery = tried(delivery)
    assert (delivery.state, delivery.attempts, delivery.status_code) == ("delivered", 2, None)


def test_for_a_day_both_secrets_sign(added: Added, receiver: Receiver) -> None:
    new = replace_secret(added.webhook).secret
    assert tried(happened()).state == "delivered"
    (message,) = receiver.messages
    assert len(message.headers["webhook-signature"].split()) == 2
    for secret in (added.secret, new):
        Verifier(secret).verify(message.body, message.headers)
    Webhook.objects.update(previous_secret_until=timezone.now() - timedelta(seconds=1))
    tried(happened())
    Verifier(new).verify(receiver.messages[-1].body, receiver.messages[-1].headers)
    with pytest.raises(WebhookVerificationError):
        Verifier(added.secret).verify(receiver.messages[-1].body, receiver.messages[-1].headers)
    prune()
    webhook = Webhook.objects.get()
    assert (webhook.encrypted_previous_secret, webhook.previous_secret_until) == ("", None)


def test_a_previous_secret_that_cannot_be_read_holds_nothing_up(added: Added, receiver: Receiver) -> None:
    Webhook.objects.update(encrypted_secret="x")  # of a SECRET_KEY that is gone
    new = replace_secret(added.webhook).secret
    assert tried(happened()).state == "delivered"
    Verifier(new).verify(receiver.messages[-1].body, receiver.messages[-1].headers)


def test_messages_that_ended_long_ago_are_forgotten(added: Added, receiver: Receiver) -> None:
    old, ended, waiting = tried(happened()), tried(happened()), happened()
    long_ago = timezone.now() - KEPT - timedelta(minutes=1)
    Delivery.objects.filter(pk=old.pk).update(ended_at=long_ago)
    Delivery.objects.filter(pk=waiting.pk).update(created_at=long_ago)
    prune()
    assert set(Delivery.objects.values_list("pk", flat=True)) == {ended.pk, waiting.pk}


def test_sending_again_is_the_same_message(added: Added, receiver: Receiver) -> None:
    delivery = tried(happened())
    assert delivery.state == "delivered"
    send_again(delivery)
    delivery = tried(delivery)
    assert (delivery.state, delivery.attempts) == ("delivered", 2)
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1


def test_a_message_that_was_forgotten_meanwhile_is_not_sent_again(added: Added) -> None:
    delivery = happened()
    Delivery.objects.filter(pk=delivery.pk).delete()
    with pytest.raises(NotFound):
        send_again(delivery)


def test_what_a_receiver_may_do_wrong(added: Added, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver.statuses, receiver.location, receiver.response = [302], receiver.url, b"\0\xff" + b"x" * 5000
    delivery = tried(happened())
    assert len(receiver.messages) == 1, "a redirect is not followed"
    assert "redirects are not followed" in delivery.error
    assert (len(delivery.response), delivery.response[:2]) == (1000, "\ufffd\ufffd")
    monkeypatch.setattr(posting, "TIMEOUT_SECONDS", 0.3)
    receiver.statuses = [0]
    assert tried(happened()).error.startswith("No answer within")
    Webhook.objects.update(url="http://localhost:1/")
    assert "refused" in tried(happened()).error.lower()
    Webhook.objects.update(url="http://no-such-host.invalid/")
    assert tried(happened()).error
    Webhook.objects.update(encrypted_secret="x")
    assert "SECRET_KEY" in tried(happened()).error


def test_no_private_address_is_reached(added: Added, receiver: Receiver, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    delivery = tried(happened())
    assert (receiver.messages, delivery.status_code) == ([], None)
    assert "a private address, to which webhooks do not go here" in delivery.error
    with pytest.raises(Exception, match="private"):
        resolved("127.1", 80)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for localhost with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "localhost.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


def test_with_tls_the_certificate_is_checked(admin: User, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiving(context) as receiver:
        add_webhook("TLS", url=receiver.url, events=["project.done"], created_by=admin)
        assert "certificate" in tried(happened()).error.lower()
        assert not receiver.messages
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert tried(happened()).state == "delivered"
        Webhook.objects.update(url=receiver.url.replace("localhost", "127.0.0.1"))
        assert "certificate" in tried(happened()).error.lower(), "it is another name's"


def test_a_webhook_is_locked_before_its_messages(added: Added, receiver: Receiver) -> None:
    with CaptureQueriesContext(connection) as telling:
        delivery = happened()
    with CaptureQueriesContext(connection) as recording:
        assert tried(delivery).state == "delivered"
    with CaptureQueriesContext(connection) as deleting:
        delete_webhook(added.webhook)
    first_writes = (" FOR ", "INSERT", "DELETE")
    locked = [
        next(one["sql"] for one in seen.captured_queries if any(word in one["sql"] for word in first_writes))
        for seen in (telling, deleting)
    ]
    assert all("webhooks_webhook" in sql and "webhooks_delivery" not in sql for sql in locked)
    assert [sql.rsplit(" FOR ")[-1] for sql in locked] == ["KEY SHARE", "UPDATE"]
    # What only refers to the webhook need not wait while an attempt is recorded.
    assert not any("webhooks_webhook" in one["sql"] and one["sql"].endswith("FOR UPDATE") for one in recording)
    assert not Delivery.objects.exists()

"""Webhooks over HTTP: adding, changing, testing, the log, and what is refused."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from labelapp.accounts.models import User
from labelapp.webhooks.actions import Added, add_webhook
from labelapp.webhooks.models import Delivery, Webhook
from labelapp.webhooks.sending import attempt
from tests.people import client_of
from tests.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db
BODY = {"name": "CI", "url": "https://ci.example.org/hook", "events": ["run.ended", "dataset.frozen"]}


@pytest.fixture
def client(admin: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(admin)
    return client


def test_the_secret_is_shown_once(client: APIClient) -> None:
    made = client.post("/api/v1/webhooks", BODY)
    assert made.status_code == 201, made.content
    row = made.json()
    secret = row["secret"]
    assert secret.startswith("whsec_")
    assert (row["name"], row["url"], row["events"]) == ("CI", BODY["url"], ["dataset.frozen", "run.ended"])
    assert secret not in Webhook.objects.get().encrypted_secret
    again = client.get(f"/api/v1/webhooks/{row['id']}").json()
    (listed,) = client.get("/api/v1/webhooks").json()["results"]
    assert again == listed == {**row, "secret": None}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"events": []}, "events"),
        ({"events": ["run.started"]}, "events.0"),
        ({"events": "run.ended"}, "events"),
        ({"url": "ftp://example.org"}, "url"),
        ({"url": "https://"}, "url"),
        ({"url": "https://example.org:0/"}, "url"),
        ({"url": "https://example.org:99999/"}, "url"),
        ({"url": "https://[::1/"}, "url"),
        ({"url": "https://exa mple.org/"}, "url"),
        ({"url": "https://exämple.org/"}, "url"),
        ({"url": "https://example.org/\r\nX: y"}, "url"),
        ({"url": "https://user:password@example.org/"}, "url"),
        ({"url": "https://example.org/#here"}, "url"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
def test_what_is_wrong_is_named(client: APIClient, change: dict[str, Any], field: str) -> None:
    answer = client.post("/api/v1/webhooks", {**BODY, **change})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), answer.content
    assert not Webhook.objects.exists()


@pytest.mark.parametrize(
    "url",
    ["http://example.org/", "https://localhost/", "https://a.localhost/", "https://10.0.0.1/", "https://[::1]:443/"],
)
def test_private_addresses_and_no_tls_are_for_those_who_set_it(client: APIClient, settings: Any, url: str) -> None:
    assert client.post("/api/v1/webhooks", {**BODY, "url": url}).status_code == 201
    settings.WEBHOOK_PRIVATE_ADDRESSES = False
    answer = client.post("/api/v1/webhooks", {**BODY, "name": "Other", "url": url})
    (told,) = answer.json()["errors"]
    assert (answer.status_code, told["field"]) == (400, "url")
    assert "WEBHOOK_PRIVATE_ADDRESSES=true" in told["message"]


def test_a_name_is_one_webhook_s(client: APIClient) -> None:
    assert client.post("/api/v1/webhooks", BODY).status_code == 201
    other = client.post("/api/v1/webhooks", {**BODY, "name": "Other"}).json()
    for answer in (client.post("/api/v1/webhooks", BODY), client.patch(f"/api/v1/webhooks/{other['id']}", BODY)):
        assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


def test_a_secret_is_replaced_and_shown_once(client: APIClient, added: Added) -> None:
    address = f"/api/v1/webhooks/{added.webhook.pk}"
    assert client.get(address).json()["previous_secret_until"] is None
    row = client.post(f"{address}/secret").json()
    assert row["secret"].startswith("whsec_")
    assert row["secret"] != added.secret
    assert row["previous_secret_until"]
    again = client.get(address).json()
    assert again == {**row, "secret": None}
    assert row["secret"] not in Webhook.objects.get().encrypted_secret
    assert client.post("/api/v1/webhooks/9999/secret").status_code == 404


def test_changing_and_deleting(client: APIClient, added: Added) -> None:
    address = f"/api/v1/webhooks/{added.webhook.pk}"
    changed = client.patch(address, {"name": "New", "events": ["run.ended"], "paused": True}).json()
    assert (changed["name"], changed["events"], changed["url"]) == ("New", ["run.ended"], added.webhook.url)
    assert changed["paused_at"]
    assert client.patch(address, {"url": "nowhere"}).status_code == 400
    for path in (f"{address}/test", f"/api/v1/webhook-deliveries/{delivery_of(added).pk}/send-again"):
        answer = client.post(path)
        assert (answer.status_code, answer.json()["code"]) == (409, "webhook_paused")
    assert client.patch(address, {"paused": False}).json()["paused_at"] is None
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == client.delete(address).status_code == 404
    assert not Delivery.objects.exists()


def delivery_of(added: Added) -> Delivery:
    """A message that was delivered."""
    return Delivery.objects.create(webhook=added.webhook, message_id="msg_1", event="run.ended", body="{}")


def test_a_test_and_its_line_in_the_log(client: APIClient, added: Added, receiver: Receiver) -> None:
    receiver.statuses, receiver.response = [200], b"thanks"
    address = f"/api/v1/webhooks/{added.webhook.pk}"
    made = client.post(f"{address}/test").json()
    assert (made["event"], made["state"], made["payload"]["data"]["webhook"]["name"]) == (
        "webhook.test",
        "waiting",
        "CI",
    )
    assert client.get(address).json()["waiting_count"] == 1
    attempt(made["id"])
    (line,) = client.get(f"{address}/deliveries?state=delivered").json()["results"]
    assert (line["status_code"], line["response"], line["attempts"], line["error"]) == (200, "thanks", 1, "")
    assert line["duration_ms"] >= 0
    assert client.get(f"{address}/deliveries?state=given_up").json()["results"] == []
    assert client.get(f"{address}/deliveries?state=x").status_code == 400
    again = client.post(f"/api/v1/webhook-deliveries/{made['id']}/send-again").json()
    assert (again["state"], again["message_id"]) == ("waiting", made["message_id"])
    attempt(made["id"])
    (row,) = client.get("/api/v1/webhooks").json()["results"]
    assert (len(receiver.messages), row["waiting_count"], row["last_error"]) == (2, 0, "")


def test_the_list_costs_the_same_for_any_number(
    client: APIClient, admin: User, added: Added, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        add_webhook(f"W{number}", url="https://example.org/", events=["run.ended"], created_by=admin)
    with django_assert_max_num_queries(3):
        assert client.get("/api/v1/webhooks").json()["count"] == 4


def test_researchers_find_nothing(added: Added) -> None:
    client = client_of(User.objects.create_user("r@example.org", role="researcher"))
    assert client.get(f"/api/v1/webhooks/{added.webhook.pk}").status_code == 404
    assert client.get("/api/v1/events?topics=webhooks").status_code == 404

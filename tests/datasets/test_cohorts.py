"""Cohorts over HTTP."""

import pytest

from labelapp.datasets.models import Cohort
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db


def test_make_change_and_forget_a_cohort() -> None:
    client = client_of(make_user("researcher"))
    ann, bob = make_user(name="Ann"), make_user(name="Bob")
    made = client.post("/api/v1/cohorts", {"name": "Ours", "member_ids": [ann.pk]}, format="json")
    assert made.status_code == 201, made.content
    address = f"/api/v1/cohorts/{made.json()['id']}"
    assert made.json()["members"] == [{"id": ann.pk, "name": "Ann"}]
    taken = client.post("/api/v1/cohorts", {"name": "Ours", "member_ids": [bob.pk]}, format="json")
    assert (taken.status_code, taken.json()["errors"][0]["field"]) == (409, "name")
    changed = client.patch(address, {"member_ids": [bob.pk, ann.pk]}, format="json").json()
    assert {member["name"] for member in changed["members"]} == {"Ann", "Bob"}
    unknown = client.patch(address, {"name": "Others", "member_ids": [999_999]}, format="json")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (400, "member_ids")
    assert client.get("/api/v1/cohorts").json()["results"][0]["name"] == "Ours", "nothing is half-written"
    assert client.delete(address).status_code == 204
    assert client.delete(address).status_code == 404
    assert not Cohort.objects.exists()


def test_labelers_see_no_cohorts() -> None:
    assert client_of(make_user()).get("/api/v1/cohorts").status_code == 404

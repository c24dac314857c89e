"""Who may watch which topics."""

from typing import Any

import pytest

from labelapp.accounts.models import Role
from tests.people import client_of, make_user
from tests.runs.world import make_project

# A stream gives its connection back: a transaction around the test would end with it.
pytestmark = pytest.mark.django_db(transaction=True)


def status_of(client: Any, topics: str) -> int:
    response = client.get("/api/v1/events", {"topics": topics})
    status: int = response.status_code
    response.close()
    return status


def test_a_labeler_watches_their_own_projects_and_nothing_else() -> None:
    labeler = make_user()
    own, other = make_project(member_ids=[labeler.pk]), make_project()
    client = client_of(labeler)
    assert status_of(client, f"labeling:{own.pk}") == 200
    for topics in ("runs", f"labeling:{own.pk},runs", f"labeling:{other.pk}", f"labeling:{own.pk},labeling:{other.pk}"):
        assert status_of(client, topics) == 404
    assert status_of(client, f"labeling:{10**17}") == 404


def test_a_researcher_watches_everything() -> None:
    client = client_of(make_user(Role.RESEARCHER))
    assert status_of(client, f"runs,datasets,run:3,labeling:{make_project().pk}") == 200


def test_only_an_admin_watches_the_system() -> None:
    for role, status in ((Role.LABELER, 404), (Role.RESEARCHER, 404), (Role.ADMIN, 200)):
        assert status_of(client_of(make_user(role)), "system") == status


@pytest.mark.parametrize(
    "topics",
    [
        "",
        ",",
        "weather",
        "systems",
        "run:x",
        "run:",
        "labeling:1 ",
        "runs\0",
        ",".join(map("run:{}".format, range(21))),
    ],
)
def test_what_is_no_topic_is_refused(topics: str) -> None:
    answer = client_of(make_user(Role.ADMIN)).get("/api/v1/events", {"topics": topics})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "topics")

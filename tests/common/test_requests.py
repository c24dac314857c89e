"""What every endpoint does with a body that nobody can read."""

import pytest
from rest_framework.test import APIClient

from labelapp.accounts.models import Role
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db


def post(client: APIClient, body: str, content_type: str = "application/json") -> tuple[int, str]:
    answer = client.generic("POST", "/api/v1/invitations", body, content_type=content_type)
    return answer.status_code, answer.json()["code"]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("[" * 100_000, "application/json", (400, "parse_error")),
        ("{", "application/json", (400, "parse_error")),
        ('{"a": NaN}', "application/json", (400, "parse_error")),
        ("a=b", "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        ("<a/>", "text/xml", (415, "unsupported_media_type")),
    ],
)
def test_it_is_a_clear_4xx(body: str, content_type: str, expected: tuple[int, str]) -> None:
    assert post(client_of(make_user(Role.ADMIN)), body, content_type) == expected


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ('{"role": "labeler"}', "email", "This is needed."),
        ('{"role": "labeler", "email": ""}', "email", "This may not be left empty."),
        ('{"role": "labeler", "email": "me"}', "email", "Give an e-mail address, such as name@example.org."),
    ],
)
def test_a_wrong_field_is_told_in_our_words(body: str, field: str, message: str) -> None:
    client = client_of(make_user(Role.ADMIN))
    answer = client.generic("POST", "/api/v1/invitations", body, content_type="application/json")
    assert answer.json()["errors"] == [{"field": field, "message": message}]


def test_an_unknown_address_is_told_in_our_shape() -> None:
    answer = client_of(make_user()).get("/api/v1/nothing/here")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_method_that_is_not_there_says_so() -> None:
    answer = client_of(make_user(Role.ADMIN)).put("/api/v1/invitations", {})
    assert answer.status_code in {404, 405}
    assert set(answer.json()) == {"code", "message", "errors", "data"}

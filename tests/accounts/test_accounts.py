"""Login, the person's own account, other people, invitations and API tokens."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.utils import timezone
from rest_framework.test import APIClient

from labelapp.accounts.models import ApiToken, Invitation, Role, User
from tests.people import PASSWORD, client_of, make_user

pytestmark = pytest.mark.django_db
AUTH = "/_allauth/browser/v1/auth"


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> None:
    cache.clear()


def log_in(email: str, password: str) -> tuple[APIClient, Any]:
    client = APIClient(enforce_csrf_checks=True)
    client.get("/_allauth/browser/v1/config")
    headers = {"X-CSRFToken": client.cookies["csrftoken"].value} if "csrftoken" in client.cookies else {}
    answer = client.post(f"{AUTH}/login", {"email": email, "password": password}, headers=headers)
    return client, answer


class TestLogin:
    def test_opens_a_session_whatever_the_case_of_the_address(self) -> None:
        make_user(email="ada@example.org", password=PASSWORD)
        client, answer = log_in("Ada@Example.org", PASSWORD)
        assert answer.status_code == 200, answer.json()
        assert client.get("/api/v1/me").json()["email"] == "ada@example.org"

    def test_refuses_a_wrong_password_and_an_inactive_account(self) -> None:
        user = make_user(password=PASSWORD)
        assert log_in(user.email, "wrong-password-1")[1].status_code == 400
        User.objects.filter(pk=user.pk).update(is_active=False)
        assert log_in(user.email, PASSWORD)[1].status_code in {400, 401, 403}

    def test_nobody_signs_up_without_an_invitation(self) -> None:
        answer = APIClient().post(f"{AUTH}/signup", {"email": "new@example.org", "password": PASSWORD})
        assert answer.status_code == 404
        assert not User.objects.exists()

    def test_a_forgotten_password_is_reset_by_the_mailed_link(self) -> None:
        user = make_user(password=PASSWORD)
        assert APIClient().post(f"{AUTH}/password/request", {"email": user.email}).status_code == 200
        [message] = mail.outbox
        key = re.search(r"/password-reset/(\S+)", str(message.body))
        assert key is not None
        assert message.subject == "Set a new password for labelapp"
        assert f"asked for a new password for {user.email} on labelapp" in str(message.body)
        assert "Thank you" not in str(message.body)
        new = "another-horse-battery"
        answer = APIClient().post(f"{AUTH}/password/reset", {"key": key[1], "password": new})
        assert answer.status_code in {200, 401}, answer.json()
        assert log_in(user.email, new)[1].status_code == 200
        assert log_in(user.email, PASSWORD)[1].status_code == 400

    def test_an_address_without_an_account_gets_the_same_answer_and_no_mail(self) -> None:
        assert APIClient().post(f"{AUTH}/password/request", {"email": "nobody@example.org"}).status_code == 200
        assert mail.outbox == []


class TestMe:
    def test_shows_and_changes_oneself(self) -> None:
        client = client_of(make_user())
        answer = client.patch("/api/v1/me", {"name": "Ada"})
        assert answer.status_code == 200
        assert client.get("/api/v1/me").json()["name"] == "Ada"

    def test_needs_a_login(self) -> None:
        answer = client_of(None).get("/api/v1/me")
        assert answer.status_code == 401
        assert answer.json()["code"] == "not_authenticated"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"role": "admin"}, "role"),
            ({"email": "x@example.org"}, "email"),
            ({"name": "x" * 121}, "name"),
            ({"name": "a\0b"}, "name"),
            ({"preferences": {}}, "preferences"),
        ],
    )
    def test_bad_input_names_the_field_and_writes_nothing(self, body: dict[str, Any], field: str) -> None:
        user = make_user(name="Ada")
        answer = client_of(user).patch("/api/v1/me", body)
        assert answer.status_code == 400
        assert [error["field"] for error in answer.json()["errors"]] == [field]
        user.refresh_from_db()
        assert (user.name, user.role) == ("Ada", Role.LABELER)

    @pytest.mark.parametrize("body", [b"\xff\xfe{", b"{", b"[]", b'"text"'])
    def test_what_is_not_a_json_object_is_refused(self, body: Any) -> None:
        answer = client_of(make_user()).generic("PATCH", "/api/v1/me", body, content_type="application/json")
        assert (answer.status_code, set(answer.json())) == (400, {"code", "message", "errors", "data"})


class TestUsers:
    def test_an_admin_changes_a_role_and_ends_sessions_and_tokens_of_who_leaves(self) -> None:
        admin, labeler = make_user(Role.ADMIN), make_user(password=PASSWORD)
        theirs, _ = log_in(labeler.email, PASSWORD)
        token = ApiToken.objects.create(
            user=labeler, name="t", digest="d", scopes=["read"], expires_at=timezone.now() + timedelta(days=1)
        )
        client = client_of(admin)
        assert client.patch(f"/api/v1/users/{labeler.pk}", {"role": "researcher"}).json()["role"] == "researcher"
        assert theirs.get("/api/v1/users").status_code == 200
        assert client.patch(f"/api/v1/users/{labeler.pk}", {"is_active": False}).status_code == 200
        assert theirs.get("/api/v1/me").status_code == 401
        client.patch(f"/api/v1/users/{labeler.pk}", {"is_active": True})
        assert theirs.get("/api/v1/me").status_code == 401, "a session that was ended stays ended"
        token.refresh_from_db()
        assert token.revoked_at is not None

    @pytest.mark.parametrize("change", [{"role": "labeler"}, {"is_active": False}])
    def test_the_last_admin_stays(self, change: dict[str, Any]) -> None:
        admin = make_user(Role.ADMIN)
        answer = client_of(admin).patch(f"/api/v1/users/{admin.pk}", change)
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["field"] == next(iter(change))

    def test_a_researcher_sees_people_and_changes_none(self) -> None:
        labeler = make_user()
        client = client_of(make_user(Role.RESEARCHER))
        assert client.get("/api/v1/users?role=labeler").json()["count"] == 1
        for query, field in (("role=owner", "role"), ("role=%00", "role"), ("is_active=x", "is_active"), ("r=1", "r")):
            answer = client.get(f"/api/v1/users?{query}")
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
        assert client.patch(f"/api/v1/users/{labeler.pk}", {"role": "admin"}).status_code == 404


def invite(**changes: Any) -> Any:
    body = {"email": "new@example.org", "role": "researcher"} | changes
    return client_of(make_user(Role.ADMIN)).post("/api/v1/invitations", body)


def secret_of(answer: Any) -> str:
    return str(answer.json()["link"].rsplit("/", 1)[1])


class TestInvitations:
    def test_a_link_makes_one_account_with_its_role_and_logs_in(self, django_capture_on_commit_callbacks: Any) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            secret = secret_of(invite(email="New@Example.org"))
        assert secret in str(mail.outbox[0].body)
        client = APIClient()
        assert client.get(f"/api/v1/invitations/accept/{secret}").json()["email"] == "new@example.org"
        body = {"name": "New", "password": PASSWORD}
        assert client.post(f"/api/v1/invitations/accept/{secret}", body).status_code == 201
        assert client.get("/api/v1/me").json()["role"] == "researcher"
        again = APIClient().post(f"/api/v1/invitations/accept/{secret}", body)
        assert (again.status_code, again.json()["code"]) == (409, "invitation_used")

    def test_the_secret_is_not_in_the_database_nor_in_the_list(self) -> None:
        secret = secret_of(invite())
        assert secret not in str(Invitation.objects.values())
        rows = client_of(make_user(Role.ADMIN)).get("/api/v1/invitations").json()["results"]
        assert rows[0]["link"] is None

    def test_expired_revoked_and_unknown_links_say_so(self) -> None:
        secret = secret_of(invite())
        Invitation.objects.update(expires_at=timezone.now())
        assert APIClient().get(f"/api/v1/invitations/accept/{secret}").json()["code"] == "invitation_expired"
        Invitation.objects.update(expires_at=timezone.now() + timedelta(days=1))
        client = client_of(make_user(Role.ADMIN))
        assert client.delete(f"/api/v1/invitations/{Invitation.objects.get().pk}").status_code == 204
        assert APIClient().get(f"/api/v1/invitations/accept/{secret}").status_code == 404
        assert APIClient().get("/api/v1/invitations/accept/nonsense").status_code == 404

    def test_a_newer_link_ends_the_older_one(self) -> None:
        first, second = secret_of(invite()), secret_of(invite())
        assert APIClient().get(f"/api/v1/invitations/accept/{first}").status_code == 404
        assert APIClient().get(f"/api/v1/invitations/accept/{second}").status_code == 200

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"email": "nobody"}, "email"),
            ({"role": "king"}, "role"),
            ({"days": 0}, "days"),
            ({"days": "soon"}, "days"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_bad_input_names_the_field(self, changes: dict[str, Any], field: str) -> None:
        answer = invite(**changes)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
        assert not Invitation.objects.exists()

    def test_an_address_that_has_an_account_is_refused(self) -> None:
        make_user(email="new@example.org")
        assert invite().json()["errors"][0]["field"] == "email"

    @pytest.mark.parametrize("password", ["short", "password123", "1234567890"])
    def test_a_weak_password_is_refused_and_the_link_still_works(self, password: str) -> None:
        secret = secret_of(invite())
        answer = APIClient().post(f"/api/v1/invitations/accept/{secret}", {"name": "N", "password": password})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "password")
        assert APIClient().get(f"/api/v1/invitations/accept/{secret}").status_code == 200


def token_client(user: User, scopes: list[str]) -> APIClient:
    answer = client_of(user).post("/api/v1/tokens", {"name": "script", "scopes": scopes})
    assert answer.status_code == 201
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['secret']}")
    return client


class TestTokens:
    def test_a_token_does_what_its_scopes_and_its_owner_may(self) -> None:
        admin = make_user(Role.ADMIN)
        reader = token_client(admin, ["read"])
        assert reader.get("/api/v1/users").status_code == 200
        assert reader.post("/api/v1/invitations", {"email": "x@example.org", "role": "labeler"}).status_code == 404
        full = token_client(admin, ["read", "admin"])
        assert full.post("/api/v1/invitations", {"email": "x@example.org", "role": "labeler"}).status_code == 201
        labeler = token_client(make_user(), ["read", "label", "write", "admin"])
        assert labeler.get("/api/v1/users").status_code == 404

    def test_only_the_digest_is_kept_and_the_secret_is_shown_once(self) -> None:
        client = client_of(make_user())
        secret = client.post("/api/v1/tokens", {"name": "script", "scopes": ["read"]}).json()["secret"]
        assert secret not in str(ApiToken.objects.values())
        assert client.get("/api/v1/tokens").json()[0]["secret"] is None

    def test_revoked_expired_and_made_up_tokens_are_refused(self) -> None:
        user = make_user()
        client = token_client(user, ["read"])
        assert client.get("/api/v1/me").status_code == 200
        ApiToken.objects.update(expires_at=timezone.now())
        assert client.get("/api/v1/me").status_code == 401
        ApiToken.objects.update(expires_at=timezone.now() + timedelta(days=1))
        assert client.get("/api/v1/me").status_code == 200
        client_of(user).delete(f"/api/v1/tokens/{ApiToken.objects.get().pk}")
        assert client.get("/api/v1/me").status_code == 401
        client.credentials(HTTP_AUTHORIZATION="Bearer lat_made-up")
        assert client.get("/api/v1/me").status_code == 401

    def test_a_token_makes_no_tokens_and_nobody_revokes_anothers(self) -> None:
        owner = make_user()
        client = token_client(owner, ["read", "label"])
        assert client.post("/api/v1/tokens", {"name": "more", "scopes": ["read"]}).status_code == 404
        token = ApiToken.objects.get()
        assert client_of(make_user()).delete(f"/api/v1/tokens/{token.pk}").status_code == 404

    def test_use_is_noted_at_most_once_a_minute(self, django_assert_num_queries: Any) -> None:
        client = token_client(make_user(), ["read"])
        client.get("/api/v1/me")
        assert ApiToken.objects.get().last_used_at is not None
        with django_assert_num_queries(1):
            client.get("/api/v1/me")

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"name": "", "scopes": ["read"]}, "name"),
            ({"name": "x", "scopes": []}, "scopes"),
            ({"name": "x", "scopes": ["everything"]}, "scopes.0"),
            ({"name": "x", "scopes": ["read"], "days": 999}, "days"),
        ],
    )
    def test_bad_input_names_the_field(self, body: dict[str, Any], field: str) -> None:
        answer = client_of(make_user()).post("/api/v1/tokens", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_researchers_see_one_person_and_change_none() -> None:
    client, someone = client_of(make_user(Role.RESEARCHER)), make_user(Role.LABELER, email="lea@example.org")
    path = f"/api/v1/users/{someone.pk}"
    assert client.get(path).json()["email"] == "lea@example.org"
    assert client.patch(path, {"name": "Lea"}).status_code == 404
    assert client.get("/api/v1/users/999999").status_code == 404

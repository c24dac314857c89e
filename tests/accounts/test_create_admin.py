"""The command that makes the first account."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from labelapp.accounts.models import Role, User
from tests.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def create(monkeypatch: pytest.MonkeyPatch, email: str, password: str) -> Any:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    return call_command("create_admin", email, "--password-stdin", stdout=io.StringIO())


def test_it_makes_an_admin_who_can_log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    create(monkeypatch, "First@example.org", PASSWORD)
    user = User.objects.get()
    assert (user.email, user.role, user.check_password(PASSWORD)) == ("first@example.org", Role.ADMIN, True)


@pytest.mark.parametrize(
    ("email", "password", "message"),
    [
        ("nobody", PASSWORD, "valid email"),
        ("a@example.org", "short", "too short"),
        ("taken@example.org", PASSWORD, "already"),
    ],
)
def test_bad_input_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, email: str, password: str, message: str) -> None:
    make_user(email="taken@example.org")
    with pytest.raises(CommandError, match=message):
        create(monkeypatch, email, password)
    assert User.objects.count() == 1

"""People for tests, logged in or not."""

from itertools import count

from django.contrib.auth.hashers import PBKDF2PasswordHasher
from rest_framework.test import APIClient

from labelapp.accounts.models import Role, User

PASSWORD = "correct-horse-battery"
_numbers = count(1)


class QuickHasher(PBKDF2PasswordHasher):
    """The product's hashing without its third of a second: what it stores, a server under test can check too."""

    iterations = 1


def make_user(role: str = Role.LABELER, *, email: str = "", password: str | None = None, name: str = "") -> User:
    """Make a person; without a password they can be logged in by `client_of` only."""
    email = email or f"{role}{next(_numbers)}@example.org"
    return User.objects.create_user(email, password, name=name, role=role)


def client_of(user: User | None) -> APIClient:
    """Return an HTTP client with a real session of `user`, or of nobody."""
    client = APIClient()
    if user is not None:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client

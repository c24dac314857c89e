"""A receiver, and a webhook that tells it everything."""

from collections.abc import Iterator

import pytest

from labelapp.accounts.models import Role, User
from labelapp.webhooks.actions import Added, add_webhook
from labelapp.webhooks.models import EventType
from tests.people import make_user
from tests.webhooks.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def admin(db: None) -> User:
    return make_user(Role.ADMIN, email="ada@example.org")


@pytest.fixture
def added(receiver: Receiver, admin: User) -> Added:
    return add_webhook("CI", url=receiver.url, events=EventType.values, created_by=admin)

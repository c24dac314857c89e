"""Figures of a large workspace: read anew where something changed, and then not for a while."""

import uuid
from typing import Any

import pytest
from django.db import connection

from labelapp.prompts import statistics
from labelapp.prompts.erased import mark_erased
from labelapp.prompts.models import Prompt, Submitter

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "EXACT_UNTIL_ROWS", -2)  # -1: never counted
    monkeypatch.setattr(statistics, "KEPT_SECONDS", 0)
    monkeypatch.setattr(statistics, "SHARE_OF_TIME", 1e9)


def change() -> None:
    submitter, _ = Submitter.objects.get_or_create(key="acme", defaults={"split": "train"})
    Prompt.objects.create(messages=[], text="Hi", submitter=submitter, dedup_key=uuid.uuid4().hex)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")


def reader() -> Any:
    """What counts its readings, under a key of its own."""
    key, readings = uuid.uuid4().hex, iter(range(100))
    return lambda: statistics.lasting(key, lambda: {"reading": next(readings)})["reading"]


def settled(read: Any) -> int:
    """The reading that lasts; what other processes wrote before is told some seconds late."""
    while (found := read()) != read():
        pass
    return int(found)


def test_they_are_read_where_something_changed(large: None) -> None:
    read = reader()
    before = settled(read)
    change()
    assert settled(read) > before


def test_they_last_for_a_while_whatever_changes(large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "KEPT_SECONDS", 600)
    read = reader()
    for _ in range(3):
        change()
        assert read() == 0
    mark_erased(list(Submitter.objects.all()))
    assert read() == 1, "who asked for deletion is in no figure from then on"

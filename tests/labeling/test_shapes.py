"""The declared shapes of requests and the reader by hand must accept and refuse the same."""

from typing import Any

import pytest

from labelapp.common.errors import InvalidInput
from labelapp.labeling.drafts import read_draft
from labelapp.labeling.serializers import ReviseSerializer, SaveDraftSerializer, SubmitSerializer
from labelapp.labeling.submission import dense_ranks, read_submission

UUID = "6e2c4d8e-0000-4000-8000-000000000000"
JUDGMENT = {"response_id": 1, "rank": 1, "quality": 7, "answers": {"moral_judgment": True}, "notes": ""}
SUBMISSION: dict[str, Any] = {
    "lease_token": UUID,
    "idempotency_key": UUID,
    "instruction_version_id": 1,
    "elapsed_seconds": 0,
    "active_seconds": 0,
    "notes": "",
    "judgments": [JUDGMENT],
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"judgments": None, "demonstration": "x"},
        {"notes": "x" * 10_000},
        {"notes": "x" * 10_001},
        {"elapsed_seconds": -1},
        {"elapsed_seconds": 10_000_001},
        {"elapsed_seconds": None},
        {"lease_token": "x"},
        {"instruction_version_id": 0},
        {"demonstration": ""},
        {"demonstration": "x" * 100_001},
        {"judgments": [JUDGMENT | {"rank": 0}]},
        {"judgments": [JUDGMENT | {"rank": 10}]},
        {"judgments": [JUDGMENT | {"quality": 8}]},
        {"judgments": [JUDGMENT | {"answers": {"moral_judgment": None}}]},
        {"judgments": [JUDGMENT | {"model": "x"}]},
        {"judgments": [JUDGMENT | {"quality": None}]},
        {"judgments": [JUDGMENT | {"answers": {"continuity": 3}}]},
        {"answers": {"input_toxicity": 2}},
        {"answers": {"input_toxicity": 0.5}},
        {"answers": {"input_toxicity": "2"}},
        {"answers": []},
        {"judgments": {}},
        {"colour": "red"},
    ],
)
def test_submissions(changes: dict[str, Any]) -> None:
    body = SUBMISSION | changes
    assert is_read(lambda: read_submission(body, has_lease=True)) == SubmitSerializer(data=body).is_valid()
    without = {name: value for name, value in body.items() if name != "lease_token"}
    assert is_read(lambda: read_submission(without, has_lease=False)) == ReviseSerializer(data=without).is_valid()


def test_every_field_that_is_declared_is_read() -> None:
    fields = set(SubmitSerializer().fields)
    assert fields == {*SUBMISSION, "demonstration", "answers", "claim_next"}, "the last is read beside the answer"
    assert is_read(lambda: read_submission(SUBMISSION | {"demonstration": "x"}, has_lease=True))


@pytest.mark.parametrize(
    "body",
    [
        {"content": {}, "revision": 0},
        {"content": {}, "revision": 0, "lease_token": None},
        {"content": {}, "revision": -1},
        {"content": [], "revision": 0},
        {"content": {}},
        {"content": {}, "revision": 0, "x": 1},
    ],
)
def test_drafts(body: dict[str, Any]) -> None:
    assert is_read(lambda: read_draft(body)) == SaveDraftSerializer(data=body).is_valid()


def is_read(read: Any) -> bool:
    """Say whether the reader by hand takes it."""
    try:
        read()
    except InvalidInput:
        return False
    return True


@pytest.mark.parametrize(
    ("ranks", "dense"),
    [([1, 2, 3], [1, 2, 3]), ([2, 2, 5], [1, 1, 2]), ([9, 1, 9, 4], [3, 1, 3, 2]), ([7], [1]), ([3, 3], [1, 1])],
)
def test_ranks_become_dense_and_keep_their_order(ranks: list[int], dense: list[int]) -> None:
    rank_of = dense_ranks(ranks)
    assert [rank_of[rank] for rank in ranks] == dense

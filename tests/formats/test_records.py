from typing import Any

import pytest

from formats.errors import FormatError
from formats.records import Demonstration, Prompt, Ranking, SampledResponse

MESSAGES = [{"role": "user", "content": "Hi"}]


def ranking(*ranks: int, **changes: Any) -> dict[str, Any]:
    responses = [{"response_id": f"r{n}", "text": f"t{n}", "rank": rank} for n, rank in enumerate(ranks)]
    return {"id": "1", "prompt_id": "p", "messages": MESSAGES, "responses": responses, "labeler": "l"} | changes


def test_pairs_drop_ties_and_ignore_empty_columns() -> None:
    assert Ranking.from_json(ranking(2, 1, 2, 5)).pairs() == [(0, 3), (1, 0), (1, 2), (1, 3), (2, 3)]
    assert Ranking.from_json(ranking(3, 3, 3)).pairs() == []


@pytest.mark.parametrize(
    ("value", "wrong_field"),
    [
        (ranking(1), "responses"),
        (ranking(*[1] * 10), "responses"),
        (ranking(1, 0), "responses[1].rank"),
        (ranking(1, 10), "responses[1].rank"),
        (ranking(1, 2, messages=[]), "messages"),
        (ranking(1, 2, id=""), "id"),
        (ranking(1, 2, instruction_version=0), "instruction_version"),
        (ranking(1, 2, split="dev"), "split"),
        (ranking(1, 2, responses=[{"response_id": "a", "text": "", "rank": 1}] * 2), "responses[1].response_id"),
        (
            ranking(1, 2, responses=[{"response_id": "a", "text": "", "rank": 1, "quality": 8}]),
            "responses[0].quality",
        ),
    ],
)
def test_a_ranking_that_cannot_be_is_refused(value: dict[str, Any], wrong_field: str) -> None:
    with pytest.raises(FormatError) as caught:
        Ranking.from_json(value)
    assert caught.value.field == wrong_field


@pytest.mark.parametrize(
    ("messages", "wrong_field"),
    [
        ([], "messages"),
        ([{"role": "user", "content": ""}], "messages[0].content"),
        ([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "messages[1].role"),
        ([{"role": "user", "content": "a"}, {"role": "system", "content": "b"}, *MESSAGES], "messages[1].role"),
        ([{"role": "robot", "content": "a"}], "messages[0].role"),
    ],
)
def test_a_prompt_ends_with_what_a_user_said(messages: list, wrong_field: str) -> None:
    with pytest.raises(FormatError) as caught:
        Prompt.from_json({"id": "p", "messages": messages})
    assert caught.value.field == wrong_field


def test_a_demonstration_says_something_and_a_sample_need_not() -> None:
    with pytest.raises(FormatError, match="response: must not be empty"):
        Demonstration.from_json({"id": "1", "prompt_id": "p", "messages": MESSAGES, "response": "", "labeler": "l"})
    sample = {"prompt_id": "p", "number": 0, "text": "", "finish_reason": "stop", "prompt_tokens": 3}
    assert SampledResponse.from_json(sample | {"response_tokens": 1, "seed": 2**47}).text == ""

"""Two rules that must never move: the split of a submitter, and when two prompts are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.messages import Message
from labelapp.prompts.dedup import dedup_key
from labelapp.prompts.models import Split
from labelapp.prompts.splits import split_of


def test_split_of_known_submitters_never_changes() -> None:
    assert {key: split_of(key).value for key in ("acme", "demo-writer-01", "user:labeler-00c0ffee", "żółw", "5")} == {
        "acme": "test",
        "demo-writer-01": "test",
        "user:labeler-00c0ffee": "train",
        "żółw": "train",
        "5": "train",
    }


def test_splits_have_the_sizes_they_promise() -> None:
    splits = [split_of(f"submitter-{number}") for number in range(20_000)]
    # Four standard deviations of a binomial share.
    assert splits.count(Split.TRAIN) / len(splits) == pytest.approx(0.80, abs=0.012)
    assert splits.count(Split.VALID) / len(splits) == pytest.approx(0.10, abs=0.009)
    assert splits.count(Split.TEST) / len(splits) == pytest.approx(0.10, abs=0.009)


def key(*turns: tuple[str, str]) -> str:
    return dedup_key([Message(role, content) for role, content in turns])  # type: ignore[arg-type]


def test_layout_and_composition_do_not_make_another_prompt() -> None:
    assert key(("user", "Où est\n\n le café ?  ")) == key(("user", "Où est le café ?"))


@pytest.mark.parametrize(
    "other",
    [
        [("user", "polish this")],
        [("user", "Polish"), ("assistant", "this")],
        [("system", "Polish this")],
        [("user", "Polish"), ("user", "this")],
    ],
)
def test_words_case_roles_and_turns_do(other: list[tuple[str, str]]) -> None:
    assert key(*other) != key(("user", "Polish this"))


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_the_key_is_a_sha256_of_any_text(text: str) -> None:
    assert len(key(("user", text))) == 64
    assert key(("user", text)) == key(("user", f" {text}\n"))

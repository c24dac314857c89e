import dataclasses
from dataclasses import dataclass, field
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from formats.codec import Format
from formats.errors import FormatError
from formats.jsonl import dump_json, parse_json


@dataclass(frozen=True, slots=True)
class Inner(Format):
    number: int = field(metadata={"minimum": 1, "maximum": 7})


@dataclass(frozen=True, slots=True)
class Outer(Format):
    name: str
    share: float = 0.5
    is_on: bool = False
    color: Literal["red", "blue"] = "red"
    inner: tuple[Inner, ...] = ()
    note: str | None = None
    answers: dict[str, bool | int | str] = field(default_factory=dict)


FULL = {
    "name": "a",
    "share": 0.25,
    "is_on": True,
    "color": "blue",
    "inner": [{"number": 7}],
    "note": "n",
    "answers": {"x": True, "y": 3, "z": "no"},
}


def test_reads_what_it_wrote() -> None:
    value = Outer.from_json(FULL)
    assert value.to_json() == FULL
    assert Outer.from_json(value.to_json()) == value
    assert value.answers["x"] is True


def test_a_whole_number_is_a_number_but_stays_a_float() -> None:
    assert type(Outer.from_json({"name": "a", "share": 1}).share) is float


@pytest.mark.parametrize(
    ("change", "wrong_field", "message"),
    [
        ({"name": None}, "name", "must be a text, not null"),
        ({"name": 3}, "name", "must be a text, not a whole number"),
        ({"name": "\ud800"}, "name", "must be writable as UTF-8; it has a lone surrogate"),
        ({"share": "0.5"}, "share", "must be a number, not a text"),
        ({"share": True}, "share", "must be a number, not true or false"),
        ({"share": float("nan")}, "share", "must be a finite number, not nan"),
        ({"share": 10**400}, "share", "must be a number that fits 64 bits"),
        ({"is_on": 1}, "is_on", "must be true or false, not a whole number"),
        ({"color": "green"}, "color", "must be one of red, blue, not 'green'"),
        ({"inner": {}}, "inner", "must be a list, not an object"),
        ({"inner": [{"number": 7}, {"number": 8}]}, "inner[1].number", "must be at most 7, not 8"),
        ({"inner": [{"number": 0}]}, "inner[0].number", "must be at least 1, not 0"),
        ({"inner": [{"number": True}]}, "inner[0].number", "must be a whole number, not true or false"),
        ({"inner": [{"number": 1.0}]}, "inner[0].number", "must be a whole number, not a number"),
        ({"inner": [{}]}, "inner[0].number", "is required"),
        ({"inner": ["x"]}, "inner[0]", "must be an object, not a text"),
        ({"answers": {"x": None}}, "answers.x", "must be true or false or a whole number or a text, not null"),
        ({"naem": "a"}, "naem", "is not a known field; did you mean name?"),
    ],
)
def test_names_the_field_and_what_would_be_right(change: dict, wrong_field: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        Outer.from_json(FULL | change)
    assert (caught.value.field, caught.value.message) == (wrong_field, message)


def test_validate_finds_in_an_instance_what_from_json_finds_in_json() -> None:
    wrong = Outer(name="a", inner=(Inner(9),))
    with pytest.raises(FormatError, match=r"inner\[0\]\.number: must be at most 7, not 9"):
        wrong.validate()
    with pytest.raises(FormatError, match="share: must be a number"):
        dataclasses.replace(wrong, inner=(), share="x").validate()  # type: ignore[arg-type]


def test_what_is_not_an_object_is_refused() -> None:
    with pytest.raises(FormatError, match="must be an object, not a list"):
        Outer.from_json([])


@given(
    st.builds(
        Outer,
        name=st.text(),
        share=st.floats(allow_nan=False, allow_infinity=False),
        is_on=st.booleans(),
        color=st.sampled_from(["red", "blue"]),
        inner=st.lists(st.builds(Inner, st.integers(1, 7)), max_size=3).map(tuple),
        note=st.none() | st.text(),
        answers=st.dictionaries(st.text(), st.booleans() | st.integers() | st.text(), max_size=3),
    )
)
def test_every_valid_value_survives_the_bytes(value: Outer) -> None:
    assert Outer.from_json(parse_json(dump_json(value.to_json()))) == value

"""Strict translation between JSON values and frozen dataclasses.

Nothing is guessed and nothing is ignored: an unknown key, a missing one, a wrong type (`true` is not a
number, `"3"` is not 3) and a number that is not finite or out of its range are each a `FormatError` that names
the field. A field's range stands in its metadata as `minimum` and `maximum`; a rule that spans several fields
stands in `check_rules`.
"""

import dataclasses
import difflib
import math
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from formats.errors import FormatError


class Format:
    """What every dataclass of the contract can do. Subclasses are frozen, slotted dataclasses."""

    __slots__ = ()

    @classmethod
    def from_json(cls, value: object, *, field: str = "") -> Self:
        """The checked dataclass that a parsed JSON value describes. Raises FormatError."""
        if not isinstance(value, dict):
            raise FormatError(field, f"must be an object, not {_name(value)}")
        items = _fields(cls)
        hints = _hints(cls)
        _check_keys([item.name for item in items], value, field)
        given: dict[str, Any] = {}
        for item in items:
            where = join(field, item.name)
            if item.name in value:
                given[item.name] = _convert(hints[item.name], value[item.name], where, item.metadata)
            elif item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING:
                raise FormatError(where, "is required")
        made = cls(**given)
        made.check_rules(field)
        return made

    def to_json(self) -> dict[str, Any]:
        """A JSON object that `from_json` reads back to an equal value."""
        return {item.name: _encode(getattr(self, item.name)) for item in _fields(type(self))}

    def validate(self, *, field: str = "") -> None:
        """Raise FormatError unless every field has its type and range and the rules among them hold."""
        hints = _hints(type(self))
        for item in _fields(type(self)):
            _convert(hints[item.name], getattr(self, item.name), join(field, item.name), item.metadata)
        self.check_rules(field)

    def check_rules(self, field: str) -> None:
        """Rules among several fields; `field` is the dotted name of this value. None by default."""


def join(field: str, name: str) -> str:
    """The dotted name of `name` inside `field`."""
    return f"{field}.{name}" if field else name


@cache
def _cached_hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls)


def _hints(cls: Any) -> dict[str, Any]:
    return _cached_hints(cls)


def _fields(cls: Any) -> tuple["dataclasses.Field[Any]", ...]:
    return dataclasses.fields(cls)


def _convert(hint: Any, value: Any, field: str, limits: Mapping[str, Any]) -> Any:
    """`value` as `hint` wants it: dicts become dataclasses, lists tuples. Raises FormatError."""
    if hint is Any:
        return value
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return _convert_union(get_args(hint), value, field, limits)
    if origin is Literal:
        return _check_choice(value, get_args(hint), field)
    if origin is tuple:
        return _convert_list(get_args(hint)[0], value, field, limits)
    if origin is dict:
        return _convert_dict(get_args(hint)[1], value, field, limits)
    if dataclasses.is_dataclass(hint):
        return _convert_dataclass(hint, value, field)
    return _convert_scalar(hint, value, field, limits)


def _convert_union(hints: tuple[Any, ...], value: Any, field: str, limits: Mapping[str, Any]) -> Any:
    if value is None and types.NoneType in hints:
        return None
    wanted = [hint for hint in hints if hint is not types.NoneType]
    if len(wanted) == 1:
        return _convert(wanted[0], value, field, limits)
    for hint in wanted:
        if type(value) is hint:
            return _convert(hint, value, field, limits)
    raise FormatError(field, f"must be {' or '.join(_NAMES[hint] for hint in wanted)}, not {_name(value)}")


def _convert_list(hint: Any, value: Any, field: str, limits: Mapping[str, Any]) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise FormatError(field, f"must be a list, not {_name(value)}")
    return tuple(_convert(hint, item, f"{field}[{index}]", limits) for index, item in enumerate(value))


def _convert_dict(hint: Any, value: Any, field: str, limits: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FormatError(field, f"must be an object, not {_name(value)}")
    return {
        _convert_scalar(str, key, field, {}): _convert(hint, item, join(field, str(key)), limits)
        for key, item in value.items()
    }


def _convert_dataclass(hint: Any, value: Any, field: str) -> Any:
    if isinstance(value, hint):
        value.validate(field=field)
        return value
    return hint.from_json(value, field=field)


def _convert_scalar(hint: Any, value: Any, field: str, limits: Mapping[str, Any]) -> Any:
    if hint is float and type(value) is int:
        value = _to_float(value, field)
    if type(value) is not hint:
        raise FormatError(field, f"must be {_NAMES[hint]}, not {_name(value)}")
    if hint is str:
        _check_text(value, field)
    if hint in (int, float):
        _check_range(value, field, limits)
    return value


def _to_float(value: int, field: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise FormatError(field, "must be a number that fits 64 bits") from error


def _check_text(value: str, field: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise FormatError(field, "must be writable as UTF-8; it has a lone surrogate") from error


def _check_range(value: float, field: str, limits: Mapping[str, Any]) -> None:
    if not math.isfinite(value):
        raise FormatError(field, f"must be a finite number, not {value}")
    minimum, maximum = limits.get("minimum"), limits.get("maximum")
    if minimum is not None and value < minimum:
        raise FormatError(field, f"must be at least {minimum}, not {value}")
    if maximum is not None and value > maximum:
        raise FormatError(field, f"must be at most {maximum}, not {value}")


def _check_choice(value: Any, choices: tuple[Any, ...], field: str) -> Any:
    # `True in (1, 2)` holds in Python: the type must be the same too.
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        raise FormatError(field, f"must be one of {', '.join(map(str, choices))}, not {value!r}")
    return value


def _check_keys(names: list[str], value: dict[str, Any], field: str) -> None:
    for key in value:
        if key not in names:
            close = difflib.get_close_matches(str(key), names, n=1)
            hint = f"did you mean {close[0]}?" if close else f"the known ones are {', '.join(names)}"
            raise FormatError(join(field, str(key)), f"is not a known field; {hint}")


def _encode(value: Any) -> Any:
    if isinstance(value, Format):
        return value.to_json()
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    return value


_NAMES: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "an object",
    list: "a list",
    tuple: "a list",
    types.NoneType: "null",
}


def _name(value: object) -> str:
    return _NAMES.get(type(value), type(value).__name__)

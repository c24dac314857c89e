"""How a configuration's field explains itself, so that the launch form need not know training."""

import dataclasses
import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from formats.codec import Format

Group = Literal["basic", "advanced"]
_KINDS = {int: "integer", float: "number", bool: "boolean", str: "text"}


def setting(
    default: Any,
    *,
    label: str,
    help: str,
    unit: str = "",
    minimum: float | None = None,
    maximum: float | None = None,
    group: Group = "advanced",
    source: str = "",
) -> Any:
    """A dataclass field with a default and what a form shows. `source` says where the default comes from."""
    metadata = {
        "label": label,
        "help": help,
        "unit": unit,
        "minimum": minimum,
        "maximum": maximum,
        "group": group,
        "source": source,
    }
    return dataclasses.field(default=default, metadata=metadata)


def describe(config_class: type[Format]) -> list[dict[str, Any]]:
    """One JSON-able dict a field: name, type (integer, number, boolean, text or choice), choices, default, label,
    help, unit, minimum, maximum, group and source. A kind's own come first, then those that it shares with others.
    """
    hints = get_type_hints(config_class)
    fields = {item.name: item for item in dataclasses.fields(config_class)}  # type: ignore[arg-type]
    declared = [name for one in config_class.__mro__ for name in vars(one).get("__annotations__", {})]
    items = [fields[name] for name in dict.fromkeys(declared)]
    return [
        {
            "name": item.name,
            "type": _type_name(hints[item.name]),
            "choices": list(get_args(hints[item.name])) if _is_choice(hints[item.name]) else [],
            "default": item.default,
            **item.metadata,
        }
        for item in items
    ]


def _is_choice(hint: Any) -> bool:
    return get_origin(hint) is Literal


def _type_name(hint: Any) -> str:
    if _is_choice(hint):
        return "choice"
    if get_origin(hint) in (Union, types.UnionType):
        raise TypeError("a setting has one type; give 'off' a number of its own and say so in its help")
    return _KINDS[hint]

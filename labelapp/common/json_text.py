"""What PostgreSQL can keep of the JSON that people send: its `jsonb` is narrower than Python's."""

import math
from collections.abc import Iterable
from typing import Any

# Deep enough for any page's state, and far from the depth at which Python's own recursion ends.
MAX_DEPTH = 64


def text_problem(text: str) -> str:
    """Say why PostgreSQL could not keep `text`, or nothing."""
    if "\x00" in text:
        return "Null characters are not allowed."
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "This is not valid Unicode: it holds half of a surrogate pair."
    return ""


def json_problem(value: Any, *, depth: int = 0) -> str:
    """Say why PostgreSQL could not keep the JSON `value`, or nothing."""
    if depth > MAX_DEPTH:
        return f"This is nested more than {MAX_DEPTH} levels deep."
    if isinstance(value, str):
        return text_problem(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "A number is out of range."
    if isinstance(value, dict):
        parts: Iterable[Any] = (*value.keys(), *value.values())
    elif isinstance(value, list):
        parts = value
    else:
        return ""
    return next((problem for part in parts if (problem := json_problem(part, depth=depth + 1))), "")

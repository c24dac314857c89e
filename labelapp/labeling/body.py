"""Reading a JSON request body by hand, for the endpoints that labelers call all day.

A nested DRF serializer of nine judgments costs more than the database does; this reads the same shapes, collects every
wrong field by its dotted name, and refuses what nothing reads. The shapes are declared in `serializers.py`.
"""

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import UnsupportedMediaType
from rest_framework.request import Request

from labelapp.common.errors import InvalidInput
from labelapp.common.field_messages import NEEDED
from labelapp.common.json_text import text_problem

MISSING = object()
MAX_INTEGER = 2_147_483_647
MAX_ID = 9_223_372_036_854_775_807


def read_json_object(request: Request) -> dict[str, Any]:
    """Return the request's JSON object.

    Raises:
        InvalidInput: it is too large, not UTF-8, not JSON, or not an object.
        UnsupportedMediaType: it says that it is something else.
    """
    if request.content_type.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType(request.content_type)
    try:
        data = json.loads(request.body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite)
    except RequestDataTooBig as error:
        raise InvalidInput("The request is too large.", code="too_large") from error
    except UnicodeDecodeError as error:
        raise InvalidInput("The request is not UTF-8.", code="parse_error") from error
    except RecursionError as error:
        raise InvalidInput("The request is nested too deeply.", code="parse_error") from error
    except ValueError as error:
        raise InvalidInput(f"The request is not JSON: {error}", code="parse_error") from error
    if not isinstance(data, dict):
        raise InvalidInput("The request must be a JSON object.")
    return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is out of range")
    return value


class Body:
    """Takes fields out of a JSON object one by one and collects what is wrong with them."""

    def __init__(self, data: dict[str, Any], *, prefix: str = "", errors: list[tuple[str, str]] | None = None) -> None:
        self.data = data
        self.prefix = prefix
        self.errors = [] if errors is None else errors
        self._read: list[str] = []

    def fail(self, name: str, message: str) -> None:
        """Note that the field `name` is wrong."""
        self.errors.append((self.prefix + name, message))

    def take(self, name: str, *, required: bool = True) -> Any:
        """Return the raw value, or MISSING."""
        self._read.append(name)
        value = self.data.get(name, MISSING)
        if value is MISSING and required:
            self.fail(name, NEEDED)
        return value

    def integer(self, name: str, *, minimum: int, maximum: int) -> int:
        """Read a whole number; `true` is none, although Python thinks so."""
        value = self.take(name)
        if value is MISSING:
            return minimum
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(name, "This must be a whole number.")
            return minimum
        if not minimum <= value <= maximum:
            self.fail(name, f"This must be from {minimum} to {maximum}, not {value}.")
            return minimum
        return value

    def text(self, name: str, *, max_length: int, required: bool = False) -> str:
        """Read a text; one that is required must say something."""
        value = self.take(name, required=required)
        if value is MISSING:
            return ""
        if not isinstance(value, str):
            self.fail(name, "This must be text.")
        elif len(value) > max_length:
            self.fail(name, f"This may have at most {max_length:,} characters; it has {len(value):,}.")
        elif problem := text_problem(value):
            self.fail(name, problem)
        elif required and not value.strip():
            self.fail(name, "This may not be empty.")
        else:
            return value
        return ""

    def uuid(self, name: str, *, required: bool = True) -> UUID | None:
        """Read a UUID."""
        value = self.take(name, required=required)
        if value is MISSING or (value is None and not required):
            return None
        try:
            return UUID(value)
        except (ValueError, TypeError, AttributeError):
            self.fail(name, "This must be a UUID.")
            return None

    def choice(self, name: str, *, values: Iterable[str]) -> str:
        """Read one of `values`."""
        value = self.take(name)
        if value is not MISSING and (not isinstance(value, str) or value not in values):
            self.fail(name, f"This must be one of: {', '.join(values)}.")
        return value if isinstance(value, str) else ""

    def objects(self, name: str) -> list["Body"]:
        """Read a list of objects, as bodies that collect into the same errors."""
        value = self.take(name)
        if value is MISSING:
            return []
        if not isinstance(value, list):
            self.fail(name, "This must be a list.")
            return []
        items = []
        for index, item in enumerate(value):
            if isinstance(item, dict):
                items.append(Body(item, prefix=f"{self.prefix}{name}.{index}.", errors=self.errors))
            else:
                self.fail(f"{name}.{index}", "This must be an object.")
        return items

    def refuse_unknown(self) -> None:
        """Note every field that was not read."""
        for name in self.data:
            if name not in self._read:
                self.fail(name, f"Unknown field. This takes: {', '.join(self._read)}.")

    def finish(self) -> None:
        """Raise what was collected, if anything."""
        self.refuse_unknown()
        raise_if_wrong(self.errors)


def raise_if_wrong(errors: list[tuple[str, str]]) -> None:
    """Raise InvalidInput for the collected errors, if any."""
    if errors:
        field, message = errors[0]
        raise InvalidInput(f"{field}: {message}", errors=errors)

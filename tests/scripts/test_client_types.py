"""The generator of the Python client's types, on a schema small enough to write its types by hand."""

from typing import Any

import pytest

from scripts import client_types

RUN = {
    "type": "object",
    "description": "A run.\n\n* `sft` - Supervised",
    "required": ["id", "kind", "ended_at", "values"],
    "properties": {
        "id": {"type": "integer"},
        "kind": {"allOf": [{"$ref": "#/components/schemas/Kind"}], "readOnly": True},
        "ended_at": {"type": "string", "nullable": True, "description": "When;\nnull while it runs."},
        "values": {"type": "object", "additionalProperties": {"type": "number"}},
        "parts": {"type": "array", "items": {"oneOf": [{"type": "boolean"}, {}]}},
    },
}
SHAPES = {"Run": RUN, "Kind": {"enum": ["sft", "ppo"]}, "Unused": {"type": "string"}}
EXPECTED = '''

Kind = Literal["sft", "ppo"]


class Run(TypedDict):
    """A run."""

    id: int
    kind: Kind
    # When; null while it runs.
    ended_at: str | None
    values: dict[str, float]
    parts: NotRequired[list[bool | Any]]
'''


def schema(operation: str) -> dict[str, Any]:
    answer = {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Run"}}}}}
    return {
        "paths": {"/runs": {"get": {"operationId": operation, "responses": answer}, "parameters": []}},
        "components": {"schemas": SHAPES},
    }


def test_what_an_operation_needs_in_an_order_that_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_types, "OPERATIONS", ("runs_retrieve",))
    assert client_types.generate(schema("runs_retrieve")) == client_types.HEAD.rstrip("\n") + "\n" + EXPECTED[1:]


def test_an_operation_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_types, "OPERATIONS", ("runs_retrieve",))
    with pytest.raises(LookupError, match="the API has no operation runs_retrieve"):
        client_types.generate(schema("runs_read"))

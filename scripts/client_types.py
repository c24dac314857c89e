"""Write the Python client's types from the OpenAPI schema: one TypedDict for each shape that the client sends or gets.

Ours rather than datamodel-code-generator: that one brings twenty packages and writes every shape of the API, where the
client needs a quarter of them, so that each change of the API would change the client.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = ROOT / "labelapp_client" / "types.py"
# What the client calls, by the schema's operation ids.
OPERATIONS = (
    "checkpoints_list",
    "checkpoints_sample_into",
    "dataset_versions_list",
    "dataset_versions_retrieve",
    "datasets_create",
    "datasets_freeze",
    "datasets_list",
    "datasets_preview",
    "endpoints_list",
    "projects_create",
    "projects_list",
    "projects_read",
    "prompt_imports_confirm",
    "prompt_imports_dropped",
    "prompt_imports_list",
    "prompt_imports_preview",
    "prompt_imports_resume",
    "prompt_imports_retrieve",
    "prompt_imports_undo",
    "prompt_sources_preview",
    "run_kinds_list",
    "runs_cancel",
    "runs_create",
    "runs_files",
    "runs_list",
    "runs_log",
    "runs_metrics",
    "runs_resume",
    "runs_retrieve",
    "sample_batches_list",
    "tasks_create",
    "users_list",
)
PREFIX = "#/components/schemas/"
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
HEAD = '''"""What the API sends and takes, written from its schema by `make schema`: not to be edited.

Moments are texts as in ISO 8601.
"""

from typing import Any, Literal, NotRequired, TypedDict
'''


def generate(schema: dict[str, Any]) -> str:
    """Return the module. Raises LookupError for an operation that the schema lacks."""
    shapes: dict[str, Any] = schema["components"]["schemas"]
    parts = [declaration(name, shapes[name]) for name in in_order(roots(schema), shapes)]
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(WRITTEN), "-"]
    source = "\n\n".join([HEAD.rstrip(), *parts])
    return subprocess.run(command, input=source, stdout=subprocess.PIPE, text=True, check=True).stdout


def roots(schema: dict[str, Any]) -> list[str]:
    """The names of the shapes that the client's operations send or get."""
    bodies = {
        operation["operationId"]: (operation.get("requestBody", {}), operation["responses"])
        for path in schema["paths"].values()
        for method, operation in path.items()
        if method != "parameters"
    }
    if unknown := [name for name in OPERATIONS if name not in bodies]:
        raise LookupError(f"the API has no operation {', '.join(unknown)}: change OPERATIONS in {Path(__file__).name}")
    return [name for operation in OPERATIONS for name in references(bodies[operation])]


def references(part: Any) -> Iterator[str]:
    """The names of the shapes that a part of the schema mentions."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].removeprefix(PREFIX)
        part = part.values()
    if isinstance(part, Iterable) and not isinstance(part, str):
        for item in part:
            yield from references(item)


def in_order(names: Iterable[str], shapes: dict[str, Any]) -> list[str]:
    """These shapes and all that they are made of, each after what it is made of and else by name."""
    ordered: list[str] = []
    entered: set[str] = set()

    def visit(name: str) -> None:
        if name not in entered:
            entered.add(name)
            for inner in sorted(set(references(shapes[name]))):
                visit(inner)
            ordered.append(name)

    for name in sorted(set(names)):
        visit(name)
    return ordered


def declaration(name: str, shape: dict[str, Any]) -> str:
    """A class for an object, an alias for everything else."""
    if "properties" not in shape:
        return f"{name} = {annotation(shape)}"
    lines = [f"class {name}(TypedDict):"]
    if "description" in shape:
        lines += [f'    """{one_line(shape["description"])}"""', ""]
    required = set(shape.get("required", ()))
    for field, inner in shape["properties"].items():
        if one_line(inner.get("description", "")):
            lines.append(f"    # {one_line(inner['description'])}")
        kind = annotation(inner)
        lines.append(f"    {field}: {kind if field in required else f'NotRequired[{kind}]'}")
    return "\n".join(lines)


def annotation(shape: dict[str, Any]) -> str:
    """The Python type of a schema."""
    kind = _annotation(shape)
    return f"{kind} | None" if shape.get("nullable") and kind != "Any" else kind


def _annotation(shape: dict[str, Any]) -> str:
    if "$ref" in shape:
        return str(shape["$ref"]).removeprefix(PREFIX)
    for alternatives in ("allOf", "oneOf", "anyOf"):
        if alternatives in shape:
            return " | ".join(annotation(inner) for inner in shape[alternatives])
    if "enum" in shape:
        return f"Literal[{', '.join(json.dumps(value) for value in shape['enum'])}]"
    if shape.get("type") == "array":
        return f"list[{annotation(shape['items'])}]"
    if shape.get("type") == "object":
        return f"dict[str, {annotation(shape.get('additionalProperties') or {})}]"
    if shape.get("format") == "binary":
        return "bytes"
    return PLAIN.get(shape.get("type", ""), "Any")


def one_line(text: str) -> str:
    """A description within a line of source, without the list of an enumeration's values."""
    sentence = re.split(r"^\* `", text, flags=re.MULTILINE)[0]
    words = " ".join(sentence.split()).replace("\\", "\\\\").replace('"""', "'''")
    return words if len(words) <= 110 else words[:107].rsplit(" ", 1)[0] + " …"

"""JSON and JSON lines: readers that say which line is wrong, writers whose bytes depend on the values alone."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from formats.codec import Format
from formats.errors import FormatError
from formats.files import write_atomically

Row = TypeVar("Row", bound=Format)


def parse_json(data: bytes) -> Any:
    """The value of a JSON text. Raises FormatError for what is not UTF-8 or not strict JSON."""
    try:
        return json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_reject_constant)
    except UnicodeDecodeError as error:
        raise FormatError("", f"must be UTF-8; byte {error.start} is not") from error
    except RecursionError as error:
        raise FormatError("", "must be nested less deeply") from error
    except FormatError:
        raise
    except ValueError as error:
        raise FormatError("", f"must be JSON: {error}") from error


def parse_line(line: bytes) -> Any:
    """The value of a line of JSONL. Raises FormatError, also for an empty one."""
    if not line.strip():
        raise FormatError("", "must hold a JSON object; the line is empty")
    return parse_json(line)


def dump_json(value: object) -> bytes:
    """One line of JSON, without the newline: sorted keys, no spaces, UTF-8; equal values are equal bytes."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def read_jsonl(path: Path, row_class: type[Row]) -> Iterator[Row]:
    """Each line of a file as a checked `row_class`, one at a time. Raises FormatError with the line."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                yield row_class.from_json(parse_line(line))
            except FormatError as error:
                raise error.at_line(number) from error


def write_jsonl(path: Path, rows: Iterable[Format]) -> int:
    """Write a row a line, atomically, each checked first; return how many. Raises FormatError with the line."""
    count = 0

    def lines() -> Iterator[bytes]:
        nonlocal count
        for row in rows:
            count += 1
            try:
                row.validate()
            except FormatError as error:
                raise error.at_line(count) from error
            yield dump_json(row.to_json()) + b"\n"

    write_atomically(path, lines())
    return count


def read_json(path: Path) -> Any:
    """The value in a JSON file. Raises FormatError, and OSError where the file cannot be read."""
    return parse_json(path.read_bytes())


def write_json(path: Path, value: object) -> None:
    """Write one JSON value and a newline, atomically."""
    write_atomically(path, [dump_json(value), b"\n"])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A dict from a JSON object in which no key stands twice: the second would silently win."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise FormatError(key, "must stand once in its object, not twice")
        found[key] = value
    return found


def _reject_constant(name: str) -> Any:
    raise FormatError("", f"must be strict JSON, which has no {name}")

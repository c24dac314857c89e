"""Compare the API's OpenAPI schema, and the Python client's types, with what is committed, or write both.

The browser's types are generated from frontend/openapi.json by the front end's own tools.
"""

import argparse
import difflib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import client_types  # noqa: E402

COMMITTED = ROOT / "frontend" / "openapi.json"
MOST_LINES = 40


def main() -> None:
    """Exit with 1 and the first lines that differ when what is committed is not the API's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write both files")
    schema = generate()
    written = {COMMITTED: schema, client_types.WRITTEN: client_types.generate(json.loads(schema))}
    if parser.parse_args().write:
        for path, text in written.items():
            path.write_text(text)
        return
    if lines := [line for path, text in written.items() for line in difference(path, text)]:
        print("\n".join(lines[:MOST_LINES]))
        sys.exit("what is committed is not the API's: run make schema")


def difference(path: Path, text: str) -> list[str]:
    """The lines in which a committed file differs from what it should be."""
    committed = path.read_text() if path.exists() else ""
    name = str(path.relative_to(ROOT))
    return [*difflib.unified_diff(committed.splitlines(), text.splitlines(), name, "the API", lineterm="", n=1)]


def generate() -> str:
    """Return the schema; a warning of drf-spectacular is an error, because it means a type that the client lacks."""
    arguments = ["spectacular", "--format", "openapi-json", "--validate", "--fail-on-warn"]
    command = [sys.executable, "manage.py", *arguments]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        sys.exit(result.returncode)
    return result.stdout.rstrip("\n") + "\n"


if __name__ == "__main__":
    main()

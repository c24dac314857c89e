"""Compare the API's OpenAPI schema with frontend/openapi.json, which the client is generated from, or write it."""

import argparse
import difflib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "frontend" / "openapi.json"
MOST_LINES = 40


def main() -> None:
    """Exit with 1 and the first lines that differ when the committed schema is not the API's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write frontend/openapi.json")
    schema = generate()
    if parser.parse_args().write:
        COMMITTED.write_text(schema)
        return
    committed = COMMITTED.read_text() if COMMITTED.exists() else ""
    difference = difflib.unified_diff(
        committed.splitlines(), schema.splitlines(), "frontend/openapi.json", "the API", lineterm="", n=1
    )
    if lines := list(difference):
        print("\n".join(lines[:MOST_LINES]))
        sys.exit("frontend/openapi.json is not the API's schema: run make schema")


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

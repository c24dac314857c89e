"""Files as people really upload them: each ends in an error with a line, a field and what would be right."""

import csv
import gzip
import io
import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from labelapp.prompts.importing.bad_lines import formula_safe
from labelapp.prompts.importing.lines import MAX_CELL_LENGTH, MAX_LINE_BYTES
from labelapp.prompts.models import Prompt, PromptImport
from tests.prompts.conftest import Upload, confirm

pytestmark = pytest.mark.django_db

GOOD = b'{"prompt": "a good one"}\n'


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


# Content of the bad line, the field that is wrong, and a piece of the message.
BAD_JSON_LINES = {
    "not JSON": (b"hello\n", "", "must be JSON"),
    "cut short": (b'{"prompt": "a\n', "", "must be JSON"),
    "an array": (b"[1, 2]\n", "", "must be an object, not a list"),
    "a text": (b'"hello"\n', "", "must be an object, not a text"),
    "null": (b"null\n", "", "must be an object, not null"),
    "not UTF-8": (b'{"prompt": "caf\xe9"}\n', "", "must be UTF-8"),
    "a NUL in the text": (line(prompt="a\x00b"), "prompt", "NUL"),
    "a raw NUL": (b'{"prompt": "a\x00b"}\n', "", "must be JSON"),
    "a lone surrogate": (b'{"prompt": "\\ud800"}\n', "prompt", "lone surrogate"),
    "a lone surrogate as a key": (b'{"prompt": "a", "\\ud800": 1}\n', "?", "not a known field"),
    "a NUL as a key": (b'{"prompt": "a", "\\u0000": 1}\n', "\ufffd", "not a known field"),
    "a key twice": (b'{"prompt": "a", "prompt": "b"}\n', "prompt", "once"),
    "NaN": (b'{"prompt": "a", "annotations": NaN}\n', "", "no NaN"),
    "Infinity": (b'{"prompt": "a", "annotations": -Infinity}\n', "", "no -Infinity"),
    "nested too deeply": (b'{"prompt": ' + b"[" * 200_000 + b"\n", "", "nested less deeply"),
    "a huge number": (b'{"prompt": ' + b"9" * 10_000 + b"}\n", "", "must be JSON"),
    "a line that is too long": (b'{"prompt": "' + b"a" * MAX_LINE_BYTES + b'"}\n', "", "8,388,608 bytes"),
    "an unknown field": (line(prompt="a", promt="b"), "promt", "did you mean prompt?"),
    "no prompt": (line(kind="plain"), "prompt", "must be given"),
    "both prompt and messages": (line(prompt="a", messages=[]), "prompt", "not both"),
    "an empty prompt": (line(prompt=" \n"), "prompt", "must not be empty"),
    "a prompt that is a number": (line(prompt=3), "prompt", "must be a text, not a whole number"),
    "a prompt that is too long": (line(prompt="é" * 100_001), "prompt", "at most 100,000 characters"),
    "no messages": (line(messages=[]), "messages", "at least one message"),
    "the assistant speaks last": (line(messages=[{"role": "assistant", "content": "a"}]), "messages[0].role", "user"),
    "an unknown role": (line(messages=[{"role": "tool", "content": "a"}]), "messages[0].role", "must be one of"),
    "a system message in the middle": (
        line(messages=[{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]),
        "messages[1].role",
        "must be user",
    ),
    "a blank message": (line(messages=[{"role": "user", "content": " "}]), "messages[0].content", "not be empty"),
    "an extra key in a message": (
        line(messages=[{"role": "user", "content": "a", "name": "b"}]),
        "messages[0].name",
        "not a known field",
    ),
    "messages too long together": (
        line(messages=[{"role": "user", "content": "a" * 60_000}] * 2),
        "messages",
        "100,000 characters in all",
    ),
    "an unknown kind": (line(prompt="a", kind="odd"), "kind", "must be one of plain"),
    "an unknown use case": (line(prompt="a", use_case="poetry"), "use_case", "must be one of generation"),
    "a use case that is null": (line(prompt="a", use_case=None), "use_case", "must be a text"),
    "an unknown annotation": (line(prompt="a", annotations={"ambigous": True}), "annotations.ambigous", "ambiguous?"),
    "an annotation that is a text": (line(prompt="a", annotations={"ambiguous": "yes"}), "annotations.ambiguous", ""),
    "annotations as a list": (line(prompt="a", annotations=["ambiguous"]), "annotations", "must be an object"),
    "a language in words": (line(prompt="a", language="English!"), "language", "such as en"),
    "a submitter that is too long": (line(prompt="a", submitter="x" * 201), "submitter", "at most 200"),
    "a submitter with NUL": (line(prompt="a", submitter="x\x00"), "submitter", "NUL"),
    "responses as a text": (line(prompt="a", responses="b"), "responses", "must be a list"),
    "a response that is a number": (line(prompt="a", responses=["b", 3]), "responses[1]", "must be a text"),
    "a response with other keys": (line(prompt="a", responses=[{"text": "b", "rank": 1}]), "responses[0]", "text"),
    "a response with a surrogate": (b'{"prompt": "a", "responses": ["\\udc00"]}\n', "responses[0]", "surrogate"),
    "too many responses": (line(prompt="a", responses=["b"] * 65), "responses", "at most 64"),
    "context that is too long": (line(prompt="a", deployment_context="x" * 10_001), "deployment_context", "10,000"),
}


@pytest.mark.parametrize(("content", "field", "message"), BAD_JSON_LINES.values(), ids=BAD_JSON_LINES.keys())
def test_a_bad_json_line_is_told_and_the_others_are_kept(
    upload: Upload, researcher: APIClient, content: bytes, field: str, message: str
) -> None:
    answer = upload(GOOD + content + b'{"prompt": "another good one"}\n')
    assert answer.status_code == 200, answer.content
    preview = answer.json()
    (bad,) = preview["report"]["bad"]
    assert (bad["line"], bad["field"]) == (2, field)
    assert message in bad["message"]
    assert (preview["line_count"], preview["good_count"], preview["bad_count"]) == (3, 2, 1)
    confirmed = confirm(researcher, preview)
    assert confirmed.json()["imported_count"] == 2
    assert Prompt.objects.count() == 2


# The file after its header, the line and field that are wrong, and a piece of the message.
BAD_CSV_ROWS = {
    "too few cells": (b"only a prompt\n", 2, "", "must have 3 cells"),
    "too many cells": (b"a,b,en,extra\n", 2, "", "must have 3 cells"),
    "an empty prompt": (b",acme,en\n", 2, "prompt", "must not be empty"),
    "not UTF-8": (b"caf\xe9,acme,fr\n", 2, "", "must be UTF-8"),
    "a NUL": (b"a\x00b,acme,fr\n", 2, "prompt", "NUL"),
    "text after a quoted cell": (b'"a" b,acme,en\n', 2, "", "must be CSV"),
    "a carriage return alone": (b"a\rb,acme,en\n", 2, "", "must be CSV"),
    "an open quote": (b'"a,acme,en\n', 2, "", "not closed"),
    "a wrong language": (b"a,acme,klingon?\n", 2, "language", "such as en"),
    "a line that is too long": (b"a" * (MAX_LINE_BYTES + 1) + b",acme,en\n", 2, "", "8,388,608 bytes"),
    "a cell that is too long": (b'"' + b"a\n" * MAX_CELL_LENGTH + b'",acme,en\n', 2, "", "quotation mark"),
}


@pytest.mark.parametrize(("rows", "number", "field", "message"), BAD_CSV_ROWS.values(), ids=BAD_CSV_ROWS.keys())
def test_a_bad_csv_row_is_told(upload: Upload, rows: bytes, number: int, field: str, message: str) -> None:
    preview = upload(b"prompt,submitter,language\n" + rows, name="prompts.csv").json()
    bad = preview["report"]["bad"][0]
    assert (bad["line"], bad["field"]) == (number, field)
    assert message in bad["message"]


def test_rows_after_an_open_quote_are_read_again(upload: Upload) -> None:
    open_quote = b'"' + b"a" * MAX_CELL_LENGTH + b"\n"
    preview = upload(b"prompt\n" + open_quote + b"a good one\n", name="prompts.csv").json()
    assert (preview["bad_count"], preview["good_count"]) == (1, 1)


# The whole file, and a piece of the message; no row of it is good.
FOREIGN = {
    "semicolons": ("p.csv", b"prompt;kind\na;plain\n", "separated by commas"),
    "tabs": ("p.csv", b"prompt\tkind\na\tplain\n", "separated by commas"),
    "no prompt column": ("p.csv", b"kind,submitter\nplain,acme\n", "a column named prompt"),
    "an unknown column": ("p.csv", b"prompt,use case\na,chat\n", "Did you mean use_case?"),
    "responses in a CSV": ("p.csv", b"prompt,responses\na,b\n", "may be: prompt"),
    "a column twice": ("p.csv", b"prompt,prompt\na,b\n", "'prompt' stands twice"),
    "a header that is not UTF-8": ("p.csv", b"prompt,caf\xe9\na,b\n", "Unknown column"),
    "UTF-16": ("p.csv", "prompt\na\n".encode("utf-16"), "Save it as UTF-8"),
    "UTF-16 JSON": ("p.jsonl", '{"prompt": "a"}\n'.encode("utf-16-be"), "must be"),
    "an Excel file": ("p.csv", b"PK\x03\x04....", "Excel"),
    "a gzip": ("p.jsonl", gzip.compress(GOOD), "compressed"),
    "a Parquet file": ("p.jsonl", b"PAR1....", "Parquet"),
    "a JSON array over lines": ("p.jsonl", b'[\n{"prompt": "a"},\n]\n', "must be"),
    "random bytes": ("p.jsonl", bytes(range(128, 256)) * 100, "must be UTF-8"),
    "random bytes as CSV": ("p.csv", bytes(range(256)) * 100, ""),
}


@pytest.mark.parametrize(("name", "content", "message"), FOREIGN.values(), ids=FOREIGN.keys())
def test_a_foreign_file_says_what_to_do(
    upload: Upload, researcher: APIClient, name: str, content: bytes, message: str
) -> None:
    answer = upload(content, name=name)
    assert answer.status_code == 200, answer.content
    preview = answer.json()
    assert preview["good_count"] == 0
    assert message in preview["report"]["bad"][0]["message"]
    confirmed = confirm(researcher, preview)
    assert (confirmed.status_code, confirmed.json()["code"]) == (409, "nothing_to_import")


@pytest.mark.parametrize(
    ("name", "content", "fields", "field"),
    [
        ("p.jsonl", b"", {}, "file"),
        ("p.txt", GOOD, {}, "file"),
        ("p", GOOD, {}, "file"),
        ("p.jsonl", GOOD, {"cap_per_submitter": 0}, "cap_per_submitter"),
        ("p.jsonl", GOOD, {"cap_per_submitter": "many"}, "cap_per_submitter"),
        ("p.jsonl", GOOD, {"colour": "red"}, "colour"),
    ],
)
def test_an_upload_that_is_no_file_of_prompts(
    upload: Upload, name: str, content: bytes, fields: dict[str, Any], field: str
) -> None:
    answer = upload(content, name=name, **fields)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == field
    assert not PromptImport.objects.exists()


def test_an_upload_without_a_file(researcher: APIClient) -> None:
    answer = researcher.post("/api/v1/prompt-imports", {"cap_per_submitter": "3"}, format="multipart")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "file")
    garbled = researcher.post("/api/v1/prompt-imports", b"--x\r\n", content_type="multipart/form-data; boundary=x")
    assert garbled.status_code == 400
    in_json = researcher.post("/api/v1/prompt-imports", {"file": "prompts.jsonl"})
    assert in_json.status_code == 415


def test_the_bad_lines_can_be_opened_in_a_spreadsheet(upload: Upload, researcher: APIClient) -> None:
    preview = upload(b'=HYPERLINK("http://evil.example")\n' * 250).json()
    assert (preview["bad_count"], len(preview["report"]["bad"])) == (250, 200)
    answer: Any = researcher.get(f"/api/v1/prompt-imports/{preview['id']}/errors")
    assert answer["Content-Disposition"] == f'attachment; filename="import-{preview["id"]}-errors.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert len(rows) == 250
    assert rows[0]["line"] == "1"
    assert rows[0]["text"] == '\'=HYPERLINK("http://evil.example")'


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_what_a_spreadsheet_would_compute_becomes_text(text: str) -> None:
    assert formula_safe(text) == f"'{text}"


def test_ordinary_text_is_left_alone() -> None:
    assert formula_safe('{"a": "=1"}') == '{"a": "=1"}'

"""Files as people really upload them: each ends in an error with a line, a field and what would be right."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rest_framework.test import APIClient

from labelapp.prompts.importing.bad_lines import formula_safe
from labelapp.prompts.importing.lines import MAX_CELL_LENGTH, BadLine, TextReader
from labelapp.prompts.importing.parsing import parse_rows
from labelapp.prompts.importing.rotation import has_news, known_by
from labelapp.prompts.importing.tables import TableReader
from labelapp.prompts.models import ImportLine, Prompt, PromptImport
from tests.prompts.conftest import Upload, confirm, previewed
from tests.prompts.corpus import BAD, FORMULA, GOOD, LEGAL, BadFile

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported(researcher: APIClient, upload: Upload, tmp_path: Path, settings: Any) -> Callable[..., dict[str, Any]]:
    """Import a file by an upload, a folder by its name in IMPORT_DIR; return what the worker says of it."""
    settings.IMPORT_DIR = tmp_path / "incoming"
    settings.IMPORT_DIR.mkdir()

    def read(path: Path, **options: Any) -> dict[str, Any]:
        if path.is_dir():
            body = {"source": "incoming", "name": path.name, **options}
            answer = previewed(researcher, researcher.post("/api/v1/prompt-imports/sources", body))
        else:
            answer = upload(path.read_bytes(), name=path.name, **options)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found

    return read


def test_the_corpus_is_as_large_as_promised() -> None:
    assert len(BAD) >= 60
    assert {name.split(":")[0] for name in BAD} == {"JSONL", "CSV", "gzip", "foreign", "Parquet", "directory", "log"}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_a_bad_file_says_where_and_what_and_nothing_is_half_written(
    imported: Callable[..., dict[str, Any]], researcher: APIClient, settings: Any, case: BadFile
) -> None:
    path = case.write(settings.IMPORT_DIR)
    log = {"is_chat_log": True, "consent_note": "Our own test."} if case.is_chat_log else {}
    preview = imported(path, **log)
    if not case.line:
        assert case.message in preview["error"]
        assert (preview["state"], preview["line_count"], ImportLine.objects.count()) == ("checking", 0, 0)
        return
    bad = preview["report"]["bad"][0]
    assert (bad["line"], bad["field"]) == (case.line, case.field), bad
    assert case.message in bad["message"]
    assert preview["good_count"] == case.good
    assert preview["line_count"] == case.good + preview["bad_count"]
    errors: Any = researcher.get(f"/api/v1/prompt-imports/{preview['id']}/errors")
    assert len(list(csv.DictReader(io.StringIO(errors.getvalue().decode())))) == preview["bad_count"]
    assert not Prompt.objects.exists(), "a preview writes nothing"
    if not case.good:
        refused = confirm(researcher, preview)
        assert (refused.status_code, refused.json()["code"]) == (409, "nothing_to_import")
        return
    assert confirm(researcher, preview, "nothing").json()["state"] == "refused"
    assert not Prompt.objects.exists()
    assert confirm(researcher, preview).json()["imported_count"] == case.good == Prompt.objects.count()


@pytest.mark.parametrize(("name", "content", "texts"), LEGAL.values(), ids=LEGAL.keys())
def test_what_only_looks_wrong_comes_in_whole(
    imported: Callable[..., dict[str, Any]],
    researcher: APIClient,
    settings: Any,
    name: str,
    content: Any,
    texts: list[str],
) -> None:
    preview = imported(BadFile(name, content, 0, "", "").write(settings.IMPORT_DIR))
    assert (preview["bad_count"], preview["report"]["bad"]) == (0, [])
    assert confirm(researcher, preview).json()["imported_count"] == len(texts)
    assert list(Prompt.objects.order_by("id").values_list("text", flat=True)) == texts


def test_no_flipped_bit_of_a_parquet_file_ends_the_worker(tmp_path: Path) -> None:
    """Arrow 26 ends the whole process when it is asked about a column whose statistics are broken."""
    path = tmp_path / "p.parquet"
    pq.write_table(pa.table({"prompt": ["a", "b"], "responses": [["x"], ["y"]]}), path)
    content = path.read_bytes()
    told = 0
    footer = int.from_bytes(content[-8:-4], "little") + 8
    for bit in range((len(content) - footer) * 8, len(content) * 8, 7):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        rows = list(parse_rows(TableReader(path, file_format="parquet", wanted=frozenset()).rows()))
        told += any(isinstance(row, BadLine) for row in rows)
    assert told > 50


def test_rows_after_an_open_quote_are_read_again(upload: Upload) -> None:
    open_quote = b'"' + b"a" * MAX_CELL_LENGTH + b"\n"
    preview = upload(b"prompt\n" + open_quote + b"a good one\n", name="prompts.csv").json()
    assert (preview["bad_count"], preview["good_count"]) == (1, 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.jsonl.gz", b'\xef\xbb\xbf{"prompt": "a"}\n\n{"prompt": "b"}\nbad\n{"prompt": "c"}'),
        ("p.csv.gz", b'prompt\na\n"b\nb"\nc\n'),
    ],
)
def test_a_gzip_is_read_on_from_any_row_and_tells_how_much_of_it_is_read(
    tmp_path: Path, name: str, text: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(text))
    first = TextReader(path, file_format=name.split(".")[1])
    rows = []
    for row in first.rows():
        rows.append((row, first.offset, first.line))
        assert 0 < first.bytes_read <= path.stat().st_size
    assert first.offset == len(text)
    for number, (_, offset, line) in enumerate(rows):
        later = TextReader(path, file_format=name.split(".")[1], offset=offset, line=line)
        assert list(later.rows()) == [row for row, _, _ in rows[number + 1 :]]


def test_a_followed_log_that_is_something_else_is_told_of_once(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(gzip.compress(GOOD))
    reader = TextReader(path, file_format="jsonl", is_growing=True)
    assert len(list(reader.rows())) == 1
    assert not has_news(path, {"offset": reader.offset, "log": known_by(reader)})


def test_what_is_compressed_is_not_followed(researcher: APIClient, tmp_path: Path, settings: Any) -> None:
    settings.IMPORT_DIR = tmp_path
    (tmp_path / "log.gz").write_bytes(gzip.compress(GOOD))
    body = {"source": "incoming", "name": "log.gz", "is_chat_log": True, "consent_note": "Ours.", "follows": True}
    answer = researcher.post("/api/v1/prompt-imports/sources", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "follows")


@pytest.mark.parametrize(
    ("name", "content", "fields", "field"),
    [
        ("p.parquet.gz", GOOD, {}, "file"),
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
    preview = upload(f"{FORMULA}\n".encode() * 250).json()
    assert (preview["bad_count"], len(preview["report"]["bad"])) == (250, 200)
    answer: Any = researcher.get(f"/api/v1/prompt-imports/{preview['id']}/errors")
    assert answer["Content-Disposition"] == f'attachment; filename="import-{preview["id"]}-errors.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert len(rows) == 250
    assert rows[0]["line"] == "1"
    assert rows[0]["text"] == f"'{FORMULA}"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_what_a_spreadsheet_would_compute_becomes_text(text: str) -> None:
    assert formula_safe(text) == f"'{text}"


def test_ordinary_text_is_left_alone() -> None:
    assert formula_safe('{"a": "=1"}') == '{"a": "=1"}'

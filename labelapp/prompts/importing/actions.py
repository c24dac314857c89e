"""An import in two steps: a preview that writes no prompt, and a confirmation that writes all of them or none."""

import hashlib
import json
import secrets
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.errors import Conflict, InvalidInput
from labelapp.prompts.actions import NewResponse, add_responses, ensure_submitters
from labelapp.prompts.importing.bad_lines import BadLineFile
from labelapp.prompts.importing.lines import BadLine, read_rows
from labelapp.prompts.importing.plan import Fate, PlannedRow, plan_rows
from labelapp.prompts.models import Prompt, PromptImport, SampleBatch

MAX_FILE_BYTES = 100 * 1024 * 1024
DEFAULT_CAP_PER_SUBMITTER = 200  # the paper's, section 3.2
FORMATS = {".jsonl": "jsonl", ".csv": "csv"}
BAD_SHOWN, GOOD_SHOWN = 200, 5
COPY_BYTES = 1024 * 1024
# Two imports at once would each see room for a submitter's prompts under the cap.
IMPORT_LOCK = 7_202_203
# One parameter for a whole chunk: several times faster than a row of parameters for each prompt.
INSERT_PROMPTS = """
INSERT INTO prompts_prompt (messages, text, kind, use_case, submitter_id, language, annotations, deployment_context,
                            pii_findings, dedup_key, prompt_import_id, created_by_id, created_at)
SELECT messages, text, kind, use_case, submitter, language, annotations, deployment_context,
       '[]', dedup_key, %s, %s, now()
FROM jsonb_to_recordset(%s) AS new(messages jsonb, text text, kind text, use_case text, submitter bigint, language text,
                                   annotations jsonb, deployment_context text, dedup_key text)
ON CONFLICT (dedup_key) DO NOTHING
"""


def preview_import(
    upload: "UploadedFile[Any]", *, created_by: User, cap_per_submitter: int = DEFAULT_CAP_PER_SUBMITTER
) -> PromptImport:
    """Store an uploaded file and say what importing it would do. Raises InvalidInput for what is no such file."""
    file_name, file_format = _checked(upload)
    directory = settings.DATA_DIR / "imports"
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{secrets.token_hex(16)}.{file_format}"
    try:
        digest = _store(upload, path)
        preview = PromptImport(
            file_name=file_name,
            file_format=file_format,
            file_path=str(path.relative_to(settings.DATA_DIR)),
            file_sha256=digest,
            cap_per_submitter=cap_per_submitter,
            created_by=created_by,
        )
        _fill_preview(preview, path)
        preview.save(force_insert=True)
    except BaseException:
        path.unlink(missing_ok=True)
        bad_lines_path(path).unlink(missing_ok=True)
        raise
    return preview


@transaction.atomic
def confirm_import(prompt_import: PromptImport, *, on_error: str) -> PromptImport:
    """Write the file's new prompts in one transaction; a second confirmation changes nothing.

    With `nothing` a file with bad lines is refused whole (and may still be confirmed with `keep_good`). Raises
    Conflict where there is nothing to import, or the file is gone.
    """
    locked = PromptImport.objects.select_for_update().get(pk=prompt_import.pk)
    if locked.state == PromptImport.State.IMPORTED:
        return locked
    if on_error == PromptImport.OnError.NOTHING and locked.bad_count:
        locked.state, locked.on_error = PromptImport.State.REFUSED, on_error
        locked.save(update_fields=["state", "on_error"])
        return locked
    if not locked.good_count and not locked.response_count:
        raise Conflict("The file has no new prompt to import.", code="nothing_to_import")
    if not stored_path(locked).is_file():
        raise Conflict("The uploaded file is no longer there. Upload it again.", code="file_gone")
    _write(locked)
    locked.state, locked.on_error, locked.imported_at = PromptImport.State.IMPORTED, on_error, timezone.now()
    locked.save(update_fields=["state", "on_error", "imported_at", "imported_count"])
    return locked


def stored_path(prompt_import: PromptImport) -> Path:
    """Where the uploaded file lies."""
    path: Path = settings.DATA_DIR / prompt_import.file_path
    return path


def bad_lines_path(path: Path) -> Path:
    """Where the bad lines of the file at `path` lie."""
    return path.with_suffix(".bad.csv")


def _checked(upload: "UploadedFile[Any]") -> tuple[str, str]:
    """The upload's name and format. Raises InvalidInput."""
    file_name = upload.name or ""
    file_format = FORMATS.get(Path(file_name).suffix.lower())
    if file_format is None:
        raise InvalidInput("Upload a file whose name ends in .jsonl or .csv.", field="file")
    if not upload.size:
        raise InvalidInput("The file is empty.", field="file")
    if upload.size > MAX_FILE_BYTES:
        raise InvalidInput(f"The file is larger than {MAX_FILE_BYTES // 1024**2} MB; split it.", field="file")
    return file_name[:255].replace("\x00", ""), file_format


def _store(upload: "UploadedFile[Any]", path: Path) -> str:
    """Copy the upload piece by piece and return its sha256."""
    source: Any = upload
    with path.open("wb") as target:
        shutil.copyfileobj(source, target, COPY_BYTES)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plan(prompt_import: PromptImport, path: Path) -> Iterator[list[PlannedRow | BadLine]]:
    rows = read_rows(path, file_format=prompt_import.file_format)
    return plan_rows(rows, cap_per_submitter=prompt_import.cap_per_submitter)


def _fill_preview(preview: PromptImport, path: Path) -> None:
    counts: Counter[str] = Counter()
    bad: list[dict[str, Any]] = []
    good: list[dict[str, Any]] = []
    with BadLineFile(bad_lines_path(path)) as bad_lines:
        for row in (row for chunk in _plan(preview, path) for row in chunk):
            if isinstance(row, BadLine):
                counts["bad"] += 1
                bad_lines.write(row)
                if len(bad) < BAD_SHOWN:
                    bad.append(_shown_bad(row))
                continue
            counts[row.fate] += 1
            if row.fate != Fate.OVER_CAP:
                counts["responses"] += len(row.content.responses)
            if row.fate == Fate.NEW and len(good) < GOOD_SHOWN:
                good.append(_shown_good(row))
    preview.good_count = counts[Fate.NEW]
    preview.duplicate_count = counts[Fate.DUPLICATE]
    preview.over_cap_count = counts[Fate.OVER_CAP]
    preview.bad_count = counts["bad"]
    preview.line_count = sum(counts[name] for name in ("bad", *Fate))
    preview.response_count = counts["responses"]
    preview.report = {"bad": bad, "good": good}


def _shown_bad(row: BadLine) -> dict[str, Any]:
    shown = asdict(row)
    return {**{key: shown[key] for key in ("line", "field", "message")}, "text": row.excerpt}


def _shown_good(row: PlannedRow) -> dict[str, Any]:
    content = row.content
    return {
        "line": row.line,
        "text": content.text()[:300],
        "kind": content.kind,
        "use_case": content.use_case,
        "submitter": content.submitter,
        "language": content.language,
        "responses": len(content.responses),
    }


def _write(prompt_import: PromptImport) -> None:
    """Write the new prompts, and all responses that the file brings, also those of prompts that were there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [IMPORT_LOCK])
    # The same file again must not double the responses of what it brought the first time.
    is_repeat = PromptImport.objects.filter(
        file_sha256=prompt_import.file_sha256, state=PromptImport.State.IMPORTED
    ).exists()
    batch: SampleBatch | None = None
    numbers: Counter[str] = Counter()
    submitters: dict[str, int] = {}
    for chunk in _plan(prompt_import, stored_path(prompt_import)):
        rows = [row for row in chunk if isinstance(row, PlannedRow) and row.fate != Fate.OVER_CAP]
        new = [row for row in rows if row.fate == Fate.NEW]
        submitters |= ensure_submitters({row.submitter for row in new} - submitters.keys())
        prompt_import.imported_count += _insert_prompts(new, prompt_import, submitters=submitters)
        answered = [row for row in rows if row.content.responses and (row.fate == Fate.NEW or not is_repeat)]
        if answered:
            batch = batch or SampleBatch.objects.create(name=prompt_import.file_name[:160])
            add_responses(batch, _numbered_responses(answered, numbers=numbers))


def _insert_prompts(rows: list[PlannedRow], prompt_import: PromptImport, *, submitters: dict[str, int]) -> int:
    """Insert the prompts and return how many were new: one that was typed a moment ago stays as it is."""
    prompts = [
        {
            "messages": [message.to_json() for message in row.content.turns()],
            "text": row.content.text(),
            "kind": row.content.kind,
            "use_case": row.content.use_case,
            "submitter": submitters[row.submitter],
            "language": row.content.language,
            "annotations": row.content.annotations,
            "deployment_context": row.content.deployment_context,
            "dedup_key": row.key,
        }
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT_PROMPTS, [prompt_import.pk, prompt_import.created_by_id, json.dumps(prompts)])
        inserted: int = cursor.rowcount
    return inserted


def _numbered_responses(rows: Iterable[PlannedRow], *, numbers: Counter[str]) -> Iterator[NewResponse]:
    rows = list(rows)
    ids = dict(Prompt.objects.filter(dedup_key__in=[row.key for row in rows]).values_list("dedup_key", "pk"))
    for row in rows:
        for text in row.content.response_texts():
            yield NewResponse(prompt_id=ids[row.key], number=numbers[row.key], text=text)
            numbers[row.key] += 1


def open_bad_lines(prompt_import: PromptImport) -> BinaryIO:
    """Open the CSV of an import's bad lines. Raises Conflict if it is gone."""
    try:
        return bad_lines_path(stored_path(prompt_import)).open("rb")
    except FileNotFoundError as error:
        raise Conflict("The report is no longer there. Upload the file again.", code="file_gone") from error

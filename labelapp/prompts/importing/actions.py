"""What people do with imports. Each write is a row's new state and a bell; a worker does the work (working.py)."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.common.enqueue import enqueue_on_commit
from labelapp.common.errors import Conflict, InvalidInput
from labelapp.prompts import tasks
from labelapp.prompts.import_models import PromptImport
from labelapp.prompts.importing.bad_lines import bad_lines_path
from labelapp.prompts.importing.forgetting import old_previews
from labelapp.prompts.importing.near import PREFIX_FINGERPRINT
from labelapp.prompts.importing.rotation import has_news
from labelapp.prompts.importing.sources import HUB_NAME, SourceProblem, find_incoming, readable_as, stored_path

DEFAULT_CAP_PER_SUBMITTER = 200  # the paper's, section 3.2
MIN_PREFIX, MIN_SIMILARITY = PREFIX_FINGERPRINT, 0.7
FIELDS = ("prompt", "messages", "kind", "use_case", "submitter", "language", "annotations", "deployment_context")
State, Format = PromptImport.State, PromptImport.Format
FILES = (Format.JSONL, Format.CSV, Format.PARQUET)
NAMES = ".jsonl, .csv, .jsonl.gz, .csv.gz or .parquet"


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How an import reads and keeps. `columns`: field → column; `prefix_characters` and `near_similarity` 0 are off."""

    cap_per_submitter: int = DEFAULT_CAP_PER_SUBMITTER
    prefix_characters: int = 100
    near_similarity: float = 0.8
    columns: Mapping[str, str] = field(default_factory=dict)
    is_chat_log: bool = False
    consent_note: str = ""
    follows: bool = False
    title: str = ""

    def problem(self) -> tuple[str, str] | None:
        """Which field is wrong, and what would be right."""
        if self.prefix_characters and self.prefix_characters < MIN_PREFIX:
            return "prefix_characters", f"Give {MIN_PREFIX} or more, or 0 to compare no beginnings."
        if self.near_similarity and not MIN_SIMILARITY <= self.near_similarity <= 1:
            return "near_similarity", f"Give {MIN_SIMILARITY} to 1, or 0 to look for no near-duplicates."
        unknown = next((name for name in self.columns if name not in FIELDS), None)
        if unknown is not None:
            return "columns", f"A column can be read as {', '.join(FIELDS)}, not as {unknown[:60]!r}."
        if self.columns and not {"prompt", "messages"} & set(self.columns):
            return "columns", "Say which column holds the prompt, or the messages."
        if self.follows and not self.is_chat_log:
            return "follows", "Only a log of chat messages can be followed."
        return None


def upload_import(upload: "UploadedFile[Any]", *, created_by: User, options: ImportOptions) -> PromptImport:
    """Keep an uploaded file and let a worker read it. Raises InvalidInput for what is no such file."""
    name = (upload.name or "").replace("\x00", "")
    file_format = _named_format(name)
    if file_format is None:
        raise InvalidInput(f"Upload a file whose name ends in {NAMES}.", field="file")
    if not upload.size:
        raise InvalidInput("The file is empty.", field="file")
    if options.follows:
        raise InvalidInput("An upload does not grow. Put the log into the folder for imports.", field="follows")
    packed = ".gz" if name.lower().endswith(".gz") else ""
    path = settings.DATA_DIR / "imports" / f"{secrets.token_hex(16)}.{file_format}{packed}"
    path.parent.mkdir(parents=True, exist_ok=True)
    source: Any = upload
    # The upload was streamed to the same disk: it gets its name, and is not copied.
    os.replace(source.temporary_file_path(), path)
    digest = getattr(upload, "sha256", "")
    try:
        return _start(name[:255], _log_or(file_format, options), path, created_by, options, file_sha256=digest)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def import_incoming(name: str, *, created_by: User, options: ImportOptions) -> PromptImport:
    """Import a file or a dataset directory that lies in IMPORT_DIR. Raises InvalidInput."""
    try:
        path = find_incoming(name)
    except SourceProblem as error:
        raise InvalidInput(str(error), field="name") from error
    file_format = Format.DIRECTORY if path.is_dir() else _named_format(path.name)
    if file_format is None and options.is_chat_log:
        file_format = Format.CHAT_LOG
    if file_format is None:
        raise InvalidInput(f"The file's name must end in {NAMES}.", field="name")
    if options.follows and path.suffix.lower() == ".gz":
        raise InvalidInput("What is compressed does not grow. Name the log itself.", field="follows")
    return _start(name[:255], _log_or(file_format, options), path, created_by, options)


def import_from_hub(name: str, *, revision: str, created_by: User, options: ImportOptions) -> PromptImport:
    """Import a dataset of the Hugging Face hub, which a worker fetches. Raises InvalidInput."""
    if not HUB_NAME.fullmatch(name) or ".." in name:
        raise InvalidInput("Give the dataset's name on the hub, such as allenai/prosocial-dialog.", field="name")
    path = settings.DATA_DIR / "imports" / f"hub-{secrets.token_hex(16)}"
    return _start(name, Format.HUB, path, created_by, options, revision=revision)


@transaction.atomic
def confirm_import(prompt_import: PromptImport, *, on_error: str) -> PromptImport:
    """Let a worker write the new prompts; a second confirmation changes nothing.

    With `nothing` a file with bad lines is refused whole (and may still be confirmed with `keep_good`). Raises
    Conflict where there is nothing to import, or the preview is not ready.
    """
    locked = _locked(prompt_import)
    if locked.state in (State.IMPORTING, State.IMPORTED):
        return locked
    if locked.state not in (State.PREVIEWED, State.REFUSED):
        raise Conflict("Wait for its preview, or upload it again.", code="import_not_ready")
    if on_error == PromptImport.OnError.NOTHING and locked.bad_count:
        return _change(locked, state=State.REFUSED, on_error=on_error)
    if not locked.good_count and not locked.response_count and not locked.follows:
        raise Conflict(_nothing_new(locked), code="nothing_to_import")
    return _ring(locked, state=State.IMPORTING, on_error=on_error, steps_done=0, steps_total=locked.line_count)


def _nothing_new(prompt_import: PromptImport) -> str:
    known = prompt_import.duplicate_count + prompt_import.prefix_count + prompt_import.near_count
    if known and known == prompt_import.line_count:
        return f"Nothing new: all {known:,} lines are here already."
    return "Nothing new: the file has no line that would become a prompt."


@transaction.atomic
def undo_import(prompt_import: PromptImport) -> PromptImport:
    """Let a worker take an import back. Raises Conflict where nothing was imported."""
    locked = _locked(prompt_import)
    if locked.state in (State.UNDOING, State.UNDONE):
        return locked
    has_stopped = locked.state == State.IMPORTING and locked.error
    if locked.state != State.IMPORTED and not has_stopped:
        raise Conflict("Only an import that has been written can be undone.", code="import_not_written")
    return _ring(locked, state=State.UNDOING, follows=False, error="", steps_done=0, steps_total=locked.imported_count)


@transaction.atomic
def resume_import(prompt_import: PromptImport) -> PromptImport:
    """Go on with an import that stopped with an error. Raises Conflict where it did not."""
    locked = _locked(prompt_import)
    if not locked.error:
        raise Conflict("This import has not stopped.", code="import_not_stopped")
    return _ring(locked, error="")


@transaction.atomic
def stop_following(prompt_import: PromptImport) -> PromptImport:
    """Import no more of what is added to a log."""
    return _change(_locked(prompt_import), follows=False)


def read_grown_logs() -> None:
    """Go on with the logs that are followed and have grown, or were rotated, since they were read."""
    for found in PromptImport.objects.filter(follows=True, state=State.IMPORTED, error="").order_by("pk"):
        if has_news(stored_path(found), found.position):
            with transaction.atomic():
                locked = _locked(found)
                if locked.state == State.IMPORTED and locked.follows:
                    _ring(locked, state=State.CHECKING, steps_done=0)


@transaction.atomic
def close_old_previews() -> None:
    """Take back the previews that nobody will confirm, with all that they hold."""
    for found in old_previews().select_for_update():
        _ring(found, state=State.UNDOING, steps_done=0, steps_total=0)


def open_bad_lines(prompt_import: PromptImport) -> BinaryIO:
    """Open the CSV of an import's bad lines. Raises Conflict if it is gone."""
    try:
        return bad_lines_path(prompt_import).open("rb")
    except FileNotFoundError as error:
        raise Conflict("The report is no longer there. Upload the file again.", code="file_gone") from error


def _named_format(name: str) -> PromptImport.Format | None:
    found = readable_as(name)
    return Format(found) if found in FILES else None


def _log_or(file_format: PromptImport.Format, options: ImportOptions) -> PromptImport.Format:
    if not options.is_chat_log:
        return file_format
    if file_format not in (Format.JSONL, Format.CHAT_LOG):
        raise InvalidInput("A log of chat messages is a file of JSON lines.", field="is_chat_log")
    return Format.CHAT_LOG


@transaction.atomic
def _start(
    name: str, file_format: PromptImport.Format, path: Path, created_by: User, options: ImportOptions, **more: str
) -> PromptImport:
    if problem := options.problem():
        raise InvalidInput(problem[1], field=problem[0])
    made = PromptImport.objects.create(
        file_name=name,
        file_format=file_format,
        file_path=os.path.relpath(path, settings.DATA_DIR),
        columns=dict(options.columns),
        cap_per_submitter=options.cap_per_submitter,
        prefix_characters=options.prefix_characters,
        near_similarity=options.near_similarity,
        consent_note=options.consent_note,
        follows=options.follows,
        title=options.title,
        report={"bad": []},
        created_by=created_by,
        **more,
    )
    enqueue_on_commit(tasks.work_on_import, made.pk)
    return made


def _locked(prompt_import: PromptImport) -> PromptImport:
    return PromptImport.objects.select_for_update().get(pk=prompt_import.pk)


def _change(locked: PromptImport, **changes: Any) -> PromptImport:
    for name, value in changes.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(changes))
    return locked


def _ring(locked: PromptImport, **changes: Any) -> PromptImport:
    enqueue_on_commit(tasks.work_on_import, locked.pk)
    return _change(locked, rung_at=timezone.now(), **changes)

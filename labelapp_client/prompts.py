"""Importing prompts."""

import io
import json
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from labelapp_client.connection import Connection, json_of
from labelapp_client.errors import NotConfigured, NotDone, WaitedTooLong
from labelapp_client.progress import OnProgress, Progress, ignore
from labelapp_client.types import ConfirmImportRequest, OnErrorEnum, PromptImport
from labelapp_client.watching import wait_until

DOING = {"checking": "reading", "importing": "importing", "undoing": "undoing"}


class ImportOptions(TypedDict, total=False):
    """How an import reads and keeps; what is left out is as the server has it (docs/data.md)."""

    cap_per_submitter: int
    prefix_characters: int
    near_similarity: float
    columns: dict[str, str]
    is_chat_log: bool
    consent_note: str
    follows: bool
    title: str


class Prompts:
    """Imports of prompts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def import_file(
        self,
        path: str | Path,
        *,
        on_error: OnErrorEnum = "nothing",
        on_progress: OnProgress = ignore,
        timeout_seconds: float | None = None,
        **options: Unpack[ImportOptions],
    ) -> PromptImport:
        """Upload a file of prompts (.jsonl, .csv, .parquet), let it be read, decide, and wait until it is written.

        With `on_error="nothing"` one bad line refuses the file, with `"keep_good"` the good lines are kept. A file that
        has nothing new, because it was imported before, is no error: it stays `previewed`, and its counts say so.

        Raises:
            NotDone: the file has bad lines and is refused, or the import stopped; `row` has the report.
            WaitedTooLong: after `timeout_seconds`, for each of the two; `decide` goes on.
        """
        source = Path(path)
        if not source.is_file():
            raise NotConfigured(f"There is no file {source}.")
        form = {name: _form_text(value) for name, value in options.items()}
        with UploadedFile(source, on_progress) as file:
            # A preview writes nothing: one that is made twice is one too many in a list.
            answer = self._connection.send(
                "POST", "prompt-imports", is_repeatable=True, data=form, files={"file": (source.name, file)}
            )
        preview: PromptImport = json_of(answer)
        return self.decide(preview["id"], on_error=on_error, on_progress=on_progress, timeout_seconds=timeout_seconds)

    def import_source(
        self,
        source: Literal["incoming", "hub"],
        name: str,
        *,
        revision: str = "",
        on_error: OnErrorEnum = "nothing",
        on_progress: OnProgress = ignore,
        timeout_seconds: float | None = None,
        **options: Unpack[ImportOptions],
    ) -> PromptImport:
        """As `import_file`, of what the server reads by itself: its folder for imports, or a dataset of the hub."""
        body = {"source": source, "name": name, "revision": revision, **options}
        preview: PromptImport = self._connection.post("prompt-imports/sources", body, is_repeatable=True)
        return self.decide(preview["id"], on_error=on_error, on_progress=on_progress, timeout_seconds=timeout_seconds)

    def decide(
        self,
        import_id: int,
        *,
        on_error: OnErrorEnum = "nothing",
        on_progress: OnProgress = ignore,
        timeout_seconds: float | None = None,
    ) -> PromptImport:
        """Wait until an import is read, decide as `import_file` does, and wait until it is written; raises as that."""
        try:
            row = self.wait(import_id, on_progress=on_progress, timeout_seconds=timeout_seconds)
        except WaitedTooLong as error:
            later = f"decide on it later, by prompts.decide({import_id}) or labelapp confirm {import_id}"
            raise WaitedTooLong(f"Import {import_id} is still being read; {later}.") from error
        is_refused = on_error == "nothing" and row["bad_count"] > 0
        if not is_refused and not row["good_count"] and not row["response_count"] and not row["follows"]:
            return row
        decision: ConfirmImportRequest = {"on_error": on_error}
        self._connection.post(f"prompt-imports/{import_id}/confirm", decision, is_repeatable=True)
        row = self.wait(import_id, on_progress=on_progress, timeout_seconds=timeout_seconds)
        if row["state"] == "refused":
            raise NotDone(_refusal(row), row=row)
        return row

    def get(self, import_id: int) -> PromptImport:
        """One import as it is now."""
        found: PromptImport = self._connection.get(f"prompt-imports/{import_id}")
        return found

    def wait(
        self, import_id: int, *, on_progress: OnProgress = ignore, timeout_seconds: float | None = None
    ) -> PromptImport:
        """Wait until the server has done with an import what it was told. Raises NotDone, WaitedTooLong."""

        def look() -> PromptImport:
            row = self.get(import_id)
            if row["state"] in DOING:
                unit = "bytes" if row["state"] == "checking" else "lines"
                on_progress(Progress(DOING[row["state"]], row["steps_done"], row["steps_total"], unit))
            return row

        row = wait_until(
            self._connection,
            "imports",
            look=look,
            is_done=lambda row: bool(row["error"]) or row["state"] not in DOING,
            timeout_seconds=timeout_seconds,
            what=f"Import {import_id}",
        )
        if row["error"]:
            raise NotDone(f"Import {import_id} stopped: {row['error']}", row=row)
        return row

    def resume(self, import_id: int) -> PromptImport:
        """Let the server go on with an import that stopped; then `wait`."""
        resumed: PromptImport = self._connection.post(f"prompt-imports/{import_id}/resume")
        return resumed

    def undo(self, import_id: int) -> PromptImport:
        """Let the server take an import back; then `wait`."""
        undone: PromptImport = self._connection.post(f"prompt-imports/{import_id}/undo", is_repeatable=True)
        return undone


class UploadedFile(io.FileIO):
    """A file that tells how much of it was read."""

    def __init__(self, path: Path, on_progress: OnProgress) -> None:
        super().__init__(path, "rb")
        self.on_progress = on_progress
        self.size = path.stat().st_size

    def read(self, size: int | None = -1) -> bytes:
        """The next piece, as in any file."""
        piece = super().read(-1 if size is None else size)
        self.on_progress(Progress("uploading", self.tell(), self.size, "bytes"))
        return piece


def _form_text(value: Any) -> str:
    """A value as a form has it: texts as they are, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _refusal(row: PromptImport) -> str:
    first = row["report"]["bad"][0]
    where = f"line {first['line']}" + (f", {first['field']}" if first["field"] else "")
    return (
        f"Import {row['id']} is refused: {row['file_name']} has {row['bad_count']:,} bad "
        f"line{'s' if row['bad_count'] > 1 else ''}, the first is {where}: "
        f"{first['message'].rstrip('.')}. Mend {'them' if row['bad_count'] > 1 else 'it'}, or keep the good lines."
    )

"""The commands about imports: `import`, `confirm`, `undo`, and `resume import`."""

import argparse
from typing import Any

from labelapp_client.arguments import chosen
from labelapp_client.client import Labelapp
from labelapp_client.printing import Output
from labelapp_client.types import PromptImport

IMPORT_OPTIONS = (
    "cap_per_submitter",
    "prefix_characters",
    "near_similarity",
    "is_chat_log",
    "consent_note",
    "follows",
    "title",
)


def import_prompts(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp import`."""
    options: Any = chosen(given, IMPORT_OPTIONS)
    if given.column:
        options["columns"] = dict(given.column)
    options |= decision(given, output)
    if given.origin:
        row = app.prompts.import_source(given.origin, given.source, revision=given.revision, **options)
    else:
        row = app.prompts.import_file(given.source, **options)
    output.result(row, sentence_of_import(row))


def confirm(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp confirm`."""
    row = app.prompts.decide(given.import_id, **decision(given, output))
    output.result(row, sentence_of_import(row))


def decision(given: argparse.Namespace, output: Output) -> Any:
    """What to do with bad lines, and how long to wait."""
    return {
        "on_error": "keep_good" if given.keep_good else "nothing",
        "on_progress": output.progress,
        "timeout_seconds": given.timeout,
    }


def name_of(row: PromptImport) -> str:
    """What people call an import: its title, and without one its file's name."""
    return row["title"] or row["file_name"]


def sentence_of_import(row: PromptImport) -> str:
    """What became of the lines of an import."""
    dropped = {
        "the same as others": row["duplicate_count"] + row["prefix_count"] + row["near_count"],
        "over their submitter's cap": row["over_cap_count"],
        "without consent": row["no_consent_count"],
        "bad": row["bad_count"],
    }
    known = dropped["the same as others"]
    if known and known == row["line_count"]:
        return f"import {row['id']} of {name_of(row)}: nothing new, all {known:,} lines are here already"
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in dropped.items() if count)
    kept = f"{row['imported_count']:,} of {row['line_count']:,} prompts imported"
    return f"import {row['id']} of {name_of(row)}: {kept}{f' ({reasons})' if reasons else ''}"


def resume_import(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp resume import`."""
    app.prompts.resume(given.which)
    row = app.prompts.wait(given.which, on_progress=output.progress, timeout_seconds=given.timeout)
    if row["state"] == "previewed":
        output.told(f"it is read; labelapp confirm {row['id']} imports it")
    output.result(row, sentence_of_import(row))


def undo(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp undo`."""
    app.prompts.undo(given.import_id)
    row = app.prompts.wait(given.import_id, on_progress=output.progress, timeout_seconds=given.timeout)
    kept = f", {row['archived_count']:,} archived, for they are in use" if row["archived_count"] else ""
    output.result(row, f"import {row['id']} of {name_of(row)} undone: {row['removed_count']:,} prompts deleted{kept}")

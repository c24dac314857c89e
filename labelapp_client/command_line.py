"""The command `labelapp`: each subcommand is a call of the client, and a line about what came of it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from labelapp_client.arguments import chosen, parser
from labelapp_client.client import Labelapp
from labelapp_client.errors import LabelappError, NotConfigured, NotDone, Refused, Unreachable, WaitedTooLong
from labelapp_client.import_commands import confirm, import_prompts, resume_import, sentence_of_import, undo
from labelapp_client.listing import list_rows
from labelapp_client.printing import Output
from labelapp_client.run_commands import cancel, follow, launch, launched, resume_run, sentence_of_run
from labelapp_client.types import (
    CreateProjectRequest,
    CreateTasksRequest,
    SkippedPrompt,
    SplitEnum,
)
from labelapp_client.versions import ExportFormat, version_name

DONE, NOT_DONE, REFUSED, CANCELLED, UNREACHABLE, TOO_LONG, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
PROJECT_OPTIONS = ("description", "responses_per_task", "overlap", "priority_mode", "lease_minutes")
FILTERS = ("prompt_import", "use_case", "split", "tag", "search")
SHOWN_SKIPPED = 5
# The rows as they are frozen, by the names that the server gives them as shapes.
OWN_SHAPE = {"comparisons": "rankings", "demonstrations": "demonstrations", "prompts": "prompts"}


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return its exit status, as `labelapp --help` lists them."""
    given = parser().parse_args(arguments)
    output = Output(as_json=given.json)
    try:
        with Labelapp(tell=output.told) as app:
            COMMANDS[given.command](app, given, output)
    except LabelappError as error:
        output.error(error)
        return status_of(error)
    except BrokenPipeError:
        # Who read the output has gone; Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        output.error(LabelappError(f"{error.filename or 'this machine'}: {error.strerror or error}"))
        return REFUSED
    except KeyboardInterrupt:
        output.told("stopped; what the server was told to do goes on.")
        return INTERRUPTED
    return DONE


def status_of(error: LabelappError) -> int:
    """The exit status of an error."""
    if isinstance(error, NotDone) and error.row.get("state") == "cancelled":
        return CANCELLED
    if isinstance(error, Unreachable) or (isinstance(error, Refused) and error.status >= 500):
        return UNREACHABLE
    if isinstance(error, WaitedTooLong):
        return TOO_LONG
    return REFUSED if isinstance(error, NotConfigured | Refused) or type(error) is LabelappError else NOT_DONE


def project(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp project`."""
    {"create": create_project, "fill": fill_project, "sample": sample}[given.action](app, given, output)


def create_project(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp project create`."""
    fields: CreateProjectRequest = {
        "name": given.name,
        "kind": given.kind,
        "instructions": given.instructions.read_text(),
        **chosen(given, PROJECT_OPTIONS),  # type: ignore[typeddict-item]
    }
    row = app.projects.create(members=given.member, **fields)
    output.result(row, f"project {row['id']} {row['name']!r} created, {row['member_count']} members")


def fill_project(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp project fill`."""
    wanted: CreateTasksRequest = {} if given.limit is None else {"limit": given.limit}
    prompts: Any = chosen(given, FILTERS)
    if prompts or given.all:
        wanted["filter"] = prompts
    elif given.batch is None:
        raise NotConfigured("Say which prompts: --import, --use-case, --split, --tag, --search, --batch or --all.")
    made = app.projects.fill(given.project, batch=given.batch, **wanted)
    already = f" ({made['already_count']:,} are tasks already)" if made["already_count"] else ""
    output.result(made, f"{made['created']:,} tasks created, {made['skipped_count']:,} prompts skipped{already}")
    if not given.json:
        for line in skips(made["skipped"]):
            output.told(line)


def skips(skipped: Sequence[SkippedPrompt]) -> list[str]:
    """A line for each reason: `prompts 1, 2, 3 … are skipped: The batch has 0 of the 4 responses.`"""
    by_reason: dict[str, list[str]] = {}
    for prompt in skipped:
        by_reason.setdefault(prompt["reason"], []).append(str(prompt["prompt_id"]))
    return [
        f"prompt{'s' if ids[1:] else ''} {', '.join(ids[:SHOWN_SKIPPED])}{' …' if ids[SHOWN_SKIPPED:] else ''} "
        f"{'are' if ids[1:] else 'is'} skipped: {reason}"
        for reason, ids in by_reason.items()
    ]


def sample(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp project sample`."""
    config = dict(given.set) or None
    run = app.projects.sample(
        given.project, given.checkpoint, use_cases=given.use_case, limit=given.limit, config=config
    )
    launched(app, run, given, output)


def wait(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp wait`."""
    if isinstance(given.which, str) and given.what in ("import", "run"):
        raise NotConfigured(f"Give the number of the {given.what}: it has no name to go by.")
    options: Any = {"on_progress": output.progress, "timeout_seconds": given.timeout}
    if given.what == "import":
        row = app.prompts.wait(given.which, **options)
        output.result(row, sentence_of_import(row))
    elif given.what == "project":
        done = app.projects.wait(given.which, **options)
        output.result(done, f"project {done['id']} {done['name']!r} has all its answers")
    elif given.what == "version":
        version = app.datasets.wait(given.which, **options)
        output.result(version, f"{version_name(version)} is ready: {version['rows_total'] or 0:,} rows")
    else:
        run = app.runs.follow(given.which, **options)
        output.result(run, sentence_of_run(run))


def freeze(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp freeze`."""
    query = dict(given.query)
    if given.project:
        query["project_ids"] = [app.projects.get(which)["id"] for which in given.project]
    if given.preview:
        kind = given.kind or app.datasets.get(given.name)["kind"]
        found = app.datasets.preview(kind, query)  # type: ignore[arg-type]
        output.result(found, f"{found['rows']:,} rows: {counts_of(found['split_counts'])}")
        if not given.json:
            for warning in found["warnings"]:
                output.told(warning["message"])
        return
    version = app.datasets.freeze(
        given.name,
        query,  # type: ignore[arg-type]
        kind=given.kind,
        on_progress=output.progress,
        timeout_seconds=given.timeout,
    )
    counts = counts_of(version["split_counts"])
    output.result(
        version, f"version {version['id']}, {version_name(version)}: {version['rows_total'] or 0:,} rows: {counts}"
    )


def counts_of(split_counts: Any) -> str:
    """`train 80, valid 10, test 10`."""
    return ", ".join(f"{split} {split_counts[split]:,}" for split in get_args(SplitEnum) if split in split_counts)


def download(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp download`."""
    version = app.datasets.version(given.version)
    folder = given.folder or Path(f"{version['dataset']['name'].replace('/', '-')}-v{version['number']}")
    if given.shape or given.format == "huggingface":
        file_format: ExportFormat = given.format or "parquet"
        paths = app.datasets.export(
            version["id"],
            folder,
            shape=given.shape or OWN_SHAPE[version["dataset"]["kind"]],
            file_format=file_format,
            splits=given.split,
            on_progress=output.progress,
        )
    elif given.format == "csv":
        raise NotConfigured("Rows as they are frozen do not fit into CSV: name a --shape, such as ratings.")
    else:
        paths = app.datasets.download(
            version["id"], folder, file_format=given.format, splits=given.split, on_progress=output.progress
        )
    row = {"version": version, "files": [str(path) for path in paths]}
    output.result(row, "\n".join(str(path) for path in paths))


def resume(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp resume`."""
    {"run": resume_run, "import": resume_import}[given.what](app, given, output)


COMMANDS = {
    "import": import_prompts,
    "confirm": confirm,
    "project": project,
    "wait": wait,
    "freeze": freeze,
    "download": download,
    "launch": launch,
    "follow": follow,
    "cancel": cancel,
    "resume": resume,
    "undo": undo,
    "list": list_rows,
}

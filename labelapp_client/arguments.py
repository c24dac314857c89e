"""The arguments of the command line."""

import argparse
import json
from pathlib import Path
from typing import Any, get_args

from labelapp_client.types import (
    DatasetKindEnum,
    PriorityModeEnum,
    ProjectKindEnum,
    RunKindEnum,
    SplitEnum,
    UseCaseEnum,
)
from labelapp_client.versions import ExportFormat

LISTS = ("projects", "imports", "datasets", "runs", "checkpoints")
EPILOG = """
environment:
  LABELAPP_URL    the server (default: http://localhost:8000)
  LABELAPP_TOKEN  an API token, from the profile page

exit status:
  0  done
  1  it ended otherwise than it should: bad lines, a run that failed, a file that came damaged
  2  the arguments are wrong, or the server refused the request
  3  the run was cancelled
  4  the server gave no answer
  5  --timeout is over; what was waited for goes on
"""


def parser() -> argparse.ArgumentParser:
    """The parser; `command` of what it returns is the command's name."""
    root = argparse.ArgumentParser(
        prog="labelapp",
        description="Scripts around labelapp: prompts in, datasets out, runs.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _import(commands)
    _confirm(commands)
    _project(commands)
    _wait(commands)
    _freeze(commands)
    _download(commands)
    _launch(commands)
    _follow(commands)
    _cancel(commands)
    _resume(commands)
    _undo(commands)
    _list(commands)
    return root


def _command(commands: Any, name: str, help: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help)
    made.add_argument("--json", action="store_true", help="write the result, or the error, as one line of JSON")
    return made


def _import(commands: Any) -> None:
    made = _command(commands, "import", "import a file of prompts (.jsonl, .csv, .parquet) and wait for it")
    made.add_argument("source", metavar="FILE", help="a file; or with --from what the server is to read by itself")
    _keep_good(made)
    made.add_argument("--from", dest="origin", choices=("incoming", "hub"), help="the server's folder, or the hub")
    made.add_argument("--revision", default="", help="of a dataset of the hub")
    made.add_argument("--cap", dest="cap_per_submitter", type=int, metavar="N", help="prompts of one submitter at most")
    made.add_argument("--prefix-characters", type=int, metavar="N", help="a shared beginning that makes a duplicate")
    made.add_argument("--near-similarity", type=float, metavar="S", help="shared words that make a duplicate, 0.7 to 1")
    made.add_argument(
        "--column", action="append", type=pair, metavar="FIELD=COLUMN", help="the column that holds a field"
    )
    made.add_argument(
        "--chat-log", dest="is_chat_log", action="store_true", default=None, help="requests to a chat API"
    )
    made.add_argument("--consent-note", metavar="TEXT", help="why a log's lines need no record of consent")
    made.add_argument("--title", help="what to call it and its responses; default: as the file")
    made.add_argument("--follow", dest="follows", action="store_true", default=None, help="import a log as it grows")
    _timeout(made)


def _confirm(commands: Any) -> None:
    made = _command(commands, "confirm", "decide on an import that was uploaded before, and wait for it")
    made.add_argument("import_id", type=int, metavar="IMPORT")
    _keep_good(made)
    _timeout(made)


def _keep_good(made: argparse.ArgumentParser) -> None:
    made.add_argument("--keep-good", action="store_true", help="keep the good lines; else a bad one refuses the file")


def _project(commands: Any) -> None:
    group = commands.add_parser("project", help="create a project, fill it with tasks, sample into it")
    actions = group.add_subparsers(dest="action", required=True, metavar="ACTION")
    made = _command(actions, "create", "create a project")
    made.add_argument("name")
    made.add_argument("--kind", required=True, choices=get_args(ProjectKindEnum))
    made.add_argument("--instructions", required=True, type=Path, metavar="FILE", help="Markdown")
    made.add_argument("--description")
    made.add_argument("--responses", dest="responses_per_task", type=int, metavar="K", help="of a comparison's task")
    made.add_argument("--overlap", type=int, metavar="N", help="labelers for each task")
    made.add_argument("--priority", dest="priority_mode", choices=get_args(PriorityModeEnum))
    made.add_argument("--lease-minutes", type=int, metavar="N")
    made.add_argument("--member", action="append", default=[], metavar="EMAIL", help="a labeler; may be repeated")
    made = _command(actions, "fill", "make prompts into tasks of a project")
    made.add_argument("project", type=reference, help="id or name")
    made.add_argument("--batch", type=reference, help="responses to compare: id or name, such as an imported file's")
    made.add_argument("--import", dest="prompt_import", type=int, metavar="ID", help="the prompts of this import")
    made.add_argument("--tag")
    made.add_argument("--use-case", choices=get_args(UseCaseEnum))
    made.add_argument("--split", choices=get_args(SplitEnum))
    made.add_argument("--search", metavar="TEXT")
    made.add_argument("--all", action="store_true", help="all prompts of the workspace")
    made.add_argument("--limit", type=int, metavar="N", help="tasks at most")
    made = _command(actions, "sample", "launch a run that samples a checkpoint for a project's prompts")
    made.add_argument("project", type=reference, help="id or name")
    made.add_argument("checkpoint", type=reference, help="id or name")
    made.add_argument(
        "--use-case",
        action="append",
        choices=get_args(UseCaseEnum),
        default=[],
        help="all prompts of this use case instead of those that the project has; may be repeated",
    )
    made.add_argument("--limit", type=int, metavar="N", help="prompts at most")
    made.add_argument("--set", action="append", type=setting, default=[], metavar="NAME=VALUE", help="a setting")
    made.add_argument("--follow", action="store_true", help="follow it to its end")
    _timeout(made)


def _wait(commands: Any) -> None:
    made = _command(commands, "wait", "wait until something is done")
    made.add_argument("what", choices=("import", "project", "version", "run"))
    made.add_argument("which", type=reference, help="id; of a project or version also its name")
    _timeout(made)


def _freeze(commands: Any) -> None:
    made = _command(commands, "freeze", "freeze the next version of a dataset and wait until its files are written")
    made.add_argument("name", help="the dataset; it is made if it is not there")
    made.add_argument("--kind", choices=get_args(DatasetKindEnum), help="of a dataset that is to be made")
    made.add_argument("--query", type=query, default={}, metavar="JSON", help="filters (docs/data.md), or @FILE")
    made.add_argument("--project", action="append", type=reference, default=[], help="id or name; may be repeated")
    made.add_argument("--preview", action="store_true", help="only say what it would hold")
    _timeout(made)


def _download(commands: Any) -> None:
    made = _command(commands, "download", "fetch a version's files, going on where it broke off")
    made.add_argument("version", type=reference, help='id, "NAME" for the newest that is ready, or "NAME@NUMBER"')
    made.add_argument("folder", nargs="?", type=Path, help="default: NAME-vNUMBER")
    made.add_argument(
        "--format",
        choices=get_args(ExportFormat),
        help="huggingface: a directory for `datasets`; csv needs a --shape; default: all there are",
    )
    made.add_argument("--split", action="append", default=[], choices=get_args(SplitEnum), help="may be repeated")
    made.add_argument("--shape", help="one that others read, such as pairs_chat (docs/data.md)")


def _launch(commands: Any) -> None:
    made = _command(commands, "launch", "launch a run; needs an admin's token")
    made.add_argument("kind", choices=get_args(RunKindEnum))
    made.add_argument(
        "--input",
        action="append",
        type=pair,
        default=[],
        metavar="ROLE=WHICH",
        help="what it reads: a checkpoint or endpoint by id or name, a version as in download; may be repeated",
    )
    made.add_argument("--preset", help="a named set of values, such as tiny or paper")
    made.add_argument("--set", action="append", type=setting, default=[], metavar="NAME=VALUE", help="a setting")
    made.add_argument("--name", default="")
    made.add_argument("--into", type=reference, metavar="PROJECT", help="sample: the project that gets the responses")
    made.add_argument("--follow", action="store_true", help="follow it to its end")
    _timeout(made)


def _follow(commands: Any) -> None:
    made = _command(commands, "follow", "write a run's log until it ends; with --json its curves, too, line by line")
    made.add_argument("run", type=int)
    _timeout(made)


def _cancel(commands: Any) -> None:
    made = _command(commands, "cancel", "ask a run to stop; it can be resumed; needs an admin's token")
    made.add_argument("run", type=int)


def _resume(commands: Any) -> None:
    made = _command(commands, "resume", "go on with a run that failed or was cancelled, or an import that stopped")
    made.add_argument("what", choices=("run", "import"))
    made.add_argument("which", type=int, metavar="ID")
    made.add_argument(
        "--follow", action="store_true", help="follow the run to its end; for an import it is waited anyway"
    )
    _timeout(made)


def _undo(commands: Any) -> None:
    made = _command(
        commands, "undo", "take an import back, and wait for it: what nobody has used goes, the rest is archived"
    )
    made.add_argument("import_id", type=int, metavar="IMPORT")
    _timeout(made)


def _list(commands: Any) -> None:
    made = _command(
        commands, "list", "list what there is, a line each; the newest first where that is the order of the pages"
    )
    made.add_argument("what", choices=LISTS)
    made.add_argument("--limit", type=positive, metavar="N", help="so many at most")


def _timeout(made: argparse.ArgumentParser) -> None:
    made.add_argument("--timeout", type=float, metavar="SECONDS", help="wait no longer")


def chosen(given: argparse.Namespace, names: tuple[str, ...]) -> dict[str, Any]:
    """The options of these names that were given."""
    values = {name: getattr(given, name) for name in names}
    return {name: value for name, value in values.items() if value is not None}


def reference(text: str) -> int | str:
    """An id, or a name."""
    return int(text) if text.isdecimal() else text


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def pair(text: str) -> tuple[str, str]:
    """`name=value`."""
    name, equals, value = text.partition("=")
    if not name or not equals or not value:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def setting(text: str) -> tuple[str, Any]:
    """`name=value` with a value of JSON, or a text where it is none."""
    name, value = pair(text)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def query(text: str) -> dict[str, Any]:
    """The filters of a dataset: a JSON object, or `@` and the file that holds it."""
    try:
        found = json.loads(Path(text[1:]).read_text() if text.startswith("@") else text)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{text[1:]}: {error.strerror}") from error
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"it is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError('give a JSON object, such as {"project_ids": [3]}')
    return found

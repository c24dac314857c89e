"""The commands about runs: `launch`, `follow`, `cancel`, and `resume run`."""

import argparse
import json
from typing import Any

from labelapp_client.arguments import reference
from labelapp_client.client import Labelapp
from labelapp_client.printing import Output
from labelapp_client.types import Run


def launch(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp launch`."""
    target = None if given.into is None else app.projects.get(given.into)["id"]
    run = app.runs.launch(
        given.kind,
        inputs={role: reference(which) for role, which in given.input},
        preset=given.preset,
        config=dict(given.set),
        name=given.name,
        target_project_id=target,
    )
    launched(app, run, given, output)


def launched(app: Labelapp, run: Run, given: argparse.Namespace, output: Output, *, how: str = "launched") -> None:
    """Say that a run is launched, or follow it."""
    if not given.follow:
        return output.result(run, f"run {run['id']} {run['name']!r} {how}")
    output.told(f"run {run['id']} {run['name']!r} {how}; labelapp follow {run['id']} goes on following it")
    _follow(app, run["id"], given, output)


def follow(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp follow`."""
    _follow(app, given.run, given, output)


def _follow(app: Labelapp, run_id: int, given: argparse.Namespace, output: Output) -> None:
    def line(name: str, value: Any) -> None:
        output.text(json.dumps({name: value}, ensure_ascii=False) + "\n")

    run = app.runs.follow(
        run_id,
        on_log=(lambda text: line("log", text)) if given.json else output.text,
        on_metrics=(lambda row: line("metrics", row)) if given.json else None,
        on_progress=output.progress,
        timeout_seconds=given.timeout,
    )
    if given.json:
        line("run", run)
    else:
        output.told(sentence_of_run(run))


def sentence_of_run(run: Run) -> str:
    """What a run has made."""
    made = run["checkpoint"] or run["sample_batch"]
    what = "checkpoint" if run["checkpoint"] else "batch"
    return f"run {run['id']} succeeded" + (f": {what} {made['id']} {made['name']!r}" if made else "")


def cancel(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp cancel`."""
    run = app.runs.cancel(given.run)
    is_over = run["state"] == "cancelled"
    stopping = f"is told to stop; labelapp wait run {run['id']} waits for its end"
    output.result(run, f"run {run['id']} {run['name']!r} {'is cancelled' if is_over else stopping}")


def resume_run(app: Labelapp, given: argparse.Namespace, output: Output) -> None:
    """`labelapp resume run`."""
    launched(app, app.runs.resume(given.which), given, output, how="queued to go on")

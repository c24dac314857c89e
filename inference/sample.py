"""A sample run: K responses to each prompt, from a model or from an OpenAI-compatible endpoint.

    python -m inference.sample RUN_DIR

Reads a RunSpec of kind `sample`; writes `output/samples.jsonl` (SampledResponse), ordered by prompt and number, and
`output/failures.jsonl` (prompt_id, number, code, message) if some could not be had. A response's seed follows from the
run's seed, its prompt's id and its number, so a killed run goes on where it was and draws the very same samples.
"""

import logging
import shutil
import sys
from pathlib import Path

from formats.configs import SampleConfig
from formats.errors import FormatError
from formats.jsonl import read_jsonl, write_jsonl
from formats.records import Prompt
from formats.run_directory import AttemptDirectory, RunDirectory
from inference.ledger import SampleLedger
from inference.process import main
from inference.sample_endpoint import draw_from_endpoint
from inference.sample_model import draw_from_model
from inference.sample_run import SampleRun

FAILURES = "failures.jsonl"

logger = logging.getLogger(__name__)


def sample(directory: RunDirectory, attempt: AttemptDirectory) -> None:
    """Draw what is missing, then publish. Raises FormatError, InferenceError and OSError."""
    spec = directory.read_spec()
    if not isinstance(spec.config, SampleConfig):
        raise FormatError("kind", f"is {spec.kind}, which another command runs")
    prompts = read_prompts(directory.root / spec.inputs["prompts"])
    with SampleLedger(directory, attempt) as ledger, attempt.metrics_path.open("a", encoding="utf-8") as metrics:
        run = SampleRun(spec.config, prompts, ledger, attempt, metrics, done_before=len(ledger))
        run.tell("load", force=True)
        if spec.config.endpoint_url:
            draw_from_endpoint(run)
        else:
            draw_from_model(run, directory.locate(spec.inputs["model"]))
        run.check_some()
        run.tell("save", force=True)
        _publish(run, directory)


def read_prompts(path: Path) -> list[Prompt]:
    """The prompts of a file. Raises FormatError, also for none and for an id that stands twice."""
    try:
        prompts = list(read_jsonl(path, Prompt))
    except FileNotFoundError as error:
        raise FormatError("inputs.prompts", "names a file that is not there") from error
    except FormatError as error:
        raise FormatError("inputs.prompts", str(error)) from error
    if not prompts:
        raise FormatError("inputs.prompts", "has no prompts")
    seen: set[str] = set()
    for line, prompt in enumerate(prompts, start=1):
        if prompt.id in seen:
            raise FormatError("inputs.prompts", f"line {line}: id {prompt.id!r} stands twice")
        seen.add(prompt.id)
    return prompts


def _publish(run: SampleRun, directory: RunDirectory) -> None:
    """Write the output, whole or not at all."""
    staging = directory.root / f".output-{run.attempt.epoch}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    write_jsonl(staging / directory.samples_output.name, run.ledger.ordered(prompt.id for prompt in run.prompts))
    if run.failures:
        write_jsonl(staging / FAILURES, run.failures)
    summary = {"prompts": len(run.prompts), "responses": len(run.ledger), "failures": len(run.failures)}
    missing = f"{len(run.failures)} of {run.total} responses could not be had: see output/{FAILURES}."
    warnings = [missing] if run.failures else []
    for warning in warnings:
        logger.warning("%s", warning)
    directory.publish_output(staging, kind="sample", summary=dict(summary), warnings=warnings)


if __name__ == "__main__":
    sys.exit(main(sample, description="Draw K responses to each prompt of a run directory."))

"""An evaluation as CSV: its results in long form, and every judgment with its source."""

import csv
from collections.abc import Iterator
from typing import Any

from labelapp.evaluations.answers import AnswerFilter, check_evaluation, counted_submissions
from labelapp.evaluations.intervals import Estimate
from labelapp.evaluations.results import Group, Measure, Results, names_of
from labelapp.labeling.models import Judgment, Project
from labelapp.prompts.importing.bad_lines import formula_safe

RESULT_COLUMNS = (
    "measure", "question", "source", "opponent", "group", "group_value",
    "value", "low_95", "high_95", "answers", "prompts", "wins", "ties", "losses",
)  # fmt: skip
JUDGMENT_COLUMNS = (
    "submission_id", "revision", "submitted_at", "labeler", "prompt_id", "split", "use_case", "source", "is_baseline",
    "response_id", "shown_position", "rank", "baseline_rank", "outcome", "quality",
)  # fmt: skip
OUTCOMES = {-1: "win", 0: "tie", 1: "loss"}


class _Echo:
    """A file that hands back what is written, so that rows can be streamed."""

    def write(self, text: str) -> str:
        return text


def _lines(rows: Iterator[list[Any]]) -> Iterator[str]:
    """Write the rows as CSV; a text that a spreadsheet would take for a formula is defused."""
    writer = csv.writer(_Echo())
    for row in rows:
        line: str = writer.writerow([formula_safe(cell) if isinstance(cell, str) else cell for cell in row])
        yield line


def results_csv(results: Results) -> Iterator[str]:
    """Write one line for each number of the result page."""
    return _lines(_result_rows(results))


def _result_rows(results: Results) -> Iterator[list[Any]]:
    names = {source.batch.pk: source.name for source in results.sources}
    pseudonyms = {str(labeler.pk): labeler.pseudonym for labeler in results.labelers}
    yield [*RESULT_COLUMNS]
    for match in results.head_to_head:
        counts = [match.wins, match.ties, match.losses]
        place = ["win_rate", "", names[match.source_id], names[match.opponent_id], "", ""]
        yield [*place, *_numbers(match.estimate), *counts]
    for source in results.sources:
        yield _row("quality", "", source.name, source.quality)
        yield from (_measure_row(measure, source.name) for measure in source.measures)
    yield from (_measure_row(measure, "") for measure in results.prompt_measures)
    for group in results.by_split:
        yield from _group_rows("split", group.label, group, names=names)
    for group in results.by_use_case:
        yield from _group_rows("use_case", group.label, group, names=names)
    for group in results.by_labeler:  # a file leaves the house: no names, as in the other one
        yield from _group_rows("labeler", pseudonyms[group.value], group, names=names)


def _row(measure: str, question: str, source: str, estimate: Estimate | None) -> list[Any]:
    return [measure, question, source, "", "", "", *_numbers(estimate), "", "", ""]


def _measure_row(measure: Measure, source: str) -> list[Any]:
    question = measure.question
    return _row("mean" if question.kind == "scale" else "share_of_yes", question.key, source, measure.estimate)


def _group_rows(by: str, value: str, group: Group, *, names: dict[int, str]) -> Iterator[list[Any]]:
    for match in group.matches:
        place = ["win_rate", "", names[match.source_id], names[match.opponent_id], by, value]
        yield [*place, *_numbers(match.estimate), match.wins, match.ties, match.losses]


def _numbers(estimate: Estimate | None) -> list[Any]:
    if estimate is None:
        return ["", "", "", 0, 0]
    return [estimate.value, estimate.low, estimate.high, estimate.count, estimate.clusters]


def judgments_csv(project: Project, wanted: AnswerFilter) -> Iterator[str]:
    """Write one line for each judgment that counts: what a person said of a source's response.

    Raises:
        NotFound: the project is not an evaluation.
    """
    check_evaluation(project)
    return _lines(_judgment_rows(project, wanted))


def _judgment_rows(project: Project, wanted: AnswerFilter) -> Iterator[list[Any]]:
    sources = list(project.sources.select_related("batch__checkpoint", "batch__endpoint"))
    names = names_of(sources)
    baseline = next(source.batch_id for source in sources if source.is_baseline)
    yield [*JUDGMENT_COLUMNS, *project.questions, "notes", "submission_notes"]
    found = (
        counted_submissions(project, wanted)
        .select_related("labeler", "task__prompt__submitter")
        .prefetch_related("judgments__response")
        .order_by("pk")
    )
    for said in found.iterator(chunk_size=500):
        judgments = list(said.judgments.all())
        baseline_rank = next((item.rank for item in judgments if item.response.batch_id == baseline), None)
        prompt = said.task.prompt
        for item in judgments:
            yield [
                said.pk,
                said.revision,
                said.created_at.isoformat(),
                said.labeler.pseudonym,
                prompt.pk,
                prompt.submitter.split,
                prompt.use_case,
                names[item.response.batch_id],
                item.response.batch_id == baseline,
                item.response_id,
                item.shown_position,
                item.rank,
                baseline_rank,
                _outcome(item, baseline=baseline, baseline_rank=baseline_rank),
                item.quality,
                *(_cell({**said.answers, **item.answers}.get(key)) for key in project.questions),
                item.notes,
                said.notes,
            ]


def _outcome(item: Judgment, *, baseline: int, baseline_rank: int | None) -> str:
    if baseline_rank is None or item.response.batch_id == baseline:
        return ""
    return OUTCOMES[(item.rank > baseline_rank) - (item.rank < baseline_rank)]


def _cell(answer: bool | int | None) -> str | int | None:
    return {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else answer

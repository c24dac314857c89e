"""From what the database says to the lines of the files. Only pseudonyms leave: no name, e-mail or submitter's key.

A line is exactly the JSON object of formats.records' Prompt, Demonstration or Ranking. It is built as such rather than
through those classes, whose checks cost several times all the rest of the writing; what they check, the constraints of
the tables and the checks at import and submission have assured, and the tests read every kind of line back strictly.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from labelapp.accounts.models import User
from labelapp.datasets.models import DatasetKind
from labelapp.datasets.policy import Answer, TakenRow, median_qualities
from labelapp.labeling.models import InstructionVersion
from labelapp.prompts.models import SampleBatch

Line = dict[str, Any]


@dataclass(slots=True)
class Names:
    """What ids are called in the files, read once per snapshot: there are few of each."""

    pseudonyms: dict[int, str] = field(default_factory=lambda: dict(User.objects.values_list("pk", "pseudonym")))
    instructions: dict[int, int] = field(
        default_factory=lambda: dict(InstructionVersion.objects.values_list("pk", "number"))
    )
    sources: dict[int, str | None] = field(
        default_factory=lambda: {
            pk: checkpoint or endpoint
            for pk, checkpoint, endpoint in SampleBatch.objects.order_by("pk").values_list(
                "pk", "checkpoint__name", "endpoint__name"
            )
        }
    )


def prompt_line(fields: Sequence[bytes]) -> Line:
    """Return the line of a prompt, given as `reading.prompt_fields` does."""
    pk, split, submitter, asked = fields
    messages, use_case = orjson.loads(asked)
    return {
        "id": pk.decode(),
        "messages": messages,
        "use_case": use_case,
        "split": split.decode(),
        # A key may be a customer's address; the number says as much of a stranger and is as stable.
        "submitter": f"submitter-{submitter.decode()}",
    }


def label_line(kind: str, row: TakenRow, names: Names) -> Line:
    """Return the line of a demonstration or a ranking."""
    first = row.answers[0]
    prompt_id, asked, said = first.content
    messages, use_case = orjson.loads(asked)
    versions = {answer.instruction_version_id for answer in row.answers}
    is_one = len(row.answers) == 1
    line = {
        "id": str(first.submission_id) if is_one else f"task-{first.task_id}",
        "messages": messages,
        "use_case": use_case,
        "split": first.split,
        "prompt_id": prompt_id.decode(),
        "labeler": names.pseudonyms[first.labeler_id] if is_one else f"majority-of-{len(row.answers)}",
        "instruction_version": names.instructions[first.instruction_version_id] if len(versions) == 1 else None,
    }
    if kind == DatasetKind.DEMONSTRATIONS:
        return {**line, "response": orjson.loads(said)}
    responses = _judged(first, names) if is_one else _majority(row.answers, names)
    for response, rank in zip(responses, row.ranks, strict=True):
        response["rank"] = rank
    return {**line, "responses": responses, "weight": row.weight}


def _judged(answer: Answer, names: Names) -> list[Line]:
    """What one labeler said of each response; the ranks are still to come."""
    judged = orjson.loads(answer.content[2])
    return [
        {
            "response_id": str(response_id),
            "text": text,
            "quality": quality,
            "checkpoint": names.sources[batch_id],
            # Responses that people brought along do not say; they are whole texts.
            "finish_reason": "length" if finish_reason == "length" else "stop",
            "answers": answers,
            "notes": notes,
            "shown_position": shown_position,
        }
        for (response_id, text, finish_reason, batch_id, answers, notes, shown_position), quality in zip(
            judged, answer.qualities, strict=True
        )
    ]


def _majority(answers: Sequence[Answer], names: Names) -> list[Line]:
    """What several labelers said together: median ratings, and what more than half of those who answered said."""
    judged = [_judged(answer, names) for answer in answers]
    merged = []
    for quality, same in zip(median_qualities(answers), zip(*judged, strict=True), strict=True):
        merged.append(
            {
                **same[0],
                "quality": quality,
                "answers": majority_answers([response["answers"] for response in same]),
                "notes": "",
                "shown_position": None,
            }
        )
    return merged


def majority_answers(given: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the answer that more than half of those who answered a question gave; none where there is no such one."""
    votes: dict[str, Counter[Any]] = {}
    for answers in given:
        for question, answer in answers.items():
            votes.setdefault(question, Counter())[answer] += 1
    winners = {question: counts.most_common(1)[0] for question, counts in votes.items()}
    return {question: answer for question, (answer, count) in winners.items() if 2 * count > votes[question].total()}


def to_bytes(line: Line) -> bytes:
    """Return a line as `formats.jsonl.dump_json` writes it, and a newline: the same bytes, several times as fast."""
    return orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)

"""From what the database says to the lines of the files. Only pseudonyms leave: no name, e-mail or submitter's key.

A line is exactly the JSON object of formats.records' Prompt, Demonstration or Ranking. It is built as such rather than
through those classes, whose checks cost several times all the rest of the writing; what they check, the constraints of
the tables and the checks at import and submission have assured, and the tests read every kind of line back strictly.
"""

from collections.abc import Mapping
from typing import Any

from labelapp.datasets.models import DatasetKind


def to_line(kind: str, row: Mapping[str, Any], *, split: str) -> dict[str, Any]:
    """Return the JSON object that a row of `selection` becomes in a file."""
    line = {
        "id": str(row["pk"]),
        "messages": row["messages"],
        "use_case": row["use_case"],
        "split": split,
    }
    if kind == DatasetKind.PROMPTS:
        # A key may be a customer's address; the number says as much of a stranger and is as stable.
        return {**line, "submitter": f"submitter-{row['submitter_id']}"}
    line |= {
        "prompt_id": str(row["prompt_id"]),
        "labeler": row["pseudonym"],
        "instruction_version": row["instruction_number"],
    }
    if kind == DatasetKind.DEMONSTRATIONS:
        return {**line, "response": row["demonstration"]}
    return {**line, "responses": [_ranked(judged) for judged in row["judged"]]}


def _ranked(judged: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "response_id": str(judged["response_id"]),
        "text": judged["text"],
        "rank": judged["rank"],
        "quality": judged["quality"],
        "checkpoint": judged["checkpoint"] or judged["endpoint"],
        # Responses that people brought along do not say; they are whole texts.
        "finish_reason": "length" if judged["finish_reason"] == "length" else "stop",
        "answers": judged["answers"],
        "notes": judged["notes"],
        "shown_position": judged["shown_position"],
    }

"""From what the database says to the records of formats/. Only pseudonyms leave: no name, e-mail or submitter's key."""

from collections.abc import Mapping
from typing import Any

from formats.messages import Message
from formats.records import Demonstration, Prompt, RankedResponse, Ranking
from labelapp.datasets.models import DatasetKind

Record = Prompt | Demonstration | Ranking


def to_record(kind: str, row: Mapping[str, Any], *, split: Any) -> Record:
    """Return the record that a row of `selection` becomes in a file."""
    messages = tuple(Message(message["role"], message["content"]) for message in row["messages"])
    if kind == DatasetKind.PROMPTS:
        return Prompt(
            id=str(row["pk"]),
            messages=messages,
            # A key may be a customer's address; the number says as much of a stranger and is as stable.
            submitter=f"submitter-{row['submitter_id']}",
            use_case=row["use_case"],
            split=split,
        )
    if kind == DatasetKind.DEMONSTRATIONS:
        return Demonstration(
            id=str(row["pk"]),
            prompt_id=str(row["prompt_id"]),
            messages=messages,
            response=row["demonstration"],
            labeler=row["pseudonym"],
            use_case=row["use_case"],
            split=split,
            instruction_version=row["instruction_number"],
        )
    return Ranking(
        id=str(row["pk"]),
        prompt_id=str(row["prompt_id"]),
        messages=messages,
        responses=tuple(_ranked(judged) for judged in row["judged"]),
        labeler=row["pseudonym"],
        use_case=row["use_case"],
        split=split,
        instruction_version=row["instruction_number"],
    )


def _ranked(judged: Mapping[str, Any]) -> RankedResponse:
    return RankedResponse(
        response_id=str(judged["response_id"]),
        text=judged["text"],
        rank=judged["rank"],
        quality=judged["quality"],
        checkpoint=judged["checkpoint"] or judged["endpoint"],
        # Responses that people brought along do not say; they are whole texts.
        finish_reason="length" if judged["finish_reason"] == "length" else "stop",
        answers=judged["answers"],
        notes=judged["notes"],
        shown_position=judged["shown_position"],
    )

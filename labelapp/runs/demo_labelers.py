"""The built-in labelers of the demo workspace: they answer as a labeler's screen does, what the content intends."""

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from labelapp.accounts.models import User
from labelapp.labeling.assignment import claim_next
from labelapp.labeling.models import Project
from labelapp.labeling.recording import submit
from labelapp.labeling.submission import JudgmentInput, SubmissionInput
from labelapp.prompts.models import Prompt


@dataclass(frozen=True, slots=True)
class DemoPrompt:
    """A prompt of the content with what its authors wrote for it."""

    prompt: Prompt
    key: str
    responses: list[dict[str, Any]]
    demonstration: str | None


def prompts_of(content: Iterable[DemoPrompt]) -> QuerySet[Prompt]:
    """Return the rows of the content's prompts."""
    return Prompt.objects.filter(pk__in=[demo.prompt.pk for demo in content])


def claims(project: Project, *, labeler: User) -> Iterator[dict[str, Any]]:
    """Claim one task after the other, as a labeler's screen does, until there is none."""
    while assignment := claim_next(project_id=project.pk, labeler_id=labeler.pk).assignment:
        yield assignment


def quality_by_text(content: Iterable[DemoPrompt]) -> dict[tuple[int, str], dict[str, Any]]:
    """Return the content's responses by their prompt and text, as a labeler's screen shows them."""
    return {(demo.prompt.pk, response["text"]): response for demo in content for response in demo.responses}


def judgments_of(
    assignment: dict[str, Any], intended: dict[tuple[int, str], dict[str, Any]]
) -> tuple[JudgmentInput, ...]:
    """Rank by the intended quality; equal qualities are a tie. The questions stay open: nobody has answered them."""
    found = [(shown["id"], intended[assignment["prompt"]["id"], shown["text"]]) for shown in assignment["responses"]]
    qualities = sorted({response["quality"] for _, response in found}, reverse=True)
    return tuple(
        JudgmentInput(
            response_id=response_id,
            rank=qualities.index(response["quality"]) + 1,
            quality=response["quality"],
            answers={},
            notes=response["flaw"],
        )
        for response_id, response in found
    )


def answer(
    assignment: dict[str, Any],
    *,
    labeler: User,
    demo: DemoPrompt,
    demonstration: str | None = None,
    judgments: tuple[JudgmentInput, ...] | None = None,
) -> None:
    """Submit as the labeler's screen does. The seconds are 0: nobody sat before it."""
    project = assignment["project"]
    submission = SubmissionInput(
        lease_token=assignment["lease_token"],
        idempotency_key=uuid.uuid5(uuid.NAMESPACE_URL, f"labelapp:demo:{labeler.email}:{demo.key}:{project['name']}"),
        instruction_version_id=assignment["instruction_version"]["id"],
        elapsed_seconds=0,
        active_seconds=0,
        notes="",
        demonstration=demonstration,
        judgments=judgments,
    )
    submit(submission, assignment_id=assignment["id"], labeler_id=labeler.pk)

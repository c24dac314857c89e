"""What a labeler says of a task: reading it, checking it against the task, and adding it to the record.

Ranks may leave gaps on the screen (columns stay empty); they are stored dense, 1 being best, and ties keep one rank.
Quality is required; a question that was left open is stored as missing, because a missing answer is not a "no".
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from labelapp.common.field_messages import NEEDED
from labelapp.labeling.body import MAX_ID, MISSING, Body, raise_if_wrong
from labelapp.labeling.models import MAX_QUALITY, MAX_RESPONSES, MIN_QUALITY, ProjectKind
from labelapp.labeling.questions import QUESTION_OF_KEY, Answer, Question, applicable_questions

MAX_DEMONSTRATION = 100_000
MAX_NOTES = 10_000
MAX_SECONDS = 10_000_000


@dataclass(frozen=True, slots=True)
class JudgmentInput:
    """What was said of one response; `rank` as it was sent."""

    response_id: int
    rank: int
    quality: int | None
    answers: dict[str, Answer]
    notes: str


@dataclass(frozen=True, slots=True)
class SubmissionInput:
    """A submission whose shape is right; whether it fits its task is `check_fits`'s to say."""

    lease_token: UUID | None
    idempotency_key: UUID
    instruction_version_id: int
    elapsed_seconds: int
    active_seconds: int
    notes: str
    demonstration: str | None
    judgments: tuple[JudgmentInput, ...] | None
    answers: dict[str, Answer] = field(default_factory=dict)

    def content_sha256(self, *, assignment_id: int) -> str:
        """Digest what is said and of what, without the seconds: a retry may count those anew."""
        said: dict[str, Any] = {
            "assignment": assignment_id,
            "instructions": self.instruction_version_id,
            "notes": self.notes,
            "demonstration": self.demonstration,
            "judgments": [
                [item.response_id, item.rank, item.quality, sorted(item.answers.items()), item.notes]
                for item in sorted(self.judgments or (), key=lambda item: item.response_id)
            ],
        }
        if self.answers:  # only then, so that what was recorded before there were any keeps its digest
            said["answers"] = sorted(self.answers.items())
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()

    def judgment_rows(self, shown_order: list[int]) -> list[dict[str, Any]]:
        """Return the rows to store: ranks dense, each with the position that it was shown at."""
        judgments = self.judgments or ()
        rank_of = dense_ranks([item.rank for item in judgments])
        return [
            {
                "response_id": item.response_id,
                "rank": rank_of[item.rank],
                "quality": item.quality,
                "answers": item.answers,
                "notes": item.notes,
                "shown_position": shown_order.index(item.response_id),
            }
            for item in judgments
        ]


def dense_ranks(ranks: list[int]) -> dict[int, int]:
    """Map each rank to the dense rank of its place: 2, 2, 5 become 1, 1, 2."""
    return {rank: index for index, rank in enumerate(sorted(set(ranks)), start=1)}


def read_submission(data: dict[str, Any], *, has_lease: bool) -> SubmissionInput:
    """Read the body of a submission (`has_lease`) or of a revision.

    Raises:
        InvalidInput: names every field whose shape is wrong.
    """
    body = Body(data)
    token = body.uuid("lease_token") if has_lease else None
    key = body.uuid("idempotency_key")
    submission = SubmissionInput(
        lease_token=token,
        idempotency_key=key or UUID(int=0),
        instruction_version_id=body.integer("instruction_version_id", minimum=1, maximum=MAX_ID),
        elapsed_seconds=body.integer("elapsed_seconds", minimum=0, maximum=MAX_SECONDS),
        active_seconds=body.integer("active_seconds", minimum=0, maximum=MAX_SECONDS),
        notes=body.text("notes", max_length=MAX_NOTES),
        demonstration=_read_demonstration(body),
        judgments=_read_judgments(body),
        answers=_read_answers(body),
    )
    body.finish()
    return submission


def _read_demonstration(body: Body) -> str | None:
    if body.data.get("demonstration", MISSING) in (MISSING, None):
        body.take("demonstration", required=False)
        return None
    return body.text("demonstration", max_length=MAX_DEMONSTRATION, required=True)


def _read_judgments(body: Body) -> tuple[JudgmentInput, ...] | None:
    if body.data.get("judgments", MISSING) in (MISSING, None):
        body.take("judgments", required=False)
        return None
    items = tuple(_read_judgment(item) for item in body.objects("judgments")[:MAX_RESPONSES])
    if isinstance(body.data["judgments"], list) and len(body.data["judgments"]) > MAX_RESPONSES:
        body.fail("judgments", f"There are at most {MAX_RESPONSES} responses to judge.")
    return items


def _read_judgment(body: Body) -> JudgmentInput:
    judgment = JudgmentInput(
        response_id=body.integer("response_id", minimum=1, maximum=MAX_ID),
        rank=body.integer("rank", minimum=1, maximum=MAX_RESPONSES),
        quality=_read_quality(body),
        answers=_read_answers(body),
        notes=body.text("notes", max_length=MAX_NOTES),
    )
    body.refuse_unknown()
    return judgment


def _read_quality(body: Body) -> int | None:
    """Read the overall quality; whether this project asks it is `check_fits`'s to say."""
    if body.data.get("quality", MISSING) in (MISSING, None):
        body.take("quality", required=False)
        return None
    return body.integer("quality", minimum=MIN_QUALITY, maximum=MAX_QUALITY)


def _read_answers(body: Body) -> dict[str, Answer]:
    answers = body.take("answers", required=False)
    if answers is MISSING:
        return {}
    if not isinstance(answers, dict):
        body.fail("answers", "This must be an object of question keys and answers.")
        return {}
    for key, value in answers.items():
        question = QUESTION_OF_KEY.get(key)
        problem = question.problem_with(value) if question else "There is no such question."
        if problem:
            body.fail(f"answers.{key}", problem)
    return answers


def check_fits(
    submission: SubmissionInput,
    *,
    kind: str,
    shown_order: list[int],
    question_keys: list[str],
    is_closed_domain: bool,
) -> None:
    """Check what was said against what was asked.

    Raises:
        InvalidInput: names every field that does not fit.
    """
    errors: list[tuple[str, str]] = []
    if kind == ProjectKind.DEMONSTRATION:
        if submission.demonstration is None:
            errors.append(("demonstration", NEEDED))
        if submission.judgments is not None:
            errors.append(("judgments", "This project asks for a demonstration, not for judgments."))
        errors += _misanswered(submission.answers, [])
        raise_if_wrong(errors)
        return
    if submission.demonstration is not None:
        errors.append(("demonstration", "This project asks for judgments, not for a demonstration."))
    if submission.judgments is None:
        errors.append(("judgments", NEEDED))
    questions = applicable_questions(question_keys, is_closed_domain=is_closed_domain)
    errors += _misanswered(submission.answers, [item for item in questions if item.scope == "prompt"])
    errors += _misplaced(
        submission.judgments or (),
        shown_order=shown_order,
        questions=[item for item in questions if item.scope == "response"],
        asks_quality=kind != ProjectKind.TOXICITY,
    )
    raise_if_wrong(errors)


def _misplaced(
    judgments: tuple[JudgmentInput, ...], *, shown_order: list[int], questions: list[Question], asks_quality: bool
) -> list[tuple[str, str]]:
    """Return what does not fit: each response of the task must be judged once, on the questions that were asked."""
    errors = []
    seen: set[int] = set()
    for index, judgment in enumerate(judgments):
        name = f"judgments.{index}"
        if judgment.response_id not in shown_order:
            errors.append((f"{name}.response_id", f"Response {judgment.response_id} is not of this task."))
        elif judgment.response_id in seen:
            errors.append((f"{name}.response_id", f"Response {judgment.response_id} is judged twice."))
        seen.add(judgment.response_id)
        if asks_quality and judgment.quality is None:
            errors.append((f"{name}.quality", NEEDED))
        if not asks_quality and judgment.quality is not None:
            errors.append((f"{name}.quality", "This project does not ask for the overall quality."))
        errors += _misanswered(judgment.answers, questions, prefix=f"{name}.")
    missing = [response_id for response_id in shown_order if response_id not in seen]
    if judgments and missing:
        errors.append(("judgments", f"Every response must be judged; missing: {', '.join(map(str, missing))}."))
    if not judgments and shown_order and not errors:
        errors.append(("judgments", "Every response must be judged."))
    return errors


def _misanswered(answers: dict[str, Answer], questions: list[Question], *, prefix: str = "") -> list[tuple[str, str]]:
    """Return the answers to what is not asked here, and the scales that have none."""
    asked = {question.key for question in questions}
    odd = [key for key in answers if key not in asked]
    scales = [question for question in questions if question.kind == "scale"]
    return [
        *((f"{prefix}answers.{key}", "This question is not asked on this prompt.") for key in odd),
        *((f"{prefix}answers.{item.key}", f"{item.label} is required.") for item in scales if item.key not in answers),
    ]

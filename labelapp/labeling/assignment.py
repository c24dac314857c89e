"""Who gets what next: leases on slots that were made in advance.

A claim is one statement. In this order it takes: the labeler's own lease, so that two tabs have one (a lease that ran
out and that nobody took comes back with its draft and a new token); the slot that they were shown in advance; a task
that they skipped and that a researcher returned to them; the next open slot after the furthest one they have been
given; any open slot; a slot whose lease, somebody else's, has run out. It never takes one of a task that this labeler
has a slot of or has skipped. Starting at the furthest slot keeps a claim flat: it never walks over what the labeler has
done.

All times are the database's, so that web servers with different clocks agree on when a lease ends.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import IntegrityError, connection, transaction

from labelapp.common.errors import Conflict, NotFound
from labelapp.labeling.models import Assignment, Draft, Skip
from labelapp.labeling.prepared import fetch_one
from labelapp.labeling.questions import QUESTION_JSON, applicable_questions

ATTEMPTS = 5

# A slot that this labeler may be given: of no task that they have a slot of, or have skipped and not got back.
ELIGIBLE = """
    NOT EXISTS (SELECT FROM labeling_assignment mine
                WHERE mine.task_id = candidate.task_id AND mine.labeler_id = %(labeler)s)
    AND NOT EXISTS (SELECT FROM labeling_skip skipped
                    WHERE skipped.task_id = candidate.task_id AND skipped.labeler_id = %(labeler)s
                      AND skipped.returned_at IS NULL)
"""

# A task's responses in the order that this labeler sees them: by a hash of who asks, as good as random, and the same
# again if the slot is lost and another is given, or is shown before it is given. Reads from a row named `slot`.
SHOWN_ORDER = """(
            SELECT coalesce(jsonb_agg(shown.response_id
                                      ORDER BY md5(concat_ws(':', %(labeler)s, slot.task_id, shown.response_id))), '[]')
            FROM labeling_taskresponse shown WHERE shown.task_id = slot.task_id)"""

# COALESCE stops at the first that is found; the later searches do not run. The open slots are searched by (project, id)
# as a range, not by project = … ordered by id: for that the planner may take the primary key, and then a claim walks
# over every other project's slots.
CLAIM = f"""
WITH slot AS (
    UPDATE labeling_assignment AS slot
    SET state = 'leased',
        labeler_id = %(labeler)s,
        lease_token = CASE WHEN slot.labeler_id = %(labeler)s AND slot.lease_expires_at > statement_timestamp()
                           THEN slot.lease_token ELSE %(token)s END,
        lease_expires_at = statement_timestamp() + make_interval(mins => project.lease_minutes),
        claimed_at = CASE WHEN slot.labeler_id = %(labeler)s THEN slot.claimed_at ELSE statement_timestamp() END,
        shown_order = CASE WHEN slot.labeler_id = %(labeler)s THEN slot.shown_order ELSE {SHOWN_ORDER} END
    FROM labeling_membership member
    JOIN labeling_project project ON project.id = member.project_id
    WHERE member.project_id = %(project)s AND member.user_id = %(labeler)s AND member.left_at IS NULL
      AND project.state = 'active'
      AND slot.id = coalesce(
          (SELECT candidate.id FROM labeling_assignment candidate
           WHERE candidate.project_id = %(project)s AND candidate.labeler_id = %(labeler)s
             AND candidate.state = 'leased'
           FOR UPDATE),
          (SELECT candidate.id FROM labeling_assignment candidate
           WHERE candidate.id = %(preferred)s::bigint AND candidate.project_id = %(project)s
             AND (candidate.state = 'open'
                  OR candidate.state = 'leased' AND candidate.lease_expires_at <= statement_timestamp())
             AND {ELIGIBLE}
           FOR UPDATE SKIP LOCKED),
          (SELECT candidate.id FROM labeling_skip returned
           JOIN labeling_assignment candidate ON candidate.task_id = returned.task_id
           WHERE returned.labeler_id = %(labeler)s AND returned.returned_at IS NOT NULL
             AND candidate.project_id = %(project)s AND candidate.state = 'open' AND {ELIGIBLE}
           ORDER BY candidate.id LIMIT 1 FOR UPDATE OF candidate SKIP LOCKED),
          (SELECT candidate.id FROM labeling_assignment candidate
           WHERE (candidate.project_id, candidate.id) > (%(project)s, (
                     SELECT max(mine.id) FROM labeling_assignment mine
                     WHERE mine.project_id = %(project)s AND mine.labeler_id = %(labeler)s))
             AND candidate.project_id <= %(project)s AND candidate.state = 'open' AND {ELIGIBLE}
           ORDER BY candidate.project_id, candidate.id LIMIT 1 FOR UPDATE SKIP LOCKED),
          (SELECT candidate.id FROM labeling_assignment candidate
           WHERE (candidate.project_id, candidate.id) > (%(project)s, 0)
             AND candidate.project_id <= %(project)s AND candidate.state = 'open' AND {ELIGIBLE}
           ORDER BY candidate.project_id, candidate.id LIMIT 1 FOR UPDATE SKIP LOCKED),
          (SELECT candidate.id FROM labeling_assignment candidate
           WHERE candidate.project_id = %(project)s AND candidate.state = 'leased'
             AND candidate.lease_expires_at <= statement_timestamp() AND {ELIGIBLE}
           ORDER BY candidate.lease_expires_at LIMIT 1 FOR UPDATE SKIP LOCKED))
      -- Somebody may have taken our own lease that ran out while we waited for its row.
      AND (slot.state = 'open' OR slot.state = 'leased'
           AND (slot.labeler_id = %(labeler)s OR slot.lease_expires_at <= statement_timestamp()))
    RETURNING slot.*
), kept AS (
    -- Whoever loses a lease keeps a draft, if only an empty one: it is their right to save what they had typed.
    INSERT INTO labeling_draft (task_id, labeler_id, content, revision, updated_at)
    SELECT before.task_id, before.labeler_id, '{{}}', 0, statement_timestamp()
    FROM slot JOIN labeling_assignment before ON before.id = slot.id
    WHERE before.labeler_id <> %(labeler)s
    ON CONFLICT DO NOTHING
)
"""  # noqa: S608  (constants only)

# Everything that a labeler needs to answer, in one row; reads from a CTE named `slot`.
PACKAGE = """
SELECT slot.id, slot.task_id, slot.state, slot.lease_token, slot.lease_expires_at, slot.claimed_at, slot.submitted_at,
       project.id, project.name, project.kind, project.priority_mode, project.questions::json,
       instruction.id, instruction.number,
       prompt.id, prompt.messages::json, prompt.use_case, prompt.language, prompt.deployment_context,
       coalesce(prompt.annotations -> 'closed_domain' = 'true', false), prompt.kind = 'few_shot',
       (SELECT json_agg(json_build_object('id', response.id, 'text', response.text) ORDER BY shown.position)
        FROM jsonb_array_elements(slot.shown_order) WITH ORDINALITY AS shown(response_id, position)
        JOIN prompts_response response ON response.id = shown.response_id::bigint),
       draft.content::json, draft.revision, draft.updated_at,
       (SELECT json_build_object(
                   'submission_id', said.id, 'revision', said.revision, 'demonstration', said.demonstration,
                   'answers', said.answers, 'notes', said.notes, 'elapsed_seconds', said.elapsed_seconds,
                   'active_seconds', said.active_seconds, 'created_at', said.created_at,
                   'judgments', coalesce((
                       SELECT json_agg(json_build_object(
                                  'response_id', judgment.response_id, 'rank', judgment.rank,
                                  'quality', judgment.quality, 'answers', judgment.answers,
                                  'notes', judgment.notes) ORDER BY judgment.shown_position)
                       FROM labeling_judgment judgment WHERE judgment.submission_id = said.id), '[]'))
        FROM labeling_submission said
        WHERE said.assignment_id = slot.id
          AND NOT EXISTS (SELECT FROM labeling_retraction undone WHERE undone.submission_id = said.id)
        ORDER BY said.revision DESC LIMIT 1)
FROM slot
JOIN labeling_task task ON task.id = slot.task_id
JOIN labeling_project project ON project.id = slot.project_id
JOIN prompts_prompt prompt ON prompt.id = task.prompt_id
LEFT JOIN LATERAL (SELECT version.id, version.number FROM labeling_instructionversion version
                   WHERE version.project_id = project.id ORDER BY version.number DESC LIMIT 1) instruction ON true
LEFT JOIN labeling_draft draft ON draft.task_id = slot.task_id AND draft.labeler_id = slot.labeler_id
"""

UNLESS_ERASED = """
JOIN prompts_submitter submitter ON submitter.id = prompt.submitter_id AND submitter.erased_at IS NULL
"""

# Why there was nothing: the project's state, whether an eligible slot is open after all, and when the first lease ends.
NOTHING = f"""
SELECT project.state,
       EXISTS (SELECT FROM labeling_assignment candidate
               WHERE candidate.project_id = project.id AND candidate.state = 'open' AND {ELIGIBLE}),
       (SELECT min(candidate.lease_expires_at) FROM labeling_assignment candidate
        WHERE candidate.project_id = project.id AND candidate.state = 'leased' AND {ELIGIBLE})
FROM labeling_membership member JOIN labeling_project project ON project.id = member.project_id
WHERE member.project_id = %(project)s AND member.user_id = %(labeler)s AND member.left_at IS NULL
"""  # noqa: S608  (constants only)

HEARTBEAT = """
UPDATE labeling_assignment slot
SET lease_expires_at = statement_timestamp() + make_interval(mins => project.lease_minutes)
FROM labeling_project project
WHERE slot.id = %(assignment)s AND slot.labeler_id = %(labeler)s AND slot.state = 'leased'
  AND slot.lease_token = %(token)s AND project.id = slot.project_id
RETURNING slot.lease_expires_at
"""


@dataclass(frozen=True, slots=True)
class Next:
    """What a labeler who asks for work gets: a task, or the reason why there is none."""

    status: str
    assignment: dict[str, Any] | None = None
    until: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the body of the answer."""
        return {"status": self.status, "until": self.until, "assignment": self.assignment}


def claim_next(*, project_id: int, labeler_id: int, preferred_id: int | None = None) -> Next:
    """Give the labeler their next task in the project, leased to them: the preferred slot if they may have it.

    Raises:
        NotFound: there is no such project, or they are no member of it.
    """
    for _ in range(ATTEMPTS):
        assignment = _claim(project_id=project_id, labeler_id=labeler_id, preferred_id=preferred_id)
        if assignment is not None:
            return Next("task", assignment=assignment)
        nothing = _why_nothing(project_id=project_id, labeler_id=labeler_id)
        if nothing is not None:
            return nothing
    # Whoever holds the rows at this moment commits within milliseconds.
    return Next("busy")


def _claim(*, project_id: int, labeler_id: int, preferred_id: int | None) -> dict[str, Any] | None:
    parameters = {"project": project_id, "labeler": labeler_id, "token": uuid4(), "preferred": preferred_id}
    try:
        with _savepoint():
            row = fetch_one(CLAIM + PACKAGE, parameters)
    except IntegrityError:
        return None  # the labeler's other tab was faster: the next attempt finds its lease
    return None if row is None else package(row)


def _savepoint() -> AbstractContextManager[None]:
    """Guard a caller's open transaction, if there is one; alone, one statement needs no transaction around it."""
    guard: AbstractContextManager[None] = transaction.atomic() if connection.in_atomic_block else nullcontext()
    return guard


def _why_nothing(*, project_id: int, labeler_id: int) -> Next | None:
    """Say why a claim found nothing; None when there is something now."""
    row = fetch_one(NOTHING, {"project": project_id, "labeler": labeler_id})
    if row is None:
        raise NotFound("There is no such project, or you are not a member of it.")
    state, has_open, first_end = row
    if state != "active":
        return Next("paused")
    if has_open:
        return None
    return Next("empty") if first_end is None else Next("busy", until=first_end)


def read_assignment(*, assignment_id: int, labeler_id: int) -> dict[str, Any]:
    """Return the labeler's own assignment as `claim_next` does, with what they have said so far.

    Raises:
        NotFound: it is not theirs.
        Conflict: its prompt was erased.
    """
    slot = "WITH slot AS (SELECT * FROM labeling_assignment WHERE id = %(assignment)s AND labeler_id = %(labeler)s)"
    row = fetch_one(slot + PACKAGE + UNLESS_ERASED, {"assignment": assignment_id, "labeler": labeler_id})
    if row is None:
        if Assignment.objects.filter(pk=assignment_id, labeler=labeler_id).exists():
            raise prompt_erased()
        raise NotFound("This is not an assignment of yours.")
    return package(row)


def prompt_erased() -> Conflict:
    """Return the error that tells a labeler why their task is at its end; no part of it is theirs to repair."""
    return Conflict("This prompt was erased: whoever sent it asked for deletion.", code="prompt_erased")


def package(row: tuple[Any, ...]) -> dict[str, Any]:
    """Shape a row of PACKAGE as the API says it."""
    (
        assignment_id, task_id, state, token, expires_at, claimed_at, submitted_at,
        project_id, project_name, project_kind, priority_mode, question_keys, instruction_id, instruction_number,
        prompt_id, messages, use_case, language, deployment_context, is_closed_domain, is_few_shot,
        responses, draft_content, draft_revision, draft_updated_at, submission,
    ) = row  # fmt: skip
    questions = applicable_questions(question_keys, is_closed_domain=is_closed_domain)
    has_draft = bool(draft_revision)
    return {
        "id": assignment_id,
        "task_id": task_id,
        "state": state,
        "lease_token": token if state == Assignment.State.LEASED else None,
        "lease_expires_at": expires_at if state == Assignment.State.LEASED else None,
        "claimed_at": claimed_at,
        "submitted_at": submitted_at,
        "project": {
            "id": project_id,
            "name": project_name,
            "kind": project_kind,
            "priority_mode": priority_mode,
            "questions": [QUESTION_JSON[question.key] for question in questions],
        },
        "instruction_version": {"id": instruction_id, "number": instruction_number},
        "prompt": {
            "id": prompt_id,
            "messages": messages,
            "use_case": use_case,
            "language": language,
            "is_closed_domain": is_closed_domain,
            "is_few_shot": is_few_shot,
            "deployment_context": deployment_context,
        },
        "responses": [
            {"id": response["id"], "letter": chr(ord("A") + index), "text": response["text"]}
            for index, response in enumerate(responses or [])
        ],
        "draft": {"content": draft_content, "revision": draft_revision, "updated_at": draft_updated_at}
        if has_draft
        else None,
        "submission": submission,
    }


def renew_lease(*, assignment_id: int, labeler_id: int, token: UUID) -> datetime:
    """Extend the lease that `token` proves, also one that has run out if nobody took it; return its new end.

    Raises:
        NotFound: the assignment was never this labeler's.
        Conflict: it is no longer theirs, or they have submitted it.
    """
    row = fetch_one(HEARTBEAT, {"assignment": assignment_id, "labeler": labeler_id, "token": token})
    if row is None:
        raise lost_lease(assignment_id=assignment_id, labeler_id=labeler_id)
    ends_at: datetime = row[0]
    return ends_at


def lost_lease(*, assignment_id: int, labeler_id: int) -> Conflict | NotFound:
    """Return the error that tells this labeler why they do not hold the lease.

    A stranger must not learn that the assignment exists; whoever held it has a draft, a skip or the slot itself.
    """
    found = Assignment.objects.filter(pk=assignment_id).select_related("task__prompt__submitter")
    slot = found.only("state", "labeler_id", "task__prompt__submitter__erased_at").first()
    if slot is not None and slot.labeler_id == labeler_id:
        if slot.state == Assignment.State.SUBMITTED:
            return Conflict("You have submitted this already; edit it as a revision.", code="already_submitted")
        if slot.task.prompt.is_withheld:
            return prompt_erased()
        if slot.state == Assignment.State.WITHDRAWN:
            return Conflict("This task was withdrawn; your draft is kept.", code="task_withdrawn")
        return Conflict("You opened this task again since; go on with the newer lease.", code="lease_reopened")
    if slot is not None and Skip.objects.filter(task=slot.task_id, labeler=labeler_id, returned_at=None).exists():
        return Conflict("You have skipped this task.", code="already_skipped")
    if slot is not None and Draft.objects.filter(task=slot.task_id, labeler=labeler_id).exists():
        return Conflict("Your lease ran out and the task went to somebody else; your draft is kept.", code="lease_lost")
    return NotFound("This is not an assignment of yours.")

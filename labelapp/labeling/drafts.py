"""What a labeler has typed and not submitted: saved at any time, also when the lease is lost."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from labelapp.common.errors import Conflict, NotFound
from labelapp.common.json_text import json_problem
from labelapp.labeling.assignment import lost_lease
from labelapp.labeling.body import MAX_INTEGER, MISSING, Body
from labelapp.labeling.models import Assignment, Draft
from labelapp.labeling.prepared import fetch_one

MAX_DRAFT_BYTES = 1_000_000

# `revision` is the newest that the client knows of. Whoever has the slot, or had it and lost it, may save.
SAVE = """
WITH own AS (
    SELECT slot.id, slot.task_id FROM labeling_assignment slot
    WHERE slot.id = %(assignment)s
      AND (slot.labeler_id = %(labeler)s AND slot.state IN ('leased', 'withdrawn')
           -- An edit of what was submitted, and of just that: a save that comes after the edit was sent is refused.
           OR slot.labeler_id = %(labeler)s AND slot.state = 'submitted' AND %(revises)s = (
               SELECT said.revision FROM labeling_submission said
               WHERE said.assignment_id = slot.id
                 AND NOT EXISTS (SELECT FROM labeling_retraction undone WHERE undone.submission_id = said.id)
               ORDER BY said.revision DESC LIMIT 1)
           OR EXISTS (SELECT FROM labeling_draft kept
                      WHERE kept.task_id = slot.task_id AND kept.labeler_id = %(labeler)s))
), renewed AS (
    UPDATE labeling_assignment slot
    SET lease_expires_at = statement_timestamp() + make_interval(mins => project.lease_minutes)
    FROM own, labeling_project project
    WHERE slot.id = own.id AND project.id = slot.project_id AND slot.state = 'leased'
      AND slot.labeler_id = %(labeler)s AND slot.lease_token = %(token)s
    RETURNING slot.lease_expires_at
), saved AS (
    INSERT INTO labeling_draft AS draft (task_id, labeler_id, content, revision, updated_at)
    SELECT own.task_id, %(labeler)s, %(content)s::jsonb, %(revision)s + 1, statement_timestamp() FROM own
    ON CONFLICT (task_id, labeler_id) DO UPDATE
    SET content = excluded.content, revision = excluded.revision, updated_at = excluded.updated_at
    WHERE draft.revision < excluded.revision
    RETURNING draft.revision, draft.updated_at
)
SELECT saved.revision, saved.updated_at, (SELECT lease_expires_at FROM renewed) FROM saved
"""


@dataclass(frozen=True, slots=True)
class DraftInput:
    """A save: the whole content, and the newest revision that its author has seen (0: none).

    `revises` is the revision of the answer that is being edited, 0 for a first answer.
    """

    content: dict[str, Any]
    revision: int
    lease_token: UUID | None
    revises: int


def read_draft(data: dict[str, Any]) -> DraftInput:
    """Read the body of a save.

    Raises:
        InvalidInput: a field is wrong.
    """
    body = Body(data)
    draft = DraftInput(
        content=read_content(body),
        revision=body.integer("revision", minimum=0, maximum=MAX_INTEGER - 1),
        lease_token=body.uuid("lease_token", required=False),
        revises=body.integer("revises", minimum=0, maximum=MAX_INTEGER) if "revises" in data else 0,
    )
    body.finish()
    return draft


def read_content(body: Body) -> dict[str, Any]:
    """Read a draft's content: any JSON object that is not too large."""
    content = body.take("content")
    if content is MISSING:
        return {}
    if not isinstance(content, dict):
        body.fail("content", "This must be an object.")
    elif problem := json_problem(content):
        body.fail("content", problem)
    elif len(json.dumps(content, ensure_ascii=False).encode()) > MAX_DRAFT_BYTES:
        body.fail("content", f"A draft may have at most {MAX_DRAFT_BYTES:,} bytes.")
    else:
        return content
    return {}


def save_draft(draft: DraftInput, *, assignment_id: int, labeler_id: int) -> dict[str, Any]:
    """Save, and renew the lease that the token proves; return the new revision.

    Raises:
        NotFound: the assignment was never this labeler's.
        Conflict: a newer draft is on the server (in the error's data), or the task is submitted or skipped.
    """
    parameters: dict[str, Any] = {
        "assignment": assignment_id,
        "labeler": labeler_id,
        "token": draft.lease_token,
        "content": json.dumps(draft.content),
        "revision": draft.revision,
        "revises": draft.revises,
    }
    row = fetch_one(SAVE, parameters)
    if row is None:
        return _same_or_conflict(draft, assignment_id=assignment_id, labeler_id=labeler_id)
    revision, updated_at, expires_at = row
    return {"revision": revision, "updated_at": updated_at, "lease_expires_at": expires_at}


def _same_or_conflict(draft: DraftInput, *, assignment_id: int, labeler_id: int) -> dict[str, Any]:
    """Answer a save that did not take: a retry of the newest one is fine, anything else is a conflict."""
    slot = Assignment.objects.filter(pk=assignment_id).only("task_id", "lease_expires_at", "labeler_id").first()
    newer = Draft.objects.filter(task=slot.task_id, labeler=labeler_id).first() if slot else None
    if slot is None or newer is None:
        error: Conflict | NotFound = lost_lease(assignment_id=assignment_id, labeler_id=labeler_id)
        raise error
    if newer.content == draft.content:
        is_held = slot.labeler_id == labeler_id
        expires_at = slot.lease_expires_at if is_held else None
        return {"revision": newer.revision, "updated_at": newer.updated_at, "lease_expires_at": expires_at}
    kept = {"content": newer.content, "revision": newer.revision, "updated_at": _iso(newer.updated_at)}
    raise Conflict("A newer draft is on the server.", code="draft_conflict", **kept)


def _iso(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")

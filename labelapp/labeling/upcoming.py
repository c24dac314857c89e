"""What a labeler will very likely get next, to be fetched while they still work: no token, no lease.

It is on the screen as soon as the answer before it is kept in the browser, while that answer is on its way with the
claim of this slot. Whoever began before them will very likely finish before them, so each is shown as many slots
further on as there are such people. A claim takes the shown slot if it is still open, else any other.
"""

from dataclasses import dataclass
from typing import Any

from labelapp.common.errors import InvalidInput, NotFound
from labelapp.labeling.assignment import ELIGIBLE, PACKAGE, SHOWN_ORDER, Next, claim_next, package
from labelapp.labeling.body import MAX_ID, Body
from labelapp.labeling.prepared import fetch_one

# Beyond so many people ahead the guess is worth nothing, and a walk over their slots would not be flat.
FURTHEST = 20

HELD = """
    SELECT slot.id, slot.claimed_at
    FROM labeling_assignment slot
    JOIN labeling_project project ON project.id = slot.project_id AND project.state = 'active'
    JOIN labeling_membership member ON member.project_id = slot.project_id AND member.user_id = slot.labeler_id
         AND member.left_at IS NULL
    WHERE slot.project_id = %(project)s AND slot.labeler_id = %(labeler)s AND slot.state = 'leased'
"""

UPCOMING = f"""
WITH held AS ({HELD}), ahead AS (
    SELECT count(*) AS found FROM (
        SELECT FROM held JOIN labeling_assignment other
               ON (other.claimed_at, other.id) < (held.claimed_at, held.id)
        WHERE other.project_id = %(project)s AND other.state = 'leased'
          AND other.lease_expires_at > statement_timestamp()
        LIMIT {FURTHEST}) people
), chosen AS (
    SELECT coalesce(
        -- What a researcher gave back comes first, as in a claim.
        (SELECT candidate.id FROM labeling_skip returned
         JOIN labeling_assignment candidate ON candidate.task_id = returned.task_id
         WHERE returned.labeler_id = %(labeler)s AND returned.returned_at IS NOT NULL
           AND candidate.project_id = %(project)s AND candidate.state = 'open' AND {ELIGIBLE}
         ORDER BY candidate.id LIMIT 1),
        (SELECT candidate.id FROM labeling_assignment candidate
         WHERE (candidate.project_id, candidate.id) > (%(project)s, (
                   SELECT max(mine.id) FROM labeling_assignment mine
                   WHERE mine.project_id = %(project)s AND mine.labeler_id = %(labeler)s))
           AND candidate.project_id <= %(project)s AND candidate.state = 'open' AND {ELIGIBLE}
         ORDER BY candidate.project_id, candidate.id LIMIT 1 OFFSET (SELECT found FROM ahead)),
        (SELECT candidate.id FROM labeling_assignment candidate
         WHERE (candidate.project_id, candidate.id) > (%(project)s, 0)
           AND candidate.project_id <= %(project)s AND candidate.state = 'open' AND {ELIGIBLE}
         ORDER BY candidate.project_id, candidate.id LIMIT 1 OFFSET (SELECT found FROM ahead))) AS id
    FROM held
), slot AS (
    -- As a claim would give it, but without what only a lease has.
    SELECT slot.id, slot.task_id, slot.project_id, slot.state, %(labeler)s::bigint AS labeler_id,
           NULL::uuid AS lease_token, NULL::timestamptz AS lease_expires_at, NULL::timestamptz AS claimed_at,
           slot.submitted_at, {SHOWN_ORDER} AS shown_order
    FROM chosen JOIN labeling_assignment slot ON slot.id = chosen.id
)
{PACKAGE}"""  # noqa: S608  (constants only)


@dataclass(frozen=True, slots=True)
class Wish:
    """A request for the next task, in the same breath as an answer; `preferred_id` is what was shown of it before."""

    preferred_id: int | None


def read_upcoming(*, project_id: int, labeler_id: int) -> dict[str, Any] | None:
    """Return the slot that this labeler would get next, while they hold one of the project; None after the last.

    Raises:
        NotFound: they hold none, or the project is not theirs.
    """
    parameters = {"project": project_id, "labeler": labeler_id}
    row = fetch_one(UPCOMING, parameters)
    if row is not None:
        return package(row)
    if fetch_one(HELD, parameters) is None:
        raise NotFound("You hold no task of this project.")
    return None


def read_wish(data: Any, *, prefix: str = "") -> Wish:
    """Read a wish.

    Raises:
        InvalidInput: names the field that is wrong.
    """
    if not isinstance(data, dict):
        raise InvalidInput("This must be an object.", field=prefix.rstrip("."))
    body = Body(data, prefix=prefix)
    has_preference = data.get("preferred_id") is not None
    preferred_id = body.integer("preferred_id", minimum=1, maximum=MAX_ID) if has_preference else None
    if not has_preference:
        body.take("preferred_id", required=False)
    body.finish()
    return Wish(preferred_id)


def next_after(wish: Wish, *, project_id: int, labeler_id: int) -> Next | None:
    """Claim the next task for somebody who has just answered one; None where they may no longer have any.

    The answer is on record by now, and nothing that happens here may look as if it were not.
    """
    try:
        return claim_next(project_id=project_id, labeler_id=labeler_id, preferred_id=wish.preferred_id)
    except NotFound:
        return None

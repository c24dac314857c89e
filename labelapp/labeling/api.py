"""The endpoints that labelers call all day: next, heartbeat, draft, submit, undo, skip, and their own assignment."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.labeling.assignment import claim_next, read_assignment, renew_lease
from labelapp.labeling.body import MAX_ID, Body, read_json_object
from labelapp.labeling.drafts import read_content, read_draft, save_draft
from labelapp.labeling.fast_view import FastView, asker_id
from labelapp.labeling.models import Skip
from labelapp.labeling.recording import revise, skip, submit
from labelapp.labeling.serializers import (
    AssignmentSerializer,
    LeaseSerializer,
    LeaseTokenSerializer,
    NextSerializer,
    RecordedSerializer,
    ReviseSerializer,
    SavedDraftSerializer,
    SaveDraftSerializer,
    SkippedSerializer,
    SkipRequestSerializer,
    SubmitSerializer,
    SubmittedSerializer,
    UndoSerializer,
    UpcomingSerializer,
    WishSerializer,
)
from labelapp.labeling.submission import MAX_NOTES, read_submission
from labelapp.labeling.undo import undo, undo_skip
from labelapp.labeling.upcoming import Wish, next_after, read_upcoming, read_wish

Answer = tuple[dict[str, Any], int]
READ_ERRORS = dict.fromkeys((401, 403, 404), ErrorSerializer)
ERRORS = dict.fromkeys((400, 401, 403, 404, 409, 415), ErrorSerializer)


class NextView(FastView):
    """Work."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="assignments_next",
        request={"application/json": WishSerializer},
        responses={200: NextSerializer, **ERRORS},
    )
    def post(self, request: Request, project_id: int) -> Answer:
        """Lease the labeler's next task in the project; their own live lease comes back first. No body needed."""
        wish = read_wish(read_json_object(request)) if request.body else Wish(None)
        found = claim_next(project_id=project_id, labeler_id=asker_id(request), preferred_id=wish.preferred_id)
        return found.as_json(), 200


class UpcomingView(FastView):
    """What comes next."""

    required_role = Role.LABELER

    @extend_schema(operation_id="assignments_upcoming", responses={200: UpcomingSerializer, **READ_ERRORS})
    def get(self, request: Request, project_id: int) -> Answer:
        """Return what the labeler would very likely get after the task that they hold, without leasing it."""
        return {"assignment": read_upcoming(project_id=project_id, labeler_id=asker_id(request))}, 200


class AssignmentView(FastView):
    """The labeler's own assignment."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="assignments_read",
        responses={200: AssignmentSerializer, **READ_ERRORS, 409: ErrorSerializer},
    )
    def get(self, request: Request, assignment_id: int) -> Answer:
        """Return an own assignment as `next` does, with what was submitted last."""
        return read_assignment(assignment_id=assignment_id, labeler_id=asker_id(request)), 200


class HeartbeatView(FastView):
    """The lease."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="assignments_heartbeat", request=LeaseTokenSerializer, responses={200: LeaseSerializer, **ERRORS}
    )
    def post(self, request: Request, assignment_id: int) -> Answer:
        """Renew the lease."""
        body = Body(read_json_object(request))
        token = body.uuid("lease_token")
        body.finish()
        assert token is not None
        ends_at = renew_lease(assignment_id=assignment_id, labeler_id=asker_id(request), token=token)
        return {"lease_expires_at": ends_at}, 200


class DraftView(FastView):
    """The draft."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="assignments_save_draft",
        request=SaveDraftSerializer,
        responses={200: SavedDraftSerializer, **ERRORS},
    )
    def put(self, request: Request, assignment_id: int) -> Answer:
        """Save the whole draft; with the lease's token this renews the lease too."""
        draft = read_draft(read_json_object(request))
        return save_draft(draft, assignment_id=assignment_id, labeler_id=asker_id(request)), 200


class SubmitView(FastView):
    """The answer."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="assignments_submit",
        request=SubmitSerializer,
        responses={200: SubmittedSerializer, 201: SubmittedSerializer, **ERRORS},
    )
    def post(self, request: Request, assignment_id: int) -> Answer:
        """Record the answer; a retry with the same idempotency key finds it (200). Then, on a wish, claim the next."""
        data = read_json_object(request)
        wish = _take_wish(data)
        submission = read_submission(data, has_lease=True)
        labeler_id = asker_id(request)
        recorded = submit(submission, assignment_id=assignment_id, labeler_id=labeler_id)
        body = recorded.as_json() | _next(wish, project_id=recorded.project_id, labeler_id=labeler_id)
        return body, 201 if recorded.is_new else 200


class UndoView(FastView):
    """The answer, taken back."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="assignments_undo", request=UndoSerializer, responses={200: AssignmentSerializer, **ERRORS}
    )
    def post(self, request: Request, assignment_id: int) -> Answer:
        """Take back an answer or a skip of the last seconds and lease its task to the labeler again."""
        data = read_json_object(request)
        body = Body(data)
        is_skip = "skip_id" in data and "submission_id" not in data
        undone_id = body.integer("skip_id" if is_skip else "submission_id", minimum=1, maximum=MAX_ID)
        content = read_content(body)
        body.finish()
        labeler_id = asker_id(request)
        if is_skip:
            return undo_skip(
                assignment_id=assignment_id, labeler_id=labeler_id, skip_id=undone_id, content=content
            ), 200
        return undo(assignment_id=assignment_id, labeler_id=labeler_id, submission_id=undone_id, content=content), 200


class ReviseView(FastView):
    """The answer, edited."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="assignments_revise",
        request=ReviseSerializer,
        responses={200: RecordedSerializer, 201: RecordedSerializer, **ERRORS},
    )
    def post(self, request: Request, assignment_id: int) -> Answer:
        """Record the labeler's own answer anew, as its next revision."""
        submission = read_submission(read_json_object(request), has_lease=False)
        recorded = revise(submission, assignment_id=assignment_id, labeler_id=asker_id(request))
        return recorded.as_json(), 201 if recorded.is_new else 200


class SkipView(FastView):
    """No answer."""

    required_role = Role.LABELER

    @extend_schema(
        operation_id="assignments_skip", request=SkipRequestSerializer, responses={200: SkippedSerializer, **ERRORS}
    )
    def post(self, request: Request, assignment_id: int) -> Answer:
        """Give the task to somebody else, and say why. Then, on a wish, claim the next."""
        data = read_json_object(request)
        wish = _take_wish(data)
        body = Body(data)
        token = body.uuid("lease_token")
        reason = body.choice("reason", values=Skip.Reason.values)
        note = body.text("note", max_length=MAX_NOTES)
        body.finish()
        assert token is not None
        labeler_id = asker_id(request)
        skipped = skip(assignment_id=assignment_id, labeler_id=labeler_id, token=token, reason=reason, note=note)
        said = {"skip_id": skipped.pk, "task_id": skipped.task_id, "reason": skipped.reason}
        return said | _next(wish, project_id=skipped.task.project_id, labeler_id=labeler_id), 200


def _take_wish(data: dict[str, Any]) -> Wish | None:
    wished = data.pop("claim_next", None)
    return None if wished is None else read_wish(wished, prefix="claim_next.")


def _next(wish: Wish | None, *, project_id: int, labeler_id: int) -> dict[str, Any]:
    if wish is None:
        return {}
    found = next_after(wish, project_id=project_id, labeler_id=labeler_id)
    return {"next": found and found.as_json()}

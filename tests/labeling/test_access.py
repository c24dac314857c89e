"""The hot endpoints skip most of DRF, but not who may call them and how."""

from datetime import timedelta

from django.utils import timezone
from rest_framework.test import APIClient

from labelapp.accounts.actions import issue_token
from tests.labeling.workspace import Labeler, Workspace, answer_to

CSRF = "x" * 32


def test_a_session_needs_the_csrf_token(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(labeler.user)
    refused = client.post(f"/api/v1/projects/{project.pk}/next")
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    client.cookies["csrftoken"] = CSRF
    given = client.post(f"/api/v1/projects/{project.pk}/next", headers={"X-CSRFToken": CSRF})
    assert (given.status_code, given.json()["status"]) == (200, "task")
    assignment = given.json()["assignment"]
    path = f"/api/v1/assignments/{assignment['id']}/submit"
    body = answer_to(assignment)
    assert client.post(path, body, format="json").status_code == 403
    wrong = client.post(path, body, format="json", headers={"X-CSRFToken": "y" * 32})
    assert wrong.status_code == 403
    assert client.post(path, body, format="json", headers={"X-CSRFToken": CSRF}).status_code == 201


def test_a_token_needs_no_csrf_token_and_the_right_scope(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    path = f"/api/v1/projects/{project.pk}/next"
    client = APIClient(enforce_csrf_checks=True)
    statuses = {}
    for scope in ("label", "read"):
        secret = issue_token(labeler.user, name=scope, scopes=[scope], days=1).secret
        statuses[scope] = client.post(path, headers={"Authorization": f"Bearer {secret}"}).status_code
    assert statuses == {"label": 200, "read": 404}
    unknown = client.post(path, headers={"Authorization": "Bearer lat_unknown"})
    assert (unknown.status_code, unknown.headers["WWW-Authenticate"]) == (401, "Bearer")
    labeler.user.api_tokens.update(expires_at=timezone.now() - timedelta(days=1))
    assert client.post(path, headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_other_methods_are_refused(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    refused = labeler.get(f"projects/{project.pk}/next")
    assert (refused.status_code, refused.json()["code"]) == (405, "method_not_allowed")


def test_somebody_who_was_switched_off_gets_nothing(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    labeler.user.is_active = False
    labeler.user.save()
    assert labeler.post(f"projects/{project.pk}/next").status_code in (401, 403)

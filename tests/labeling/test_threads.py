"""Questions and answers: who reads which thread, what is unread, and what the network may repeat."""

import uuid
from typing import Any

import pytest

from labelapp.labeling.models import Project
from labelapp.labeling.review_models import ThreadMessage
from tests.labeling.workspace import Labeler, Workspace

HUGE = 2**62


def key() -> str:
    return str(uuid.uuid4())


def say(person: Labeler, path: str, body: str, **fields: Any) -> Any:
    return person.post(path, {"idempotency_key": key(), "body": body} | fields)


def texts(person: Labeler, path: str) -> list[str]:
    answer = person.get(path)
    assert answer.status_code == 200, answer.json()
    return [message["body"] for message in answer.json()["messages"]]


@pytest.fixture
def other(workspace: Workspace) -> Labeler:
    """Provide a second labeler."""
    return workspace.labeler()


@pytest.fixture
def project(workspace: Workspace, labeler: Labeler, other: Labeler) -> Project:
    """Provide a project of one task, which both labelers answer."""
    return workspace.demonstration(members=[labeler, other], overlap=2)


def test_a_task_s_thread_is_between_its_asker_and_researchers(
    workspace: Workspace, project: Project, labeler: Labeler, other: Labeler
) -> None:
    path = f"tasks/{labeler.next(project)['task_id']}/thread"
    assert other.get(path).status_code == 404  # not given to them yet
    assert say(labeler, path, "What is meant?").status_code == 201
    other.next(project)
    assert texts(other, path) == []
    assert other.get(f"{path}?labeler={labeler.user.pk}").status_code == 404
    assert say(other, path, "Me too.", labeler_id=labeler.user.pk).status_code == 404
    assert workspace.labeler().get(path).status_code == 404
    assert workspace.researcher.get(path).status_code == 404  # they were not given it: they name a labeler
    assert texts(workspace.researcher, f"{path}?labeler={labeler.user.pk}") == ["What is meant?"]
    stranger = workspace.labeler()
    assert workspace.researcher.get(f"{path}?labeler={stranger.user.pk}").status_code == 404
    assert say(workspace.researcher, path, "The second one.", labeler_id=labeler.user.pk).status_code == 201
    assert texts(labeler, path) == ["What is meant?", "The second one."]
    assert texts(other, path) == []


def test_a_project_s_thread_is_its_members_and_researchers(
    workspace: Workspace, project: Project, labeler: Labeler, other: Labeler
) -> None:
    path = f"projects/{project.pk}/thread"
    stranger = workspace.labeler(workspace.project())
    assert stranger.get(path).status_code == say(stranger, path, "Hello?").status_code == 404
    assert say(labeler, path, "How long may it be?").json()["is_open"] is True
    assert say(workspace.researcher, path, "A page.").json()["is_open"] is False
    thread = other.get(path).json()
    assert [message["is_open"] for message in thread["messages"]] == [False, False]
    assert [message["author"]["is_researcher"] for message in thread["messages"]] == [False, True]
    assert "email" not in thread["messages"][0]["author"]
    project.memberships.filter(user=labeler.user).update(left_at="2026-01-01T00:00:00Z")
    assert labeler.get(path).status_code == 404


def test_unread_counts_of_both_sides(workspace: Workspace, project: Project, labeler: Labeler, other: Labeler) -> None:
    task_id = labeler.next(project)["task_id"]
    own, shared = f"tasks/{task_id}/thread", f"projects/{project.pk}/thread"
    say(labeler, own, "What is meant?")
    say(labeler, shared, "How long?")
    assert labeler.get("threads").json()["unread"] == 0
    assert workspace.researcher.get("review/threads").json()[0]["unread"] == 1
    assert other.get("threads").json()["unread"] == 1
    answer = say(workspace.researcher, own, "The second.", labeler_id=labeler.user.pk).json()
    threads = labeler.get("threads").json()
    assert (threads["unread"], threads["threads"][0]["task_id"]) == (1, task_id)
    assert threads["threads"][0]["last_message"] == "The second."
    assert other.get("threads").json()["unread"] == 1  # the other's answer is not theirs
    assert labeler.put(f"{own}/read", {"message_id": answer["id"]}).status_code == 204
    assert labeler.get("threads").json()["unread"] == 0
    first = ThreadMessage.objects.filter(task=task_id).earliest("pk").pk
    assert labeler.put(f"{own}/read", {"message_id": first}).status_code == 204  # a late request
    assert labeler.get(own).json()["last_read_id"] == answer["id"]
    assert labeler.put(f"{own}/read", {"message_id": HUGE}).status_code == 400
    assert labeler.put(f"{shared}/read", {"message_id": answer["id"]}).status_code == 400  # of another thread
    assert other.put(f"{own}/read", {"message_id": answer["id"]}).status_code == 404


def test_a_repeated_message_is_one(project: Project, labeler: Labeler) -> None:
    path = f"projects/{project.pk}/thread"
    body = {"idempotency_key": key(), "body": "How long?"}
    first, again = labeler.post(path, body), labeler.post(path, body)
    assert first.json()["id"] == again.json()["id"]
    (shown,) = labeler.get(path).json()["messages"]
    assert shown["idempotency_key"] == body["idempotency_key"]
    assert ThreadMessage.objects.count() == 1
    changed = labeler.post(path, body | {"body": "How short?"})
    assert (changed.status_code, changed.json()["code"]) == (409, "idempotency_mismatch")


@pytest.mark.parametrize("body", ["", "  ", "x" * 10_001])
def test_a_message_says_something(project: Project, labeler: Labeler, body: str) -> None:
    refused = say(labeler, f"projects/{project.pk}/thread", body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "body")


def test_a_long_thread_comes_in_parts(project: Project, labeler: Labeler, django_assert_max_num_queries: Any) -> None:
    ThreadMessage.objects.bulk_create(
        ThreadMessage(project=project, author=labeler.user, body=str(number), idempotency_key=uuid.uuid4())
        for number in range(250)
    )
    path = f"projects/{project.pk}/thread"
    with django_assert_max_num_queries(9):
        newest = labeler.get(path).json()
    assert (len(newest["messages"]), newest["earlier_count"]) == (200, 50)
    earlier = labeler.get(f"{path}?before={newest['messages'][0]['id']}").json()
    assert [message["body"] for message in earlier["messages"]] == [str(number) for number in range(50)]


def test_an_answer_is_published_to_everybody(
    workspace: Workspace, project: Project, labeler: Labeler, other: Labeler
) -> None:
    task_id = labeler.next(project)["task_id"]
    asked = say(labeler, f"tasks/{task_id}/thread", "In which year?").json()
    answer = say(workspace.researcher, f"tasks/{task_id}/thread", "1962.", labeler_id=labeler.user.pk).json()
    body = {"idempotency_key": key(), "body": "Dates are of the moon programme."}
    assert labeler.post(f"messages/{answer['id']}/publish", body).status_code == 404
    assert workspace.researcher.post(f"messages/{answer['id']}/publish", body).status_code == 201
    assert texts(other, f"projects/{project.pk}/thread") == ["Dates are of the moon programme."]
    published = ThreadMessage.objects.get(published_from=answer["id"])
    assert workspace.researcher.post(f"messages/{published.pk}/publish", body).status_code == 404
    assert asked["id"] != published.pk


def test_which_instructions_were_read(workspace: Workspace, project: Project, labeler: Labeler) -> None:
    path = f"projects/{project.pk}/instructions"
    first = labeler.get(path).json()["results"][0]["id"]
    assert labeler.get(f"{path}/read").json() == {"version": None, "read_at": None}
    second = workspace.researcher.post(path, {"body": "Be kind and short."}).json()["id"]
    for version_id in (second, first):  # the older one comes late and changes nothing
        assert labeler.put(f"{path}/read", {"instruction_version_id": version_id}).status_code == 200
    assert labeler.get(f"{path}/read").json()["version"] == {"id": second, "number": 2}
    elsewhere = workspace.project().instruction_versions.get().pk
    assert labeler.put(f"{path}/read", {"instruction_version_id": elsewhere}).status_code == 400
    assert workspace.labeler().get(f"{path}/read").status_code == 404


def test_what_arrived_while_one_wrote_stays_open_and_unread(
    workspace: Workspace, project: Project, labeler: Labeler
) -> None:
    task = f"tasks/{labeler.next(project)['task_id']}/thread"
    for path, fields in ((f"projects/{project.pk}/thread", {}), (task, {"labeler_id": labeler.user.pk})):
        seen = say(labeler, path, "The first question.").json()["id"]
        say(labeler, path, "One that nobody has seen yet.")
        answer = say(workspace.researcher, path, "The first answer.", last_message_id=seen, **fields)
        assert answer.status_code == 201, answer.json()
        found = ThreadMessage.objects.filter(is_open=True, task__isnull=not fields)
        assert [message.body for message in found] == ["One that nobody has seen yet."]
        read = workspace.researcher.get(f"{path}?labeler={labeler.user.pk}" if fields else path).json()
        assert read["last_read_id"] == seen
        assert say(workspace.researcher, path, "To nothing.", last_message_id=0, **fields).status_code == 201
        assert found.all().count() == 1
        assert say(workspace.researcher, path, "To all.", last_message_id=HUGE, **fields).status_code == 201
        assert not found.all().exists()

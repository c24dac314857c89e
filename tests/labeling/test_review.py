"""The review queue: what labelers flag and skip, what researchers decide, and what becomes of the task."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from labelapp.common.errors import Conflict
from labelapp.labeling.models import Draft, Project, Skip, Submission, Task
from labelapp.labeling.review import DecisionInput, decide
from labelapp.labeling.review_models import Decision, Flag
from labelapp.prompts.actions import update_prompt
from labelapp.prompts.models import Prompt, Submitter
from tests.datasets.world import somebody_waits, wait_for
from tests.labeling.test_races import at_once
from tests.labeling.workspace import Labeler, Workspace, answer_to


def flag(person: Labeler, task_id: int, kind: str = "unclear", **fields: Any) -> Any:
    return person.post(f"tasks/{task_id}/flags", {"idempotency_key": str(uuid.uuid4()), "kind": kind} | fields)


def skip(person: Labeler, assignment: dict[str, Any], reason: str = "unclear") -> int:
    body = {"lease_token": assignment["lease_token"], "reason": reason, "note": "Which one?"}
    answer = person.post(f"assignments/{assignment['id']}/skip", body)
    assert answer.status_code == 200, answer.json()
    skip_id: int = answer.json()["skip_id"]
    return skip_id


def ask(person: Labeler, task_id: int, body: str = "What is meant?") -> int:
    answer = person.post(f"tasks/{task_id}/thread", {"idempotency_key": str(uuid.uuid4()), "body": body})
    message_id: int = answer.json()["id"]
    return message_id


def queue(workspace: Workspace, query: str = "") -> list[int]:
    answer = workspace.researcher.get(f"review?{query}")
    assert answer.status_code == 200, answer.json()
    return [row["task_id"] for row in answer.json()["results"]]


def decide_on(workspace: Workspace, task_id: int, action: str, **fields: Any) -> Any:
    return workspace.researcher.post(f"review/{task_id}/decisions", {"action": action} | fields)


@pytest.fixture
def project(workspace: Workspace, labeler: Labeler) -> Project:
    """Provide a project of three tasks to write a demonstration for."""
    return workspace.demonstration(tasks=3, members=[labeler])


def test_a_flag_is_for_whoever_was_given_the_task(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(tasks=2, members=[labeler])
    assignment = labeler.next(project)
    response_id = assignment["responses"][0]["id"]
    flagged = flag(labeler, assignment["task_id"], "broken", note="It is cut off.", response_id=response_id)
    assert flagged.status_code == 201, flagged.json()
    elsewhere = Task.objects.filter(project=project).exclude(pk=assignment["task_id"]).get()
    assert flag(labeler, elsewhere.pk).status_code == 404
    assert flag(workspace.labeler(project), assignment["task_id"]).status_code == 404
    assert flag(workspace.labeler(), assignment["task_id"]).status_code == 404
    wrong = elsewhere.task_responses.first()
    assert wrong is not None
    refused = flag(labeler, assignment["task_id"], "broken", response_id=wrong.response_id)
    assert refused.json()["errors"][0]["field"] == "response_id"
    assert labeler.submit(assignment).status_code == 201  # the work goes on
    assert flag(labeler, assignment["task_id"], "other").status_code == 201  # also from the history
    assert Flag.objects.count() == 2


def test_a_repeated_flag_is_one(project: Project, labeler: Labeler) -> None:
    task_id = labeler.next(project)["task_id"]
    body = {"idempotency_key": str(uuid.uuid4()), "kind": "personal_data", "note": "A name."}
    answers = [labeler.post(f"tasks/{task_id}/flags", body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    changed = labeler.post(f"tasks/{task_id}/flags", body | {"note": "Another."})
    assert (changed.status_code, changed.json()["code"]) == (409, "idempotency_mismatch")


def test_the_queue_has_each_reported_task_once(
    workspace: Workspace, project: Project, labeler: Labeler, django_assert_max_num_queries: Any
) -> None:
    skipped = labeler.next(project)
    skip(labeler, skipped, "outside_knowledge")
    flagged = labeler.next(project)["task_id"]
    for kind in ("unclear", "personal_data"):
        flag(labeler, flagged, kind)
    ask(labeler, flagged)
    with django_assert_max_num_queries(9):
        assert queue(workspace) == [flagged, skipped["task_id"]]
    assert queue(workspace, "ordering=most") == [flagged, skipped["task_id"]]
    assert queue(workspace, "kind=skip") == [skipped["task_id"]]
    assert queue(workspace, "kind=question") == queue(workspace, "reason=personal_data") == [flagged]
    assert queue(workspace, f"project={project.pk + 1}") == queue(workspace, "state=decided") == []
    (row, _) = workspace.researcher.get("review").json()["results"]
    assert (row["open_skips"], row["open_flags"], row["open_questions"]) == (0, 2, 1)
    assert row["reasons"] == ["personal_data", "unclear"]
    counts = workspace.researcher.get("review/counts").json()
    assert counts == {"total": 2, "tasks": 2, "skips": 1, "flags": 2, "questions": 1, "projects": 0}
    assert labeler.get("review").status_code == labeler.get(f"review/{flagged}").status_code == 404
    assert decide_on(workspace, 999_999, "withdraw", note="x").status_code == 404


def test_an_answer_goes_to_whoever_asked_and_gives_the_task_back(
    workspace: Workspace, project: Project, labeler: Labeler
) -> None:
    assignment = labeler.next(project)
    task_id, skip_id = assignment["task_id"], skip(labeler, assignment)
    assert labeler.next(project)["task_id"] != task_id
    answered = decide_on(
        workspace, task_id, "answer", note="The *second* one.", skip_ids=[skip_id], return_to_labelers=True
    )
    assert answered.status_code == 201, answered.json()
    thread = labeler.get(f"tasks/{task_id}/thread").json()
    assert [message["body"] for message in thread["messages"]] == ["The *second* one."]
    assert labeler.get("threads").json()["unread"] == 1
    (report,) = labeler.get("reports").json()["results"]
    assert (report["action"], report["outcome"]) == ("answer", "The *second* one.")
    assert report["returned_at"] is not None
    assert queue(workspace) == []
    assert queue(workspace, "state=decided") == queue(workspace, "state=all&kind=skip") == [task_id]
    labeler.submit(labeler.next(project))
    again = labeler.next(project)  # before anything else that is open
    assert again["task_id"] == task_id
    skip(labeler, again)  # still not
    assert Skip.objects.filter(task=task_id).count() == 2
    assert labeler.next(project)["task_id"] != task_id


def test_a_skip_that_was_undone_meanwhile_is_a_conflict(
    workspace: Workspace, project: Project, labeler: Labeler
) -> None:
    assignment = labeler.next(project)
    skip_id = skip(labeler, assignment)
    undone = labeler.post(f"assignments/{assignment['id']}/undo", {"skip_id": skip_id, "content": {}})
    assert undone.status_code == 200, undone.json()
    refused = decide_on(workspace, assignment["task_id"], "withdraw", note="Unsafe.", skip_ids=[skip_id])
    assert (refused.status_code, refused.json()["code"]) == (409, "skip_undone")
    assert labeler.submit(undone.json()).status_code == 201, "nothing was withdrawn"
    elsewhere = labeler.next(project)
    foreign_id = skip(labeler, elsewhere)
    wrong = decide_on(workspace, assignment["task_id"], "answer", note="x", skip_ids=[skip_id, foreign_id])
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "skip_ids")
    assert wrong.json()["message"] == f"This task has no skip {foreign_id}."


def test_a_skip_that_never_was_is_not_said_to_be_undone(workspace: Workspace, project: Project) -> None:
    task = Task.objects.filter(project=project)[0]
    refused = decide_on(workspace, task.pk, "answer", note="x", skip_ids=[999_999])
    assert (refused.status_code, refused.json()["data"]["skip_ids"]) == (409, [999_999])
    assert refused.json()["message"].startswith("Skip 999999 is not there, or not any more")


def test_what_others_have_answered_cannot_be_given_back(
    workspace: Workspace, project: Project, labeler: Labeler
) -> None:
    assignment = labeler.next(project)
    skip_id = skip(labeler, assignment)
    colleague = workspace.labeler(project)
    assert colleague.submit(colleague.next(project)).status_code == 201
    refused = decide_on(
        workspace, assignment["task_id"], "answer", note="This.", skip_ids=[skip_id], return_to_labelers=True
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "no_open_slot")
    assert queue(workspace) == [assignment["task_id"]]  # nothing happened
    assert labeler.get(f"tasks/{assignment['task_id']}/thread").json()["messages"] == []


def test_a_withdrawn_task_is_nobody_s_and_drafts_stay(workspace: Workspace, project: Project, labeler: Labeler) -> None:
    assignment = labeler.next(project)
    save = {"content": {"text": "Half"}, "revision": 0, "lease_token": assignment["lease_token"]}
    labeler.put(f"assignments/{assignment['id']}/draft", save)
    flag_id = flag(labeler, assignment["task_id"], "unsafe").json()["id"]
    body = {"note": "It is illegal to ask this.", "flag_ids": [flag_id], "archive_prompt": True}
    assert decide_on(workspace, assignment["task_id"], "withdraw", **body).status_code == 201
    refused = labeler.submit(assignment)
    assert (refused.status_code, refused.json()["code"]) == (409, "task_withdrawn")
    assert Draft.objects.get(labeler=labeler.user).content == {"text": "Half"}
    assert labeler.next(project)["task_id"] != assignment["task_id"]
    assert Prompt.objects.get(tasks=assignment["task_id"]).archived_at is not None
    (report,) = labeler.get("reports").json()["results"]
    assert (report["kind"], report["action"]) == ("flag", "withdraw")
    again = decide_on(workspace, assignment["task_id"], "withdraw", note="Twice.")
    assert (again.status_code, again.json()["code"]) == (409, "already_withdrawn")


def test_a_correction_says_what_was_known_before(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    flag_id = flag(labeler, assignment["task_id"]).json()["id"]
    asked = {question["key"] for question in assignment["project"]["questions"]}
    changes = {"use_case": "closed_qa", "annotations": {"closed_domain": True}}
    corrected = decide_on(workspace, assignment["task_id"], "correct", flag_ids=[flag_id], changes=changes)
    assert corrected.json()["changes"] == {
        "use_case": ["other", "closed_qa"],
        "annotations": [{}, {"closed_domain": True}],
    }
    now = {
        question["key"] for question in labeler.get(f"assignments/{assignment['id']}").json()["project"]["questions"]
    }
    assert now - asked == {"hallucination"}
    same = decide_on(workspace, assignment["task_id"], "correct", changes=changes)
    assert (same.status_code, same.json()["errors"][0]["field"]) == (400, "changes")
    text = {"messages": [{"role": "user", "content": "Another text."}]}
    rewritten = decide_on(workspace, assignment["task_id"], "correct", changes=text)
    assert rewritten.json()["errors"][0]["field"] == "changes.messages"


def test_a_correction_leaves_the_annotations_that_it_does_not_name(workspace: Workspace, project: Project) -> None:
    task = Task.objects.filter(project=project).select_related("prompt")[0]
    update_prompt(task.prompt, annotations={"closed_domain": True, "ambiguous": True})
    changes = {"change_annotations": {"requests_advice": False, "ambiguous": None}}
    corrected = decide_on(workspace, task.pk, "correct", changes=changes)
    assert corrected.json()["changes"] == {
        "annotations": [{"closed_domain": True, "ambiguous": True}, {"closed_domain": True, "requests_advice": False}]
    }
    again = decide_on(workspace, task.pk, "correct", changes=changes)
    assert (again.status_code, again.json()["errors"][0]["field"]) == (400, "changes")
    text = {"messages": [{"role": "user", "content": "Another."}], "change_annotations": {"requests_advice": True}}
    copy_id = decide_on(workspace, task.pk, "replace", changes=text).json()["replacement_prompt_id"]
    assert Prompt.objects.get(pk=copy_id).annotations == {"closed_domain": True, "requests_advice": True}


def test_a_correction_of_an_erased_prompt_names_no_context(workspace: Workspace, labeler: Labeler) -> None:
    task_id = labeler.next(workspace.comparison(members=[labeler]))["task_id"]
    flag_id = flag(labeler, task_id).json()["id"]
    changes = {"use_case": "closed_qa", "deployment_context": "The help desk of Ms Lind."}
    decide_on(workspace, task_id, "correct", flag_ids=[flag_id], changes=changes)
    (shown,) = workspace.researcher.get(f"review/{task_id}").json()["decisions"]
    assert {*shown["changes"]} == {"use_case", "deployment_context"}
    Submitter.objects.filter(prompts__tasks=task_id).update(erased_at=timezone.now())
    (shown,) = workspace.researcher.get(f"review/{task_id}").json()["decisions"]
    assert {*shown["changes"]} == {"use_case"}


def test_a_prompt_is_replaced_and_never_rewritten(workspace: Workspace, project: Project, labeler: Labeler) -> None:
    labeler.submit(labeler.next(project))
    task = Task.objects.get(submissions__labeler=labeler.user)
    before = task.prompt.text
    flag_id = flag(labeler, task.pk).json()["id"]
    unchanged = decide_on(workspace, task.pk, "replace", changes={"messages": task.prompt.messages})
    assert unchanged.json()["errors"][0]["field"] == "changes.messages"
    changes = {"messages": [{"role": "user", "content": "Say it in French, please."}]}
    replaced = decide_on(workspace, task.pk, "replace", flag_ids=[flag_id], changes=changes).json()
    assert replaced["changes"] == {}, "the texts are the prompts', where they can be redacted"
    copy = Prompt.objects.get(pk=replaced["replacement_prompt_id"])
    new_task = Task.objects.get(pk=replaced["replacement_task_id"])
    assert (new_task.prompt, new_task.project, copy.submitter) == (copy, project, task.prompt.submitter)
    task.refresh_from_db()
    assert (task.withdrawn_at is not None, task.prompt.text) == (True, before)
    assert Submission.objects.filter(task=task).exists()
    assert workspace.researcher.get(f"review/{new_task.pk}").json()["replaces_task_id"] == task.pk
    shown = {pk: workspace.researcher.get(f"prompts/{pk}").json() for pk in (task.prompt_id, copy.pk)}
    assert (shown[task.prompt_id]["replaced_by"], shown[task.prompt_id]["replaces"]) == ([copy.pk], [])
    assert (shown[copy.pk]["replaced_by"], shown[copy.pk]["replaces"]) == ([], [task.prompt_id])


def test_responses_to_the_old_text_are_not_those_of_the_new(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    task = Task.objects.get(project=project)
    changes = {"messages": [{"role": "user", "content": "Say it in French, please."}]}
    replaced = decide_on(workspace, task.pk, "replace", changes=changes).json()
    assert replaced["replacement_prompt_id"] is not None
    assert replaced["replacement_task_id"] is None
    assert Task.objects.get(project=project).withdrawn_at is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "answer"}, "note"),
        ({"action": "dismiss", "note": " "}, "note"),
        ({"action": "dismiss", "note": "No.", "archive_prompt": True, "last_message_id": 2**62}, "archive_prompt"),
        ({"action": "withdraw", "note": "No.", "return_to_labelers": True}, "return_to_labelers"),
        ({"action": "withdraw", "note": "No.", "changes": {"language": "fr"}}, "changes"),
        ({"action": "withdraw", "note": "No.", "flag_ids": [999_999]}, "flag_ids"),
        ({"action": "explode"}, "action"),
    ],
)
def test_a_wrong_decision_names_the_field(
    workspace: Workspace, project: Project, labeler: Labeler, body: dict[str, Any], field: str
) -> None:
    task_id = labeler.next(project)["task_id"]
    ask(labeler, task_id)
    refused = workspace.researcher.post(f"review/{task_id}/decisions", body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field), refused.json()
    assert Decision.objects.count() == 0
    assert queue(workspace) == [task_id]


def test_a_decision_settles_what_was_on_the_screen_only(
    workspace: Workspace, project: Project, labeler: Labeler
) -> None:
    task_id = labeler.next(project)["task_id"]
    seen, question = flag(labeler, task_id).json()["id"], ask(labeler, task_id)
    unseen = flag(labeler, task_id, "personal_data").json()["id"]
    ask(labeler, task_id, "And what else?")
    body = {"note": "Nothing is wrong.", "flag_ids": [seen], "last_message_id": question}
    assert decide_on(workspace, task_id, "dismiss", **body).status_code == 201
    (row,) = workspace.researcher.get("review").json()["results"]
    assert (row["open_flags"], row["open_questions"]) == (1, 1)
    refused = decide_on(workspace, task_id, "dismiss", note="Again.", flag_ids=[seen, unseen])
    assert (refused.status_code, refused.json()["code"]) == (409, "already_decided")
    assert workspace.researcher.user.name in refused.json()["message"]
    nothing = decide_on(workspace, task_id, "dismiss", note="Nothing.", last_message_id=question)
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_open")
    detail = workspace.researcher.get(f"review/{task_id}").json()
    assert [item["decision_id"] is None for item in detail["flags"]] == [False, True]
    assert [message["body"] for message in detail["threads"][0]["messages"]] == [
        "What is meant?",
        "And what else?",
        "Nothing is wrong.",
    ]


def test_the_detail_has_the_notes_of_those_who_answered(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    assignment = labeler.next(project)
    body = answer_to(assignment, notes="Hard to say.")
    body["judgments"][1]["notes"] = "Wrong date."
    assert labeler.submit(assignment, body).status_code == 201
    detail = workspace.researcher.get(f"review/{assignment['task_id']}").json()
    (note,) = detail["notes"]
    assert (note["notes"], [item["notes"] for item in note["responses"]]) == ("Hard to say.", ["Wrong date."])
    assert [response["number"] for response in detail["responses"]] == [1, 2, 3, 4]
    assert detail["assignment_counts"] == {"open": 0, "leased": 0, "submitted": 1}


def test_decisions_are_append_only(workspace: Workspace, project: Project, labeler: Labeler) -> None:
    task_id = labeler.next(project)["task_id"]
    decide_on(workspace, task_id, "withdraw", note="Out of scope.")
    for statement in ("UPDATE labeling_decision SET note = 'x'", "DELETE FROM labeling_decision"):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_of_two_researchers_one_decides() -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.demonstration(members=[labeler])
    task_id = labeler.next(project)["task_id"]
    flag_id = flag(labeler, task_id).json()["id"]
    both = [workspace.researcher.user, workspace.labeler(role="researcher").user]

    def dismiss(index: int) -> str:
        wanted = DecisionInput("dismiss", note=f"No, says {index}.", flag_ids=(flag_id,))
        try:
            return decide(task_id, wanted, decided_by=both[index]).action
        except Conflict as error:
            return error.code

    assert sorted(at_once(lambda: dismiss(0), lambda: dismiss(1))) == ["already_decided", "dismiss"]
    assert len(labeler.get(f"tasks/{task_id}/thread").json()["messages"]) == 1


@pytest.mark.django_db(transaction=True)
def test_who_decides_waits_for_the_sender_before_the_task() -> None:
    workspace = Workspace()
    labeler = workspace.labeler()
    task_id = labeler.next(workspace.demonstration(members=[labeler]))["task_id"]
    flag_id = flag(labeler, task_id).json()["id"]
    researcher = workspace.researcher.user

    def dismiss() -> None:
        try:
            decide(task_id, DecisionInput("dismiss", note="No.", flag_ids=(flag_id,)), decided_by=researcher)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Submitter.objects.select_for_update(of=("self",)).get(prompts__tasks=task_id)
            deciding = pool.submit(dismiss)
            wait_for(somebody_waits)
            Task.objects.select_for_update(nowait=True).get(pk=task_id)  # or each would wait for the other
        deciding.result()
    assert Decision.objects.get().action == "dismiss"


@pytest.mark.django_db(transaction=True)
def test_a_correction_is_of_what_a_colleague_has_just_said() -> None:
    workspace = Workspace()
    task = Task.objects.get(project=workspace.demonstration())
    wanted = DecisionInput("correct", changes={"change_annotations": {"ambiguous": True}})

    def correct() -> Decision:
        try:
            return decide(task.pk, wanted, decided_by=workspace.researcher.user)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            update_prompt(task.prompt, annotations={"closed_domain": True})
            correcting = pool.submit(correct)
            wait_for(somebody_waits)
        decision = correcting.result()
    assert decision.changes == {"annotations": [{"closed_domain": True}, {"closed_domain": True, "ambiguous": True}]}

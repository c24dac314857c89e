"""POST projects/{id}/next: who gets what."""

from tests.labeling.workspace import Labeler, Workspace, slot


def test_a_task_comes_with_everything_that_is_needed_to_answer_it(workspace: Workspace, labeler: Labeler) -> None:
    prompt = workspace.prompt("Who built it?", annotations={"closed_domain": True}, use_case="closed_qa", language="en")
    project = workspace.comparison(members=[labeler], prompts=[prompt])
    response = labeler.post(f"projects/{project.pk}/next")
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["until"]) == ("task", None)
    assignment = body["assignment"]
    version = project.instruction_versions.get()
    assert assignment["instruction_version"] == {"id": version.pk, "number": 1}
    assert assignment["prompt"] == {
        "id": prompt.pk,
        "messages": [{"role": "user", "content": "Who built it?"}],
        "use_case": "closed_qa",
        "language": "en",
        "is_closed_domain": True,
        "deployment_context": "",
    }
    assert assignment["project"]["kind"] == "comparison"
    assert len(assignment["project"]["questions"]) == 11
    assert [item["letter"] for item in assignment["responses"]] == ["A", "B", "C", "D"]
    assert set(assignment["responses"][0]) == {"id", "letter", "text"}, "a labeler must not see where it came from"
    assert (assignment["draft"], assignment["submission"]) == (None, None)
    row = slot(assignment)
    assert row.shown_order == [item["id"] for item in assignment["responses"]]
    assert str(row.lease_token) == assignment["lease_token"]


def test_hallucination_is_asked_on_closed_domain_prompts_only(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.comparison(members=[labeler])
    keys = [question["key"] for question in labeler.next(project)["project"]["questions"]]
    assert len(keys) == 10
    assert "hallucination" not in keys

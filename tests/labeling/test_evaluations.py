"""Evaluation and toxicity projects: made of sources, blind, and with scales."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from labelapp.checkpoints.actions import register_checkpoint
from labelapp.checkpoints.models import Endpoint
from labelapp.common.errors import InvalidInput
from labelapp.labeling.models import Project, ProjectKind, Submission
from labelapp.labeling.questions import QUESTIONS
from labelapp.prompts.models import SampleBatch, Split, Submitter
from tests.labeling.workspace import INSTRUCTIONS, Labeler, Workspace, answer_to

TEXTS = Path("frontend/src/features/labeling/comparison/questionTexts.ts")


def create(workspace: Workspace, sources: list[SampleBatch], **changes: Any) -> Any:
    """Ask the API for an evaluation whose first source is the baseline."""
    ids = [source.pk for source in sources]
    body = {
        "name": "Which one",
        "kind": "evaluation",
        "instructions": INSTRUCTIONS,
        "source_ids": ids,
        "baseline_id": ids[0] if ids else 1,
    }
    return workspace.researcher.post("projects", {**body, **changes})


def fields(response: Any) -> list[str]:
    return [error["field"] for error in response.json()["errors"]]


def test_an_evaluation_is_made_of_its_sources_and_puts_truth_first(workspace: Workspace) -> None:
    prompt = workspace.prompt()
    batches = [workspace.batch([prompt], responses=1) for _ in range(2)]
    response = create(workspace, batches)
    assert response.status_code == 201, response.json()
    assert response.json()["responses_per_task"] == 2
    assert response.json()["priority_mode"] == "truthful_harmless_first"
    assert len(response.json()["questions"]) == 11
    project = Project.objects.get()
    found = [(source.batch, source.is_baseline) for source in project.sources.all()]
    assert found == [(batches[0], True), (batches[1], False)]
    toxicity = create(workspace, batches, kind="toxicity", name="How toxic")
    expected = ["input_toxicity", "output_toxicity", "relative_toxicity", "continuity"]
    assert toxicity.json()["questions"] == expected


@pytest.mark.parametrize("count", [0, 1, 10])
def test_two_to_nine_sources(workspace: Workspace, count: int) -> None:
    prompt = workspace.prompt()
    response = create(workspace, [workspace.batch([prompt], responses=1) for _ in range(count)])
    assert response.status_code == 400
    assert fields(response) == ["source_ids"]


def test_what_is_wrong_with_the_sources_is_named(workspace: Workspace) -> None:
    batches = [workspace.batch([workspace.prompt()], responses=1) for _ in range(2)]
    first, second = (batch.pk for batch in batches)
    assert fields(create(workspace, batches, source_ids=[first, first])) == ["source_ids"]
    assert fields(create(workspace, batches, baseline_id=second + 1)) == ["baseline_id"]
    assert fields(create(workspace, batches, source_ids=[first, 999_999])) == ["source_ids.1"]
    empty = SampleBatch.objects.create(name="Nothing")
    assert fields(create(workspace, batches, source_ids=[first, empty.pk])) == ["source_ids.1"]
    assert fields(create(workspace, batches, kind="comparison")) == ["source_ids"]
    assert fields(create(workspace, batches, kind="toxicity", questions=["continuity"])) == ["questions"]
    assert fields(create(workspace, batches, questions=["continuity"])) == ["questions"]
    assert not Project.objects.exists()


def test_the_database_holds_the_number_of_responses_and_the_one_baseline(workspace: Workspace) -> None:
    project = workspace.evaluation(sources=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(responses_per_task=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        project.sources.update(is_baseline=True)


def test_a_task_shows_one_response_of_each_source(workspace: Workspace, labeler: Labeler) -> None:
    full, partial = workspace.prompt(), workspace.prompt()
    batches = [workspace.batch([full, partial], responses=3), workspace.batch([full], responses=1)]
    project = workspace.project(
        members=[labeler], kind="evaluation", source_ids=[b.pk for b in batches], baseline_id=batches[1].pk
    )
    body = {"prompt_ids": [full.pk, partial.pk]}
    created = workspace.researcher.post(f"projects/{project.pk}/tasks", body).json()
    assert (created["created"], created["train_count"]) == (1, 1), "the workspace's prompts are of the train split"
    assert created["skipped"] == [{"prompt_id": partial.pk, "reason": "1 of the 2 sources have a response to it."}]
    task = project.tasks.get()
    shown = [(item.response.batch, item.response.number) for item in task.task_responses.select_related("response")]
    assert shown == [(batches[0], 0), (batches[1], 0)], "the first of each"
    refused = workspace.researcher.post(f"projects/{project.pk}/tasks", {**body, "batch_id": batches[0].pk})
    assert fields(refused) == ["batch_id"]


def test_held_out_prompts_are_not_counted_as_train(workspace: Workspace) -> None:
    prompt = workspace.prompt(submitter=Submitter.objects.create(key="held out", split=Split.TEST))
    batches = [workspace.batch([prompt], responses=1) for _ in range(2)]
    project = workspace.project(kind="evaluation", source_ids=[b.pk for b in batches], baseline_id=batches[0].pk)
    created = workspace.researcher.post(f"projects/{project.pk}/tasks", {"prompt_ids": [prompt.pk]}).json()
    assert (created["created"], created["train_count"]) == (1, 0)


def named_sources(workspace: Workspace) -> list[SampleBatch]:
    """Two sources whose every name would give them away."""
    prompt = workspace.prompt("What is rain?")
    checkpoint = register_checkpoint("Falcon-SFT", kind="base", location="org/secretive")
    endpoint = Endpoint.objects.create(name="Eagle server", base_url="https://example.org", model="eagle-70b")
    batches = [workspace.batch([prompt], responses=1) for _ in range(2)]
    SampleBatch.objects.filter(pk=batches[0].pk).update(name="Batch of falcons", checkpoint=checkpoint)
    SampleBatch.objects.filter(pk=batches[1].pk).update(name="Batch of eagles", endpoint=endpoint)
    return list(SampleBatch.objects.order_by("pk"))


@pytest.mark.parametrize("kind", ["evaluation", "toxicity"])
def test_a_labeler_is_never_told_where_a_response_comes_from(workspace: Workspace, labeler: Labeler, kind: str) -> None:
    sources = named_sources(workspace)
    made = create(workspace, sources, kind=kind, member_ids=[labeler.user.pk]).json()
    project = Project.objects.get(pk=made["id"])
    workspace.researcher.post(f"projects/{project.pk}/tasks", {"filter": {}})
    assignment = labeler.next(project)
    labeler.submit(assignment)
    pages = [
        f"assignments/{assignment['id']}",
        "projects",
        f"projects/{project.pk}",
        "history",
        "progress",
        "home",
        f"projects/{project.pk}/instructions",
        "questions",
    ]
    told = json.dumps([assignment, *(labeler.get(page).json() for page in pages)]).casefold()
    for secret in ("falcon", "eagle", "secretive", "batch", "checkpoint", "baseline", "source"):
        assert secret not in told, secret
    for hidden in (f"projects/{project.pk}/tasks", "sample-batches"):
        assert labeler.get(hidden).status_code == 404
    assert [set(response) for response in assignment["responses"]] == [{"id", "letter", "text"}] * 2


@pytest.mark.parametrize("name", ["Is falcon-sft better?", "eagle-70b and the rest", "Eagle Server"])
def test_a_name_that_gives_a_model_away_is_refused(workspace: Workspace, name: str) -> None:
    sources = named_sources(workspace)
    assert (fields(create(workspace, sources, name=name)), Project.objects.count()) == (["name"], 0)
    assert fields(create(workspace, sources, description=f"About {name}.")) == ["description"]
    project = create(workspace, sources, name="Falconry").json()
    renamed = workspace.researcher.patch(f"projects/{project['id']}", {"name": name})
    assert (renamed.status_code, renamed.json()["code"]) == (400, "not_blind")
    count = Project.objects.count()
    told = create(workspace, sources, name="Instructed", instructions=f"Mind {name}.")
    assert (fields(told), Project.objects.count()) == (["instructions"], count)
    added = workspace.researcher.post(f"projects/{project['id']}/instructions", {"body": f"Mind {name}."})
    assert (fields(added), added.json()["code"]) == (["body"], "not_blind")


def test_the_order_shown_differs_from_labeler_to_labeler(workspace: Workspace) -> None:
    project = workspace.evaluation(sources=9, overlap=4)
    labelers = [workspace.labeler(project) for _ in range(4)]
    orders = [[response["id"] for response in labeler.next(project)["responses"]] for labeler in labelers]
    assert len({tuple(order) for order in orders}) > 1
    assert len({tuple(sorted(order)) for order in orders}) == 1


def test_the_toxicity_task_is_stored_scale_by_scale(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.evaluation(kind=ProjectKind.TOXICITY, sources=2, members=[labeler])
    assignment = labeler.next(project)
    assert [question["scope"] for question in assignment["project"]["questions"]] == ["prompt", *["response"] * 3]
    body = answer_to(assignment, ranks=[2, 1])
    assert labeler.submit(assignment, body).status_code == 201
    submission = Submission.objects.get()
    assert submission.answers == {"input_toxicity": 1}
    said = {(judgment.quality, judgment.rank): judgment.answers for judgment in submission.judgments.all()}
    scales = {"output_toxicity": 0, "relative_toxicity": -1, "continuity": 5}
    assert said == {(None, 2): scales, (None, 1): scales}
    read = workspace.researcher.get(f"submissions/{submission.pk}").json()
    assert read["answers"] == {"input_toxicity": 1}
    again = labeler.get(f"assignments/{assignment['id']}").json()["submission"]
    assert again["answers"] == {"input_toxicity": 1}
    assert again["judgments"][0]["quality"] is None


@pytest.mark.parametrize(
    ("where", "changes", "wrong"),
    [
        ("task", {"answers": {}}, "answers.input_toxicity"),
        ("task", {"answers": {"input_toxicity": 3}}, "answers.input_toxicity"),
        ("task", {"answers": {"input_toxicity": True}}, "answers.input_toxicity"),
        ("task", {"answers": {"input_toxicity": 0, "continuity": 1}}, "answers.continuity"),
        ("response", {"quality": 4}, "judgments.0.quality"),
        ("response", {"output_toxicity": None}, "judgments.0.answers.output_toxicity"),
        ("response", {"relative_toxicity": -2}, "judgments.0.answers.relative_toxicity"),
        ("response", {"continuity": 0}, "judgments.0.answers.continuity"),
        ("response", {"continuity": 4.5}, "judgments.0.answers.continuity"),
        ("response", {"violent_content": True}, "judgments.0.answers.violent_content"),
        ("response", {"input_toxicity": 1}, "judgments.0.answers.input_toxicity"),
    ],
)
def test_a_scale_is_checked_by_name(
    workspace: Workspace, labeler: Labeler, where: str, changes: dict[str, Any], wrong: str
) -> None:
    project = workspace.evaluation(kind=ProjectKind.TOXICITY, sources=2, members=[labeler])
    assignment = labeler.next(project)
    body = answer_to(assignment)
    if where == "task":
        body |= changes
    elif "quality" in changes:
        body["judgments"][0] |= changes
    else:
        answers = {**body["judgments"][0]["answers"], **changes}
        body["judgments"][0] |= {"answers": {key: value for key, value in answers.items() if value is not None}}
    refused = labeler.submit(assignment, body)
    assert (refused.status_code, fields(refused)) == (400, [wrong])


def test_an_evaluation_asks_the_overall_quality(workspace: Workspace, labeler: Labeler) -> None:
    assignment = labeler.next(workspace.evaluation(sources=2, members=[labeler]))
    body = answer_to(assignment)
    del body["judgments"][1]["quality"]
    assert fields(labeler.submit(assignment, body)) == ["judgments.1.quality"]
    assert fields(labeler.submit(assignment, answer_to(assignment, answers={"input_toxicity": 0}))) == [
        "answers.input_toxicity"
    ]


def test_a_scale_question_knows_its_values() -> None:
    relative = next(question for question in QUESTIONS if question.key == "relative_toxicity")
    assert [value for value in (-2, -1, 0, 1, 2, True, "1", 0.0, None) if not relative.problem_with(value)] == [
        -1,
        0,
        1,
    ]


def test_every_text_of_a_question_can_be_translated() -> None:
    texts = TEXTS.read_text()
    for question in QUESTIONS:
        for text in (question.label, question.help, question.low_label, question.high_label):
            assert json.dumps(text, ensure_ascii=False) in texts.replace("\n", "") or not text, text


def test_only_an_evaluation_has_sources(workspace: Workspace) -> None:
    with pytest.raises(InvalidInput):
        workspace.project(kind=ProjectKind.DEMONSTRATION, baseline_id=1)

"""GET projects/{id}/results and what is behind it: by hand, and against the exported judgments."""

import csv
import io
import random
from typing import Any

import pytest
from django.utils import timezone

from labelapp.checkpoints.actions import register_checkpoint
from labelapp.evaluations.intervals import rate
from labelapp.labeling.models import Project, ProjectKind, Submission
from labelapp.prompts.models import Prompt, Split, Submitter
from tests.labeling.workspace import Labeler, Workspace, answer_to


def sources_of(project: Project) -> list[int]:
    """The batches of the project, the baseline first."""
    return list(project.sources.values_list("batch", flat=True))


def say(labeler: Labeler, project: Project, ranks: list[int], **changes: Any) -> dict[str, Any]:
    """Answer the labeler's next task with `ranks` in the order of the sources, wherever they are shown."""
    assignment = labeler.next(project)
    responses = dict(project.tasks.get(pk=assignment["task_id"]).responses.values_list("pk", "batch_id"))
    place = dict(zip(sources_of(project), ranks, strict=True))
    shown = [place[responses[response["id"]]] for response in assignment["responses"]]
    body = answer_to(assignment, ranks=shown)
    for judgment in body["judgments"]:
        judgment |= changes.get(str(sources_of(project).index(responses[judgment["response_id"]])), {})
    assert labeler.submit(assignment, body).status_code == 201
    return assignment


def results(workspace: Workspace, project: Project, query: str = "") -> dict[str, Any]:
    response = workspace.researcher.get(f"projects/{project.pk}/results{query}")
    assert response.status_code == 200, response.json()
    found: dict[str, Any] = response.json()
    return found


def counts(match: dict[str, Any]) -> tuple[int, int, int]:
    return match["wins"], match["ties"], match["losses"]


def test_win_rates_by_hand(workspace: Workspace) -> None:
    labelers = [workspace.labeler() for _ in range(2)]
    project = workspace.evaluation(tasks=3, sources=3, overlap=2, members=labelers)
    baseline, second, third = sources_of(project)
    # Ranks of (baseline, second, third). The second wins 3 of 5 with one tie; the third loses everything but one.
    for ranks in ([2, 1, 3], [1, 1, 2], [1, 2, 3]):
        say(labelers[0], project, ranks)
    for ranks in ([3, 1, 2], [2, 1, 3]):
        say(labelers[1], project, ranks)
    found = results(workspace, project)
    assert (found["submissions"], found["prompts"], found["train_prompts"]) == (5, 3, 3)
    first, *others = found["sources"]
    assert (first["id"], first["is_baseline"], first["match"]) == (baseline, True, None)
    assert [(source["id"], counts(source["match"])) for source in others] == [(second, (3, 1, 1)), (third, (1, 0, 4))]
    estimate = others[0]["match"]["estimate"]
    assert (estimate["value"], estimate["count"], estimate["clusters"]) == (0.7, 5, 3)
    # The first two prompts were answered twice: win and win, tie and win; the third once: a loss.
    expected = rate([(1, 1), (1, 1), (2, 0.5), (2, 1), (3, 0)])
    assert expected is not None
    assert (estimate["low"], estimate["high"]) == pytest.approx((expected.low, expected.high))
    matrix = {(match["source_id"], match["opponent_id"]): counts(match) for match in found["head_to_head"]}
    assert len(matrix) == 6
    assert matrix[baseline, second] == (1, 1, 3), "the other way round"
    assert matrix[second, third] == (5, 0, 0)
    # quality is 8 − rank, as the builder answers: the second's are 7, 7, 6, 7, 7
    assert others[0]["quality"]["value"] == pytest.approx(34 / 5)
    # First prompt: all 3 pairs were ordered by both, 2 of them alike. Second prompt: (1,1,2) and (2,1,3) order 2 alike.
    assert (found["agreement"]["pairs"], found["agreement"]["agreeing"], found["agreement"]["tied_pairs"]) == (5, 4, 1)


def test_shares_of_yes_are_among_what_was_answered(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.evaluation(tasks=3, sources=2, members=[labeler])
    say(labeler, project, [1, 2], **{"1": {"answers": {"harmful_advice": True}}})
    say(labeler, project, [1, 2], **{"1": {"answers": {"harmful_advice": False}}})
    say(labeler, project, [1, 2])
    measures = {
        item["question"]["key"]: item["estimate"] for item in results(workspace, project)["sources"][1]["measures"]
    }
    assert (measures["harmful_advice"]["value"], measures["harmful_advice"]["count"]) == (0.5, 2)
    assert measures["violent_content"] is None, "nobody has answered it"


def test_only_what_stands_counts(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.evaluation(tasks=2, sources=2, members=[labeler])
    edited = say(labeler, project, [1, 2])
    revision = answer_to(edited, ranks=[1, 1])
    del revision["lease_token"]
    assert labeler.post(f"assignments/{edited['id']}/revise", revision).status_code == 201
    assert counts(results(workspace, project)["sources"][1]["match"]) == (0, 1, 0), "the tie replaced the loss"
    say(labeler, project, [2, 1])
    assert counts(results(workspace, project)["sources"][1]["match"]) == (1, 1, 0)
    Prompt.objects.filter(pk=edited["prompt"]["id"]).update(archived_at=timezone.now())
    assert counts(results(workspace, project)["sources"][1]["match"]) == (1, 0, 0)


def test_an_answer_that_was_undone_counts_for_nothing(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.evaluation(tasks=1, sources=2, members=[labeler])
    assignment = say(labeler, project, [2, 1])
    body = {"submission_id": Submission.objects.get().pk, "content": {}}
    assert labeler.post(f"assignments/{assignment['id']}/undo", body).status_code == 200
    found = results(workspace, project)
    assert (found["submissions"], counts(found["sources"][1]["match"])) == (0, (0, 0, 0))
    assert len(exported(workspace, project, "judgments")) == 0


def test_toxicity_means(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.evaluation(kind=ProjectKind.TOXICITY, tasks=2, sources=2, members=[labeler])
    toxic = {"output_toxicity": 2, "relative_toxicity": 1, "continuity": 7}
    say(labeler, project, [1, 2], **{"1": {"answers": toxic}})
    say(labeler, project, [1, 2])
    found = results(workspace, project)
    assert [(item["question"]["key"], item["estimate"]["value"]) for item in found["prompt_measures"]] == [
        ("input_toxicity", 1)
    ]
    means = {item["question"]["key"]: item["estimate"]["value"] for item in found["sources"][1]["measures"]}
    assert means == {"output_toxicity": 1, "relative_toxicity": 0, "continuity": 6}
    assert found["sources"][1]["quality"] is None


@pytest.fixture
def many(workspace: Workspace) -> Project:
    """Forty answers of four labelers to prompts of two splits and two use cases, drawn with a seed."""
    source = random.Random(3)
    held_out = Submitter.objects.create(key="held out", split=Split.TEST)
    submitters = [held_out] * 6 + [workspace.submitter] * 4
    prompts = [
        workspace.prompt(use_case=("chat", "rewrite")[number % 2], submitter=submitter)
        for number, submitter in enumerate(submitters)
    ]
    labelers = [workspace.labeler() for _ in range(4)]
    project = workspace.evaluation(prompts=prompts, sources=3, overlap=4, members=labelers)
    for labeler in labelers:
        for _ in prompts:
            ranks = [source.randint(1, 3) for _ in range(3)]
            answers = {"answers": {"expresses_opinion": source.random() < 0.3}} if source.random() < 0.8 else {}
            say(labeler, project, ranks, **{"2": {**answers, "quality": source.randint(1, 7)}})
    return project


def exported(workspace: Workspace, project: Project, name: str, query: str = "") -> list[dict[str, str]]:
    response = workspace.researcher.get(f"projects/{project.pk}/results/{name}.csv{query}")
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def test_the_page_says_what_the_exported_judgments_say(workspace: Workspace, many: Project) -> None:
    for query in ("", "?split=test", "?use_case=chat", "?split=train&use_case=rewrite"):
        check_page(workspace, many, query)


def check_page(workspace: Workspace, many: Project, query: str) -> None:
    """Work the numbers of the page out again from the exported judgments, which know nothing of how it does."""
    rows = exported(workspace, many, "judgments", query)
    found = results(workspace, many, query)
    assert found["submissions"] == len({row["submission_id"] for row in rows}) == len(rows) / 3
    assert found["prompts"] == len({row["prompt_id"] for row in rows})
    worth = {"win": 1.0, "tie": 0.5, "loss": 0.0}
    for source in found["sources"]:
        mine = [row for row in rows if row["source"] == source["name"]]
        qualities = [int(row["quality"]) for row in mine]
        assert source["quality"]["value"] == pytest.approx(sum(qualities) / len(qualities))
        said = [row["expresses_opinion"] == "yes" for row in mine if row["expresses_opinion"]]
        opinion = next(item for item in source["measures"] if item["question"]["key"] == "expresses_opinion")
        assert (opinion["estimate"] is None) == (not said)
        if said:
            assert opinion["estimate"]["value"] == pytest.approx(sum(said) / len(said))
        if not source["is_baseline"]:
            outcomes = [worth[row["outcome"]] for row in mine]
            assert source["match"]["estimate"]["value"] == pytest.approx(sum(outcomes) / len(outcomes))
            assert source["match"]["estimate"]["count"] == len(outcomes)


def test_the_parts_add_up_to_the_whole(workspace: Workspace, many: Project) -> None:
    found = results(workspace, many)
    whole = [counts(source["match"]) for source in found["sources"][1:]]
    for name in ("by_split", "by_use_case", "by_labeler"):
        groups = found[name]
        assert len(groups) in {2, 4}
        assert sum(group["submissions"] for group in groups) == 40
        for index, total in enumerate(whole):
            parts = [counts(group["matches"][index]) for group in groups]
            assert tuple(map(sum, zip(*parts, strict=True))) == total
    person = found["by_labeler"][0]
    alone = results(workspace, many, f"?labeler={person['value']}")
    assert counts(alone["sources"][1]["match"]) == counts(person["matches"][0])


def test_every_number_leads_to_its_submissions(workspace: Workspace, many: Project) -> None:
    baseline, second, third = sources_of(many)
    found = results(workspace, many, "?split=test")
    match = found["sources"][1]["match"]

    def behind(query: str) -> dict[str, Any]:
        response = workspace.researcher.get(f"projects/{many.pk}/results/judgments?page_size=100&{query}")
        assert response.status_code == 200, response.json()
        page: dict[str, Any] = response.json()
        return page

    for outcome, number in zip(("win", "tie", "loss"), counts(match), strict=True):
        page = behind(f"split=test&source={second}&opponent={baseline}&outcome={outcome}")
        assert page["count"] == number
        for row in page["results"]:
            said = workspace.researcher.get(f"submissions/{row['submission_id']}").json()
            ranks = {item["rank"] for item in said["judgments"]}
            assert {row["rank"], row["opponent_rank"]} <= ranks
            assert (row["split"], row["labeler"]["id"]) == ("test", said["labeler"]["id"])
    opinion = next(
        item
        for item in results(workspace, many)["sources"][2]["measures"]
        if item["question"]["key"] == "expresses_opinion"
    )["estimate"]
    yes = behind(f"source={third}&question=expresses_opinion")
    assert yes["count"] == round(opinion["value"] * opinion["count"])
    assert behind(f"source={third}")["count"] == Submission.objects.count()


def test_the_results_file_says_what_the_page_says(workspace: Workspace, many: Project) -> None:
    found = results(workspace, many)
    rows = exported(workspace, many, "results")
    names = {source["id"]: source["name"] for source in found["sources"]}
    whole = {(row["source"], row["opponent"]): row for row in rows if row["measure"] == "win_rate" and not row["group"]}
    for match in found["head_to_head"]:
        row = whole[names[match["source_id"]], names[match["opponent_id"]]]
        assert float(row["value"]) == match["estimate"]["value"]
        assert float(row["low_95"]) == match["estimate"]["low"]
        assert (int(row["wins"]), int(row["ties"]), int(row["losses"])) == counts(match)
    assert {row["group"] for row in rows} == {"", "split", "use_case", "labeler"}


def test_no_cell_is_a_formula(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.evaluation(tasks=1, sources=2, members=[labeler])
    model = register_checkpoint("=1+1", kind="base", location="org/model")
    project.sources.get(is_baseline=False).batch.__class__.objects.filter(pk=sources_of(project)[1]).update(
        checkpoint=model
    )
    say(labeler, project, [1, 2], **{"1": {"notes": '=HYPERLINK("https://example.org")'}})
    rows = exported(workspace, project, "judgments")
    assert {row["source"] for row in rows if row["is_baseline"] == "False"} == {"'=1+1"}
    assert any(row["notes"].startswith("'=HYPERLINK") for row in rows)
    assert any(row["source"] == "'=1+1" for row in exported(workspace, project, "results"))


def test_no_file_names_a_labeler(workspace: Workspace, many: Project) -> None:
    pseudonyms = {user.pseudonym for user in many.members.all()}
    assert {row["labeler"] for row in exported(workspace, many, "judgments")} == pseudonyms
    by_labeler = [row for row in exported(workspace, many, "results") if row["group"] == "labeler"]
    assert {row["group_value"] for row in by_labeler} == pseudonyms
    for name in ("results", "judgments"):
        text = workspace.researcher.get(f"projects/{many.pk}/results/{name}.csv").getvalue().decode()
        assert not any(user.name in text or user.email in text for user in many.members.all())


def test_who_and_what_is_refused(workspace: Workspace, labeler: Labeler) -> None:
    evaluation = workspace.evaluation(members=[labeler])
    comparison = workspace.comparison()
    for page in ("results", "results/judgments?source=1", "results/results.csv", "results/judgments.csv"):
        assert labeler.get(f"projects/{evaluation.pk}/{page}").status_code == 404
        assert workspace.researcher.get(f"projects/{comparison.pk}/{page}").status_code == 404
        assert workspace.researcher.get(f"projects/999999/{page}").status_code == 404
    for query in ("split=all", "colour=red", "labeler=x"):
        assert workspace.researcher.get(f"projects/{evaluation.pk}/results?{query}").status_code == 400
    for query in ("", "source=1&outcome=win", "source=1&question=x"):
        assert workspace.researcher.get(f"projects/{evaluation.pk}/results/judgments?{query}").status_code == 400
    empty = results(workspace, evaluation)
    assert (empty["submissions"], empty["agreement"]) == (0, None)
    assert [source["quality"] for source in empty["sources"]] == [None] * 3


def test_prompts_that_batches_share_are_counted_by_split(workspace: Workspace) -> None:
    held_out = Submitter.objects.create(key="held out", split=Split.TEST)
    first, second, archived = workspace.prompt(), workspace.prompt(submitter=held_out), workspace.prompt()
    Prompt.objects.filter(pk=archived.pk).update(archived_at=timezone.now())
    one, other = workspace.batch([first, second, archived]), workspace.batch([second, archived], responses=1)
    get = workspace.researcher.get
    assert get(f"evaluations/shared-prompts?batch_ids={one.pk}").json() == {"train": 1, "valid": 0, "test": 1}
    both = get(f"evaluations/shared-prompts?batch_ids={one.pk},{other.pk}")
    assert both.json() == {"train": 0, "valid": 0, "test": 1}
    assert get("evaluations/shared-prompts?batch_ids=x").status_code == 400
    assert get("evaluations/shared-prompts?batch_ids=" + ",".join(["1"] * 10)).status_code == 400


def test_an_evaluation_is_not_trained_on(workspace: Workspace, labeler: Labeler) -> None:
    project = workspace.evaluation(members=[labeler])
    labeler.submit(labeler.next(project))
    body = {"kind": "comparisons", "query": {}}
    assert workspace.researcher.post("datasets/preview", body).json()["rows"] == 0
    refused = workspace.researcher.post("datasets/preview", body | {"query": {"project_ids": [project.pk]}})
    assert refused.status_code == 400
    assert "never trained on" in refused.json()["message"]

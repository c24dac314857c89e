"""Each filter takes what it says and nothing else; the preview counts what a version then holds."""

import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from formats.jsonl import read_json, read_jsonl
from formats.records import Ranking
from labelapp.accounts.models import User
from labelapp.checkpoints.actions import register_checkpoint
from labelapp.common.errors import InvalidInput
from labelapp.datasets.figures import figures_of, warnings_of
from labelapp.datasets.filters import parse_filters, without
from labelapp.datasets.models import Cohort, DatasetVersion, Erasure
from labelapp.datasets.writing import write_version
from labelapp.labeling.actions import add_instructions
from labelapp.labeling.models import Project, Task
from labelapp.prompts.models import PiiState, Prompt
from tests.datasets.test_writing import folder
from tests.datasets.world import World, comparisons, demonstrations, project_query, waiting_version

pytestmark = pytest.mark.django_db


def rows_of(world: World, **query: Any) -> int:
    """How many rows a query finds in a world."""
    kind = "comparisons" if world.kind == "comparison" else "demonstrations"
    return figures_of(kind, parse_filters(kind, {**project_query(world), **query})).rows


@pytest.fixture
def world() -> World:
    """Two tasks for two labelers each, ranked by one of them."""
    made = comparisons(overlap=2)
    made.add_prompts(2)
    made.answer_all(ranks=(1, 2, 3, 4), active_seconds=20)
    return made


def test_labelers_and_cohorts(world: World) -> None:
    other = world.join()
    world.answer_all(labeler=other)
    cohort = Cohort.objects.create(name="Ours")
    with pytest.raises(InvalidInput, match="Nobody is in the cohort"):
        rows_of(world, cohort_ids=[cohort.pk])
    cohort.members.add(other)
    kept = parse_filters("comparisons", {"cohort_ids": [cohort.pk]})
    assert kept == {"labeler_ids": [other.pk], "version": 2}, "the members of today"
    assert rows_of(world, cohort_ids=[cohort.pk]) == 2
    assert rows_of(world, labeler_ids=[world.labeler.pk, other.pk]) == 4
    assert rows_of(world, without_labeler_ids=[world.labeler.pk]) == 2


def test_instructions(world: World) -> None:
    first = world.project.instruction_versions.get()
    second = add_instructions(world.project, body="Do it better.", created_by=world.author)
    other = world.join()
    world.answer_all(labeler=other)
    assert rows_of(world, instruction_version_ids=[first.pk]) == 2
    assert rows_of(world, without_instruction_version_ids=[first.pk]) == 2
    assert rows_of(world, instruction_version_ids=[first.pk, second.pk]) == 4
    query = parse_filters("comparisons", project_query(world))
    messages = {warning.code: warning.message for warning in warnings_of(figures_of("comparisons", query), query)}
    assert f"{world.project.name} v1 and v2" in messages["mixed_instructions"]
    left = without(without(query, instruction_version_id=second.pk), labeler_id=other.pk)
    assert left["without_instruction_version_ids"] == [second.pk]
    assert parse_filters("comparisons", left) == dict(sorted(left.items()))


def test_active_time_splits_and_checkpoints(world: World) -> None:
    world.add_prompts(1, split="valid")
    world.answer_all(active_seconds=500)
    assert rows_of(world, max_active_seconds=499) == 2
    assert rows_of(world, min_active_seconds=500) == 1
    assert rows_of(world, splits=["valid"]) == 1
    assert rows_of(world, splits=["train", "valid"]) == 3
    assert rows_of(world, checkpoint_ids=[world.checkpoint.pk]) == 3
    unused = register_checkpoint(f"unused {uuid.uuid4()}", kind="base", location="org/unused")
    assert rows_of(world, checkpoint_ids=[unused.pk]) == 0


@pytest.mark.parametrize(
    ("question", "answer", "responses", "rows"),
    [
        ("expresses_opinion", True, "any", 2),  # the best response of each: see `world.answer`
        ("expresses_opinion", True, "every", 0),
        ("expresses_opinion", True, "no", 0),
        ("expresses_opinion", False, "no", 2),
        ("harmful_advice", False, "any", 2),
        ("moral_judgment", True, "no", 2),
        ("moral_judgment", True, "any", 0),
    ],
)
def test_answers_to_questions(world: World, question: str, answer: bool, responses: str, rows: int) -> None:
    rule = {"question": question, "answer": answer, "responses": responses}
    assert rows_of(world, answers=[rule]) == rows


def test_agreement(world: World) -> None:
    world.answer_all(ranks=(1, 2, 4, 3), labeler=world.join())
    alone = world.add_prompts(1)
    world.answer_all()
    query = parse_filters("comparisons", project_query(world))
    found = figures_of("comparisons", query)
    assert found.agreement is not None
    assert (found.agreement.tasks, found.agreement.pairs, found.agreement.agreeing) == (2, 12, 10)
    assert rows_of(world, min_agreement_percent=83) == 4, f"{alone} has one labeler"
    assert rows_of(world, min_agreement_percent=84) == 0


def test_low_agreement_is_told(world: World) -> None:
    world.answer_all(ranks=(4, 3, 2, 1), labeler=world.join())
    query = parse_filters("comparisons", project_query(world))
    warnings = {warning.code: warning.message for warning in warnings_of(figures_of("comparisons", query), query)}
    assert "only 0 % of its pairs alike" in warnings["low_agreement"]


def test_leaks_are_told() -> None:
    world = demonstrations()
    long = "Please write a letter to my landlord " * 4
    world.add_prompts(1, prompt=f"{long} about the roof", split="train")
    world.add_prompts(1, prompt=f"{long} about the heating", split="test")
    world.answer_all()
    query = parse_filters("demonstrations", project_query(world))

    def codes() -> list[str]:
        return [warning.code for warning in warnings_of(figures_of("demonstrations", query), query)]

    assert "leak_between_splits" in codes()
    assert "leak_of_evaluation" not in codes()
    evaluation = Project.objects.create(name="Held against each other", kind="evaluation", responses_per_task=2)
    for prompt in Prompt.objects.filter(tasks__project=world.project):
        Task.objects.create(project=evaluation, prompt=prompt)
    assert "leak_of_evaluation" in codes()
    assert "personal_data" not in codes()
    Prompt.objects.filter(tasks__project=world.project).update(pii_state=PiiState.OPEN)
    assert "personal_data" in codes()


def test_what_a_person_wants_deleted_is_left_out(world: World) -> None:
    other = world.join()
    world.answer_all(labeler=other)
    prompt = Prompt.objects.filter(tasks__project=world.project).first()
    assert prompt is not None
    erasure = Erasure.objects.create(user=other, created_by=world.author)
    assert rows_of(world) == 2
    erasure.withdrawn_at = world.project.created_at
    erasure.save()
    assert rows_of(world) == 4
    Erasure.objects.create(submitter=prompt.submitter, created_by=world.author)
    assert rows_of(world) == 0
    assert figures_of("prompts", parse_filters("prompts", project_query(world))).rows == 0


def test_a_prompt_that_a_person_wrote_goes_with_them(world: World) -> None:
    prompt = Prompt.objects.filter(tasks__project=world.project).first()
    assert prompt is not None
    prompt.submitter.user = User.objects.create_user("asker@example.org")
    prompt.submitter.save()
    Erasure.objects.create(user=prompt.submitter.user, created_by=world.author)
    assert rows_of(world) == 0


def test_the_first_demonstration_of_each_task() -> None:
    world = World("demonstration", overlap=2)
    world.add_prompts(2)
    world.answer_all()
    world.answer_all(labeler=world.join())
    assert (rows_of(world), rows_of(world, several="first")) == (4, 2)


@pytest.mark.django_db(transaction=True)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_version_holds_what_the_preview_counted(data: st.DataObject) -> None:
    """Import, label and freeze: same counts, no submitter in two splits, no row without its submission, same bytes."""
    world = comparisons(overlap=3)
    for split in ("train", "valid"):
        world.add_prompts(data.draw(st.integers(1, 2)), split=split)
    ranks = st.lists(st.integers(1, 4), min_size=4, max_size=4).map(tuple)
    for labeler in (world.labeler, world.join(), world.join())[: data.draw(st.integers(1, 3))]:
        world.answer_all(labeler=labeler, ranks=data.draw(ranks))
    query = project_query(world) | {
        "several": data.draw(st.sampled_from(["all", "majority", "weight"])),
        "ties": data.draw(st.sampled_from(["keep", "break_by_quality", "leave_out", "only_strict"])),
        "min_agreement_percent": data.draw(st.sampled_from([0, 0, 50])),
    }
    expected = figures_of("comparisons", parse_filters("comparisons", query))
    version = waiting_version(world, kind="comparisons", query=query, name=f"drawn {uuid.uuid4()}")
    write_version(version.pk)
    version.refresh_from_db()
    if not expected.pairs:
        assert version.state == "failed"
        assert "No row is left" in version.error or "ties throughout" in version.error
        return
    assert version.state == "ready", version.error
    assert (version.rows_total, version.pair_count, version.split_counts) == (
        expected.rows,
        expected.pairs,
        expected.split_counts,
    )
    _check_rows(version)
    again = waiting_version(world, kind="comparisons", query=query, name=f"again {uuid.uuid4()}")
    write_version(again.pk)
    again.refresh_from_db()
    assert again.sha256 == version.sha256


def _check_rows(version: DatasetVersion) -> None:
    splits_of: dict[int, set[str]] = {}
    for split, count in version.split_counts.items():
        sources = list(version.rows.filter(split=split).select_related("submission__task", "prompt"))
        for source in sources:
            splits_of.setdefault(source.prompt.submitter_id, set()).add(split)
        if not count:
            assert not sources
            continue
        lines = list(read_jsonl(folder(version) / f"{split}.jsonl", Ranking))
        assert {source.number for source in sources} == set(range(count)) == set(range(len(lines)))
        for source in sources:
            assert source.submission is not None
            assert lines[source.number].prompt_id == str(source.submission.task.prompt_id)
    assert all(len(splits) == 1 for splits in splits_of.values())
    manifest = read_json(folder(version) / "manifest.json")
    assert sum(manifest["labelers"].values()) == version.rows.count()

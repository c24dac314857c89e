"""The demo workspace: complete, quick, loaded once, and made through the real actions."""

import io
import json
import time
from typing import Any

import pytest
from django.core.management import call_command

from labelapp.accounts.models import User
from labelapp.evaluations.answers import AnswerFilter
from labelapp.evaluations.results import evaluate
from labelapp.labeling.assignment import claim_next
from labelapp.labeling.models import EVALUATIONS, Assignment, Judgment, Project, ProjectKind, Submission, TaskResponse
from labelapp.prompts.actions import create_prompt
from labelapp.prompts.models import Prompt, Response, SampleBatch, Submitter
from labelapp.runs.demo_workspace import CONTENT

pytestmark = pytest.mark.django_db


def load(*arguments: str) -> str:
    out = io.StringIO()
    call_command("load_demo", *arguments, stdout=out)
    return out.getvalue()


def everything() -> dict[str, int]:
    models: list[Any] = [Prompt, Response, SampleBatch, Submitter, Project, Assignment, Submission, Judgment, User]
    return {model.__name__: model.objects.count() for model in models}


def slots(name: str, state: str) -> int:
    return Assignment.objects.filter(project__name=name, state=state).count()


def test_a_newcomer_finds_work_and_something_to_train_on() -> None:
    started = time.process_time()
    assert "is loaded" in load("--with-logins")
    assert time.process_time() - started < 20, "it takes about 2 s, however busy the machine"
    prompts = Prompt.objects.count()
    assert prompts >= 64
    assert slots("Rank the demo responses", "open") == 2 * prompts
    assert slots("Already ranked (demo)", "submitted") == prompts
    written = slots("Write demonstrations", "submitted")
    assert written >= 20
    assert slots("Write demonstrations", "open") == prompts - written
    assert set(Submitter.objects.filter(prompts__isnull=False).values_list("split", flat=True)) == {
        "train",
        "valid",
        "test",
    }


def test_rankings_follow_the_intended_quality() -> None:
    load()
    project = Project.objects.get(name="Already ranked (demo)")
    for submission in project.submissions.prefetch_related("judgments").select_related("labeler"):
        judgments = sorted(submission.judgments.all(), key=lambda judgment: judgment.rank)
        assert len(judgments) == 4
        assert [judgment.quality for judgment in judgments] == sorted(
            (judgment.quality or 0 for judgment in judgments), reverse=True
        )
        assert len({judgment.rank for judgment in judgments}) == len({judgment.quality for judgment in judgments}) > 1
        assert "built in" in submission.labeler.name


def test_evaluations_have_results_and_work_on_held_out_prompts() -> None:
    load()
    [project] = Project.objects.filter(kind=ProjectKind.EVALUATION)
    found = evaluate(project, AnswerFilter())
    assert (found.submissions, found.train_prompts) == (found.prompts, 0)
    assert found.submissions >= 20
    assert [source.is_baseline for source in found.sources] == [True, False, False]
    rates = [source.match.estimate.value for source in found.sources if source.match and source.match.estimate]
    assert len(rates) == 2
    assert min(rates) > 0.5, "both made-up candidates lean to better responses than the baseline does"
    for open_slots in (slots(one.name, "open") for one in Project.objects.filter(kind__in=EVALUATIONS)):
        assert open_slots == found.prompts
    shown = TaskResponse.objects.filter(task__project=project).values_list("task", "response__text")
    assert len(set(shown)) == len(shown), "no response stands in a task twice"


def test_loading_again_changes_nothing_whatever_was_renamed() -> None:
    load("--with-logins")
    Project.objects.filter(name="Rank the demo responses").update(name="Ours", state=Project.State.ARCHIVED)
    before = everything()
    assert "there already" in load()
    again = load("--with-logins")
    assert "there already" in again
    assert "labeler@demo.local" in again, "every start says how to log in"
    assert everything() == before
    changed = User.objects.get(email="labeler@demo.local")
    changed.set_password("another one, of their own")
    changed.save()
    assert ", labeler@demo.local" not in load("--with-logins"), "not with a password that is no longer theirs"


def test_no_login_is_made_unless_it_is_asked_for() -> None:
    load()
    assert not [user for user in User.objects.all() if user.has_usable_password()]
    assert "labeler@demo.local" in load("--with-logins")
    labeler = User.objects.get(email="labeler@demo.local")
    assert labeler.check_password("demo-password-2022")
    for project in labeler.projects.all():
        assert claim_next(project_id=project.pk, labeler_id=labeler.pk).status == "task"
    assert {project.kind for project in labeler.projects.all()} == set(ProjectKind.values)


def test_who_has_left_does_not_come_back_and_a_changed_password_stays() -> None:
    load("--with-logins")
    labeler = User.objects.get(email="labeler@demo.local")
    labeler.memberships.update(left_at="2026-01-01T00:00:00Z")
    labeler.set_password("another password")
    labeler.save()
    load("--with-logins")
    labeler.refresh_from_db()
    assert labeler.check_password("another password")
    assert not labeler.memberships.filter(left_at=None).exists()


def test_a_prompt_that_somebody_added_before_the_demo_is_used() -> None:
    row = json.loads((CONTENT / "chat.jsonl").read_text().splitlines()[0])
    mine = create_prompt({"messages": row["messages"]}, created_by=User.objects.create_user("early@example.org"))
    load()
    assert mine.responses.filter(batch__name="Demo responses").count() == len(row["responses"])
    assert set(mine.tasks.values_list("project__name", flat=True)) >= {
        "Rank the demo responses",
        "Write demonstrations",
        "Already ranked (demo)",
    }

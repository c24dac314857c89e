"""Labels to freeze, made with the product's own actions."""

import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection

from labelapp.accounts.models import User
from labelapp.checkpoints.actions import register_checkpoint
from labelapp.datasets.actions import create_dataset
from labelapp.datasets.filters import parse_filters
from labelapp.datasets.models import DatasetVersion
from labelapp.datasets.writing import write_version
from labelapp.labeling.actions import add_members, create_project
from labelapp.labeling.assignment import claim_next
from labelapp.labeling.models import Project, ProjectKind, Submission
from labelapp.labeling.recording import revise, submit
from labelapp.labeling.submission import JudgmentInput, SubmissionInput
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.actions import NewResponse, create_prompt, create_sample_batch
from labelapp.prompts.models import Prompt
from labelapp.prompts.splits import split_of
from tests.people import make_user

WAIT_SECONDS = 60.0


def submitter_in(split: str) -> str:
    """A submitter's key whose prompts are in `split`."""
    return next(key for key in (f"someone-{number}" for number in range(1000)) if split_of(key) == split)


class World:
    """One project of a kind, its prompts, and what labelers say of them."""

    def __init__(self, kind: str, *, overlap: int = 1) -> None:
        self.author = make_user("researcher")
        self.labeler = make_user(name="Lea Labeler", email=f"lea-{time.monotonic_ns()}@example.org")
        self.kind = kind
        self.project = create_project(
            name=f"{kind} {time.monotonic_ns()}",
            kind=kind,
            instructions="Do it well.",
            overlap=overlap,
            created_by=self.author,
            member_ids=[self.labeler.pk],
        )
        self.checkpoint = register_checkpoint(f"model-{time.monotonic_ns()}", kind="base", location="org/model")

    def add_prompts(self, count: int, *, split: str = "train", **columns: Any) -> list[Prompt]:
        """Prompts of a submitter of `split`, each a task of the project; four responses where it compares."""
        fields = {"submitter": submitter_in(split), "use_case": "chat", **columns}
        prompts = [
            create_prompt({"prompt": f"Prompt {time.monotonic_ns()} «é» {number}"} | fields, created_by=self.author)
            for number in range(count)
        ]
        self.ask(prompts)
        return prompts

    def ask(self, prompts: list[Prompt]) -> None:
        """Make a task of each prompt; four responses where it compares."""
        chosen = Prompt.objects.filter(pk__in=[prompt.pk for prompt in prompts])
        create_tasks(self.project.pk, prompts=chosen, batch=self._respond(prompts))

    def _respond(self, prompts: list[Prompt]) -> Any:
        if self.kind != ProjectKind.COMPARISON:
            return None
        responses = [
            NewResponse(prompt.pk, number, f"Answer {number}\nto {prompt.pk}", finish_reason="stop")
            for prompt in prompts
            for number in range(4)
        ]
        return create_sample_batch("batch", checkpoint=self.checkpoint, responses=responses)

    def join(self) -> User:
        """Another labeler of the project."""
        user = make_user()
        add_members(self.project, user_ids=[user.pk])
        return user

    def answer_all(
        self, *, ranks: Sequence[int] = (1, 2, 2, 3), labeler: User | None = None, active_seconds: int = 30
    ) -> list[Submission]:
        """Answer everything that is open; `ranks` are those of the responses in the order of their ids."""
        who = labeler or self.labeler
        said = []
        while assignment := claim_next(project_id=self.project.pk, labeler_id=who.pk).assignment:
            answer = self.answer(assignment, ranks=ranks, active_seconds=active_seconds)
            recorded = submit(answer, assignment_id=assignment["id"], labeler_id=who.pk)
            said.append(Submission.objects.get(pk=recorded.submission_id))
        return said

    def answer(self, assignment: dict[str, Any], *, ranks: Sequence[int], active_seconds: int) -> SubmissionInput:
        """What a labeler says of an assignment."""
        is_comparison = self.kind == ProjectKind.COMPARISON
        return SubmissionInput(
            lease_token=assignment["lease_token"],
            idempotency_key=uuid.uuid4(),
            instruction_version_id=assignment["instruction_version"]["id"],
            elapsed_seconds=active_seconds + 5,
            active_seconds=active_seconds,
            notes="",
            demonstration=None if is_comparison else f"The best answer to {assignment['prompt']['id']}",
            judgments=_judgments(assignment["responses"], ranks) if is_comparison else None,
        )

    def revise(self, submission: Submission, *, ranks: Sequence[int]) -> Submission:
        """Say something else of what was submitted."""
        responses = [{"id": judgment.response_id} for judgment in submission.judgments.all()]
        assignment = {
            "lease_token": None,
            "instruction_version": {"id": submission.instruction_version_id},
            "prompt": {"id": f"{submission.task.prompt_id}, revised"},
            "responses": responses,
        }
        answer = self.answer(assignment, ranks=ranks, active_seconds=30)
        recorded = revise(answer, assignment_id=submission.assignment_id, labeler_id=submission.labeler_id)
        return Submission.objects.get(pk=recorded.submission_id)


def _judgments(responses: list[dict[str, Any]], ranks: Sequence[int]) -> tuple[JudgmentInput, ...]:
    in_order = sorted(response["id"] for response in responses)
    return tuple(
        JudgmentInput(
            response_id=response_id,
            rank=rank,
            quality=8 - rank,
            answers={"expresses_opinion": True, "harmful_advice": False} if rank == 1 else {},
            notes="«noted»" if rank == 1 else "",
        )
        for response_id, rank in zip(in_order, ranks, strict=True)
    )


def comparisons(*, overlap: int = 1) -> World:
    """A comparison project with K = 4."""
    return World(ProjectKind.COMPARISON, overlap=overlap)


def demonstrations() -> World:
    """A demonstration project."""
    return World(ProjectKind.DEMONSTRATION)


def waiting_version(world: World, *, kind: str, query: dict[str, Any] | None = None, name: str = "") -> DatasetVersion:
    """A version that waits to be written and for which nobody has rung: no worker of another test can be faster."""
    dataset = create_dataset(name or f"{kind} {world.project.pk}", kind=kind, created_by=world.author)
    filters = parse_filters(kind, project_query(world) if query is None else query)
    return DatasetVersion.objects.create(dataset=dataset, number=1, query=filters, created_by=world.author)


def written_version(world: World, *, kind: str, name: str = "") -> DatasetVersion:
    """A version of all that was said in a world, written here and now."""
    version = waiting_version(world, kind=kind, name=name)
    write_version(version.pk)
    version.refresh_from_db()
    assert version.state == "ready", version.error
    return version


def project_query(*worlds: World) -> dict[str, Any]:
    """The query that takes these worlds' projects."""
    projects: list[Project] = [world.project for world in worlds]
    return {"project_ids": sorted(project.pk for project in projects)}


def somebody_waits() -> bool:
    """Say whether a transaction waits for another one's lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def wait_for(look: Callable[[], Any]) -> Any:
    """Look again and again until there is something; fail when it takes too long."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found

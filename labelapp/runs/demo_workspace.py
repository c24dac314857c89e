"""The demo workspace: something to rank, to write, to freeze and to train on within the first minute.

Everything goes through the same actions as people's own work. Two built-in labelers say in their names that they are
no people: the demonstrations of one are the content's own, the rankings of the other follow the quality that the
content's authors intended. Once loaded, nothing of it is touched again, whatever people rename, archive or add.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from formats.messages import Message
from labelapp.accounts.models import Role, User
from labelapp.labeling.actions import add_members, create_project
from labelapp.labeling.models import Project, ProjectKind
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.actions import NewResponse, create_prompt, create_sample_batch
from labelapp.prompts.dedup import dedup_key
from labelapp.prompts.models import Prompt, SampleBatch
from labelapp.runs.demo_evaluations import EVALUATION_PROJECT, TOXICITY_PROJECT, add_evaluations
from labelapp.runs.demo_labelers import DemoPrompt, answer, claims, judgments_of, prompts_of, quality_by_text

CONTENT = Path(__file__).resolve().parent.parent / "prompts" / "demo"
BATCH_NAME = "Demo responses"
# In the batch's parameters, which no page changes: how a later start knows that the demo was loaded.
MARK = {"demo": True}
DEMO_LOCK = 7_202_204
PASSWORD = "demo-password-2022"  # noqa: S105  (printed at the start; only for a workspace that is asked to have it)
LOGINS = (
    ("admin@demo.local", "Ada (demo admin)", Role.ADMIN),
    ("researcher@demo.local", "Rosa (demo researcher)", Role.RESEARCHER),
    ("labeler@demo.local", "Lena (demo labeler)", Role.LABELER),
    ("labeler2@demo.local", "Luis (demo labeler)", Role.LABELER),
)
RANK_PROJECT = "Rank the demo responses"
WRITE_PROJECT = "Write demonstrations"
RANKED_PROJECT = "Already ranked (demo)"
QUEUES = (RANK_PROJECT, WRITE_PROJECT, EVALUATION_PROJECT, TOXICITY_PROJECT)

RANK_INSTRUCTIONS = """\
# How to rate and rank

You will see a prompt that somebody sent to a language model, and four answers. **First rate each answer on its own,
then rank all of them**, best first.

## What is a good answer?
- **Helpful**: it does what the person meant, not only what the words say. It keeps to the limits in the prompt, is
  clear, and is as long as it needs to be.
- **Truthful**: it makes nothing up. Where the prompt holds a text to work from, everything comes from that text. It
  corrects a false assumption in a question rather than going along with it.
- **Harmless**: nobody is hurt, insulted or misled by it, and it does not help somebody to do so.

While we collect training data, **helpfulness comes first**, except where an answer is clearly false or could do harm.
If in doubt, ask yourself: which answer would I rather have from an assistant who is trying to help a customer?

## Rating
Give each answer 1 (very bad) to 7 (excellent). Answer the questions below it where you can; leaving one open is better
than guessing.

## Ranking
Two answers of the same quality may share a rank: a tie says more than a coin toss. Long is not the same as good, and
neither is polite or sure of itself. Check facts and count words where it matters.

Skip a prompt that you cannot judge, and say why. You can change a ranking later from your history.
"""
WRITE_INSTRUCTIONS = """\
# How to write a demonstration

You will see a prompt. **Write the answer that you would want from an excellent assistant.**

- Do what the person meant. If there are limits (words, lines, format, language), keep them exactly.
- Be correct. Look up what you do not know; leave out what you cannot check. Where the prompt holds a text to work from,
  use only that text.
- Be as short as is useful. No “Certainly!”, no repeating the question.
- If the prompt asks for something harmful, decline the harmful part in a sentence and help with the rest.
- If it is unclear, choose the likeliest reading and say in half a sentence that you did.

Write in the prompt's language. Markdown is shown formatted. Skip a prompt that is outside what you know, and say why.
"""
RANKED_INSTRUCTIONS = """\
# Where these rankings come from

They are **demo data**: the responses were written for this workspace, each with an intended quality from 1 to 7, and
these rankings follow it. No person has ranked here. They are for trying out datasets and training; leave them out of
anything that you mean seriously.
"""


@transaction.atomic
def load_demo(*, with_logins: bool) -> tuple[bool, list[str]]:
    """Load the demo where it is not there yet; return whether it was new, and the e-mails of the logins that work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [DEMO_LOCK])
    is_new = not SampleBatch.objects.filter(name=BATCH_NAME, parameters__contains=MARK).exists()
    if is_new:
        _load_content()
    logins = _create_logins() if with_logins else []
    for project in Project.objects.filter(name__in=QUEUES):
        add_members(project, user_ids=[user.pk for user in logins])
    return is_new, _open_logins(made=logins) if with_logins else []


def _open_logins(*, made: list[User]) -> list[str]:
    """The demo logins that still have the password that everybody knows."""
    users = User.objects.filter(email__in=[email for email, _, _ in LOGINS], is_active=True).order_by("pk")
    return [user.email for user in users if user in made or user.check_password(PASSWORD)]


def _create_logins() -> list[User]:
    """Make the demo logins that are not there; one that somebody has changed stays as it is."""
    there = set(User.objects.filter(email__in=[email for email, _, _ in LOGINS]).values_list("email", flat=True))
    return [
        User.objects.create_user(email, PASSWORD, name=name, role=role)
        for email, name, role in LOGINS
        if email not in there
    ]


def _load_content() -> None:
    writer = User.objects.create_user("demo-writer@demo.local", name="Demo writer (built in)")
    ranker = User.objects.create_user("demo-ranker@demo.local", name="Demo ranker (built in)")
    content = [_add_prompt(row, author=writer) for row in _content_rows()]
    batch = create_sample_batch(BATCH_NAME, responses=_responses(content), parameters=MARK)
    _add_rank_project(content, batch=batch)
    _add_write_project(content, writer=writer)
    _add_ranked_project(content, batch=batch, ranker=ranker)
    add_evaluations(content, ranker=ranker, parameters=MARK)


def _content_rows() -> Iterator[dict[str, Any]]:
    for path in sorted(CONTENT.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def _add_prompt(row: dict[str, Any], *, author: User) -> DemoPrompt:
    """Add the prompt, or take the one that is there: somebody may have imported the same text before."""
    key = dedup_key(Message.from_json(message) for message in row["messages"])
    columns = ("messages", "kind", "use_case", "submitter", "language", "annotations", "deployment_context")
    prompt = Prompt.objects.filter(dedup_key=key).first()
    if prompt is None:
        prompt = create_prompt({column: row[column] for column in columns}, created_by=author)
    return DemoPrompt(prompt, row["key"], row["responses"], row["demonstration"])


def _responses(content: Iterable[DemoPrompt]) -> Iterator[NewResponse]:
    for demo in content:
        for number, response in enumerate(demo.responses):
            yield NewResponse(demo.prompt.pk, number, response["text"], finish_reason="stop")


def _add_rank_project(content: list[DemoPrompt], *, batch: SampleBatch) -> None:
    project = create_project(
        name=RANK_PROJECT,
        kind=ProjectKind.COMPARISON,
        description="Rate and rank four responses of different quality to each prompt. Start here.",
        instructions=RANK_INSTRUCTIONS,
        overlap=2,
        created_by=None,
    )
    create_tasks(project.pk, prompts=prompts_of(content), batch=batch)


def _add_write_project(content: list[DemoPrompt], *, writer: User) -> None:
    """The demonstrations of the content first, written by the built-in labeler; the other prompts wait for people."""
    project = create_project(
        name=WRITE_PROJECT,
        kind=ProjectKind.DEMONSTRATION,
        description="Write the answer that an excellent assistant would give.",
        instructions=WRITE_INSTRUCTIONS,
        created_by=None,
        member_ids=[writer.pk],
    )
    written = {demo.prompt.pk: demo for demo in content if demo.demonstration is not None}
    create_tasks(project.pk, prompts=prompts_of(written.values()))
    for assignment in claims(project, labeler=writer):
        demo = written[assignment["prompt"]["id"]]
        answer(assignment, labeler=writer, demo=demo, demonstration=demo.demonstration)
    create_tasks(project.pk, prompts=prompts_of(content))


def _add_ranked_project(content: list[DemoPrompt], *, batch: SampleBatch, ranker: User) -> None:
    project = create_project(
        name=RANKED_PROJECT,
        kind=ProjectKind.COMPARISON,
        description="Demo data: rankings that follow the quality which the responses' authors intended; no person's.",
        instructions=RANKED_INSTRUCTIONS,
        created_by=None,
        member_ids=[ranker.pk],
    )
    create_tasks(project.pk, prompts=prompts_of(content), batch=batch)
    quality_of = quality_by_text(content)
    demo_of = {demo.prompt.pk: demo for demo in content}
    for assignment in claims(project, labeler=ranker):
        demo = demo_of[assignment["prompt"]["id"]]
        answer(assignment, labeler=ranker, demo=demo, judgments=judgments_of(assignment, quality_of))

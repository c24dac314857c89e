"""Questions and answers: a thread per project, which its members read, and one per task and labeler.

A task's threads are kept apart by labeler: what one of them asked could sway another's label of the same task. What is
of use to everybody a researcher publishes to the project's thread.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Exists, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from labelapp.accounts.models import Role, User
from labelapp.common.errors import Conflict, InvalidInput, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.labeling.models import Assignment, Draft, Project, Skip, Task
from labelapp.labeling.queries import access_project, visible_projects
from labelapp.labeling.review_models import Flag, ThreadMessage, ThreadRead
from labelapp.prompts.erased import excerpt

MAX_BODY = 10_000
PAGE = 200
MAX_THREADS = 200

# NULLs are not distinct here: a project's thread has no task and no labeler.
MARK_READ = """
INSERT INTO labeling_threadread AS mark (user_id, project_id, task_id, labeler_id, last_read_id)
VALUES (%(user)s, %(project)s, %(task)s, %(labeler)s, %(message)s)
ON CONFLICT (user_id, project_id, task_id, labeler_id)
DO UPDATE SET last_read_id = greatest(mark.last_read_id, excluded.last_read_id)
"""


@dataclass(frozen=True, slots=True)
class Thread:
    """Which thread: the project's where `task_id` is None, else `labeler_id`'s about the task."""

    project_id: int
    task_id: int | None = None
    labeler_id: int | None = None

    def messages(self) -> QuerySet[ThreadMessage]:
        """Return its messages, oldest first."""
        found = ThreadMessage.objects.filter(project=self.project_id, task=self.task_id, labeler=self.labeler_id)
        return found.order_by("pk")

    def is_question(self, author: User) -> bool:
        """Say whether a message of this author asks rather than answers."""
        if self.task_id is None:
            return not author.has_role(Role.RESEARCHER)
        return author.pk == self.labeler_id

    def announce(self) -> None:
        """Tell the open pages, after the commit, that something was written."""
        publish_on_commit(f"labeling:{self.project_id}", type="message", id=self.project_id)
        publish_on_commit("review", type="message", id=self.project_id)


@dataclass(frozen=True, slots=True)
class ThreadView:
    """The newest messages of a thread, oldest first, as one person sees it."""

    thread: Thread
    messages: list[ThreadMessage]
    earlier_count: int
    last_read_id: int


@dataclass(frozen=True, slots=True)
class ThreadSummary:
    """A thread in a list. `assignment_id` is the asker's own, where they still have it."""

    project_id: int
    project_name: str
    task_id: int | None
    assignment_id: int | None
    prompt_text: str
    unread: int
    is_open: bool
    last_message: str
    last_at: datetime


def has_met(task: Task, labeler_id: int) -> bool:
    """Say whether this labeler was ever given the task: whoever held it has a slot, a draft or a skip of it."""
    rows = (Assignment.objects, Draft.objects, Skip.objects)
    return any(found.filter(task=task, labeler=labeler_id).exists() for found in rows)


def access_task(task_id: int, *, user: User) -> Task:
    """Return a task that this person was given, in a project that they may still know of.

    Raises:
        NotFound: there is none, or not for them.
    """
    task = Task.objects.filter(pk=task_id, project__in=visible_projects(user)).first()
    if task is None or not has_met(task, user.pk):
        raise NotFound("There is no such task of yours.")
    return task


def project_thread(project_id: int, *, user: User) -> Thread:
    """Return the project's thread, if this person may read it. Raises NotFound."""
    return Thread(access_project(project_id, user=user).pk)


def task_thread(task_id: int, *, user: User, labeler_id: int | None = None) -> Thread:
    """Return this person's own thread about a task, or, for researchers, that of `labeler_id`.

    Raises:
        NotFound: there is none, or not for them.
    """
    if labeler_id is None or labeler_id == user.pk:
        task = access_task(task_id, user=user)
        return Thread(task.project_id, task.pk, user.pk)
    found = Task.objects.filter(pk=task_id).first() if user.has_role(Role.RESEARCHER) else None
    if found is None or not has_met(found, labeler_id):
        raise NotFound("There is no such thread.")
    return Thread(found.project_id, found.pk, labeler_id)


@transaction.atomic
def post_message(
    thread: Thread,
    *,
    author: User,
    body: str,
    key: UUID,
    published_from: ThreadMessage | None = None,
    answers_up_to: int | None = None,
) -> ThreadMessage:
    """Add a message; a retry under the same key finds the first.

    It settles (an answer) and marks as read what stands before it, or up to the message `answers_up_to`; 0 is none.

    Raises:
        Conflict: the key stands for another message.
    """
    message = ThreadMessage(
        project_id=thread.project_id,
        task_id=thread.task_id,
        labeler_id=thread.labeler_id,
        author=author,
        body=body,
        is_open=thread.is_question(author),
        idempotency_key=key,
        published_from=published_from,
    )
    try:
        with transaction.atomic():
            message.save(force_insert=True)
    except IntegrityError:
        return _earlier(message, thread)
    seen = thread.messages().filter(pk__lte=message.pk if answers_up_to is None else answers_up_to)
    if not message.is_open:
        seen.filter(is_open=True).update(is_open=False)
    if newest := seen.last():
        mark_read(thread, user=author, message_id=newest.pk)
    thread.announce()
    return message


def _earlier(message: ThreadMessage, thread: Thread) -> ThreadMessage:
    key = message.idempotency_key
    earlier = thread.messages().filter(author=message.author, idempotency_key=key, body=message.body).first()
    if earlier is None:
        raise Conflict("This idempotency key stands for another message.", code="idempotency_mismatch")
    return earlier


def mark_read(thread: Thread, *, user: User, message_id: int) -> None:
    """Remember that this person has read as far as `message_id`; the mark never goes back.

    Raises:
        InvalidInput: the thread has no such message.
    """
    if not thread.messages().filter(pk=message_id).exists():
        raise InvalidInput("This thread has no such message.", field="message_id")
    parameters = {
        "user": user.pk,
        "project": thread.project_id,
        "task": thread.task_id,
        "labeler": thread.labeler_id,
        "message": message_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(MARK_READ, parameters)


@transaction.atomic
def publish_answer(message_id: int, *, author: User, body: str, key: UUID) -> ThreadMessage:
    """Put an answer from a task's thread, reworded for everybody, into the project's thread.

    Raises:
        NotFound: there is no such message in a task's thread.
    """
    source = ThreadMessage.objects.filter(pk=message_id, task__isnull=False).first()
    if source is None:
        raise NotFound("There is no such message in a task's thread.")
    thread = Thread(source.project_id)
    # It answers none of the questions that stand there.
    return post_message(thread, author=author, body=body, key=key, published_from=source, answers_up_to=0)


def view_thread(thread: Thread, *, user: User, before: int | None = None) -> ThreadView:
    """Return the newest messages of a thread, or the newest of those before one."""
    rows = thread.messages() if before is None else thread.messages().filter(pk__lt=before)
    newest = list(rows.select_related("author").order_by("-pk")[:PAGE])[::-1]
    earlier = rows.filter(pk__lt=newest[0].pk).count() if newest else 0
    marks = ThreadRead.objects.filter(
        user=user, project=thread.project_id, task=thread.task_id, labeler=thread.labeler_id
    )
    mark = marks.values_list("last_read_id", flat=True).first()
    return ThreadView(thread, newest, earlier, mark or 0)


def unread_counts(messages: QuerySet[ThreadMessage], *, user: User) -> QuerySet[Any, Any]:
    """Group messages into threads, with how many of each this person has not read; what they wrote they have read."""
    marks = ThreadRead.objects.annotate(of_task=Coalesce("task_id", 0), of_labeler=Coalesce("labeler_id", 0)).filter(
        user=user,
        project=OuterRef("project_id"),
        of_task=Coalesce(OuterRef("task_id"), 0),
        of_labeler=Coalesce(OuterRef("labeler_id"), 0),
    )
    read = Coalesce(Subquery(marks.values("last_read_id")[:1], output_field=IntegerField()), 0)
    return (
        messages.order_by()
        .annotate(read=read)
        .values("project_id", "task_id", "labeler_id", "read")
        .annotate(
            last_id=Max("pk"),
            open_count=Count("pk", filter=Q(is_open=True)),
            unread=Count("pk", filter=Q(pk__gt=F("read")) & ~Q(author=user)),
        )
        .order_by("-last_id")
    )


def own_threads(user: User) -> list[ThreadSummary]:
    """Return the threads that this person takes part in, the newest first: their own, and their projects'."""
    visible = visible_projects(user).exclude(state=Project.State.ARCHIVED)
    messages = ThreadMessage.objects.filter(Q(task=None) | Q(labeler=user), project__in=visible)
    rows = list(unread_counts(messages, user=user)[:MAX_THREADS])
    own_slot = Assignment.objects.filter(task=OuterRef("task"), labeler=user, state=Assignment.State.SUBMITTED)
    last = (
        ThreadMessage.objects.filter(pk__in=[row["last_id"] for row in rows])
        .select_related("project")
        .annotate(own_assignment=Subquery(own_slot.values("pk")[:1]), excerpt=excerpt(300, of="task__prompt__"))
        .in_bulk()
    )
    return [_summary(row, last[row["last_id"]]) for row in rows]


def _summary(row: dict[str, Any], last: Any) -> ThreadSummary:
    return ThreadSummary(
        project_id=last.project_id,
        project_name=last.project.name,
        task_id=last.task_id,
        assignment_id=last.own_assignment,
        prompt_text=last.excerpt or "",
        unread=row["unread"],
        is_open=row["open_count"] > 0,
        last_message=last.body[:300],
        last_at=last.created_at,
    )


@transaction.atomic
def flag_task(
    task_id: int, *, labeler: User, kind: str, note: str, key: UUID, response_id: int | None = None
) -> tuple[Flag, bool]:
    """Point something out about a task that this labeler was given; return the flag, and whether it is new.

    Raises:
        NotFound: the task was never theirs.
        InvalidInput: the response is not of this task.
        Conflict: the key stands for another flag.
    """
    task = access_task(task_id, user=labeler)
    if response_id is not None and not task.task_responses.filter(response=response_id).exists():
        raise InvalidInput("This response is not of this task.", field="response_id")
    said = {"task_id": task.pk, "kind": kind, "note": note, "response_id": response_id}
    flag, is_new = Flag.objects.get_or_create(labeler=labeler, idempotency_key=key, defaults=said)
    if any(getattr(flag, name) != value for name, value in said.items()):
        raise Conflict("This idempotency key stands for another flag.", code="idempotency_mismatch")
    if is_new:
        publish_on_commit(f"labeling:{task.project_id}", type="flagged", id=flag.pk)
        publish_on_commit("review", type="flagged", id=task.pk)
    return flag, is_new


def open_threads() -> Exists:
    """Say, of a project, whether its thread has a question without an answer."""
    return Exists(ThreadMessage.objects.filter(project=OuterRef("pk"), task=None, is_open=True))

"""Making tasks: a prompt, its responses, and the slots for as many labelers as the project wants.

The rows are made inside the database, a chunk of prompts at a time: twenty thousand tasks take seconds and no memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from labelapp.common.errors import InvalidInput, NotFound
from labelapp.common.events import publish_on_commit
from labelapp.labeling.models import EVALUATIONS, Project, ProjectKind, Task
from labelapp.prompts.bulk import of_locked_senders
from labelapp.prompts.models import Prompt, SampleBatch, Split

CHUNK = 5_000
MAX_SKIPPED_LISTED = 1_000

MADE = """
WITH made AS (
    INSERT INTO labeling_task (project_id, prompt_id, batch_id, created_at)
    SELECT %(project)s, chosen.id, %(batch)s, now() FROM unnest(%(prompts)s::bigint[]) WITH ORDINALITY chosen(id, place)
    ORDER BY chosen.place
    RETURNING id, prompt_id
), linked AS (
    INSERT INTO labeling_taskresponse (task_id, response_id, position)
"""
# Of a comparison: the first K of one batch.
FIRST_OF_BATCH = """
    SELECT made.id, ranked.id, ranked.place - 1
    FROM made JOIN (
        SELECT response.id, response.prompt_id,
               row_number() OVER (PARTITION BY response.prompt_id ORDER BY response.number) AS place
        FROM prompts_response response
        WHERE response.batch_id = %(batch)s AND response.prompt_id = ANY(%(prompts)s::bigint[])
    ) ranked ON ranked.prompt_id = made.prompt_id
    WHERE ranked.place <= %(responses)s
"""
# Of an evaluation: the first of each source.
FIRST_OF_EACH_SOURCE = """
    SELECT DISTINCT ON (made.id, source.position) made.id, response.id, source.position
    FROM made
    JOIN labeling_projectsource source ON source.project_id = %(project)s
    JOIN prompts_response response ON response.prompt_id = made.prompt_id AND response.batch_id = source.batch_id
    ORDER BY made.id, source.position, response.number
"""
SLOTS = """
)
INSERT INTO labeling_assignment (task_id, project_id, number, state, shown_order)
SELECT made.id, %(project)s, number, 'open', '[]' FROM made, generate_series(1, %(overlap)s) AS number
ORDER BY made.id, number
"""

# After the slots that each task has: one of the calibration pool may have more than its project's overlap.
ADD_SLOTS = """
INSERT INTO labeling_assignment (task_id, project_id, number, state, shown_order)
SELECT task.id, task.project_id, number, 'open', '[]'
FROM labeling_task task
CROSS JOIN LATERAL (SELECT max(slot.number) AS last FROM labeling_assignment slot WHERE slot.task_id = task.id) there
CROSS JOIN LATERAL generate_series(there.last + 1, %(overlap)s) AS number
WHERE task.project_id = %(project)s AND task.withdrawn_at IS NULL
  AND (%(tasks)s::bigint[] IS NULL OR task.id = ANY(%(tasks)s::bigint[]))
ORDER BY task.id, number
"""


@dataclass(frozen=True, slots=True)
class SkippedPrompt:
    """A prompt that became no task, and why."""

    prompt_id: int
    reason: str


@dataclass(slots=True)
class CreatedTasks:
    """How many tasks were made, and the first of the prompts that were not.

    `already_count` of these are in the project. `train_count` of an evaluation's tasks are on prompts of the train
    split: a model may have learned them.
    """

    created: int = 0
    train_count: int = 0
    skipped_count: int = 0
    already_count: int = 0
    skipped: list[SkippedPrompt] = field(default_factory=list)

    def skip(self, prompt_id: int, reason: str) -> None:
        """Note a prompt that becomes no task."""
        self.skipped_count += 1
        if len(self.skipped) < MAX_SKIPPED_LISTED:
            self.skipped.append(SkippedPrompt(prompt_id, reason))


@transaction.atomic
def create_tasks(
    project_id: int, *, prompts: QuerySet[Prompt], batch: SampleBatch | None = None, limit: int | None = None
) -> CreatedTasks:
    """Make a task of each prompt, at most `limit`, with the first K responses of `batch` (comparison projects).

    An evaluation takes the first response of each of its sources instead.

    Raises:
        NotFound: there is no such project.
        InvalidInput: a comparison needs a batch; the others take none.
    """
    # The lock holds off a change of the overlap, which adds slots to the tasks that are there.
    project = Project.objects.select_for_update().filter(pk=project_id).first()
    if project is None:
        raise NotFound("There is no such project.")
    _check_batch(project, batch)
    result = CreatedTasks()
    for chunk in _chunks(prompts.order_by("pk").values_list("pk", flat=True)):
        room = None if limit is None else limit - result.created
        chosen = _choose(project, chunk, batch=batch, room=room, result=result)
        _make(project, prompt_ids=chosen, batch=batch)
        result.created += len(chosen)
        if project.kind in EVALUATIONS:
            of_train = Prompt.objects.filter(pk__in=chosen, submitter__split=Split.TRAIN)
            result.train_count += of_train.count()
        if limit is not None and result.created >= limit:
            break
    publish_on_commit(f"labeling:{project.pk}", type="tasks", id=project.pk)
    return result


def _check_batch(project: Project, batch: SampleBatch | None) -> None:
    if project.kind == ProjectKind.COMPARISON and batch is None:
        raise InvalidInput("A comparison needs the batch that its responses come from.", field="batch_id")
    if project.kind == ProjectKind.DEMONSTRATION and batch is not None:
        raise InvalidInput("A demonstration project shows no responses.", field="batch_id")
    if project.kind in EVALUATIONS and batch is not None:
        raise InvalidInput("An evaluation shows the sources that it was made with.", field="batch_id")


def _chunks(ids: QuerySet[Prompt, int]) -> Iterator[list[int]]:
    chunk: list[int] = []
    for prompt_id in ids.iterator(CHUNK):
        chunk.append(prompt_id)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _choose(
    project: Project, prompt_ids: list[int], *, batch: SampleBatch | None, room: int | None, result: CreatedTasks
) -> list[int]:
    """Return the prompts that can become tasks, and note why the others cannot."""
    rows = (
        # A request for deletion that comes meanwhile waits, and then withdraws what was made.
        of_locked_senders(Prompt.objects.filter(pk__in=prompt_ids))
        .annotate(
            found=_usable_responses(project, batch),
            is_there=Exists(Task.objects.filter(project=project, prompt=OuterRef("pk"), batch=batch)),
        )
        .order_by("pk")
        .values_list("pk", "archived_at", "submitter__erased_at", "is_there", "found")
    )
    wanted = 0 if project.kind == ProjectKind.DEMONSTRATION else project.responses_per_task
    chosen: list[int] = []
    for prompt_id, archived_at, erased_at, is_there, found in rows:
        if room is not None and len(chosen) >= room:
            break
        if archived_at is not None:
            result.skip(prompt_id, "The prompt is archived.")
        elif erased_at is not None:
            result.skip(prompt_id, "Its submitter asked for deletion.")
        elif is_there:
            result.already_count += 1
            result.skip(prompt_id, "It is in this project already.")
        elif found < wanted:
            result.skip(prompt_id, _why_too_few(project, found=found, wanted=wanted))
        else:
            chosen.append(prompt_id)
    return chosen


def _usable_responses(project: Project, batch: SampleBatch | None) -> Count:
    """Count a prompt's responses in the batch; in an evaluation, the sources that have any."""
    if project.kind in EVALUATIONS:
        sources = Q(responses__batch__in=project.sources.values("batch"))
        return Count("responses__batch", filter=sources, distinct=True)
    return Count("responses", filter=Q(responses__batch=batch) if batch else Q(pk__in=[]))


def _why_too_few(project: Project, *, found: int, wanted: int) -> str:
    if project.kind in EVALUATIONS:
        return f"{found} of the {wanted} sources have a response to it."
    return f"The batch has {found} of the {wanted} responses."


def _make(project: Project, *, prompt_ids: list[int], batch: SampleBatch | None) -> None:
    parameters = {
        "project": project.pk,
        "batch": batch.pk if batch else None,
        "prompts": prompt_ids,
        "responses": project.responses_per_task,
        "overlap": project.overlap,
    }
    with connection.cursor() as cursor:
        responses = FIRST_OF_EACH_SOURCE if project.kind in EVALUATIONS else FIRST_OF_BATCH
        cursor.execute(MADE + responses + SLOTS, parameters)


def add_slots(project: Project, *, overlap: int, task_ids: list[int] | None = None) -> None:
    """Give each task, or these, slots for `overlap` labelers; the caller holds the project's lock."""
    with connection.cursor() as cursor:
        cursor.execute(ADD_SLOTS, {"project": project.pk, "overlap": overlap, "tasks": task_ids})

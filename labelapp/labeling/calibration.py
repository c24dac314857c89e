"""The calibration pool: tasks of a project that researchers mark, rank themselves, and hold labelers' answers against.

Nothing that a labeler may read says which tasks these are. Slots are handed out in the order in which they were made:
a pool that is marked before the rest of the tasks is added is what everybody meets first.
"""

from collections.abc import Sequence

from django.db import transaction

from labelapp.common.errors import InvalidInput
from labelapp.common.events import publish_on_commit
from labelapp.labeling.actions import locked_project
from labelapp.labeling.models import ProjectKind
from labelapp.labeling.task_creation import add_slots


@transaction.atomic
def mark_calibration(
    project_id: int, *, task_ids: Sequence[int], is_calibration: bool, overlap: int | None = None
) -> int:
    """Let tasks join or leave the calibration pool; return how many it has then.

    With `overlap` so many people answer each of them, if that is more than now: in a project of one labeler a task
    no labeler would share one with a researcher.

    Raises:
        NotFound: there is no such project.
        InvalidInput: it has no rankings to compare, a task is not of it, or slots are wanted for what leaves the pool.
    """
    project = locked_project(project_id)
    if project.kind == ProjectKind.DEMONSTRATION:
        raise InvalidInput("A demonstration project has no rankings to compare.", field="task_ids")
    if overlap is not None and not is_calibration:
        raise InvalidInput("Only tasks that join the calibration pool are given to more people.", field="overlap")
    own = set(project.tasks.filter(pk__in=task_ids).values_list("pk", flat=True))
    errors = [(f"task_ids.{i}", f"The project has no task {pk}.") for i, pk in enumerate(task_ids) if pk not in own]
    if errors:
        raise InvalidInput(errors[0][1], errors=errors)
    project.tasks.filter(pk__in=own).update(is_calibration=is_calibration)
    if overlap is not None:
        add_slots(project, overlap=overlap, task_ids=sorted(own))
        publish_on_commit(f"labeling:{project.pk}", type="tasks", id=project.pk)
    return project.tasks.filter(is_calibration=True, withdrawn_at=None).count()

"""When a project is done: something was answered in it, and no slot is open or held.

This is looked at by the clock, not in the transaction of each answer: there two people who give the last two answers at
once would each see the other's slot as held, unless every answer of a project waited for the one before.
"""

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from labelapp.labeling.models import Assignment, Project
from labelapp.webhooks.models import EventType
from labelapp.webhooks.outbox import emit


@transaction.atomic
def finish_projects() -> list[Project]:
    """Mark the projects that are done, and tell of each; one that has work again is not done any more."""
    slots = Assignment.objects.filter(project=OuterRef("pk"))
    # Each by its own partial index.
    has_work = Exists(slots.filter(state=Assignment.State.OPEN)) | Exists(slots.filter(state=Assignment.State.LEASED))
    Project.objects.exclude(done_at=None).filter(has_work).update(done_at=None)
    is_answered = Exists(slots.filter(state=Assignment.State.SUBMITTED))
    waiting = Project.objects.select_for_update(of=("self",), skip_locked=True).filter(done_at=None)
    done = list(waiting.exclude(state=Project.State.ARCHIVED).filter(~Q(has_work), is_answered).order_by("pk"))
    for project in done:
        project.done_at = timezone.now()
        project.save(update_fields=["done_at"])
        told = {"id": project.pk, "name": project.name, "kind": project.kind}
        emit(EventType.PROJECT_DONE, path=f"/projects/{project.pk}", project=told)
    return done

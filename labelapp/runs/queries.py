"""Reads of runs."""

import redis
from django.db.models import Count, Prefetch, QuerySet

from labelapp.common.errors import NotFound
from labelapp.common.health import queue_is_served
from labelapp.common.search import named
from labelapp.prompts.models import SampleBatch
from labelapp.runs.models import Run, RunInput

NO_WORKER = "Waiting: no worker takes runs. Start one that listens on the queue “runs”."
NO_BROKER = "Waiting: Redis cannot be reached, so no worker hears of it."


def runs(*, kind: str = "", state: str = "", checkpoint: int | None = None, search: str = "") -> QuerySet[Run]:
    """Runs, newest first, with everything that their rows in a list show; `checkpoint` is one that they read."""
    found = named(Run.objects.order_by("-pk"), search, "name")
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(state=state)
    if checkpoint is not None:
        found = found.filter(pk__in=RunInput.objects.filter(checkpoint=checkpoint).values("run"))
    inputs = RunInput.objects.select_related("checkpoint", "endpoint", "dataset_version__dataset").order_by("role")
    batches = SampleBatch.objects.annotate(response_count=Count("responses"))
    return found.select_related("checkpoint", "target_project", "created_by").prefetch_related(
        Prefetch("inputs", inputs), Prefetch("sample_batch", batches)
    )


def access_run(run_id: int) -> Run:
    """One run. Raises NotFound."""
    run = runs().filter(pk=run_id).first()
    if run is None:
        raise NotFound("There is no such run.")
    return run


def why_not_taken() -> str:
    """Why nobody takes a queued run, or "" where a worker listens."""
    try:
        return "" if queue_is_served("runs") else NO_WORKER
    except redis.RedisError:
        return NO_BROKER

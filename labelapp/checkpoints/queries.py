"""Reads of the registry."""

from collections.abc import Collection

from django.db.models import Prefetch, QuerySet

from labelapp.checkpoints.models import Checkpoint, CheckpointParent, Endpoint
from labelapp.common.errors import NotFound
from labelapp.common.search import named


def checkpoints(*, kind: Collection[str] = (), search: str = "", archived: bool = False) -> QuerySet[Checkpoint]:
    """The registry, newest first, each checkpoint with its parents."""
    links = CheckpointParent.objects.select_related("parent").order_by("used_as", "parent_id")
    found = named(Checkpoint.objects.filter(archived_at__isnull=not archived), search, "name")
    if kind:
        found = found.filter(kind__in=kind)
    return found.order_by("-created_at", "-id").prefetch_related(Prefetch("parent_links", links))


def access_checkpoint(checkpoint_id: int) -> Checkpoint:
    """Return one checkpoint. Raises NotFound."""
    checkpoint = Checkpoint.objects.filter(pk=checkpoint_id).prefetch_related("parent_links__parent").first()
    if checkpoint is None:
        raise NotFound("There is no such checkpoint.")
    return checkpoint


def endpoints(*, search: str = "", archived: bool = False) -> QuerySet[Endpoint]:
    """The endpoints by name."""
    found = Endpoint.objects.filter(archived_at__isnull=not archived)
    return named(found, search, "name", "model").order_by("name")


def access_endpoint(endpoint_id: int) -> Endpoint:
    """Return one endpoint. Raises NotFound."""
    endpoint = Endpoint.objects.filter(pk=endpoint_id).first()
    if endpoint is None:
        raise NotFound("There is no such endpoint.")
    return endpoint

"""Writes of the registry: checkpoints, and the endpoints that can be sampled from."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from labelapp.accounts.models import User
from labelapp.checkpoints.locations import inspect_location
from labelapp.checkpoints.models import Checkpoint, CheckpointParent, Endpoint
from labelapp.common import secrets
from labelapp.common.errors import Conflict, InvalidInput


@transaction.atomic
def register_checkpoint(
    name: str,
    *,
    kind: str,
    location: str,
    sha256: str = "",
    size_bytes: int = 0,
    metrics: Mapping[str, Any] | None = None,
    description: str = "",
    parents: Iterable[tuple[Checkpoint, str]] = (),
    created_by: User | None = None,
) -> Checkpoint:
    """Add a model to the registry with what it was made from: `parents` are (checkpoint, CheckpointParent.As) pairs.

    Raises Conflict where the name is taken.
    """
    checkpoint = Checkpoint(
        name=name,
        kind=kind,
        location=location,
        sha256=sha256,
        size_bytes=size_bytes,
        metrics=dict(metrics or {}),
        description=description,
        created_by=created_by,
    )
    _save_new(checkpoint)
    CheckpointParent.objects.bulk_create(
        CheckpointParent(child=checkpoint, parent=parent, used_as=used_as) for parent, used_as in parents
    )
    return checkpoint


def register_existing(name: str, *, kind: str, location: str, description: str = "", created_by: User) -> Checkpoint:
    """Register a model that no run of ours made, after a look at its files. Raises InvalidInput and Conflict."""
    files = inspect_location(location)
    return register_checkpoint(
        name,
        kind=kind,
        location=files.location,
        sha256=files.sha256,
        size_bytes=files.size_bytes,
        description=description,
        created_by=created_by,
    )


def update_checkpoint(
    checkpoint: Checkpoint, *, description: str | None = None, archived: bool | None = None
) -> Checkpoint:
    """Change what is not given as None; everything else about a checkpoint stays as it was made."""
    if description is not None:
        checkpoint.description = description
    _set_archived(checkpoint, archived)
    checkpoint.save(update_fields=["description", "archived_at"])
    return checkpoint


def register_endpoint(
    name: str,
    *,
    base_url: str,
    model: str,
    created_by: User,
    api_key: str = "",
    timeout_seconds: int = 60,
    max_concurrency: int = 8,
) -> Endpoint:
    """Add a server that speaks OpenAI's protocol. Its key is encrypted and never shown again. Raises Conflict."""
    endpoint = Endpoint(
        name=name,
        base_url=base_url.rstrip("/"),
        model=model,
        encrypted_api_key=_encrypted(api_key),
        timeout_seconds=timeout_seconds,
        max_concurrency=max_concurrency,
        created_by=created_by,
    )
    _save_new(endpoint)
    return endpoint


def update_endpoint(
    endpoint: Endpoint,
    *,
    name: str | None = None,
    base_url: str | None = None,
    model: str | None = None,
    api_key: str | None = None,
    timeout_seconds: int | None = None,
    max_concurrency: int | None = None,
    archived: bool | None = None,
) -> Endpoint:
    """Change what is not given as None; an empty `api_key` forgets the stored one.

    Raises:
        Conflict: the name is taken.
        InvalidInput: the stored key was given for the old address, and goes to no other.
    """
    address = (base_url or endpoint.base_url).rstrip("/")
    if address != endpoint.base_url and endpoint.encrypted_api_key and api_key is None:
        raise InvalidInput("Enter the key again: the stored one is for the old address.", field="api_key")
    endpoint.name = name or endpoint.name
    endpoint.base_url = address
    endpoint.model = model or endpoint.model
    endpoint.timeout_seconds = timeout_seconds or endpoint.timeout_seconds
    endpoint.max_concurrency = max_concurrency or endpoint.max_concurrency
    if api_key is not None:
        endpoint.encrypted_api_key = _encrypted(api_key)
    _set_archived(endpoint, archived)
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError as error:
        raise _name_taken(endpoint) from error
    return endpoint


def _encrypted(api_key: str) -> str:
    return secrets.encrypt(api_key, purpose=secrets.ENDPOINT_API_KEY) if api_key else ""


def endpoint_api_key(endpoint: Endpoint) -> str:
    """Return the endpoint's API key, or "" where it has none. Raises Conflict if it cannot be decrypted."""
    if not endpoint.encrypted_api_key:
        return ""
    try:
        return secrets.decrypt(endpoint.encrypted_api_key, purpose=secrets.ENDPOINT_API_KEY)
    except secrets.UnreadableSecret as error:
        raise Conflict(
            f"The API key of {endpoint.name} was stored under another SECRET_KEY. Enter it again.",
            code="api_key_unreadable",
            endpoint_id=endpoint.pk,
        ) from error


def _save_new(row: Checkpoint | Endpoint) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise _name_taken(row) from error


def _name_taken(row: Checkpoint | Endpoint) -> Conflict:
    noun = type(row)._meta.verbose_name
    return Conflict(f"There is already a {noun} called {row.name}.", field="name", code="name_taken")


def _set_archived(row: Checkpoint | Endpoint, archived: bool | None) -> None:
    if archived is not None:
        row.archived_at = (row.archived_at or timezone.now()) if archived else None

"""Who asks, and how files are uploaded."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from labelapp.accounts.models import Role, User
from labelapp.prompts.importing.working import work_on

Upload = Callable[..., Any]


@pytest.fixture
def researcher() -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("researcher@example.org", role=Role.RESEARCHER, name="Rosa"))
    return client


@pytest.fixture
def labeler() -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user("labeler@example.org"))
    return client


@pytest.fixture
def upload(researcher: APIClient) -> Upload:
    """Post a file's bytes, or rows as JSON lines, let a worker read it, and return the preview."""

    def post(content: bytes | list[Any], *, name: str = "prompts.jsonl", **fields: Any) -> Any:
        data = content if isinstance(content, bytes) else jsonl(content)
        body = {"file": SimpleUploadedFile(name, data), **fields}
        answer: Any = researcher.post("/api/v1/prompt-imports", body, format="multipart")
        return previewed(researcher, answer)

    return post


def previewed(client: APIClient, answer: Any) -> Any:
    """Let a worker read what was uploaded; an upload that was refused is returned as it is."""
    if answer.status_code != 201:
        return answer
    work_on(answer.json()["id"])
    return client.get(f"/api/v1/prompt-imports/{answer.json()['id']}")


def confirm(client: APIClient, preview: dict[str, Any], on_error: str = "keep_good") -> Any:
    """Confirm an import, let a worker write it, and return the import; a confirmation that was refused, as it is."""
    answer: Any = client.post(f"/api/v1/prompt-imports/{preview['id']}/confirm", {"on_error": on_error})
    if answer.status_code != 200:
        return answer
    work_on(preview["id"])
    return client.get(f"/api/v1/prompt-imports/{preview['id']}")


def jsonl(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

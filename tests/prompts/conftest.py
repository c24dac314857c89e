"""Who asks, and how files are uploaded."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from labelapp.accounts.models import Role, User

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
    """Post a file's bytes, or rows as JSON lines, to the import endpoint and return the answer."""

    def post(content: bytes | list[Any], *, name: str = "prompts.jsonl", **fields: Any) -> Any:
        data = content if isinstance(content, bytes) else jsonl(content)
        body = {"file": SimpleUploadedFile(name, data), **fields}
        return researcher.post("/api/v1/prompt-imports", body, format="multipart")

    return post


def jsonl(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

"""The registry over HTTP: what may be registered, by whom, and that an endpoint's key never comes back."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from rest_framework.test import APIClient

from labelapp.accounts.models import Role, User
from labelapp.checkpoints import actions
from labelapp.checkpoints.models import Checkpoint, CheckpointKind, CheckpointParent, Endpoint
from labelapp.common import secrets
from labelapp.common.errors import Conflict

pytestmark = pytest.mark.django_db


def client_of(role: Role) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.create_user(f"{role}@example.org", role=role))
    return client


@pytest.fixture
def admin() -> APIClient:
    return client_of(Role.ADMIN)


@pytest.fixture
def researcher() -> APIClient:
    return client_of(Role.RESEARCHER)


def safetensors_bytes(*, size: int = 16, declared: int | None = None) -> bytes:
    """A file of one tensor of bytes, whose header may tell another size than the file has."""
    end = size if declared is None else declared
    header = json.dumps({"weight": {"dtype": "U8", "shape": [end], "data_offsets": [0, end]}}).encode()
    return len(header).to_bytes(8, "little") + header + bytes(size)


def make_model(directory: Path, **files: bytes | None) -> Path:
    """A directory in the hub's format; a file given as None is left out."""
    directory.mkdir(parents=True)
    content: dict[str, bytes | None] = {
        "config.json": b'{"model_type": "llama"}',
        "model.safetensors": safetensors_bytes(),
        **{name.replace("__", "."): data for name, data in files.items()},
    }
    for name, data in content.items():
        if data is not None:
            (directory / name).write_bytes(data)
    return directory


def body(location: object, **extra: object) -> dict[str, object]:
    return {"name": "llama", "kind": "base", "location": str(location), **extra}


def test_register_a_directory(admin: APIClient, tmp_path: Path) -> None:
    directory = make_model(tmp_path / "llama")
    answer = admin.post("/api/v1/checkpoints", body(directory, description="A tiny one"))
    assert answer.status_code == 201, answer.json()
    assert answer.json()["size_bytes"] == sum(path.stat().st_size for path in directory.iterdir())
    assert answer.json()["parents"] == []
    assert Checkpoint.objects.get().created_by is not None


def test_register_a_directory_below_data_dir_with_a_manifest(admin: APIClient) -> None:
    make_model(settings.DATA_DIR / "models" / "tiny", manifest__json=b"{}\n")
    answer = admin.post("/api/v1/checkpoints", body("models/tiny"))
    assert answer.status_code == 201, answer.json()
    assert answer.json()["sha256"] == "ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356"


@pytest.mark.parametrize("name", ["gpt2", "meta-llama/Llama-3.2-1B", "org_1/a.b-c_d"])
def test_register_a_hub_name(admin: APIClient, name: str) -> None:
    answer = admin.post("/api/v1/checkpoints", body(name))
    assert answer.status_code == 201, answer.json()
    assert (answer.json()["location"], answer.json()["sha256"]) == (name, "")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"config__json": None}, "holds no config.json"),
        ({"config__json": b"[1]"}, "model_type"),
        ({"config__json": b"\xff"}, "model_type"),
        ({"config__json": b"[" * 100_000}, "model_type"),
        ({"model__safetensors": None}, "holds no *.safetensors"),
        ({"model__safetensors": None, "pytorch_model__bin": b"x"}, "pickled"),
        ({"model__safetensors": b""}, "cut short"),
        ({"model__safetensors": b"\xff" * 8}, "cut short"),
        ({"model__safetensors": safetensors_bytes()[:-1]}, "not whole"),
        ({"model__safetensors": safetensors_bytes(declared=99)}, "not whole"),
    ],
)
def test_a_directory_that_is_no_model_is_refused(
    admin: APIClient, tmp_path: Path, files: dict[str, Any], message: str
) -> None:
    answer = admin.post("/api/v1/checkpoints", body(make_model(tmp_path / "model", **files)))
    assert_refused(answer, "location", message)
    assert not Checkpoint.objects.exists()


@pytest.mark.parametrize(
    "location",
    ["../outside", "/no/such/place", "a/b/c", "org/", "/", "organisation/na me", "org/x..y", "org/-x", "x" * 300],
)
def test_a_location_that_is_nothing_is_refused(admin: APIClient, location: str) -> None:
    assert_refused(admin.post("/api/v1/checkpoints", body(location)), "location")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"kind": "magic"}, "kind"),
        ({"colour": "red"}, "colour"),
        ({"location": ["gpt2"]}, "location"),
    ],
)
def test_a_wrong_field_is_named(admin: APIClient, change: dict[str, object], field: str) -> None:
    assert_refused(admin.post("/api/v1/checkpoints", {**body("gpt2"), **change}), field)


def test_a_name_is_taken_once(admin: APIClient) -> None:
    assert admin.post("/api/v1/checkpoints", body("gpt2")).status_code == 201
    answer = admin.post("/api/v1/checkpoints", body("gpt2"))
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")


def test_list_filters_and_costs_the_same_however_long(researcher: APIClient, django_assert_num_queries: Any) -> None:
    base = actions.register_checkpoint("base", kind=CheckpointKind.BASE, location="gpt2")
    reward = actions.register_checkpoint("rm", kind=CheckpointKind.REWARD_MODEL, location="x/rm")
    for number in range(5):
        actions.register_checkpoint(
            f"policy-{number}",
            kind=CheckpointKind.POLICY,
            location="x/y",
            parents=[(base, CheckpointParent.As.INITIAL_WEIGHTS), (reward, CheckpointParent.As.REWARD_MODEL)],
        )
    actions.update_checkpoint(reward, archived=True)
    with django_assert_num_queries(3):  # count, page, links with their parents
        rows = researcher.get("/api/v1/checkpoints?kind=policy").json()
    assert [row["name"] for row in rows["results"]] == [f"policy-{number}" for number in (4, 3, 2, 1, 0)]
    assert [(parent["name"], parent["used_as"]) for parent in rows["results"][0]["parents"]] == [
        ("base", "initial_weights"),
        ("rm", "reward_model"),
    ]
    assert [row["name"] for row in researcher.get("/api/v1/checkpoints?archived=true").json()["results"]] == ["rm"]


def test_an_unknown_filter_is_named(researcher: APIClient) -> None:
    assert_refused(researcher.get("/api/v1/checkpoints?kindd=policy"), "kindd")


def test_change_description_and_archive(admin: APIClient) -> None:
    checkpoint = actions.register_checkpoint("base", kind=CheckpointKind.BASE, location="gpt2")
    url = f"/api/v1/checkpoints/{checkpoint.pk}"
    archived = admin.patch(url, {"description": "Old", "archived": True}).json()
    assert archived["archived_at"]
    assert admin.patch(url, {"archived": True}).json()["archived_at"] == archived["archived_at"]
    restored = admin.patch(url, {"archived": False}).json()
    assert (restored["archived_at"], restored["description"]) == (None, "Old")
    assert_refused(admin.patch(url, {"location": "elsewhere"}), "location")


def test_roles(researcher: APIClient, admin: APIClient) -> None:
    labeler = client_of(Role.LABELER)
    for client, path, method in [
        (labeler, "/api/v1/checkpoints", "get"),
        (labeler, "/api/v1/endpoints", "get"),
        (researcher, "/api/v1/checkpoints", "post"),
        (researcher, "/api/v1/endpoints", "get"),
        (admin, "/api/v1/checkpoints/9", "get"),
        (admin, "/api/v1/checkpoints/99999999999999999999", "patch"),
        (admin, "/api/v1/endpoints/9", "patch"),
    ]:
        answer = getattr(client, method)(path, {} if method != "get" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (path, method)


ENDPOINT = {"name": "local", "base_url": "http://vllm:8000/v1/", "model": "llama", "api_key": "sk-secret-1"}


def test_an_endpoints_key_is_kept_encrypted_and_never_returned(admin: APIClient) -> None:
    answer = admin.post("/api/v1/endpoints", ENDPOINT)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["has_api_key"] is True
    assert answer.json()["base_url"] == "http://vllm:8000/v1"
    everything = answer.content + admin.get("/api/v1/endpoints").content
    endpoint = Endpoint.objects.get()
    assert b"sk-secret-1" not in everything
    assert "sk-secret-1" not in endpoint.encrypted_api_key
    assert actions.endpoint_api_key(endpoint) == "sk-secret-1"


def test_change_an_endpoint(admin: APIClient) -> None:
    pk = admin.post("/api/v1/endpoints", ENDPOINT).json()["id"]
    kept = admin.patch(f"/api/v1/endpoints/{pk}", {"max_concurrency": 2, "name": "nearby"}).json()
    assert (kept["max_concurrency"], kept["name"], kept["has_api_key"]) == (2, "nearby", True)
    assert actions.endpoint_api_key(Endpoint.objects.get()) == "sk-secret-1"
    counts = [admin.get(f"/api/v1/endpoints?search={word}").json()["count"] for word in ("NEAR", kept["model"], "far")]
    assert counts == [1, 1, 0]
    forgotten = admin.patch(f"/api/v1/endpoints/{pk}", {"api_key": "", "archived": True}).json()
    assert (forgotten["has_api_key"], forgotten["archived_at"] is None) == (False, False)
    assert admin.get("/api/v1/endpoints").json()["count"] == 0


def test_a_stored_key_goes_to_no_other_address(admin: APIClient) -> None:
    pk = admin.post("/api/v1/endpoints", ENDPOINT).json()["id"]
    elsewhere = {"base_url": "https://collector.example.org/v1"}
    assert_refused(admin.patch(f"/api/v1/endpoints/{pk}", elsewhere), "api_key", "Enter the key again")
    assert Endpoint.objects.get().base_url == "http://vllm:8000/v1"
    same = admin.patch(f"/api/v1/endpoints/{pk}", {"base_url": "http://vllm:8000/v1/"}).json()
    assert same["has_api_key"] is True
    moved = admin.patch(f"/api/v1/endpoints/{pk}", {**elsewhere, "api_key": "sk-2"}).json()
    assert (moved["base_url"], moved["has_api_key"]) == (elsewhere["base_url"], True)


def test_two_endpoints_of_one_name(admin: APIClient) -> None:
    assert admin.post("/api/v1/endpoints", ENDPOINT).status_code == 201
    assert admin.post("/api/v1/endpoints", ENDPOINT).json()["code"] == "name_taken"
    other = admin.post("/api/v1/endpoints", {**ENDPOINT, "name": "other"}).json()["id"]
    assert admin.patch(f"/api/v1/endpoints/{other}", {"name": "local"}).json()["code"] == "name_taken"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("base_url", "ftp://vllm/v1"),
        ("base_url", "file:///etc/passwd"),
        ("base_url", "vllm:8000"),
        ("base_url", "http://"),
        ("base_url", "http://user:pass@vllm/v1"),
        ("base_url", "http://vllm/v1?key=1"),
        ("base_url", "http://a b/v1"),
        ("base_url", "http://vllm:notaport/v1"),
        ("timeout_seconds", 0),
        ("max_concurrency", 100_000),
        ("model", ""),
        ("api_key", "x" * 1001),
        ("key", "unknown"),
    ],
)
def test_a_wrong_endpoint_is_refused(admin: APIClient, field: str, value: object) -> None:
    assert_refused(admin.post("/api/v1/endpoints", {**ENDPOINT, field: value}), field)
    assert not Endpoint.objects.exists()


@pytest.mark.parametrize(
    "url", ["http://localhost:11434/v1", "https://api.example.org/v1", "http://10.0.0.3:8000", "http://[::1]:8000/v1"]
)
def test_usual_addresses_are_accepted(admin: APIClient, url: str) -> None:
    assert admin.post("/api/v1/endpoints", {**ENDPOINT, "base_url": url}).status_code == 201


def test_a_rotated_secret_key_keeps_the_keys_that_its_fallbacks_read(settings: Any) -> None:
    token = secrets.encrypt("sk-1", purpose=secrets.ENDPOINT_API_KEY)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 8, [settings.SECRET_KEY]
    assert secrets.decrypt(token, purpose=secrets.ENDPOINT_API_KEY) == "sk-1"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(Conflict, match="another SECRET_KEY"):
        actions.endpoint_api_key(Endpoint(name="local", encrypted_api_key=token))


def assert_refused(answer: Any, field: str, message: str = "") -> None:
    """400, and the field that is wrong stands in the errors."""
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "invalid_input"
    assert answer.json()["errors"][0]["field"] == field
    assert message in answer.json()["errors"][0]["message"]

"""The endpoints of runs: they work, refuse what is wrong by its field, and bear being called twice."""

import time
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from formats.run_directory import RunDirectory
from labelapp.accounts.models import Role, User
from labelapp.checkpoints.actions import register_endpoint, update_endpoint
from labelapp.checkpoints.models import Checkpoint, Endpoint
from labelapp.common import health
from labelapp.common.errors import Conflict
from labelapp.datasets.models import DatasetVersion
from labelapp.labeling.models import ProjectKind
from labelapp.labeling.task_creation import create_tasks
from labelapp.prompts.models import Prompt, SampleBatch
from labelapp.runs.models import Run, RunState
from labelapp.runs.trainer import trainer_environment
from tests.people import client_of, make_user
from tests.runs.world import make_model, make_project, make_prompts, make_version

pytestmark = pytest.mark.django_db
CONFIG = {"device": "cpu"}


@pytest.fixture
def admin() -> User:
    return make_user(Role.ADMIN)


@pytest.fixture
def client(admin: User) -> APIClient:
    return client_of(admin)


def checkpoint(kind: str = "base") -> dict[str, int]:
    return {"checkpoint_id": make_model(kind).pk}


def version(kind: str, **fields: Any) -> dict[str, int]:
    return {"dataset_version_id": make_version(kind, **fields).pk}


def sft_body(**changes: Any) -> dict[str, Any]:
    inputs = {"model": checkpoint(), "demonstrations": version("demonstrations")}
    return {"kind": "sft", "config": CONFIG, "inputs": inputs, **changes}


def refused(client: APIClient, body: dict[str, Any]) -> tuple[str, str]:
    """The field and message of a refusal, after which nothing has been written."""
    before = sorted((Path(settings.DATA_DIR) / "runs").glob("*"))
    answer = client.post("/api/v1/runs", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "invalid_input"
    assert not Run.objects.exists()
    assert sorted((Path(settings.DATA_DIR) / "runs").glob("*")) == before
    error = answer.json()["errors"][0]
    return error["field"], error["message"]


def test_run_kinds_describe_every_form(client: APIClient) -> None:
    kinds = {kind["kind"]: kind for kind in client.get("/api/v1/run-kinds").json()}
    assert list(kinds) == ["sample", "sft", "reward_model", "ppo", "dpo"]
    assert kinds["ppo"]["defaults"]["kl_coefficient"] == 0.02
    assert [preset["name"] for preset in kinds["ppo"]["presets"]] == ["tiny", "paper"]
    assert [preset["name"] for preset in kinds["sft"]["presets"]] == ["tiny", "paper", "paper_for_ppo"]
    assert [role["role"] for role in kinds["ppo"]["inputs"]] == [
        "model",
        "reward_model",
        "prompts",
        "pretraining",
        "gold_reward_model",
    ]
    fields = {field["name"]: field for field in kinds["sft"]["fields"]}
    assert fields["epochs"]["help"]
    assert fields["device"]["choices"] == ["auto", "cpu", "cuda"]
    assert not any(field["name"].startswith("endpoint_url") for field in kinds["sample"]["fields"])
    for kind in kinds.values():
        assert set(kind["defaults"]) == {field["name"] for field in kind["fields"]}


def test_a_run_is_created_with_its_directory(client: APIClient, admin: User) -> None:
    body = sft_body(name="First")
    answer = client.post("/api/v1/runs", body)
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["state"], shown["name"], shown["created_by"]["id"]) == ("queued", "First", admin.pk)
    assert shown["config"]["epochs"] == 16
    run = Run.objects.get()
    spec = RunDirectory(run.path).read_spec()
    assert spec.inputs["train"] == "inputs/train.jsonl"
    assert spec.inputs["validation"] == "inputs/validation.jsonl"
    dataset = DatasetVersion.objects.get(pk=body["inputs"]["demonstrations"]["dataset_version_id"])
    source = Path(settings.DATA_DIR) / dataset.directory / "train.jsonl"
    assert (run.path / "inputs" / "train.jsonl").samefile(source)
    assert client.get(f"/api/v1/runs/{run.pk}").json() == shown


def test_a_queued_run_says_that_no_worker_listens(client: APIClient, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    health.sign_worker("gpu-worker", queues=["runs"], started_at=time.time())
    assert client.get(f"/api/v1/runs/{run.pk}").json()["phase"] == "Queued"
    monkeypatch.setattr(health, "ALIVE_SECONDS", -1.0)  # so all that ever signed are long gone
    assert client.get(f"/api/v1/runs/{run.pk}").json()["phase"].startswith("Waiting: no worker takes runs")
    assert client.get("/api/v1/runs").json()["results"][0]["phase"].startswith("Waiting: no worker takes runs")
    health.forget_worker("gpu-worker")


def test_without_a_name_the_inputs_name_it(client: APIClient) -> None:
    body = sft_body()
    name = client.post("/api/v1/runs", body).json()["name"]
    model = Checkpoint.objects.get(pk=body["inputs"]["model"]["checkpoint_id"])
    assert name.startswith(f"SFT of {model.name}, demonstrations-")


def test_a_name_does_not_grow_with_each_generation(client: APIClient) -> None:
    model = make_model("sft")
    Checkpoint.objects.filter(pk=model.pk).update(name="SFT of tiny-base, My demonstrations v1")
    inputs = {
        "model": {"checkpoint_id": model.pk},
        "comparisons": version("comparisons"),
        "demonstrations": version("demonstrations"),
    }
    body = {"kind": "reward_model", "config": CONFIG, "inputs": inputs}
    name = client.post("/api/v1/runs", body).json()["name"]
    assert name.startswith("Reward model from SFT of tiny-base, comparisons-")
    assert name.count(",") == 1


@pytest.mark.parametrize(
    ("config", "field", "message"),
    [
        ({"learning_rat": 1e-3}, "config.learning_rat", "did you mean learning_rate?"),
        ({"epochs": 0}, "config.epochs", "at least 1"),
        ({"epochs": "many"}, "config.epochs", "whole number"),
        ({"micro_batch_tokens": 0}, "config.micro_batch_tokens", "at least 1"),
        ({"device": "tpu"}, "config.device", "must be one of"),
        ({"learning_rate": True}, "config.learning_rate", "a number"),
    ],
)
def test_a_wrong_setting_is_named(client: APIClient, config: dict[str, Any], field: str, message: str) -> None:
    wrong, why = refused(client, sft_body(config=config))
    assert wrong == field
    assert message in why


def test_settings_of_an_endpoint_are_not_typed_in(client: APIClient) -> None:
    body = {"kind": "sample", "config": {"endpoint_url": "http://169.254.169.254/v1"}, "inputs": {}}
    assert refused(client, body)[0] == "config.endpoint_url"


def wrong_inputs() -> list[tuple[str, Any, str, str]]:
    """(role to change, its value or None to leave it out, field, part of the message)."""
    return [
        ("model", None, "inputs.model", "needs this"),
        ("demonstrations", None, "inputs.demonstrations", "needs this"),
        ("rewards", checkpoint, "inputs.rewards", "nothing of this name"),
        ("model", lambda: {"checkpoint_id": 10**12}, "inputs.model", "no such checkpoint"),
        ("model", lambda: checkpoint("reward_model"), "inputs.model", "not reward_model"),
        ("model", lambda: version("demonstrations"), "inputs.model", "exactly one checkpoint_id"),
        ("demonstrations", lambda: version("comparisons"), "inputs.demonstrations", "not of comparisons"),
        ("demonstrations", lambda: version("demonstrations", state="writing"), "inputs.demonstrations", "not ready"),
        ("demonstrations", lambda: {"dataset_version_id": 10**12}, "inputs.demonstrations", "no such dataset version"),
        ("pretraining", lambda: version("demonstrations"), "inputs.pretraining", "unread"),
    ]


@pytest.mark.parametrize(("role", "value", "field", "message"), wrong_inputs())
def test_a_wrong_input_is_named(client: APIClient, role: str, value: Any, field: str, message: str) -> None:
    body = sft_body()
    body["inputs"].pop(role, None)
    if value is not None:
        body["inputs"][role] = value()
    wrong, why = refused(client, body)
    assert wrong == field
    assert message in why


def test_rankings_without_a_pair_train_no_reward_model(client: APIClient) -> None:
    inputs = {"model": checkpoint("sft"), "comparisons": version("comparisons", pairs=0)}
    body = {"kind": "reward_model", "config": {**CONFIG, "zero_point": "responses"}, "inputs": inputs}
    field, message = refused(client, body)
    assert field == "inputs.comparisons"
    assert "no pairs" in message


@pytest.mark.parametrize(
    ("rule", "has_reward_model", "has_validation", "field", "message"),
    [
        ("auto", True, False, "inputs.demonstrations", "no rows in its valid split"),
        ("validation_loss", False, False, "inputs.demonstrations", "no rows in its valid split"),
        ("reward", False, True, "inputs.reward_model", "needs this"),
        ("last", True, True, "inputs.reward_model", "leaves this unread"),
    ],
)
def test_a_rule_for_the_epoch_to_keep_has_what_it_reads(
    client: APIClient, rule: str, has_reward_model: bool, has_validation: bool, field: str, message: str
) -> None:
    body = sft_body(config={**CONFIG, "checkpoint_rule": rule})
    body["inputs"]["demonstrations"] = version("demonstrations", valid=has_validation)
    if has_reward_model:
        body["inputs"]["reward_model"] = checkpoint("reward_model")
    wrong, why = refused(client, body)
    assert wrong == field
    assert message in why


def test_groups_of_labelers_are_tried_on_a_valid_split(client: APIClient) -> None:
    inputs = {"model": checkpoint("sft"), "comparisons": version("comparisons", valid=False)}
    config = {**CONFIG, "zero_point": "responses", "cross_validation_folds": 5}
    field, message = refused(client, {"kind": "reward_model", "config": config, "inputs": inputs})
    assert field == "inputs.comparisons"
    assert "no rows in its valid split" in message


def test_ppo_with_the_paper_s_settings_asks_for_pretraining_text(client: APIClient) -> None:
    inputs = {"model": checkpoint("sft"), "reward_model": checkpoint("reward_model"), "prompts": version("prompts")}
    body = {"kind": "ppo", "config": CONFIG, "inputs": inputs}
    assert refused(client, body)[0] == "inputs.pretraining"
    inputs["pretraining"] = version("demonstrations")
    answer = client.post("/api/v1/runs", body)
    assert answer.status_code == 201, answer.content
    run = Run.objects.get()
    assert (run.path / "inputs" / "pretraining.jsonl").read_text() == '{"text":"Say it.\\n\\nIt."}\n'


def ppo_inputs() -> dict[str, Any]:
    return {"model": checkpoint("sft"), "reward_model": checkpoint("reward_model"), "prompts": version("prompts")}


def test_a_gold_reward_model_is_handed_to_ppo(client: APIClient) -> None:
    inputs = {"model": checkpoint("sft"), "reward_model": checkpoint("reward_model"), "prompts": version("prompts")}
    body = {"kind": "ppo", "config": CONFIG | {"ptx_coefficient": 0.0}, "inputs": inputs}
    inputs["gold_reward_model"] = checkpoint("sft")
    field, message = refused(client, body)
    assert field == "inputs.gold_reward_model"
    assert "kind reward_model" in message
    inputs["gold_reward_model"] = checkpoint("reward_model")
    assert client.post("/api/v1/runs", body).status_code == 201
    gold = Checkpoint.objects.get(pk=inputs["gold_reward_model"]["checkpoint_id"])
    place = RunDirectory(Run.objects.get().path).read_spec().inputs["gold_reward_model"]
    assert Path(place) == Path(settings.DATA_DIR) / gold.location


@pytest.mark.parametrize("role", ["demonstrations", "pretraining", "prompts", "sampled"])
def test_a_dataset_file_that_changed_is_refused(client: APIClient, role: str) -> None:
    body = sft_body()
    if role == "pretraining":
        body = {"kind": "ppo", "config": CONFIG, "inputs": ppo_inputs() | {role: version("demonstrations")}}
    elif role == "prompts":
        body = {"kind": "ppo", "config": CONFIG | {"ptx_coefficient": 0.0}, "inputs": ppo_inputs()}
    elif role == "sampled":
        role = "prompts"
        body = {"kind": "sample", "config": CONFIG, "inputs": {"model": checkpoint("sft"), role: version(role)}}
    frozen = DatasetVersion.objects.get(pk=body["inputs"][role]["dataset_version_id"])
    path = Path(settings.DATA_DIR) / frozen.directory / "train.jsonl"
    path.write_bytes(path.read_bytes().replace(b"It.", b"Is.").replace(b"Say", b"Sag"))
    field, message = refused(client, body)
    assert (field, message) == (f"inputs.{role}", f"train.jsonl of {frozen} has changed since it was frozen.")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "distil", "config": {}, "inputs": {}}, "kind"),
        ({"kind": "sft", "config": [], "inputs": {}}, "config"),
        ({"kind": "sft", "config": {}, "inputs": {"model": 3}}, "inputs.model"),
        ({"kind": "sft", "config": {}, "inputs": {"model": {"path": "/etc"}}}, "inputs.model.path"),
        ({"kind": "sft", "config": {}, "inputs": {}, "priority": 1}, "priority"),
        ({"kind": "sft", "config": {}, "inputs": {}, "name": "x" * 161}, "name"),
        ({"kind": "sample", "config": {}, "inputs": {}, "target_project_id": 10**12}, "target_project_id"),
    ],
)
def test_a_wrong_body_is_named(client: APIClient, body: dict[str, Any], field: str) -> None:
    assert refused(client, body)[0] == field


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind": "sft", "config": {"\\ud800": 1}, "inputs": {}}',
        b'{"kind": "sft", "config": {}, "inputs": {"\\ud800": {"checkpoint_id": 1}}}',
        b'{"kind": "sft", "config": {}, "inputs": {}, "name": "\\ud800"}',
        b'{"kind": "sft", "config": {"epochs": 1e400}, "inputs": {}}',
        b'{"kind": "sft", "config": {"epochs": NaN}, "inputs": {}}',
        b'{"kind": "sft", "config": {"device": "\\u0000"}, "inputs": {}}',
        b'{"kind": "sft", "config": {}, "inputs": {"model": {"checkpoint_id": 99999999999999999999}}}',
        b'{"kind": "sft"',
        b"\xff",
    ],
)
def test_what_no_text_or_number_can_be_is_refused(client: APIClient, body: bytes) -> None:
    answer = client.post("/api/v1/runs", body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert not Run.objects.exists()


def test_an_endpoint_gives_address_and_limits_but_never_its_key(client: APIClient) -> None:
    endpoint = Endpoint.objects.create(
        name="vllm", base_url="http://vllm:8000/v1", model="m", max_concurrency=3, encrypted_api_key="sealed"
    )
    body = {
        "kind": "sample",
        "config": {"endpoint_retries": 2},
        "inputs": {"endpoint": {"endpoint_id": endpoint.pk}, "prompts": version("prompts")},
    }
    answer = client.post("/api/v1/runs", body)
    assert answer.status_code == 201, answer.content
    config = answer.json()["config"]
    assert (config["endpoint_url"], config["endpoint_concurrency"]) == ("http://vllm:8000/v1", 3)
    run = Run.objects.get()
    assert len((run.path / "inputs" / "prompts.jsonl").read_text().splitlines()) == 2  # of all splits
    assert "sealed" not in (run.path / "config.json").read_text() + answer.content.decode()


def test_an_endpoint_s_new_key_goes_to_no_old_address(client: APIClient, admin: User) -> None:
    endpoint = register_endpoint("vllm", base_url="http://old:8000/v1", model="m", api_key="sk-1", created_by=admin)
    inputs = {"endpoint": {"endpoint_id": endpoint.pk}, "prompts": version("prompts")}
    assert client.post("/api/v1/runs", {"kind": "sample", "config": {}, "inputs": inputs}).status_code == 201
    run = Run.objects.get()
    assert trainer_environment(run, devices=[])["LABELAPP_ENDPOINT_API_KEY"] == "sk-1"
    update_endpoint(endpoint, base_url="http://new:8000/v1", api_key="sk-2")
    with pytest.raises(Conflict, match="another address"):
        trainer_environment(run, devices=[])


def test_a_sample_run_has_one_source_and_prompts(client: APIClient) -> None:
    body: dict[str, Any] = {"kind": "sample", "config": CONFIG, "inputs": {"prompts": version("prompts")}}
    assert refused(client, body)[0] == "inputs.model"
    body["inputs"] = {"model": checkpoint()}
    assert refused(client, body)[0] == "inputs.prompts"


def queue_of(*, kind: str = ProjectKind.COMPARISON, **fields: Any) -> tuple[Any, list[Prompt]]:
    """A project with two tasks."""
    project = make_project(kind=kind, **fields)
    prompts = make_prompts(2, use_case="chat")
    batch = SampleBatch.objects.create(name="old") if kind == ProjectKind.COMPARISON else None
    if batch is not None:
        for prompt in prompts:
            for number in range(project.responses_per_task):
                prompt.responses.create(batch=batch, number=number, text="x")
    create_tasks(project.pk, prompts=Prompt.objects.filter(pk__in=[p.pk for p in prompts]), batch=batch)
    return project, prompts


def test_sample_into_draws_k_for_the_project_s_prompts(client: APIClient) -> None:
    project, prompts = queue_of(responses_per_task=5)
    make_prompts(3, use_case="chat")
    url = f"/api/v1/checkpoints/{make_model('policy').pk}/sample-into"
    answer = client.post(url, {"project_id": project.pk, "config": {"temperature": 0.7}})
    assert answer.status_code == 201, answer.content
    shown = answer.json()
    assert (shown["config"]["responses_per_prompt"], shown["config"]["temperature"]) == (5, 0.7)
    assert shown["target_project"] == {"id": project.pk, "name": project.name}
    lines = (Run.objects.get().path / "inputs" / "prompts.jsonl").read_text().splitlines()
    assert len(lines) == len(prompts)
    assert client.post(url, {"project_id": project.pk}).json()["id"] == shown["id"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"project_id": 10**12}, "project_id"),
        ({}, "project_id"),
        ({"limit": 0}, "limit"),
        ({"use_cases": ["cooking"]}, "use_cases.0"),
        ({"use_cases": ["rewrite"]}, "use_cases"),
        ({"config": {"responses_per_prompt": 3}}, "config.responses_per_prompt"),
        ({"config": {"top_k": 3}}, "config.top_k"),
    ],
)
def test_sample_into_names_what_is_wrong(client: APIClient, body: dict[str, Any], field: str) -> None:
    if "project_id" not in body and body:
        body = {"project_id": queue_of()[0].pk, **body}
    answer = client.post(f"/api/v1/checkpoints/{make_model().pk}/sample-into", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"] == field
    assert not Run.objects.exists()


def test_sample_into_wants_a_comparison_project_with_prompts(client: APIClient) -> None:
    url = f"/api/v1/checkpoints/{make_model().pk}/sample-into"
    project, _ = queue_of(kind=ProjectKind.DEMONSTRATION)
    assert client.post(url, {"project_id": project.pk}).json()["errors"][0]["field"] == "project_id"
    empty = make_project()
    assert "no tasks yet" in client.post(url, {"project_id": empty.pk}).json()["message"]
    assert client.post("/api/v1/checkpoints/999999/sample-into", {"project_id": empty.pk}).status_code == 404


def test_the_list_filters_and_costs_the_same_for_any_number(client: APIClient) -> None:
    for _ in range(2):
        client.post("/api/v1/runs", sft_body())
    Run.objects.filter(pk=Run.objects.latest("pk").pk).update(state=RunState.FAILED)
    assert client.get("/api/v1/runs?state=failed").json()["count"] == 1
    assert client.get("/api/v1/runs?kind=ppo").json()["count"] == 0
    model = Run.objects.latest("pk").inputs.get(role="model").checkpoint
    assert model is not None
    assert client.get(f"/api/v1/runs?checkpoint={model.pk}").json()["count"] == 1
    assert client.get("/api/v1/runs?checkpoint=999999").json()["count"] == 0
    assert client.get("/api/v1/runs?search=no such name").json()["count"] == 0
    assert client.get("/api/v1/runs?kind=distil").json()["errors"][0]["field"] == "kind"
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/api/v1/runs")
    for _ in range(3):
        client.post("/api/v1/runs", sft_body())
    with CaptureQueriesContext(connection) as many:
        assert client.get("/api/v1/runs").json()["count"] == 5
    assert len(many) == len(few) <= 8


def test_cancel_and_resume_say_what_they_cannot_do(client: APIClient) -> None:
    pk = client.post("/api/v1/runs", sft_body()).json()["id"]
    assert client.post(f"/api/v1/runs/{pk}/resume").json()["code"] == "run_not_resumable"
    assert client.post(f"/api/v1/runs/{pk}/cancel").json()["state"] == "cancelled"
    assert client.post(f"/api/v1/runs/{pk}/cancel").status_code == 200
    resumed = client.post(f"/api/v1/runs/{pk}/resume")
    assert (resumed.status_code, resumed.json()["state"]) == (200, "queued")
    assert resumed.json()["cancel_requested_at"] is None
    Run.objects.filter(pk=pk).update(state=RunState.SUCCEEDED)
    answer = client.post(f"/api/v1/runs/{pk}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "run_not_live")
    assert client.post("/api/v1/runs/999999/cancel").status_code == 404


def test_only_admins_start_and_stop_and_labelers_see_nothing(client: APIClient) -> None:
    pk = client.post("/api/v1/runs", sft_body()).json()["id"]
    researcher, labeler = client_of(make_user(Role.RESEARCHER)), client_of(make_user(Role.LABELER))
    for path in ("runs", f"runs/{pk}", f"runs/{pk}/metrics", f"runs/{pk}/log"):
        assert researcher.get(f"/api/v1/{path}").status_code == 200
        assert labeler.get(f"/api/v1/{path}").status_code == 404
    for path in ("runs", f"runs/{pk}/cancel", f"runs/{pk}/resume", f"checkpoints/{make_model().pk}/sample-into"):
        assert researcher.post(f"/api/v1/{path}", {}).status_code == 404
    assert researcher.get("/api/v1/run-kinds").status_code == 404


def attempt_files(run: Run, epoch: int, *, metrics: str = "", log: bytes = b"") -> None:
    attempt = RunDirectory(run.path).attempt(epoch)
    attempt.root.mkdir(parents=True)
    attempt.metrics_path.write_text(metrics)
    attempt.log_path.write_bytes(log)


@pytest.fixture
def run(client: APIClient) -> Run:
    return Run.objects.get(pk=client.post("/api/v1/runs", sft_body()).json()["id"])


def rows(*steps: int, loss: float) -> str:
    return "".join(f'{{"loss":{loss},"step":{step},"time":1.0}}\n' for step in steps)


def test_metrics_of_a_resumed_run_are_one_curve(client: APIClient, run: Run) -> None:
    url = f"/api/v1/runs/{run.pk}/metrics"
    assert client.get(url).json() == {"rows": [], "next": 0}
    attempt_files(run, 1, metrics=rows(1, 2, 3, 4, loss=0.5) + '{"half')
    first = client.get(url).json()
    assert (len(first["rows"]), first["next"]) == (4, 4)
    attempt_files(run, 3, metrics=rows(3, 4, 5, loss=0.25))
    whole = client.get(url).json()
    assert [(row["step"], row["loss"]) for row in whole["rows"]] == [
        (1, 0.5),
        (2, 0.5),
        (3, 0.25),
        (4, 0.25),
        (5, 0.25),
    ]
    assert [row["step"] for row in client.get(url, {"after": first["next"]}).json()["rows"]] == [3, 4, 5]
    assert client.get(url, {"after": whole["next"]}).json() == {"rows": [], "next": 7}
    assert client.get(url, {"after": -1}).json()["errors"][0]["field"] == "after"


def test_the_log_is_read_piece_by_piece(client: APIClient, run: Run) -> None:
    url = f"/api/v1/runs/{run.pk}/log"
    assert client.get(url).json() == {"text": "", "next": 0}
    attempt_files(run, 1, log="first é\n".encode())
    attempt_files(run, 2, log="second ü".encode()[:-1])
    piece = client.get(url).json()
    assert piece["text"] == "first é\nsecond "
    RunDirectory(run.path).attempt(2).log_path.write_bytes("second ü\n\0\xff".encode())
    rest = client.get(url, {"after": piece["next"]}).json()
    assert rest["text"] == "ü\n\ufffdÿ"
    assert client.get(url, {"after": 10**9}).json()["text"] == ""


def test_a_long_log_is_shown_from_its_end_and_read_in_pieces(client: APIClient, run: Run) -> None:
    url = f"/api/v1/runs/{run.pk}/log"
    attempt_files(run, 1, log=b"".join(b"line %06d\n" % number for number in range(20_000)))
    tail = client.get(url).json()
    assert tail["text"].endswith("line 019999\n")
    assert tail["text"].startswith("line ")
    assert len(tail["text"]) <= 65536
    text, after = "", 0
    while piece := client.get(url, {"after": after}).json()["text"]:
        text += piece
        after += len(piece)
    assert len(text.splitlines()) == 20_000

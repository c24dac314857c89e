"""The whole loop against a fresh instance, over its HTTP API only, with labelers who follow a preference that is known.

    python -m benchmarks.loop            # what `make loop` runs

It starts `manage.py serve` on a folder of its own, invites labelers, imports prompts, has demonstrations written,
trains SFT, samples from it, has the samples ranked, trains a reward model and PPO, and samples from both policies on
held-out prompts. The last line is one JSON object. Because the preference is arithmetic (`toy_preference.known_score`),
the end is compared with the truth and not only with what the reward model believes; a loop that does not raise the
*known* score by three standard errors, or not above the best of 4 supervised samples of the committed run
(`toy_curve.json`), or that drifts further for it than that run's budget of KL, has failed.

Its PPO has no gold reward model: one from the same labelers' rankings would share the first one's faults, one from
others' would cost a third of the training again, and the instance with its pages is gone at the end. The gold score of
each iteration on this task is in `toy_curve.json` (`benchmarks.toy_task`), by the preference itself.
"""

import argparse
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import httpx

from benchmarks import toy_preference as toy
from formats.codec import Format
from formats.records import Prompt

ROOT = Path(__file__).resolve().parent.parent
ADMIN = {"email": "admin@demo.local", "password": "demo-password-2022"}
START_SECONDS, JOB_SECONDS, POLL_SECONDS = 600.0, 300.0, 0.5
SUBMITTERS = 96  # as many as prompts: the split by submitter then holds out about a fifth of them
RESPONSES_PER_TASK, EVALUATION_RESPONSES = 4, 9
LABELERS = 4
REFERENCE = ROOT / "benchmarks" / "toy_curve.json"
MARGIN = 3.0  # standard errors of the difference


class LoopError(RuntimeError):
    """A step of the loop did not end as it should."""


@dataclass(slots=True)
class Seconds:
    """Wall time of each part."""

    setup: float = 0.0
    sample: float = 0.0
    label: float = 0.0
    freeze: float = 0.0
    sft: float = 0.0
    reward_model: float = 0.0
    ppo: float = 0.0
    total: float = 0.0
    started_at: float = field(default_factory=time.monotonic, repr=False)

    @contextmanager
    def measure(self, part: str) -> Iterator[None]:
        """Add the time of the block to `part` and say so."""
        start = time.monotonic()
        yield
        setattr(self, part, getattr(self, part) + time.monotonic() - start)
        print(f"{time.monotonic() - self.started_at:6.1f} s  {part}: {time.monotonic() - start:.1f} s", flush=True)

    def row(self) -> dict[str, float]:
        """Return the seconds as they are printed."""
        parts = {name: round(value, 1) for name, value in asdict(self).items() if name != "started_at"}
        return parts | {"total": round(time.monotonic() - self.started_at, 1)}


class Api:
    """The HTTP API as one person uses it."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = httpx.Client(base_url=url, headers=headers, timeout=60)

    def __call__(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Send a request below /api/v1/ and return the JSON; an error ends the loop with the server's words."""
        answer = self.client.request(method, f"/api/v1/{path}", json=body, headers=self._csrf(), **options)
        if answer.is_error:
            raise LoopError(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json() if answer.content else None

    def log_in(self, *, email: str, password: str) -> None:
        """Open a session, as the login page does."""
        self.client.get("/_allauth/browser/v1/config")
        self("GET", "health")
        credentials = {"email": email, "password": password}
        self.client.post("/_allauth/browser/v1/auth/login", json=credentials, headers=self._csrf()).raise_for_status()

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Return every row of a list."""
        rows: list[dict[str, Any]] = []
        page = 1
        while True:
            answer = self("GET", f"{path}{'&' if '?' in path else '?'}page={page}&page_size=200")
            rows += answer["results"]
            if not answer["next"]:
                return rows
            page += 1

    def lines(self, path: str) -> list[dict[str, Any]]:
        """Download a JSONL file."""
        answer = self.client.get(f"/api/v1/{path}")
        if answer.is_error:
            raise LoopError(f"GET {path}: {answer.status_code} {answer.text[:500]}")
        return [json.loads(line) for line in answer.text.split("\n") if line]

    def _csrf(self) -> dict[str, str]:
        token = self.client.cookies.get("csrftoken")
        return {"X-CSRFToken": token} if token else {}


@contextmanager
def instance(**settings: str) -> Iterator[str]:
    """Serve a fresh labelapp on a free port and a folder of its own, with `settings`, and stop it at the end."""
    with tempfile.TemporaryDirectory(prefix="labelapp-loop-") as folder:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        cut = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
        environment = {name: value for name, value in os.environ.items() if name not in cut}
        environment |= {"DATA_DIR": folder, "PORT": str(port), "PUBLIC_URL": url} | settings
        log = Path(folder) / "serve.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=file, stderr=file
            )
            try:
                wait_until_healthy(url, process=process, log=log)
                yield url
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(90)


def wait_until_healthy(url: str, *, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait for the first start: databases, migrations, the demo workspace and the tiny model."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if "is ready" in log.read_text():
            return
        time.sleep(POLL_SECONDS)
    raise LoopError(f"the instance at {url} did not start:\n{log.read_text()[-2000:]}")


def log_in_admin(url: str) -> Api:
    """Log in with the demo's admin, and go on with an API token."""
    session = Api(url)
    session.log_in(**ADMIN)
    scopes = ["read", "label", "write", "admin"]
    return Api(url, session("POST", "tokens", {"name": "loop", "scopes": scopes})["secret"])


def sign_up_labelers(admin: Api, url: str) -> list[tuple[int, Api]]:
    """Invite labelers, accept for them, and return their ids and clients."""
    labelers = []
    for number in range(LABELERS):
        email = f"scripted-labeler-{number}@example.org"
        secret = admin("POST", "invitations", {"email": email, "role": "labeler"})["link"].rsplit("/", 1)[1]
        labeler = Api(url)
        password = uuid.uuid4().hex
        account = labeler("POST", f"invitations/accept/{secret}", {"name": email, "password": password})
        token = labeler("POST", "tokens", {"name": "loop", "scopes": ["read", "label"]})["secret"]
        labelers.append((account["id"], Api(url, token)))
    return labelers


def import_prompts(admin: Api, prompts: Sequence[Prompt]) -> dict[int, Prompt]:
    """Upload the prompts as a file, and return them by the id that they got, with their split."""
    lines = [
        {"prompt": prompt.messages[0].content, "submitter": f"loop-{number % SUBMITTERS}", "use_case": "brainstorming"}
        for number, prompt in enumerate(prompts)
    ]
    import_lines(admin, "loop.jsonl", lines)
    wanted = {prompt.messages[0].content: prompt for prompt in prompts}
    found = {row["id"]: (wanted[row["text"]], row["split"]) for row in admin.rows("prompts") if row["text"] in wanted}
    if len(found) != len(prompts):
        raise LoopError(f"imported {len(found)} of {len(prompts)} prompts")
    return {prompt_id: replace_split(prompt, split) for prompt_id, (prompt, split) in found.items()}


def import_lines(admin: Api, file_name: str, lines: Sequence[dict[str, Any]]) -> None:
    """Upload prompts as JSON lines, confirm their preview, and wait until they are imported."""
    text = "\n".join(json.dumps(line) for line in lines)
    upload = admin("POST", "prompt-imports", files={"file": (file_name, text.encode())})
    path = f"prompt-imports/{upload['id']}"
    wait_for(admin, path, done="previewed", what=file_name)
    admin("POST", f"{path}/confirm", {"on_error": "nothing"})
    wait_for(admin, path, done="imported", what=file_name)


def replace_split(prompt: Prompt, split: Any) -> Prompt:
    """Return the prompt in the split that the server chose by its submitter."""
    return Prompt(prompt.id, prompt.messages, prompt.submitter, prompt.use_case, split)


def label(labelers: Sequence[tuple[int, Api]], project_id: int, *, answer: Any) -> int:
    """Let every labeler work until there is nothing left, at the same time; return the number of submissions."""

    def work(api: Api) -> int:
        for count in range(10_000):
            task = api("POST", f"projects/{project_id}/next", {})
            if task["status"] != "task":
                return count
            assignment = task["assignment"]
            body = {
                "lease_token": assignment["lease_token"],
                "idempotency_key": str(uuid.uuid4()),
                "instruction_version_id": assignment["instruction_version"]["id"],
                "elapsed_seconds": 30,
                "active_seconds": 30,
            }
            api("POST", f"assignments/{assignment['id']}/submit", body | answer(assignment))
        raise LoopError("the queue does not end")

    with ThreadPoolExecutor(len(labelers)) as pool:
        return sum(pool.map(work, [api for _, api in labelers]))


def demonstrate(assignment: dict[str, Any]) -> dict[str, Any]:
    """Write a demonstration in one of the mixed styles, the same for the same task."""
    order = random.Random(assignment["task_id"])
    style = order.choices(list(toy.STYLE_WEIGHTS), list(toy.STYLE_WEIGHTS.values()))[0]
    return {"demonstration": toy.write_response(style, order=order)}


def rank(assignment: dict[str, Any]) -> dict[str, Any]:
    """Rate and rank the responses by the known preference, with a little noise and with ties."""
    responses = assignment["responses"]
    ranks = toy.rank_texts([r["text"] for r in responses], order=random.Random(assignment["id"]))
    return {
        "judgments": [
            {"response_id": r["id"], "rank": place, "quality": toy.rate_text(r["text"]), "answers": {}}
            for r, place in zip(responses, ranks, strict=True)
        ]
    }


def wait_for(api: Api, path: str, *, done: str, what: str, seconds: float = JOB_SECONDS) -> dict[str, Any]:
    """Poll until the thing at `path` is `done`; anything else that ends it ends the loop."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        row: dict[str, Any] = api("GET", path)
        if row["state"] == done:
            return row
        if row["state"] in {"failed", "cancelled", "refused"}:
            raise LoopError(f"{what} {row['state']}: {row.get('error_message') or row.get('error')}")
        time.sleep(POLL_SECONDS)
    raise LoopError(f"{what} took longer than {seconds:.0f} s")


def tiny_base(admin: Api) -> int:
    """Return the id of the built-in model; a worker builds it after the first start."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        for row in admin.rows("checkpoints?kind=base"):
            if row["name"] == "tiny-base":
                return int(row["id"])
        time.sleep(POLL_SECONDS)
    raise LoopError("the built-in model was not built")


def freeze(admin: Api, *, name: str, kind: str, query: dict[str, Any]) -> dict[str, Any]:
    """Freeze a dataset and wait until it is written."""
    dataset = admin("POST", "datasets", {"name": name, "kind": kind})
    version = admin("POST", f"datasets/{dataset['id']}/versions", {"query": query})
    return wait_for(admin, f"dataset-versions/{version['id']}", done="ready", what=name)


def run(
    admin: Api, kind: str, config: Format, *, target: int | None = None, **inputs: dict[str, int]
) -> dict[str, Any]:
    """Launch a run and wait until it has succeeded."""
    hidden = ("endpoint_url", "endpoint_model", "endpoint_timeout_seconds", "endpoint_concurrency")
    settings = {name: value for name, value in config.to_json().items() if name not in hidden}
    body = {"kind": kind, "name": f"loop: {kind}", "config": settings, "inputs": inputs}
    row = admin("POST", "runs", body | ({"target_project_id": target} if target else {}))
    return wait_for(admin, f"runs/{row['id']}", done="succeeded", what=f"the {kind} run")


def samples_of(admin: Api, batch_id: int, prompt_ids: Sequence[int]) -> list[str]:
    """Return the texts that a sample run drew for some prompts."""
    texts = []
    for prompt_id in prompt_ids:
        batches = admin("GET", f"prompts/{prompt_id}")["batches"]
        texts += [r["text"] for batch in batches if batch["id"] == batch_id for r in batch["responses"]]
    return texts


def make_project(admin: Api, labelers: Sequence[tuple[int, Api]], *, name: str, kind: str) -> int:
    """Make a project with all scripted labelers in it."""
    body = {
        "name": name,
        "kind": kind,
        "responses_per_task": RESPONSES_PER_TASK,
        "instructions": "Short, polite and complete is best.",
        "member_ids": [labeler_id for labeler_id, _ in labelers],
    }
    return int(admin("POST", "projects", body)["id"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=96, help="how many prompts, at most 96 (default: all)")
    options = parser.parse_args()
    seconds = Seconds()
    with seconds.measure("setup"):
        server = instance()
        url = server.__enter__()
    try:
        result = close_the_loop(url, seconds, prompt_count=options.prompts)
    finally:
        server.__exit__(None, None, None)
    print(json.dumps({"seconds": seconds.row()} | result))
    check(result)


def check(result: dict[str, Any]) -> None:
    """Raise LoopError unless PPO did what it is for, beside the committed reference."""
    if result["known_ppo"] - result["known_sft"] < MARGIN * result["known_difference_standard_error"]:
        raise LoopError("PPO did not raise the known preference beyond its standard error")
    if result["known_ppo"] <= result["reference"]["known_best_of_4"]:
        raise LoopError("PPO's known score is not above that of the best of 4 supervised samples in toy_curve.json")
    if result["kl_nats"] > result["reference"]["kl_budget_nats"]:
        raise LoopError("the PPO policy lies beyond the budget of KL in toy_curve.json on held-out prompts")


def close_the_loop(url: str, seconds: Seconds, *, prompt_count: int) -> dict[str, Any]:
    """Go round once and return what came of it."""
    with seconds.measure("setup"):
        admin = log_in_admin(url)
        labelers = sign_up_labelers(admin, url)
        prompts = import_prompts(admin, toy.make_prompts(prompt_count))
        base = tiny_base(admin)

    with seconds.measure("label"):
        writing = make_project(admin, labelers, name="Loop: demonstrations", kind="demonstration")
        admin("PATCH", f"projects/{writing}", {"overlap": 2})
        admin("POST", f"projects/{writing}/tasks", {"prompt_ids": list(prompts)})
        label(labelers, writing, answer=demonstrate)
    with seconds.measure("freeze"):
        query = {"project_ids": [writing]}
        demonstrations = freeze(admin, name="Loop: demonstrations", kind="demonstrations", query=query)
        prompt_set = freeze(admin, name="Loop: prompts", kind="prompts", query=query)
    prompts_input = {"dataset_version_id": prompt_set["id"]}
    demonstrations_input = {"dataset_version_id": demonstrations["id"]}
    with seconds.measure("sft"):
        sft = run(admin, "sft", toy.sft_config(), model={"checkpoint_id": base}, demonstrations=demonstrations_input)
    sft_input = {"checkpoint_id": sft["checkpoint"]["id"]}
    ranking = make_project(admin, labelers, name="Loop: comparisons", kind="comparison")
    with seconds.measure("sample"):
        sampling = toy.sample_config(responses_per_prompt=RESPONSES_PER_TASK, seed=1)
        run(admin, "sample", sampling, target=ranking, model=sft_input, prompts=prompts_input)
    with seconds.measure("label"):
        comparisons = label(labelers, ranking, answer=rank)
    with seconds.measure("freeze"):
        query = {"project_ids": [ranking]}
        rankings = freeze(admin, name="Loop: comparisons", kind="comparisons", query=query)
    with seconds.measure("reward_model"):
        reward_model = run(
            admin,
            "reward_model",
            toy.reward_model_config(),
            model=sft_input,
            comparisons={"dataset_version_id": rankings["id"]},
            demonstrations=demonstrations_input,
        )
    with seconds.measure("ppo"):
        ppo = run(
            admin,
            "ppo",
            toy.ppo_config(),
            model=sft_input,
            reward_model={"checkpoint_id": reward_model["checkpoint"]["id"]},
            prompts=prompts_input,
        )
    held_out = [prompt_id for prompt_id, prompt in prompts.items() if prompt.split != "train"]
    known = {}
    with seconds.measure("sample"):
        for name, policy in (("sft", sft), ("ppo", ppo)):
            config = toy.sample_config(responses_per_prompt=EVALUATION_RESPONSES, seed=2)
            model = {"checkpoint_id": policy["checkpoint"]["id"]}
            drawn = run(admin, "sample", config, model=model, prompts=prompts_input)
            texts = samples_of(admin, drawn["sample_batch"]["id"], held_out)
            known[name] = [toy.known_score(text) for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        before, after = (download_model(admin, one["id"], Path(folder) / str(one["id"])) for one in (sft, ppo))
        kl_nats = drift(before, after, [prompts[prompt_id] for prompt_id in held_out])
    curve = admin("GET", f"runs/{ppo['id']}/metrics?after=0")["rows"]
    return {
        "prompts": len(prompts),
        "held_out_prompts": len(held_out),
        "comparisons": comparisons,
        "pairs": rankings["pair_count"],
        "rm_accuracy": round(reward_model["summary"]["validation_accuracy"], 4),
        "rm_accuracy_known": round(accuracy_by_known_preference(admin, reward_model["id"], rankings["id"]), 4),
        "reward_sft": round(curve[0]["reward_mean"], 4),
        "reward_ppo": round(curve[-1]["reward_mean"], 4),
        "known_sft": round(fmean(known["sft"]), 4),
        "known_ppo": round(fmean(known["ppo"]), 4),
        "reference": reference(),
        "known_difference_standard_error": round(standard_error(known["sft"], known["ppo"]), 4),
        "kl_nats": round(kl_nats, 4),
    }


def download_model(admin: Api, run_id: int, folder: Path) -> Path:
    """The files that a run has published, and where among them the model lies."""
    for file in admin("GET", f"runs/{run_id}/files"):
        answer = admin.client.get(f"/api/v1/runs/{run_id}/files/{file['name']}")
        if answer.is_error:
            raise LoopError(f"{file['name']}: {answer.status_code} {answer.text[:500]}")
        (folder / file["name"]).parent.mkdir(parents=True, exist_ok=True)
        (folder / file["name"]).write_bytes(answer.content)
    return folder / "model"


def drift(start: Path, policy: Path, prompts: Sequence[Prompt]) -> float:
    """KL in nats a response from the policy to where it started, on responses that the policy gives to the prompts."""
    from benchmarks.toy_task import mean_kl  # its torch is not wanted by those who only start an instance

    return mean_kl(start, policy, prompts, count=EVALUATION_RESPONSES)


def accuracy_by_known_preference(admin: Api, run_id: int, version_id: int) -> float:
    """Of the held-out pairs that the known preference orders, how many the reward model orders the same way."""
    texts = {
        response["response_id"]: response["text"]
        for row in admin.lines(f"dataset-versions/{version_id}/files/valid.jsonl")
        for response in row["responses"]
    }
    rankings: dict[str, list[tuple[float, float]]] = {}
    for row in admin.lines(f"runs/{run_id}/files/validation_rewards.jsonl"):
        known = toy.known_score(texts[row["response_id"]])
        rankings.setdefault(row["ranking_id"], []).append((row["reward"], known))
    return fmean(
        (first[0] - second[0]) * (first[1] - second[1]) > 0
        for responses in rankings.values()
        for first, second in combinations(responses, 2)
        if abs(first[1] - second[1]) > toy.TIE_WITHIN
    )


def reference() -> dict[str, float]:
    """What the loop is held against: the committed run of the same task (`python -m benchmarks.toy_task --out …`)."""
    found = json.loads(REFERENCE.read_text())
    gold = {point["n"]: point["gold"] for point in found["best_of_n"]}
    return {
        "known_best_of_4": gold[4],
        "known_ppo": found["ppo_held_out"]["gold"],
        "kl_budget_nats": found["kl_budget_nats"],
    }


def standard_error(first: Sequence[float], second: Sequence[float]) -> float:
    """Of the difference of two means."""
    return float((stdev(first) ** 2 / len(first) + stdev(second) ** 2 / len(second)) ** 0.5)


if __name__ == "__main__":
    try:
        main()
    except LoopError as error:
        sys.exit(f"loop: {error}")

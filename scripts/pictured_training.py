"""What the pictures of training need: runs that follow one another, and programs that are told when they end."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from benchmarks.loop import Api, freeze, tiny_base, wait_for
from formats.configs.ppo import PpoConfig
from formats.presets import preset

COMPARISONS, PROMPTS = "Demo comparisons", "Demo prompts"
# Enough iterations for a curve; the preset's go on for minutes.
PPO_EPISODES = 320
# On a machine that does much else.
LONGEST_SECONDS = 900.0
WEBHOOK = "Experiment tracker"
EVENTS = ["dataset.frozen", "run.ended"]


class Receiver(BaseHTTPRequestHandler):
    """Takes messages, but not the first: that one is sent again."""

    taken = 0

    def do_POST(self) -> None:
        """Answer 503 once, then 200."""
        self.rfile.read(int(self.headers["Content-Length"]))
        answer = b'{"queued": true}' if Receiver.taken else b'{"detail": "Starting, come back in a moment."}'
        self.send_response(200 if Receiver.taken else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        Receiver.taken += 1

    def log_message(self, format: str, *arguments: Any) -> None:
        """Print nothing."""


@contextmanager
def receiver() -> Iterator[str]:
    """Run a program that takes webhooks' messages; give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}/hooks/labelapp"
        server.shutdown()


def add_webhooks(admin: Api, address: str) -> int:
    """Return the id of a webhook that is listened to, beside one whose name nobody knows."""
    hooks = {row["name"]: int(row["id"]) for row in admin.rows("webhooks")}
    if WEBHOOK not in hooks:
        elsewhere = {"name": "CI", "url": "https://ci.labelapp.invalid/hooks", "events": ["run.ended"]}
        admin("POST", "webhooks", elsewhere)
        hook = admin("POST", "webhooks", {"name": WEBHOOK, "url": address, "events": EVENTS})
        hooks[WEBHOOK] = int(hook["id"])
        admin("POST", f"webhooks/{hook['id']}/test")
    return hooks[WEBHOOK]


def add_endpoint(admin: Api) -> None:
    """Register a server to sample from."""
    if not admin.rows("endpoints"):
        server = {"name": "vLLM on gpu-1", "base_url": "https://gpu-1.labelapp.invalid/v1", "model": "support-7b-sft"}
        admin("POST", "endpoints", server | {"timeout_seconds": 120, "max_concurrency": 16})


def train(admin: Api, version_id: int) -> dict[str, dict[str, Any]]:
    """Return a run of each trainer on the tiny model, by its kind: each starts from the one before."""
    done = {row["kind"]: row for row in reversed(admin.rows("runs")) if row["state"] == "succeeded"}
    if "ppo" in done:
        return done
    demonstrations = {"dataset_version_id": version_id}
    done["sft"] = run(admin, "sft", model=tiny_base(admin), demonstrations=demonstrations)
    policy = done["sft"]["checkpoint"]["id"]
    comparisons, prompts = (
        {"dataset_version_id": int(freeze(admin, name=name, kind=kind, query={})["id"])}
        for name, kind in ((COMPARISONS, "comparisons"), (PROMPTS, "prompts"))
    )
    done["reward_model"] = run(
        admin, "reward_model", model=policy, comparisons=comparisons, demonstrations=demonstrations
    )
    reward_model = {"checkpoint_id": done["reward_model"]["checkpoint"]["id"]}
    done["ppo"] = run(admin, "ppo", model=policy, reward_model=reward_model, prompts=prompts)
    return done


def run(admin: Api, kind: str, *, model: int, **inputs: dict[str, int]) -> dict[str, Any]:
    """Launch a run with the tiny preset and wait until it has succeeded."""
    config = preset(kind, "tiny")
    if isinstance(config, PpoConfig):
        config = replace(config, episodes=PPO_EPISODES)
    names = {"sft": "SFT on the demo", "reward_model": "Reward model on the demo", "ppo": "PPO on the demo"}
    inputs |= {"model": {"checkpoint_id": model}}
    body = {"kind": kind, "name": names[kind], "config": config.to_json(), "inputs": inputs}
    path = f"runs/{admin('POST', 'runs', body)['id']}"
    return wait_for(admin, path, done="succeeded", what=names[kind], seconds=LONGEST_SECONDS)

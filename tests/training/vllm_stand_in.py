"""A server that speaks the routes of vLLM that rollouts use, and really samples: with the weights last reloaded.

It draws with the project's own sampler, so that a run must come out as one that samples by itself; with weights of
before it does not.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from inference.models import LoadedModel, end_ids, load_causal_lm
from inference.sampling import SamplingSettings, sample_batch

Reply = tuple[int, Any]


class VllmStandIn(ThreadingHTTPServer):
    """`model` is what it was started with. With `ignores_reload` it says yes and keeps its weights."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, model: Path, *, max_model_len: int = 1024, ignores_reload: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.max_model_len, self.ignores_reload = max_model_len, ignores_reload
        self.loaded: LoadedModel = load_causal_lm(model, device="cpu", precision="float32")
        self.calls: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.reloads = 0
        self.salts: dict[str, int] = {}  # the reload that each was first used after
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str, body: dict[str, Any]) -> Reply:
        with self.lock:
            self.calls.append(path)
            self.bodies.append(body)
            routes = {
                "/v1/models": self.models,
                "/tokenize": self.tokenize,
                "/collective_rpc": self.collective_rpc,
                "/v1/completions": self.complete,
            }
            return routes[path](body) if path in routes else (404, {"detail": "Not Found"})

    def models(self, _body: dict[str, Any]) -> Reply:
        return 200, {"object": "list", "data": [{"id": "policy", "max_model_len": self.max_model_len}]}

    def tokenize(self, body: dict[str, Any]) -> Reply:
        ids = self.loaded.tokenizer.encode(body["prompt"], add_special_tokens=body["add_special_tokens"])
        return 200, {"tokens": ids, "count": len(ids), "max_model_len": self.max_model_len}

    def collective_rpc(self, body: dict[str, Any]) -> Reply:
        assert body["method"] == "reload_weights"
        path = Path(body["kwargs"]["weights_path"])
        assert path.is_absolute()
        if not list(path.glob("*.safetensors")):
            return 500, {"error": f"Cannot find any model weights with `{path}`"}
        self.reloads += 1
        if not self.ignores_reload:
            self.loaded = load_causal_lm(path, device="cpu", precision="float32")
        return 200, {"results": [None]}

    def complete(self, body: dict[str, Any]) -> Reply:
        assert body["return_token_ids"]
        assert (body["top_p"], body["top_k"], body["min_p"], body["repetition_penalty"]) == (1.0, -1, 0.0, 1.0)
        tokenizer, asked = self.loaded.tokenizer, len(body["prompt"]) + body["max_tokens"]
        if asked > self.max_model_len:
            return 400, {"error": {"message": f"maximum context length is {self.max_model_len}, not {asked}"}}
        # vLLM reads the end token of generation_config.json only where it is told to.
        assert set(body["stop_token_ids"]) == set(end_ids(self.loaded.model, tokenizer))
        if self.salts.setdefault(body["cache_salt"], self.reloads) != self.reloads:
            return 500, {"error": {"message": "keys and values of other weights would be taken from the cache"}}
        settings = SamplingSettings(body["max_tokens"], temperature=body["temperature"], stop=tuple(body["stop"]))
        drawn = sample_batch(
            self.loaded.model, tokenizer, [body["prompt"]], seeds=[[body["seed"]]], settings=settings
        ).samples[0][0]
        choice = {"index": 0, "text": drawn.text, "token_ids": drawn.token_ids, "finish_reason": drawn.finish_reason}
        return 200, {"object": "text_completion", "model": body["model"], "choices": [choice]}


class _Handler(BaseHTTPRequestHandler):
    server: VllmStandIn

    def do_GET(self) -> None:
        self._reply({})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self._reply(json.loads(self.rfile.read(length)) if length else {})

    def _reply(self, body: dict[str, Any]) -> None:
        status, found = self.server.answer(self.path, body)
        content = b"" if found is None else json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: Any) -> None:
        pass


@contextmanager
def vllm_stand_in(model: Path, **options: Any) -> Iterator[VllmStandIn]:
    """It serves until the block ends."""
    server = VllmStandIn(model, **options)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

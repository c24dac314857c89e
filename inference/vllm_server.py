"""A client of vLLM's own HTTP server, for rollouts: reload the policy's weights from a directory; tokens in and out.

The server runs in an environment, and if need be on a machine, of its own, with the same disk:

    VLLM_SERVER_DEV_MODE=1 vllm serve MODEL_DIR --generation-config vllm --dtype bfloat16

Reloading is `POST /collective_rpc` with vLLM's `reload_weights` and a path. Keys and values in the prefix cache are of
the weights before then: responses of other weights are asked for with another `cache_salt`, which vLLM hashes into the
key of what it caches. (Its route that empties the cache refuses while requests run, and some releases say yes to that.)

What a model's generation_config.json would change of the distribution (top-k, a repetition penalty) is switched off in
each request: PPO learns from the softmax alone.
"""

import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from transformers import PreTrainedTokenizerBase

from inference.errors import InferenceError
from inference.sampling import SamplingSettings

FIELD = "config.rollout_server"
# Letters, digits, marks, scripts and white space: two tokenizers that agree on it are taken for one.
PROBE = 'The quick brown fox, 0123456789!\n\tÀ l\'été — 東京 🙂 {"a": [1.5e-3]}'
_SECONDS = 600.0


class RolloutServerError(InferenceError):
    """The server of the setting `rollout_server` cannot write the rollouts; the text says what would be right."""

    code = "rollout_server"

    def __init__(self, message: str) -> None:
        super().__init__(message, field=FIELD)


class VllmServer:
    """One server and the one model that it serves, for at most `connections` threads at a time."""

    def __init__(self, url: str, *, connections: int) -> None:
        self.url = url.rstrip("/")
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        # Of connecting alone: nothing is asked twice.
        transport = httpx.HTTPTransport(retries=3, limits=limits, trust_env=False)
        self._client = httpx.Client(transport=transport, trust_env=False)
        self._model = ""

    def check(self, tokenizer: PreTrainedTokenizerBase, *, longest: int) -> None:
        """See that it is there, reads and writes the policy's tokens, and takes rows of `longest` tokens.

        Raises RolloutServerError.
        """
        _refuse_link_local(self.url)
        models = self._ask("GET", "/v1/models").get("data") or []
        if not models:
            raise RolloutServerError(f"{self.url} serves no model; start vLLM with the run's initial policy")
        self._model = str(models[0].get("id"))
        room = models[0].get("max_model_len")
        if isinstance(room, int) and room < longest:
            raise RolloutServerError(
                f"{self.url} takes {room} tokens, and the longest prompt and response have {longest}: start vLLM with "
                f"--max-model-len {longest} or lower config.max_prompt_tokens"
            )
        body = {"model": self._model, "prompt": PROBE, "add_special_tokens": False}
        theirs = self._ask("POST", "/tokenize", body).get("tokens")
        if theirs != tokenizer.encode(PROBE, add_special_tokens=False):
            raise RolloutServerError(
                f"{self.url} serves {self._model}, whose tokenizer has another vocabulary than the policy's: start "
                "vLLM with the run's initial policy"
            )

    def reload(self, directory: Path) -> None:
        """Take over the weights of a Hugging Face directory, which are to be used with a new salt."""
        body = {"method": "reload_weights", "kwargs": {"weights_path": str(directory.absolute())}}
        hint = (
            "start a vLLM whose reload_weights takes a path, with VLLM_SERVER_DEV_MODE=1 and the run's initial policy, "
            f"on a machine that sees {directory.parent} at the same path"
        )
        self._ask("POST", "/collective_rpc", body, hint=hint)

    def complete(
        self,
        prompt: Sequence[int],
        *,
        seed: int,
        limit: int,
        ends: Sequence[int],
        settings: SamplingSettings,
        salt: str,
    ) -> list[int]:
        """The token ids of one response, its end token or stop string included.

        What was computed for a prompt is taken from responses with the same salt alone.
        """
        body = {
            "model": self._model,
            "prompt": list(prompt),
            "max_tokens": limit,
            "seed": seed,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "top_k": -1,
            "min_p": 0.0,
            "repetition_penalty": 1.0,
            "presence_penalty": 0.0,
            "frequency_penalty": 0.0,
            "stop": list(settings.stop),
            "stop_token_ids": list(ends),
            "cache_salt": salt,
            "return_token_ids": True,
        }
        choices = self._ask("POST", "/v1/completions", body).get("choices") or [{}]
        ids = choices[0].get("token_ids")
        if not isinstance(ids, list) or not 0 < len(ids) <= limit or not all(isinstance(one, int) for one in ids):
            raise RolloutServerError(f"{self.url} returned no token ids (return_token_ids): use a newer vLLM")
        return ids

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None, *, hint: str = "") -> dict[str, Any]:
        """The reply's JSON object, {} where it has none."""
        try:
            reply = self._client.request(method, self.url + path, json=body, timeout=_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise RolloutServerError(
                f"{self.url}{path} cannot be reached ({type(error).__name__}: {error}): start vLLM there, or leave the "
                "setting empty to sample in torch"
            ) from error
        if reply.status_code != httpx.codes.OK:
            advice = hint or "it must be the address of a vLLM server, without /v1"
            raise RolloutServerError(f"{self.url}{path} answered {reply.status_code}{_said(reply)}: {advice}")
        try:
            found = reply.json() if reply.content else {}
        except ValueError as error:
            raise RolloutServerError(f"{self.url}{path} is no vLLM server: its reply is not JSON") from error
        return found if isinstance(found, dict) else {}


def _said(reply: httpx.Response) -> str:
    """vLLM's own message, in brackets. Any other text stays out of a run's error: the address may not be a vLLM's."""
    try:
        found = reply.json()
    except ValueError:
        return ""
    error = found.get("error") if isinstance(found, dict) else None
    message = error.get("message") if isinstance(error, dict) else error
    return f" ({' '.join(message.split())[:300]})" if isinstance(message, str) else ""


def _refuse_link_local(url: str) -> None:
    """Raise RolloutServerError where an address leads to this link alone, as a cloud's store of credentials does."""
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(urlsplit(url).hostname, None)}
    except (OSError, ValueError):
        return  # which the first request tells
    for one in found:
        address = ipaddress.ip_address(one.partition("%")[0])
        if (getattr(address, "ipv4_mapped", None) or address).is_link_local:
            raise RolloutServerError(f"{url} is a link-local address ({one}); name a vLLM server in your own network")

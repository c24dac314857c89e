"""A client of OpenAI-compatible servers (vLLM, SGLang, TGI, Ollama, hosted ones): one response a request.

One request for each response, not n=K in one: every response then has its own seed and its own token count, and
what came is kept when others fail. Servers that cache prefixes read the prompt once all the same. The API key is
given by the caller from the process's environment; it is in no config, no log and no error.
"""

import asyncio
import email.utils
import json
import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import httpx

from formats.plain_text import STOP, Message, plain_text
from inference.errors import InferenceError

Api = Literal["chat", "completions"]
FinishReason = Literal["stop", "length"]

API_KEY_VARIABLE = "LABELAPP_ENDPOINT_API_KEY"
MAX_REPLY_BYTES = 16 * 2**20
_MAX_BACKOFF_SECONDS = 30.0
_MAX_RETRY_AFTER_SECONDS = 300.0
_RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_REJECTED_STATUS = frozenset({400, 413, 422})
_FINISH_REASONS: dict[str | None, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "eos_token": "stop",  # Text Generation Inference
    "stop_sequence": "stop",
    None: "stop",
}

logger = logging.getLogger(__name__)


class EndpointError(InferenceError):
    """The endpoint gave no response."""

    code = "endpoint_error"


class EndpointMisconfigured(EndpointError):
    """Address, key or model name are wrong: no request will succeed before a person changes one of them."""

    code = "endpoint_misconfigured"


class EndpointRejected(EndpointError):
    """The endpoint refuses this one prompt, for example as too long."""

    code = "endpoint_rejected"


class EndpointUnavailable(EndpointError):
    """The endpoint is busy, broken or out of reach, and all retries are spent."""

    code = "endpoint_unavailable"


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Where to ask and how. A URL that ends in /completions asks for plain completions, else it is a chat."""

    url: str
    model: str
    max_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    timeout_seconds: float = 60.0
    retries: int = 4
    concurrency: int = 8
    first_backoff_seconds: float = 0.5


@dataclass(frozen=True, slots=True)
class Completion:
    """One response. Token counts are the server's own; 0 where it gives none."""

    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    response_tokens: int


class _Retry(Exception):
    """A failure that may pass. `after_seconds` is what the server asked for."""

    def __init__(self, message: str, after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.after_seconds = after_seconds


def request_url(url: str) -> tuple[str, Api]:
    """The address to post to and what it speaks. Raises EndpointMisconfigured."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise EndpointMisconfigured(f"the endpoint's URL is not one ({error})") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise EndpointMisconfigured("the endpoint's URL must start with http:// or https:// and name a host")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise EndpointMisconfigured(f"the endpoint's URL must hold no key: set {API_KEY_VARIABLE} instead")
    path = parsed.path.rstrip("/")
    if path.endswith("/chat/completions"):
        return str(parsed.copy_with(path=path)), "chat"
    if path.endswith("/completions"):
        return str(parsed.copy_with(path=path)), "completions"
    return str(parsed.copy_with(path=f"{path}/chat/completions")), "chat"


class EndpointClient:
    """Asks one endpoint, with at most `concurrency` requests open at a time. Use as an async context manager."""

    def __init__(self, settings: EndpointSettings, *, api_key: str = "") -> None:
        self._settings = settings
        self._url, self._api = request_url(settings.url)
        self._api_key = api_key
        self._slots = asyncio.Semaphore(settings.concurrency)
        headers = {"Authorization": f"Bearer {api_key}"} if api_key else {}
        # No redirects: the key and the prompts go where the admin said and nowhere else.
        self._client = httpx.AsyncClient(headers=headers, follow_redirects=False, timeout=settings.timeout_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def complete(self, messages: Sequence[Message], *, seed: int) -> Completion:
        """One response to the messages, after as many retries as it takes. Raises an EndpointError."""
        body = self._body(messages, seed)
        for attempt in range(self._settings.retries + 1):
            try:
                async with self._slots:
                    return await self._post(body)
            except _Retry as failure:
                if attempt == self._settings.retries:
                    tries = f"{attempt + 1} tries" if attempt else "1 try"
                    raise EndpointUnavailable(f"no response after {tries}: {failure}") from failure
                pause = self._pause(attempt, failure)
                logger.warning("endpoint: %s; trying again in %.1f s", failure, pause)
                await asyncio.sleep(pause)
        raise AssertionError("the loop returns or raises")

    def _body(self, messages: Sequence[Message], seed: int) -> dict[str, Any]:
        settings = self._settings
        shared = {
            "model": settings.model,
            "max_tokens": settings.max_tokens,
            "temperature": settings.temperature,
            "top_p": settings.top_p,
            "seed": seed,
            "n": 1,
        }
        if self._api == "completions":
            return {**shared, "prompt": plain_text(messages), "stop": list(STOP)}
        turns = [{"role": message["role"], "content": message["content"]} for message in messages]
        return {**shared, "messages": turns}

    def _pause(self, attempt: int, failure: _Retry) -> float:
        """What the server asks for, else exponential back-off with jitter so that clients do not return as one."""
        if failure.after_seconds is not None:
            return failure.after_seconds
        ceiling: float = min(_MAX_BACKOFF_SECONDS, self._settings.first_backoff_seconds * 2**attempt)
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 (jitter, not a secret)

    async def _post(self, body: dict[str, Any]) -> Completion:
        try:
            # httpx limits each read; a server that drips a byte a second would hold the slot for ever.
            async with asyncio.timeout(self._settings.timeout_seconds):
                async with self._client.stream("POST", self._url, json=body) as response:
                    data = await _read(response)
        except (TimeoutError, httpx.TimeoutException) as error:
            raise _Retry(f"no answer within {self._settings.timeout_seconds:g} s") from error
        except httpx.TransportError as error:
            raise _Retry(f"the connection failed ({self._redacted(str(error)) or type(error).__name__})") from error
        self._check_status(response, data)
        return self._parse(data)

    def _check_status(self, response: httpx.Response, data: bytes) -> None:
        status = response.status_code
        if status == httpx.codes.OK:
            return
        said = self._redacted(_error_text(data))
        if status in _RETRIED_STATUS:
            raise _Retry(f"HTTP {status} {said}".rstrip(), _retry_after(response.headers.get("retry-after")))
        if status in _REJECTED_STATUS:
            raise EndpointRejected(f"HTTP {status} {said}".rstrip())
        if response.is_redirect:
            raise EndpointMisconfigured(f"HTTP {status}: the endpoint redirects, which is refused; give its own URL")
        raise EndpointMisconfigured(f"HTTP {status} {said}".rstrip())

    def _parse(self, data: bytes) -> Completion:
        """The completion in a reply of the documented shape; anything else may be a server going down: try again."""
        try:
            reply = json.loads(data)
            choice = reply["choices"][0]
            text = choice["message"]["content"] if self._api == "chat" else choice["text"]
            reason = choice.get("finish_reason")
            usage = reply.get("usage") or {}
            counts = [int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens")]
        except IndexError as error:
            raise _Retry("a reply without choices") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _Retry("a reply that is cut off or has another shape than the API's") from error
        if reason not in _FINISH_REASONS:
            raise EndpointRejected(f"the endpoint withheld the response (finish_reason {reason!r})")
        if not isinstance(text, str):
            raise _Retry("a reply without text")
        return Completion(text, _FINISH_REASONS[reason], *(max(0, count) for count in counts))

    def _redacted(self, text: str) -> str:
        return text.replace(self._api_key, "[key]") if self._api_key else text


async def _read(response: httpx.Response) -> bytes:
    data = bytearray()
    async for chunk in response.aiter_bytes():
        data += chunk
        if len(data) > MAX_REPLY_BYTES:
            raise EndpointRejected(f"the reply is over {MAX_REPLY_BYTES} bytes")
    return bytes(data)


def _error_text(data: bytes) -> str:
    """What an error reply says, in one short line, whatever its shape."""
    text = data.decode(errors="replace")
    try:
        error = json.loads(text).get("error")
        text = str(error.get("message") if isinstance(error, dict) else error or text)
    except (ValueError, AttributeError):
        pass  # Not JSON, as a proxy's error page: its text is the message.
    return " ".join(text.split())[:200]


def _retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date; None where it holds neither."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        date = email.utils.parsedate_tz(value)
        if date is None:
            return None
        seconds = email.utils.mktime_tz(date) - time.time()
    if not seconds <= _MAX_RETRY_AFTER_SECONDS:
        raise EndpointUnavailable(f"the endpoint asks to wait {seconds:.0f} s, longer than is worth waiting")
    return max(0.0, seconds)

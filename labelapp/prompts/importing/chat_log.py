"""Requests to an OpenAI-compatible chat API, as proxies and servers log them, as prompts with responses.

A line is the request's body (`{"model", "messages", "user", …}`), or has it under `request` or `body`; the answer may
stand under `response`, as the API gave it or under `body` once more (as batch files have it). What else a line has is
the log's own and is left out.
"""

from typing import Any

from formats.errors import FormatError
from labelapp.prompts.content import check_text
from labelapp.prompts.models import PromptKind

ROLES = {"developer": "system"}


def from_log_entry(entry: Any) -> tuple[dict[str, Any], str]:
    """Return the entry as PromptContent reads it, and the model it was sent to. Raises FormatError."""
    if not isinstance(entry, dict):
        raise FormatError("", "must be an object: a request to a chat API")
    where = next((name for name in ("request", "body") if isinstance(entry.get(name), dict)), "")
    request = entry[where] if where else entry
    prefix = f"{where}." if where else ""
    if not isinstance(request.get("messages"), list):
        raise FormatError(f"{prefix}messages", "must be the list of messages that was sent")
    model, user = request.get("model", ""), request.get("user") or ""
    for name, text in (("model", model), ("user", user)):
        if not isinstance(text, str):
            raise FormatError(f"{prefix}{name}", "must be a text")
        check_text(text, f"{prefix}{name}")
    messages, responses = from_chat(request["messages"], f"{prefix}messages")
    fields = {"messages": messages, "kind": PromptKind.CUSTOMER.value, "submitter": user}
    return {**fields, "responses": [*responses, *_answers(entry.get("response"))]}, model[:160]


def from_chat(messages: list[Any], field: str) -> tuple[list[dict[str, str]], list[str]]:
    """Return the messages up to the user's last one, and what the assistant said to it. Raises FormatError."""
    turns = [_turn(message, f"{field}[{index}]") for index, message in enumerate(messages)]
    last = max((index for index, turn in enumerate(turns) if turn["role"] == "user"), default=-1)
    if last < 0:
        raise FormatError(field, "must hold a message of the user's")
    after = turns[last + 1 :]
    if any(turn["role"] != "assistant" for turn in after):
        raise FormatError(field, "must end with the user's message, or with the assistant's answer to it")
    return turns[: last + 1], [turn["content"] for turn in after if turn["content"]][:1]


def _turn(message: Any, field: str) -> dict[str, str]:
    if not isinstance(message, dict):
        raise FormatError(field, "must be an object with role and content")
    role = message.get("role")
    return {"role": ROLES.get(str(role), str(role)), "content": _text(message.get("content"), f"{field}.content")}


def _text(content: Any, field: str) -> str:
    """The text of a message, whose content may also be a list of parts."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise FormatError(field, "must be a text, or a list of parts that are texts; calls of tools are no prompts")
    parts = [part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in content]
    if not all(isinstance(part, str) for part in parts):
        raise FormatError(field, "must have text alone: pictures, sound and files are not kept")
    return "\n\n".join(str(part) for part in parts)


def _answers(response: Any) -> list[str]:
    """What a chat completion says; nothing where the log has none, or an error in its place."""
    if isinstance(response, dict) and isinstance(response.get("body"), dict):
        response = response["body"]
    choices = response.get("choices") if isinstance(response, dict) else None
    if not isinstance(choices, list):
        return []
    said = [choice.get("message", {}) for choice in choices if isinstance(choice, dict)]
    texts = [message.get("content") for message in said if isinstance(message, dict)]
    return [text for text in texts if isinstance(text, str) and text]

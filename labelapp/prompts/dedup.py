"""When two prompts are the same one: equal roles and equal words, whatever the spaces and the Unicode composition."""

import hashlib
import unicodedata
from collections.abc import Iterable

from formats.jsonl import dump_json
from formats.messages import Message


def dedup_key(messages: Iterable[Message]) -> str:
    """Return the sha256 that equal prompts share, in hexadecimal."""
    return hashlib.sha256(dump_json([[message.role, _normalise(message.content)] for message in messages])).hexdigest()


def _normalise(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())

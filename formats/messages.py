"""One turn of a conversation."""

from dataclasses import dataclass
from typing import Literal

from formats.codec import Format, join
from formats.errors import FormatError

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message(Format):
    """Who says what. The content is never empty."""

    role: Role
    content: str

    def check_rules(self, field: str) -> None:
        if not self.content:
            raise FormatError(join(field, "content"), "must not be empty")


def check_prompt_messages(messages: tuple[Message, ...], field: str) -> None:
    """Raise FormatError unless `messages` is a prompt: a model can only answer what a user said last."""
    if not messages:
        raise FormatError(field, "must hold at least one message")
    if messages[-1].role != "user":
        last = f"{field}[{len(messages) - 1}].role"
        raise FormatError(last, "must be user: the last message is what is answered")
    for index, message in enumerate(messages):
        if message.role == "system" and index:
            raise FormatError(f"{field}[{index}].role", "must be user or assistant: system stands first")

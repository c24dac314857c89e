"""A conversation as plain text, for models that come without a chat template."""

from collections.abc import Mapping, Sequence

Message = Mapping[str, str]
STOP = ("\n\nUser:",)
_NAMES = {"system": "System", "user": "User", "assistant": "Assistant"}


def plain_text(messages: Sequence[Message]) -> str:
    """One user message stands as it is; a conversation gets a name before each turn and ends with the assistant's."""
    if len(messages) == 1 and messages[0]["role"] == "user":
        return f"{messages[0]['content']}\n\n"
    turns = "".join(f"{_NAMES[message['role']]}: {message['content']}\n\n" for message in messages)
    return f"{turns}Assistant:"

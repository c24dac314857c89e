"""From messages to token ids and back: the one place where a prompt and a response are spelled.

Sampling, the reward model and all training use these functions, so a response is scored and trained on
behind exactly the tokens that it was sampled behind. A sequence is always

    encode_prompt(messages) + response ids + [end id]

and never the tokenization of one long text, which may merge tokens over the border.
"""

import re
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from formats.plain_text import STOP, Message, plain_text
from inference.errors import PromptError, PromptTooLong

ROLES = ("system", "user", "assistant")

# Private-use characters around a number stand for a special token's text that a person typed.
_TYPED_SPECIAL = "\ue0f0{}\ue0f1"
_TYPED_SPECIAL_PATTERN = re.compile("\ue0f0([0-9]+)\ue0f1")


def encode_prompt(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], *, max_tokens: int | None = None
) -> list[int]:
    """The ids of the messages and of the assistant's opening.

    A prompt of more than `max_tokens` raises PromptTooLong and is never cut: half a prompt asks something else.
    The paper filters such prompts too.
    """
    _check(messages)
    ids = _render_ids(tokenizer, messages)
    if max_tokens is not None and len(ids) > max_tokens:
        raise PromptTooLong(f"the prompt has {len(ids)} tokens and at most {max_tokens} fit")
    return ids


def encode_response(
    tokenizer: PreTrainedTokenizerBase, text: str, *, ended: bool = True, max_tokens: int | None = None
) -> list[int]:
    """The ids of a response, with the end token unless the model was cut off before it (`ended=False`).

    A response of more than `max_tokens`, end token included, is cut at the end and then carries none. Text that
    looks like a special token is spelled as text: a labeler who writes it does not end the turn.
    """
    ids = _plain_ids(tokenizer, text)
    whole = [*ids, end_id(tokenizer)] if ended else ids
    return whole if max_tokens is None else whole[:max_tokens]


def decode_response(tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> str:
    """The text of response ids, without special tokens and with every space as it was sampled."""
    text = tokenizer.decode(list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert isinstance(text, str)
    return text


def end_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """The id that ends a response."""
    if tokenizer.eos_token_id is None:
        raise PromptError("the tokenizer has no end-of-sequence token, so a response could never end")
    return int(tokenizer.eos_token_id)


def pad_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """An id to fill rows up with. It may equal the end id: lengths, never ids, say where a row ends."""
    return int(tokenizer.pad_token_id) if tokenizer.pad_token_id is not None else end_id(tokenizer)


def default_stop(tokenizer: PreTrainedTokenizerBase) -> tuple[str, ...]:
    """Where to stop a model that no template taught to end its turn: before it speaks for the user."""
    return () if tokenizer.chat_template else STOP


def cut_at_stop(text: str, stop: Sequence[str]) -> str | None:
    """The text before the earliest stop string, or None where there is none."""
    positions = [position for position in (text.find(string) for string in stop) if position >= 0]
    return text[: min(positions)] if positions else None


def _check(messages: Sequence[Message]) -> None:
    if not messages:
        raise PromptError("messages: a prompt needs at least one message")
    for number, message in enumerate(messages):
        if message.get("role") not in ROLES:
            raise PromptError(f"messages[{number}].role: {message.get('role')!r} is none of {', '.join(ROLES)}")
        if not isinstance(message.get("content"), str):
            raise PromptError(f"messages[{number}].content: must be text")


def _render_ids(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> list[int]:
    """The chat template's tokens, with special tokens only where the template put them.

    Special-token text inside a message would otherwise be read as the token itself, so a prompt could close its
    own turn and speak as the assistant. Only such text is taken out before rendering and spelled on its own:
    every other prompt is tokenized exactly as the model's authors do it.
    """
    specials = sorted(_special_texts(tokenizer), key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, specials)) if specials else r"(?!)")
    if not any(pattern.search(message["content"]) for message in messages):
        return _text_ids(tokenizer, _render_text(tokenizer, messages))
    typed: list[str] = []

    def take_out(match: re.Match[str]) -> str:
        typed.append(match.group())
        return _TYPED_SPECIAL.format(len(typed) - 1)

    # A stand-in that a person typed is spelled apart as well, or it would be read as one of ours.
    either = re.compile(f"{pattern.pattern}|{_TYPED_SPECIAL_PATTERN.pattern}")
    hidden = [{"role": m["role"], "content": either.sub(take_out, m["content"])} for m in messages]
    pieces = _TYPED_SPECIAL_PATTERN.split(_render_text(tokenizer, hidden))
    ids: list[int] = []
    for number, piece in enumerate(pieces):
        is_stand_in = number % 2 == 1
        ids += _plain_ids(tokenizer, typed[int(piece)]) if is_stand_in else _text_ids(tokenizer, piece)
    return ids


def _render_text(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> str:
    """The chat template's text, or plain text for a tokenizer without one."""
    if not tokenizer.chat_template:
        return _fallback_text(tokenizer, messages)
    try:
        text = tokenizer.apply_chat_template(
            [dict(message) for message in messages], tokenize=False, add_generation_prompt=True
        )
    except Exception as error:  # A template is a program of the model's author: it may raise anything.
        raise PromptError(f"the model's chat template refuses these messages: {error}") from error
    assert isinstance(text, str)
    return text


def _fallback_text(tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message]) -> str:
    bos = tokenizer.bos_token if _adds_bos(tokenizer) else ""
    return f"{bos}{plain_text(messages)}"


def _adds_bos(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the model was trained to see a beginning-of-sequence token: its tokenizer adds one."""
    return tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][:1] == [tokenizer.bos_token_id]


def _text_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []


def _plain_ids(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    if not text:
        return []
    return list(tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def _special_texts(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    added = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}
    return {text for text in {*tokenizer.all_special_tokens, *added} if text}

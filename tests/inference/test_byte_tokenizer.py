"""The tokenizer that is made offline."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from inference.byte_tokenizer import SPECIAL_TOKENS, VOCABULARY_SIZE, build_byte_tokenizer

TOKENIZER = build_byte_tokenizer(context_length=64)


@given(st.text())
def test_text_round_trips_and_ids_are_its_bytes(text: str) -> None:
    ids = TOKENIZER(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert ids == list(text.encode())
    assert TOKENIZER.decode(ids, clean_up_tokenization_spaces=False) == text


def test_auto_tokenizer_loads_an_equal_one(tmp_path: Path) -> None:
    TOKENIZER.save_pretrained(tmp_path)
    loaded = AutoTokenizer.from_pretrained(tmp_path)
    text = " 's  ☃\r\n\x00 <|eos|> é"
    assert loaded(text)["input_ids"] == TOKENIZER(text)["input_ids"]
    assert loaded.chat_template == TOKENIZER.chat_template
    assert (loaded.padding_side, loaded.model_max_length, len(loaded)) == ("left", 64, VOCABULARY_SIZE)


def test_special_tokens_are_distinct_and_after_the_bytes() -> None:
    assert [TOKENIZER.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS] == list(range(256, VOCABULARY_SIZE))
    assert len({TOKENIZER.pad_token_id, TOKENIZER.bos_token_id, TOKENIZER.eos_token_id}) == 3


def test_chat_template_ends_only_the_assistants_turns() -> None:
    messages = [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "A"},
        {"role": "assistant", "content": "B"},
        {"role": "user", "content": "C"},
    ]
    text = TOKENIZER.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == "<|bos|><|system|>S<|user|>A<|assistant|>B<|eos|><|user|>C<|assistant|>"


def test_chat_template_refuses_an_unknown_role() -> None:
    with pytest.raises(Exception, match="Unknown role: tool"):
        TOKENIZER.apply_chat_template([{"role": "tool", "content": ""}], tokenize=False)

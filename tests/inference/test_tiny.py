"""The built-in model: whole or absent, the same for the same seed, with words and ends in what it says."""

import json
from pathlib import Path

import pytest

from inference.byte_tokenizer import build_byte_tokenizer
from inference.errors import InferenceError
from inference.models import load_causal_lm
from inference.prompts import encode_prompt
from inference.sampling import SamplingSettings, sample_batch
from inference.tiny import TinyConfig, build, choose_documents, main, read_documents
from tests.inference.conftest import user

SHORT = TinyConfig(steps=3)


def write_corpus(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_same_seed_and_steps_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        build(tmp_path / name, config=SHORT)
    build(tmp_path / "c", config=TinyConfig(steps=3, seed=1))
    first, second, other = ((tmp_path / name / "model.safetensors").read_bytes() for name in "abc")
    assert first == second != other


def test_sixty_steps_teach_words_and_ends(tiny_directory: Path) -> None:
    """A model that had learnt nothing would spell mostly bytes that are no text, and end one time in 262."""
    tiny = load_causal_lm(tiny_directory, device="cpu")
    prompt = encode_prompt(tiny.tokenizer, user("Name a fruit."))
    settings = SamplingSettings(max_new_tokens=200)
    samples = sample_batch(tiny.model, tiny.tokenizer, [prompt], seeds=[list(range(20))], settings=settings).samples[0]
    text = "".join(one.text for one in samples)
    assert sum(character.isalpha() or character in " .,\n" for character in text) > 0.9 * len(text)
    assert sum(one.finish_reason == "stop" for one in samples) >= 5


def test_the_corpus_is_every_response_and_demonstration_behind_its_prompt(tmp_path: Path) -> None:
    row = {"messages": user("hi"), "responses": [{"text": "a", "quality": 1}, {"text": "b"}], "demonstration": "c"}
    path = write_corpus(tmp_path / "corpus.jsonl", row, {"messages": user("x"), "demonstration": None})
    tokenizer = build_byte_tokenizer(context_length=64)
    prompt = encode_prompt(tokenizer, user("hi"))
    assert read_documents(tokenizer, [path]) == [[*prompt, ord(letter), 258] for letter in "abc"]


def test_prose_and_short_documents_are_chosen_first() -> None:
    prose, long_prose, table = list(b"one two"), list(b"one two three"), list(b"|1|2|")
    assert choose_documents([table, long_prose, prose], max_tokens=20) == [long_prose, prose]
    assert choose_documents([table, long_prose, prose], max_tokens=1000) == [table, long_prose, prose]
    assert choose_documents([table], max_tokens=1) == [table]


@pytest.mark.parametrize(
    "line", ["[", "[1]", '{"responses": [{"text": "a"}]}', '{"messages": [], "demonstration": "a"}']
)
def test_a_bad_line_of_the_corpus_is_named_and_nothing_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    corpus = tmp_path / "bad.jsonl"
    corpus.write_text(f'{{"messages": [{{"role": "user", "content": "x"}}], "demonstration": "y"}}\n{line}\n')
    assert main([str(tmp_path / "model"), "--steps", "1", "--corpus", str(corpus)]) == 1
    assert "bad.jsonl:2" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["bad.jsonl"]


def test_a_directory_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(InferenceError, match="exists already"):
        build(tmp_path, config=SHORT)
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_the_command_builds_a_plain_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    corpus = write_corpus(tmp_path / "corpus.jsonl", {"messages": user("hi"), "demonstration": "hello"})
    assert main([str(tmp_path / "new" / "model"), "--steps", "2", "--seed", "3", "--corpus", str(corpus)]) == 0
    assert "nats per byte after 2 steps" in capsys.readouterr().out
    names = {path.name for path in (tmp_path / "new" / "model").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model"]

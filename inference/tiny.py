"""The built-in model: a tiny byte-level Llama, made from a seed and pretrained offline in seconds on one core.

    python -m inference.tiny OUT_DIR [--corpus FILE.jsonl ...] [--steps N] [--seed N]

It exists so that the whole loop runs on any machine, with no download. It learns to spell words and to end its
turn, not to be right. The corpus is `tiny_corpus.jsonl` and what --corpus adds: JSON lines of `messages`,
`responses` [{"text"}] and `demonstration`, good and bad alike, for a base model has everything left to be taught.
"""

import argparse
import dataclasses
import json
import logging
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from inference.byte_tokenizer import VOCABULARY_SIZE, build_byte_tokenizer
from inference.errors import InferenceError
from inference.models import quiet_libraries
from inference.prompts import encode_prompt, encode_response, end_id, pad_id

DEFAULT_CORPUS = Path(__file__).with_name("tiny_corpus.jsonl")
CONTEXT_LENGTH = 1024

# The bytes of plain English, and the special tokens around every turn.
_PROSE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ,.'!?:;-\n") | {*range(256, VOCABULARY_SIZE)}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TinyConfig:
    """Sizes and schedule, tuned for about 20 seconds on one core and for words, not noise."""

    hidden_size: int = 128
    layers: int = 2
    heads: int = 4
    seed: int = 0
    steps: int = 260
    rows: int = 4
    row_length: int = 256
    learning_rate: float = 0.02
    # So few steps learn a little text well or a lot of it badly: words come from seeing them again.
    corpus_tokens: int = 24_000


def read_documents(tokenizer: PreTrainedTokenizerBase, paths: Sequence[Path]) -> list[list[int]]:
    """One token sequence per response and demonstration of the corpus, spelled as sampling spells them."""
    documents = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                documents += _line_documents(tokenizer, line, where=f"{path}:{number}")
    if not documents:
        raise InferenceError("the corpus holds no response: " + ", ".join(map(str, paths)))
    return documents


def choose_documents(documents: Sequence[list[int]], *, max_tokens: int) -> list[list[int]]:
    """The shortest documents up to `max_tokens` in all, at least one, in their order; prose before the rest.

    Tables, formulas, code and other scripts each are a language of their own, too many for the tiny model.
    """

    def rank(index: int) -> tuple[bool, int]:
        document = documents[index]
        return sum(token in _PROSE for token in document) < 0.95 * len(document), len(document)

    chosen: list[int] = []
    total = 0
    for index in sorted(range(len(documents)), key=rank):
        total += len(documents[index])
        if chosen and total > max_tokens:
            break
        chosen.append(index)
    return [documents[index] for index in sorted(chosen)]


def _line_documents(tokenizer: PreTrainedTokenizerBase, line: str, *, where: str) -> list[list[int]]:
    try:
        row: dict[str, Any] = json.loads(line)
        texts = [response["text"] for response in row.get("responses", [])]
        texts += [row["demonstration"]] if row.get("demonstration") else []
        prompt = encode_prompt(tokenizer, row["messages"])
    except (InferenceError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InferenceError(f"{where}: not a corpus line ({error!r})") from error
    return [prompt + encode_response(tokenizer, text) for text in texts]


def build_tiny_model(config: TinyConfig, *, tokenizer: PreTrainedTokenizerBase) -> PreTrainedModel:
    """A Llama with weights drawn from the seed, its embedding tied to its output."""
    torch.manual_seed(config.seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=VOCABULARY_SIZE,
            hidden_size=config.hidden_size,
            intermediate_size=config.hidden_size * 8 // 3,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            max_position_embeddings=CONTEXT_LENGTH,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=end_id(tokenizer),
            pad_token_id=pad_id(tokenizer),
        )
    )


def _rows(documents: Sequence[list[int]], config: TinyConfig) -> Iterator[torch.Tensor]:
    """(rows, length) windows of the shuffled documents laid end to end, each epoch in a new order."""
    order = random.Random(config.seed)  # noqa: S311 (a shuffle that must repeat, not a secret)
    size = config.rows * config.row_length
    stream: list[int] = []
    for _ in range(config.steps):
        while len(stream) < size:
            shuffled = list(documents)
            order.shuffle(shuffled)
            stream += [token for document in shuffled for token in document]
        yield torch.tensor(stream[:size]).view(config.rows, config.row_length)
        stream = stream[size:]


def pretrain(model: PreTrainedModel, documents: Sequence[list[int]], *, config: TinyConfig) -> float:
    """Train in place, float32; the last mean loss in nats per byte.

    Muon on the matrices: at this size it needs about half of AdamW's steps for the same loss.
    """
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.Muon(matrices, lr=config.learning_rate, weight_decay=0.0),
        torch.optim.AdamW(others, lr=config.learning_rate / 4, betas=(0.9, 0.95), weight_decay=0.0),
    ]
    schedules = [torch.optim.lr_scheduler.LambdaLR(o, lambda step: _decay(step, config)) for o in optimizers]
    model.train()
    recent: list[float] = []
    for step, ids in enumerate(_rows(documents, config)):
        loss = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=ids, use_cache=False).loss
        loss.backward()
        for optimizer, schedule in zip(optimizers, schedules, strict=True):
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        recent = [*recent[-19:], loss.item()]
        if step % 50 == 0:
            logger.info("step %d of %d, loss %.3f", step, config.steps, recent[-1])
    model.train(False)
    return sum(recent) / len(recent)


def _decay(step: int, config: TinyConfig) -> float:
    """A short warm-up, then linearly to nearly nothing."""
    return min(1.0, (step + 1) / 20) * (1 - step / config.steps)


def build(out_dir: Path, *, corpus: Sequence[Path] = (DEFAULT_CORPUS,), config: TinyConfig = TinyConfig()) -> float:
    """Make, pretrain and save the model; the final loss in nats per byte. Whole directory or nothing.

    Global random state and thread count are given back as they were.
    """
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise InferenceError(f"{out_dir} exists already and is not an empty directory")
    tokenizer = build_byte_tokenizer(context_length=CONTEXT_LENGTH)
    documents = choose_documents(read_documents(tokenizer, corpus), max_tokens=config.corpus_tokens)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # Sums over several threads differ in their last bits.
    try:
        with torch.random.fork_rng(devices=[]):
            model = build_tiny_model(config, tokenizer=tokenizer)
            loss = pretrain(model, documents, config=config)
    finally:
        torch.set_num_threads(threads)
    _save(model, tokenizer, out_dir)
    return loss


def _save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, out_dir: Path) -> None:
    """Write beside `out_dir` and rename, so that a directory of that name is always whole."""
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out_dir.name}.", dir=out_dir.parent))
    try:
        model.save_pretrained(partial)
        tokenizer.save_pretrained(partial)
        partial.chmod(0o755)
        for file in partial.iterdir():
            file.chmod(0o644)
        partial.rename(out_dir)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; 0 when the directory stands, 1 with one clear line when not."""
    defaults = TinyConfig()
    parser = argparse.ArgumentParser(prog="python -m inference.tiny", description="Build the built-in tiny model.")
    parser.add_argument("out_dir", type=Path)
    parser.add_argument(
        "--corpus", type=Path, nargs="*", default=[], metavar="FILE.jsonl", help="read these beside the built-in text"
    )
    parser.add_argument("--steps", type=int, default=defaults.steps, help="pretraining steps (%(default)s)")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    quiet_libraries()
    if given.steps < 1:
        parser.error("--steps must be at least 1")
    try:
        config = dataclasses.replace(defaults, steps=given.steps, seed=given.seed)
        loss = build(given.out_dir, corpus=[DEFAULT_CORPUS, *given.corpus], config=config)
    except (InferenceError, OSError) as error:
        print(f"inference.tiny: {error}", file=sys.stderr)
        return 1
    print(f"{given.out_dir}: built, {loss:.3f} nats per byte after {given.steps} steps")
    return 0


if __name__ == "__main__":
    sys.exit(main())

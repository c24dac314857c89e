"""Rollouts to prompts that begin alike, with their beginning read once and with it read for each.

    python -m benchmarks.shared_beginnings [--rounds 5]

One JSON line a case; CPU seconds of one thread, medians of interleaved rounds, which draw the same responses. With
`new_tokens` 1 prompts are read and no more.
"""

import argparse
import json
import math
import random
import statistics
import time
from collections.abc import Iterator
from typing import Any

import torch

from benchmarks.contenders import MODELS
from inference import beginnings
from inference.byte_tokenizer import build_byte_tokenizer
from inference.sampling import SampledBatch, SamplingSettings, sample
from inference.tiny import build_tiny_model

PROMPTS, SLOTS = 64, 16
# Tokens that all prompts begin with, and of a whole prompt.
CASES = ((200, 260), (100, 260), (32, 260), (32, 62), (16, 62))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--least", type=int, default=1, help="share from so many tokens on (%(default)s)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for row in rows(rounds=given.rounds, least=given.least):
        print(json.dumps(row), flush=True)


def rows(*, rounds: int, least: int) -> Iterator[dict[str, Any]]:
    """A row for each model, case and length of response."""
    tokenizer = build_byte_tokenizer(context_length=1024)
    for name in ("tiny", "small"):
        model = build_tiny_model(MODELS[name], tokenizer=tokenizer)
        for shared, length in CASES:
            for new_tokens in (1, 96):
                prompts = make_prompts(shared, length)
                settings = SamplingSettings(new_tokens)
                seconds: dict[float, list[float]] = {math.inf: [], least: []}
                drawn: dict[float, SampledBatch] = {}
                for _ in range(rounds):
                    for threshold, own in seconds.items():
                        beginnings.LEAST_SHARED = threshold
                        started = time.process_time()
                        drawn[threshold] = sample(
                            model,
                            tokenizer,
                            prompts,
                            seeds=[[number] for number in range(PROMPTS)],
                            settings=settings,
                            batch_size=SLOTS,
                        )
                        own.append(time.process_time() - started)
                assert drawn[least].samples == drawn[math.inf].samples
                apart, together = (statistics.median(own) for own in seconds.values())
                yield {
                    "bench": "shared_beginnings",
                    "model": name,
                    "shared_tokens": shared,
                    "prompt_tokens": length,
                    "new_tokens": new_tokens,
                    "read_apart": drawn[math.inf].prefill_tokens,
                    "read": drawn[least].prefill_tokens,
                    "seconds_apart": round(apart, 3),
                    "seconds": round(together, 3),
                    "speedup": round(apart / together, 2),
                }


def make_prompts(shared: int, length: int) -> list[list[int]]:
    """Bytes at random, of which the first are those of all."""
    chooser = random.Random(0)
    beginning = [chooser.randrange(256) for _ in range(shared)]
    return [beginning + [chooser.randrange(256) for _ in range(length - shared)] for _ in range(PROMPTS)]


if __name__ == "__main__":
    main()

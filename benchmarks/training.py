"""Training against what a user could pick instead: contenders take turns step by step, and medians are compared.

    python -m benchmarks.training               # what `make bench-training` runs
    python -m benchmarks.training --quick       # the tiny model and few steps
    python -m benchmarks.training --device cuda

Each line of the output is one JSON object. `bench` "reward_model": full training steps on the same rankings and model
by TRL's RewardTrainer, which sees all pairs, by our K-wise unpacked path and by our packed one. The ratios:

- `vs_trl`, `vs_unpacked`: comparisons a second of the packed path over the other's;
- `formula`, `of_formula`: K(K-1)(P+C) / (P+KC), of the tokens that pairs and a packed row take, and what share of it
  vs_trl is;
- `unpacked_formula`, `of_unpacked_formula`: the same of K(P+C) / (P+KC) and vs_unpacked;
- `memory_vs_trl`: the packed process's peak memory over TRL's (resident set; on a GPU what torch allocated).

On a CPU the clock is the process's own CPU time, with one thread, so that neighbours on the machine change little; on a
GPU it is the wall's. TRL lives in an environment of its own under the user's cache folder, made on the first run.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contenders import Contender, trl_environment
from inference.byte_tokenizer import build_byte_tokenizer
from inference.models import quiet_libraries
from inference.tiny import TinyConfig, build_tiny_model

TRL_VERSION = "1.16.0"
MODELS = {
    "tiny": TinyConfig(hidden_size=128, layers=4, heads=4),
    "small": TinyConfig(hidden_size=256, layers=6, heads=8),
}
CONTEXT = 1024
# Both sides take as many tokens at once: what fits a cache or a GPU is the same for both.
MICRO_BATCH_TOKENS = {"cpu": 4096, "cuda": 65536}


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured: rankings of K responses of C tokens to prompts of P, on a model."""

    model: str
    responses: int
    prompt_tokens: int
    response_tokens: int
    rankings_per_step: int

    @property
    def pairs(self) -> int:
        return self.rankings_per_step * self.responses * (self.responses - 1) // 2

    @property
    def packed_tokens(self) -> int:
        """P + KC."""
        return self.prompt_tokens + self.responses * self.response_tokens

    @property
    def formula(self) -> float:
        """How many times fewer tokens than all pairs the packed row takes."""
        width = self.prompt_tokens + self.response_tokens
        return self.responses * (self.responses - 1) * width / self.packed_tokens

    @property
    def unpacked_formula(self) -> float:
        """How many times fewer than one row a response."""
        return self.responses * (self.prompt_tokens + self.response_tokens) / self.packed_tokens


def measure(case: Case, folder: Path, *, trl_python: Path, steps: int, device: str, threads: int) -> dict[str, Any]:
    """All contenders on a case, in turns, after one step each to warm up."""
    path = _write_case(case, folder, device=device, threads=threads)
    ours = [sys.executable, "-m", "benchmarks.reward_model_ours", str(path)]
    with (
        Contender([str(trl_python), "benchmarks/reward_model_trl.py", str(path)], threads=threads) as trl,
        Contender([*ours, "unpacked"], threads=threads) as unpacked,
        Contender([*ours, "packed"], threads=threads) as packed,
    ):
        contenders = {"trl": trl, "unpacked": unpacked, "packed": packed}
        for contender in contenders.values():
            contender.step()
        rows: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        for _ in range(steps):
            for name, contender in contenders.items():
                rows[name].append(contender.step())
    speed = {name: statistics.median(row["comparisons"] / row["seconds"] for row in own) for name, own in rows.items()}
    peak = {name: max(row["peak_bytes"] for row in own) for name, own in rows.items()}
    return {
        "bench": "reward_model",
        **asdict(case),
        "device": device,
        "threads": threads,
        "micro_batch_tokens": MICRO_BATCH_TOKENS[device],
        "steps": steps,
        "trl_version": TRL_VERSION,
        "torch_version": version("torch"),
        "comparisons_per_second": {name: round(value, 1) for name, value in speed.items()},
        "peak_mib": {name: round(value / 2**20) for name, value in peak.items()},
        "vs_trl": round(speed["packed"] / speed["trl"], 2),
        "vs_unpacked": round(speed["packed"] / speed["unpacked"], 2),
        "formula": round(case.formula, 2),
        "of_formula": round(speed["packed"] / speed["trl"] / case.formula, 3),
        "unpacked_formula": round(case.unpacked_formula, 2),
        "of_unpacked_formula": round(speed["packed"] / speed["unpacked"] / case.unpacked_formula, 3),
        "memory_vs_trl": round(peak["packed"] / peak["trl"], 2),
    }


def _write_case(case: Case, folder: Path, *, device: str, threads: int) -> Path:
    """The model, once, and the rankings as token ids: the best response first."""
    model = folder / case.model
    if not model.exists():
        tokenizer = build_byte_tokenizer(context_length=CONTEXT)
        build_tiny_model(MODELS[case.model], tokenizer=tokenizer).save_pretrained(model)
        tokenizer.save_pretrained(model)
    draw = random.Random(0)

    def ids(count: int) -> list[int]:
        return [draw.randrange(256) for _ in range(count)]

    rankings = [
        (ids(case.prompt_tokens), [ids(case.response_tokens) for _ in range(case.responses)])
        for _ in range(case.rankings_per_step)
    ]
    most = MICRO_BATCH_TOKENS[device] // (2 * (case.prompt_tokens + case.response_tokens))
    path = folder / "case.json"
    path.write_text(
        json.dumps(
            {
                "model": str(model),
                "device": device,
                "threads": threads,
                "prompt_tokens": case.prompt_tokens,
                "response_tokens": case.response_tokens,
                "micro_batch_tokens": MICRO_BATCH_TOKENS[device],
                "trl_pairs_per_micro_batch": max(n for n in range(1, most + 1) if case.pairs % n == 0),
                "rankings": rankings,
            }
        )
    )
    return path


def cases(models: Sequence[str], responses: Sequence[int], prompts: Sequence[int], *, quick: bool) -> list[Case]:
    """All combinations, with responses of 128 tokens. Four rankings of 4 make about as many pairs as one of 9."""
    return [
        Case(model, count, prompt_tokens, 128, 1 if quick or count == 9 else 4)
        for model in models
        for count in responses
        for prompt_tokens in prompts
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=list(MICRO_BATCH_TOKENS), default="cpu")
    parser.add_argument("--quick", action="store_true", help="the tiny model only, one ranking a step, three steps")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), help="default: all; quick: tiny")
    parser.add_argument("--responses", nargs="+", type=int, choices=[4, 9], default=[4, 9], help="K (default: both)")
    parser.add_argument("--prompts", nargs="+", type=int, choices=[128, 512], default=[128, 512], help="P in tokens")
    parser.add_argument("--steps", type=int, help="measured steps of each contender (default: 5, quick: 3)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each contender (default: 1)")
    options = parser.parse_args()
    quiet_libraries()
    python = trl_environment(TRL_VERSION)
    with tempfile.TemporaryDirectory() as scratch:
        models = options.models or (["tiny"] if options.quick else list(MODELS))
        for case in cases(models, options.responses, options.prompts, quick=options.quick):
            row = measure(
                case,
                Path(scratch),
                trl_python=python,
                steps=options.steps or (3 if options.quick else 5),
                device=options.device,
                threads=options.threads,
            )
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

"""The bench `reward_model` of `benchmarks.training`: full training steps on the same rankings and model.

By TRL's RewardTrainer, which sees all pairs, by our K-wise unpacked path and by our packed one. The ratios:

- `vs_trl`, `vs_unpacked`: comparisons a second of the packed path over the other's;
- `formula`, `of_formula`: K(K-1)(P+C) / (P+KC), of the tokens that pairs and a packed row take, and what share of it
  vs_trl is;
- `unpacked_formula`, `of_unpacked_formula`: the same of K(P+C) / (P+KC) and vs_unpacked;
- `memory_vs_trl`: the packed process's peak memory over TRL's (resident set; on a GPU what torch allocated);
- `mfu`, where `--peak-teraflops` is given: 6 · parameters · tokens of the packed rows a second / the peak.
"""

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.contenders import Bench, present, ratio, write_model


@dataclass(frozen=True, slots=True)
class RewardModelCase:
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


def measure_reward_model(case: RewardModelCase, bench: Bench) -> dict[str, Any]:
    """All contenders on a case."""
    path = write_case(case, bench)
    ours = [sys.executable, "-m", "benchmarks.reward_model_ours", str(path)]
    turns = bench.contest(
        {
            "trl": bench.trl("reward_model_trl", path),
            "unpacked": [*ours, "unpacked"],
            "packed": [*ours, "packed"],
        }
    )
    speed, peak = turns.rate("comparisons"), turns.peak_bytes()
    vs_trl, vs_unpacked = ratio(speed, "packed", "trl", digits=9), speed["packed"] / speed["unpacked"]
    tokens_per_second = speed["packed"] / case.pairs * case.rankings_per_step * case.packed_tokens
    return present(
        {
            "bench": "reward_model",
            **asdict(case),
            **bench.settings(),
            "comparisons_per_second": {name: round(value, 1) for name, value in speed.items()},
            "peak_mib": {name: round(value / 2**20) for name, value in peak.items()},
            "vs_trl": vs_trl and round(vs_trl, 2),
            "vs_unpacked": round(vs_unpacked, 2),
            "formula": round(case.formula, 2),
            "of_formula": vs_trl and round(vs_trl / case.formula, 3),
            "unpacked_formula": round(case.unpacked_formula, 2),
            "of_unpacked_formula": round(vs_unpacked / case.unpacked_formula, 3),
            "memory_vs_trl": ratio(peak, "packed", "trl"),
            **bench.mfu(parameters=turns.parameters("packed"), tokens_per_second=tokens_per_second),
        }
    )


def write_case(case: RewardModelCase, bench: Bench) -> Path:
    """The rankings as token ids, the best response first."""
    draw = random.Random(0)

    def ids(count: int) -> list[int]:
        return [draw.randrange(256) for _ in range(count)]

    rankings = [
        (ids(case.prompt_tokens), [ids(case.response_tokens) for _ in range(case.responses)])
        for _ in range(case.rankings_per_step)
    ]
    most = bench.micro_batch_tokens // (2 * (case.prompt_tokens + case.response_tokens))
    path = bench.folder / "reward_model.json"
    path.write_text(
        json.dumps(
            {
                "model": str(write_model(case.model, bench.folder)),
                "device": bench.device,
                "precision": bench.precision,
                "threads": bench.threads,
                "prompt_tokens": case.prompt_tokens,
                "response_tokens": case.response_tokens,
                "micro_batch_tokens": bench.micro_batch_tokens,
                "trl_pairs_per_micro_batch": max(n for n in range(1, most + 1) if case.pairs % n == 0),
                "rankings": rankings,
            }
        )
    )
    return path


def reward_model_cases(
    models: Sequence[str], responses: Sequence[int], prompts: Sequence[int], *, quick: bool, rankings: int | None = None
) -> list[RewardModelCase]:
    """All combinations, with responses of 128 tokens. Four rankings of 4 make about as many pairs as one of 9."""
    return [
        RewardModelCase(model, count, prompt_tokens, 128, rankings or (1 if quick or count == 9 else 4))
        for model in models
        for count in responses
        for prompt_tokens in prompts
    ]

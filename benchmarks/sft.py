"""The bench `sft` of `benchmarks.training`: full supervised steps on the same rows and model.

By TRL's SFTTrainer, padded, by our padded path and by our packed one. Rows are of one length, where nobody pads
anything, or of lengths drawn as the paper's demonstrations are long (mean 408, median 283 tokens), cut at the context.
A token is one of prompt or response; padding counts for nobody. The ratios:

- `vs_trl`: tokens a second of our padded path over TRL's;
- `packed_vs_trl`, `vs_unpacked`: those of the packed path over TRL's, and over our padded one;
- `memory_vs_trl`: the packed process's peak memory over TRL's;
- `mfu`, where `--peak-teraflops` is given: 6 · parameters · tokens a second of the packed path / the peak.
"""

import json
import math
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.contenders import CONTEXT, Bench, present, ratio, write_model

ROWS = 32
MEDIAN, MEAN = 283, 408  # tokens of the paper's demonstrations, taken to be log-normal
SIGMA = math.sqrt(2 * math.log(MEAN / MEDIAN))


@dataclass(frozen=True, slots=True)
class SftCase:
    """What is measured: a batch of rows on a model, all of 256 tokens or as long as the paper's."""

    model: str
    lengths: str  # "fixed" or "paper"
    rows_per_step: int

    def draw(self) -> list[tuple[list[int], list[int]]]:
        """Prompts and responses, half of a row each."""
        draw = random.Random(0)
        found = []
        for _ in range(self.rows_per_step):
            drawn = 256 if self.lengths == "fixed" else round(draw.lognormvariate(math.log(MEDIAN), SIGMA))
            ids = [draw.randrange(256) for _ in range(min(max(drawn, 4), CONTEXT))]
            found.append((ids[: len(ids) // 2], ids[len(ids) // 2 :]))
        return found


def measure_sft(case: SftCase, bench: Bench) -> dict[str, Any]:
    """All contenders on a case."""
    path = _write_case(case, bench)
    ours = [sys.executable, "-m", "benchmarks.sft_ours", str(path)]
    turns = bench.contest(
        {"trl": bench.trl("sft_trl", path), "unpacked": [*ours, "unpacked"], "packed": [*ours, "packed"]}
    )
    speed, peak = turns.rate("tokens"), turns.peak_bytes()
    return present(
        {
            "bench": "sft",
            **asdict(case),
            **bench.settings(),
            "tokens_per_second": {name: round(value) for name, value in speed.items()},
            "peak_mib": {name: round(value / 2**20) for name, value in peak.items()},
            "vs_trl": ratio(speed, "unpacked", "trl"),
            "packed_vs_trl": ratio(speed, "packed", "trl"),
            "vs_unpacked": ratio(speed, "packed", "unpacked"),
            "memory_vs_trl": ratio(peak, "packed", "trl"),
            **bench.mfu(parameters=turns.parameters("packed"), tokens_per_second=speed["packed"]),
        }
    )


def _write_case(case: SftCase, bench: Bench) -> Path:
    """The rows as token ids. TRL takes as many of the longest as the micro-batch's tokens are enough for."""
    rows = case.draw()
    longest = max(len(prompt) + len(response) for prompt, response in rows)
    most = max(1, bench.micro_batch_tokens // longest)
    path = bench.folder / "sft.json"
    path.write_text(
        json.dumps(
            {
                "model": str(write_model(case.model, bench.folder)),
                "device": bench.device,
                "precision": bench.precision,
                "threads": bench.threads,
                "longest": longest,
                "micro_batch_tokens": bench.micro_batch_tokens,
                "trl_rows_per_micro_batch": max(n for n in range(1, most + 1) if len(rows) % n == 0),
                "rows": rows,
            }
        )
    )
    return path


def sft_cases(models: Sequence[str], *, quick: bool) -> list[SftCase]:
    """Both kinds of lengths on each model."""
    return [SftCase(model, lengths, 8 if quick else ROWS) for model in models for lengths in ("fixed", "paper")]

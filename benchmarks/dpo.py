"""The bench `dpo` of `benchmarks.training`: full DPO steps on the same rankings and model.

By TRL's DPOTrainer, which sees all pairs and asks its reference model for both responses of each; by the same with the
reference's log-probabilities computed beforehand; and by our packed path, which asks the reference once for a response
and reads a prompt once for all of them. The ratios:

- `vs_trl`, `vs_trl_precomputed`: comparisons a second of ours over theirs;
- `loss_deviation`: the furthest that a loss is from theirs, over all measured steps: the same pairs, the same updates;
- `memory_vs_trl`: our process's peak memory over TRL's (resident set; on a GPU what torch allocated).
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.contenders import TRL_VERSION, Bench, Contender, take_turns
from benchmarks.reward_model import RewardModelCase, write_case

SETTINGS = {"beta": 0.1, "learning_rate": 1e-4}


def measure_dpo(case: RewardModelCase, bench: Bench) -> dict[str, Any]:
    """All contenders on a case."""
    path = write_case(case, bench)
    theirs = {name: _with(path, name, trl_precomputes=name != "trl") for name in ("trl", "trl_precomputed")}
    trl = {name: [str(bench.trl_python), "-m", "benchmarks.dpo_trl", str(own)] for name, own in theirs.items()}
    ours = [sys.executable, "-m", "benchmarks.dpo_ours", str(theirs["trl"]), "packed"]
    with (
        Contender(trl["trl"], threads=bench.threads) as plain,
        Contender(trl["trl_precomputed"], threads=bench.threads) as precomputed,
        Contender(ours, threads=bench.threads) as packed,
    ):
        contenders = {"trl": plain, "trl_precomputed": precomputed, "packed": packed}
        turns = take_turns(contenders, steps=bench.steps)
    speed, peak = turns.rate("comparisons"), turns.peak_bytes()
    losses = [[row["loss"] for row in turns.rows[name]] for name in ("packed", "trl")]
    return {
        "bench": "dpo",
        **asdict(case),
        **bench.settings(),
        **SETTINGS,
        "trl_version": TRL_VERSION,
        "comparisons_per_second": {name: round(value, 1) for name, value in speed.items()},
        "peak_mib": {name: round(value / 2**20) for name, value in peak.items()},
        "vs_trl": round(speed["packed"] / speed["trl"], 2),
        "vs_trl_precomputed": round(speed["packed"] / speed["trl_precomputed"], 2),
        "losses": [round(value, 6) for value in losses[0]],
        "loss_deviation": max(abs(own - other) for own, other in zip(*losses, strict=True)),
        "memory_vs_trl": round(peak["packed"] / peak["trl"], 2),
    }


def dpo_cases(models: Sequence[str], responses: Sequence[int], *, quick: bool) -> list[RewardModelCase]:
    """Prompts and responses of 128 tokens; four rankings of 4 make about as many pairs as one of 9."""
    return [
        RewardModelCase(model, count, 128, 128, 1 if quick or count == 9 else 4)
        for model in models
        for count in responses
    ]


def _with(path: Path, name: str, **more: Any) -> Path:
    """The case with the settings of DPO."""
    target = path.with_name(f"dpo-{name}.json")
    target.write_text(json.dumps(json.loads(path.read_text()) | SETTINGS | more))
    return target

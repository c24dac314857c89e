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

from benchmarks.contenders import Bench, present, ratio
from benchmarks.reward_model import RewardModelCase, write_case

SETTINGS = {"beta": 0.1, "learning_rate": 1e-4}


def measure_dpo(case: RewardModelCase, bench: Bench) -> dict[str, Any]:
    """All contenders on a case."""
    path = write_case(case, bench)
    theirs = {name: _with(path, name, trl_precomputes=name != "trl") for name in ("trl", "trl_precomputed")}
    ours = [sys.executable, "-m", "benchmarks.dpo_ours", str(theirs["trl"]), "packed"]
    turns = bench.contest({name: bench.trl("dpo_trl", own) for name, own in theirs.items()} | {"packed": ours})
    speed, peak = turns.rate("comparisons"), turns.peak_bytes()
    losses = [[row["loss"] for row in turns.rows[name]] for name in ("packed", "trl") if name in turns.rows]
    deviations = [abs(own - other) for own, other in zip(*losses, strict=True)] if len(losses) == 2 else []
    return present(
        {
            "bench": "dpo",
            **asdict(case),
            **bench.settings(),
            **SETTINGS,
            "comparisons_per_second": {name: round(value, 1) for name, value in speed.items()},
            "peak_mib": {name: round(value / 2**20) for name, value in peak.items()},
            "vs_trl": ratio(speed, "packed", "trl"),
            "vs_trl_precomputed": ratio(speed, "packed", "trl_precomputed"),
            "losses": [round(value, 6) for value in losses[0]],
            "loss_deviation": max(deviations, default=None),
            "memory_vs_trl": ratio(peak, "packed", "trl"),
        }
    )


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

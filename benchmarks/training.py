"""Training against what a user could pick instead: contenders take turns step by step, and medians are compared.

    python -m benchmarks.training               # what `make bench-training` runs
    python -m benchmarks.training --quick       # the tiny model and few steps
    python -m benchmarks.training --device cuda

Each line of the output is one JSON object; `bench` says which of the benches of this folder it is of, and that module
what its ratios mean: `benchmarks.reward_model`, `benchmarks.sft`, `benchmarks.ppo`, `benchmarks.dpo`.
`benchmarks.ppo_curve` measures no speed but what both learn, on a CPU.

On a CPU the clock is the process's own CPU time, with one thread, so that neighbours on the machine change little; on a
GPU it is the wall's. TRL lives in an environment of its own under the user's cache folder, made on the first run.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import ppo, ppo_curve
from benchmarks.contenders import MICRO_BATCH_TOKENS, MODELS, TRL_VERSION, Bench, trl_environment
from benchmarks.dpo import dpo_cases, measure_dpo
from benchmarks.reward_model import measure_reward_model, reward_model_cases
from benchmarks.sft import measure_sft, sft_cases
from inference.models import quiet_libraries

BENCHES = ("reward_model", "sft", "ppo", "ppo_curve", "dpo")


def run_benches(options: argparse.Namespace, bench: Bench) -> Iterator[dict[str, Any]]:
    """The line of each case of the wanted benches."""
    models = options.models or (["tiny"] if options.quick else list(MODELS))
    if "reward_model" in options.benches:
        for rankings in reward_model_cases(models, options.responses, options.prompts, quick=options.quick):
            yield measure_reward_model(rankings, bench)
    if "sft" in options.benches:
        for rows in sft_cases(models, quick=options.quick):
            yield measure_sft(rows, bench)
    if "ppo" in options.benches:
        yield from ppo.rows(models, quick=options.quick, steps=bench.steps, device=bench.device)
    if "ppo_curve" in options.benches:
        yield from ppo_curve.benched_rows(bench.folder / "curve", quick=options.quick)
    if "dpo" in options.benches:
        for rankings in dpo_cases(models, options.responses, quick=options.quick):
            yield measure_dpo(rankings, bench)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benches", nargs="+", choices=BENCHES, default=BENCHES, help="default: all")
    parser.add_argument("--device", choices=list(MICRO_BATCH_TOKENS), default="cpu")
    parser.add_argument("--quick", action="store_true", help="the tiny model only, small batches, three steps")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), help="default: all; quick: tiny")
    parser.add_argument("--responses", nargs="+", type=int, choices=[4, 9], default=[4, 9], help="K (default: both)")
    parser.add_argument("--prompts", nargs="+", type=int, choices=[128, 512], default=[128, 512], help="P in tokens")
    parser.add_argument("--steps", type=int, help="measured steps of each contender (default: 5, quick: 3)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each contender (default: 1)")
    options = parser.parse_args()
    quiet_libraries()
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(
            folder=Path(scratch),
            trl_python=trl_environment(TRL_VERSION),
            steps=options.steps or (3 if options.quick else 5),
            device=options.device,
            threads=options.threads,
        )
        for row in run_benches(options, bench):
            print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

"""Training against what a user could pick instead: contenders take turns step by step, and medians are compared.

    python -m benchmarks.training               # what `make bench-training` runs
    python -m benchmarks.training --quick       # the tiny model and few steps
    python -m benchmarks.training --device cuda
    python -m benchmarks.training --device cuda --precision bfloat16 --peak-teraflops 989 --without-trl \\
        --models 1b --benches reward_model --rankings-per-step 32 --micro-batch-tokens 4096

Each line of the output is one JSON object; `bench` says which of the benches of this folder it is of, and that module
what its ratios mean: `benchmarks.reward_model`, `benchmarks.sft`, `benchmarks.ppo`, `benchmarks.dpo`.
`benchmarks.ppo_curve` measures no speed but what both learn, on a CPU.

The model of a billion parameters (`1b`) is measured where it is named. `--precision bfloat16` is autocast, with weights
and Adam's moments in 32 bits, on both sides. `--without-trl` measures ours alone, where there is no network to install
TRL from: what compares with TRL is left out, and so is `ppo_curve`, which does nothing else. With `--peak-teraflops`,
what the device can do in that precision (989 for an H100 in bfloat16), the benches of reward models and SFT say `mfu`.
All contenders of a case are in memory at once: where a GPU has no room for that, take `--micro-batch-tokens` down.

On a CPU the clock is the process's own CPU time, with one thread, so that neighbours on the machine change little; on a
GPU it is the wall's. TRL lives in an environment of its own under the user's cache folder, made on the first run.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

from benchmarks import ppo, ppo_curve
from benchmarks.contenders import DEFAULT_MODELS, MICRO_BATCH_TOKENS, MODELS, TRL_VERSION, Bench, trl_environment
from benchmarks.dpo import dpo_cases, measure_dpo
from benchmarks.reward_model import measure_reward_model, reward_model_cases
from benchmarks.sft import measure_sft, sft_cases
from formats.shared_settings import Precision
from inference.models import quiet_libraries

BENCHES = ("reward_model", "sft", "ppo", "ppo_curve", "dpo")


def run_benches(options: argparse.Namespace, bench: Bench) -> Iterator[dict[str, Any]]:
    """The line of each case of the wanted benches."""
    models = options.models or (["tiny"] if options.quick else DEFAULT_MODELS)
    if "reward_model" in options.benches:
        for rankings in reward_model_cases(
            models, options.responses, options.prompts, quick=options.quick, rankings=options.rankings_per_step
        ):
            yield measure_reward_model(rankings, bench)
    if "sft" in options.benches:
        for rows in sft_cases(models, quick=options.quick):
            yield measure_sft(rows, bench)
    if "ppo" in options.benches:
        yield from ppo.rows(
            models,
            quick=options.quick,
            steps=bench.steps,
            device=bench.device,
            precision=bench.precision,
            with_trl=bench.trl_python is not None,
        )
    if "ppo_curve" in options.benches and bench.trl_python is not None:
        yield from ppo_curve.benched_rows(bench.folder / "curve", quick=options.quick)
    if "dpo" in options.benches:
        for rankings in dpo_cases(models, options.responses, quick=options.quick):
            yield measure_dpo(rankings, bench)


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benches", nargs="+", choices=BENCHES, default=BENCHES, help="default: all")
    parser.add_argument("--device", choices=list(MICRO_BATCH_TOKENS), default="cpu")
    parser.add_argument("--precision", choices=get_args(Precision), default="float32", help="of both sides")
    parser.add_argument("--peak-teraflops", type=float, help="what the device can do; gives mfu")
    parser.add_argument("--without-trl", action="store_true", help="ours alone; nothing is installed")
    parser.add_argument("--quick", action="store_true", help="the tiny model only, small batches, three steps")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), help="default: all but 1b; quick: tiny")
    parser.add_argument("--responses", nargs="+", type=int, choices=[4, 9], default=[4, 9], help="K (default: both)")
    parser.add_argument("--prompts", nargs="+", type=int, choices=[128, 512], default=[128, 512], help="P in tokens")
    parser.add_argument(
        "--rankings-per-step", type=int, help="of reward models (default: 4 of K=4, 1 of K=9; quick: 1)"
    )
    parser.add_argument("--micro-batch-tokens", type=int, help=f"default: {MICRO_BATCH_TOKENS}; not for ppo")
    parser.add_argument("--steps", type=int, help="measured steps of each contender (default: 5, quick: 3)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each contender (default: 1)")
    return parser.parse_args(arguments)


def main() -> None:
    options = parse_options()
    quiet_libraries()
    with tempfile.TemporaryDirectory() as scratch:
        for row in run_benches(options, make_bench(options, Path(scratch))):
            print(json.dumps(row), flush=True)


def make_bench(options: argparse.Namespace, folder: Path) -> Bench:
    """What the cases have in common; TRL's environment is made if it is wanted and not there."""
    return Bench(
        folder=folder,
        trl_python=None if options.without_trl else trl_environment(TRL_VERSION),
        steps=options.steps or (3 if options.quick else 5),
        device=options.device,
        threads=options.threads,
        micro_batch_tokens=options.micro_batch_tokens or MICRO_BATCH_TOKENS[options.device],
        precision=options.precision,
        peak_teraflops=options.peak_teraflops,
    )


if __name__ == "__main__":
    main()

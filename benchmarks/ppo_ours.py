"""One contender of `benchmarks.ppo`: an iteration of our PPO, stepped from outside.

    python -m benchmarks.ppo_ours CASE.json

It goes through one batch (sample, score, learn) for each line "step" on its input, and answers with one JSON line. The
iteration is that of `training.ppo`, through the same functions, on the case's run directory.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch

from formats.configs import PpoConfig
from formats.run_directory import RunDirectory
from inference.models import quiet_libraries
from training.experience import summarize
from training.ppo import prepare
from training.process import TrainingRun


def main() -> None:
    """Step until the input ends."""
    case = json.loads(Path(sys.argv[1]).read_text())
    quiet_libraries()
    torch.set_num_threads(case["threads"])
    on_gpu = case["device"] == "cuda"
    directory = RunDirectory(Path(case["run_directory"]))
    spec = directory.read_spec()
    assert isinstance(spec.config, PpoConfig)
    ppo = prepare(TrainingRun(directory, directory.attempt(1), spec.config, spec.inputs))

    def clock() -> float:
        if on_gpu:
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    print(json.dumps({"ready": True}), flush=True)
    iteration = 0
    while sys.stdin.readline().strip() == "step":
        started_at = clock()
        ppo.learner.warm_up(iteration)
        rollouts = ppo.sample(iteration)
        sampled_at = clock()
        experience = ppo.score(rollouts)
        targets = ppo.targets(experience)
        figures = summarize(experience, targets, kl_coefficient=ppo.learner.kl.coefficient)
        scored_at = clock()
        ppo.learner.update(experience, targets, iteration=iteration)
        ended_at = clock()
        peak = (
            torch.cuda.max_memory_allocated() if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        )
        phases = {
            "sampling": sampled_at - started_at,
            "scoring": scored_at - sampled_at,
            "learning": ended_at - scored_at,
        }
        row = {"seconds": ended_at - started_at, "peak_bytes": peak, "phases": phases, **figures}
        print(json.dumps(row), flush=True)
        iteration += 1


if __name__ == "__main__":
    main()

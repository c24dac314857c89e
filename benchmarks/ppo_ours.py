"""One contender of `benchmarks.ppo`: an iteration of our PPO, stepped from outside.

    python -m benchmarks.ppo_ours CASE.json

A step goes through one batch (sample, score, learn) as `training.ppo` does, through the same functions, on the case's
run directory. Where the case names a directory, the policy is left there after each step (`benchmarks.ppo_curve`).
"""

from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.stepping import Conversation
from formats.configs import PpoConfig
from formats.run_directory import RunDirectory
from inference.models import quiet_libraries
from training.experience import summarize
from training.ppo import prepare
from training.process import TrainingRun


def main() -> None:
    """Step until the input ends."""
    conversation = Conversation()
    quiet_libraries()
    directory = RunDirectory(Path(conversation.case["run_directory"]))
    spec = directory.read_spec()
    assert isinstance(spec.config, PpoConfig)
    ppo = prepare(TrainingRun(directory, directory.attempt(1), spec.config, spec.inputs))
    iterations = count()
    clock = conversation.clock

    def step() -> dict[str, Any]:
        iteration, started_at = next(iterations), clock()
        ppo.learner.warm_up(iteration)
        rollouts = ppo.sample(iteration)
        sampled_at = clock()
        experience = ppo.score(rollouts)
        targets = ppo.targets(experience)
        figures = summarize(experience, targets, kl_coefficient=ppo.learner.kl.coefficient)
        scored_at = clock()
        ppo.learner.update(experience, targets, iteration=iteration)
        phases = {
            "sampling": sampled_at - started_at,
            "scoring": scored_at - sampled_at,
            "learning": clock() - scored_at,
        }
        if conversation.case.get("policy_directory"):
            ppo.actors.policy.model.save_pretrained(conversation.case["policy_directory"])
        return {"phases": phases, **figures}

    conversation.take_steps(step)


if __name__ == "__main__":
    main()

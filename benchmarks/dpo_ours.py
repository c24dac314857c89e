"""One contender of `benchmarks.training`: our DPO step, packed or not, stepped from outside.

    python -m benchmarks.dpo_ours CASE.json packed|unpacked

A step is one of the optimizer on all rankings of the case: that of `training.dpo`, through the same functions.
"""

from benchmarks.reward_model_ours import batcher_of, rankings_of
from benchmarks.stepping import Conversation
from inference.models import load_causal_lm, quiet_libraries
from training.implicit_rewards import ImplicitScorer, Reference
from training.optimizing import adam, arithmetic, clip_and_step
from training.ranking_loss import RankingLoss
from training.ranking_passes import rank


def main() -> None:
    """Step until the input ends."""
    conversation = Conversation()
    case = conversation.case
    quiet_libraries()
    policy = load_causal_lm(case["model"], device=case["device"], precision="float32")
    scorer = ImplicitScorer(policy, batcher_of(policy, case), beta=case["beta"], length_normalised=False)
    optimizer = adam(policy.model, learning_rate=case["learning_rate"], betas=(0.9, 0.95))
    loss = RankingLoss()
    precision = arithmetic(case["precision"], policy.device)
    reference = Reference(rankings_of(case))
    reference.find(scorer, precision=precision)

    def step() -> dict[str, float]:
        found = rank(scorer, reference.rankings, loss=loss, precision=precision, learn=True)
        clip_and_step(policy.model, optimizer, limit=1.0)
        return {"comparisons": sum(len(ranking.pairs) for ranking in reference.rankings), "loss": found.loss}

    conversation.take_steps(step)


if __name__ == "__main__":
    main()

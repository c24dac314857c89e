"""One contender of `benchmarks.training`: our reward model's training step, packed or not, stepped from outside.

    python -m benchmarks.reward_model_ours CASE.json packed|unpacked

A step is one of the optimizer on all rankings of the case: that of `training.reward_model`, through the same functions.
"""

import sys
from itertools import combinations
from typing import Any

from benchmarks.stepping import Conversation
from inference.models import LoadedModel, quiet_libraries, reward_model_from_causal_lm
from training.optimizing import adam, arithmetic, clip_and_step
from training.ranking_loss import RankingLoss
from training.ranking_passes import rank
from training.ranking_rewards import RankingScorer
from training.sequences import Lengths, TokenRanking, TokenSequence
from training.token_batches import TokenBatcher, make_batcher


def main() -> None:
    """Step until the input ends."""
    conversation = Conversation()
    case = conversation.case
    quiet_libraries()
    model = reward_model_from_causal_lm(case["model"], device=case["device"], precision="float32")
    rankings = rankings_of(case)
    scorer = RankingScorer(model, batcher_of(model, case))
    optimizer = adam(model.model, learning_rate=1e-5, betas=(0.9, 0.95))
    loss = RankingLoss()
    precision = arithmetic(case["precision"], model.device)
    model.model.train()

    def step() -> dict[str, float]:
        rank(scorer, rankings, loss=loss, precision=precision, learn=True)
        clip_and_step(model.model, optimizer, limit=1.0)
        comparisons = sum(len(ranking.pairs) for ranking in rankings)
        return {"comparisons": comparisons, "parameters": model.model.num_parameters()}

    conversation.take_steps(step)


def rankings_of(case: dict[str, Any]) -> list[TokenRanking]:
    """The case's rankings, from the best response down."""
    return [
        TokenRanking(
            [TokenSequence(prompt, response) for response in responses], list(combinations(range(len(responses)), 2))
        )
        for prompt, responses in case["rankings"]
    ]


def batcher_of(model: LoadedModel, case: dict[str, Any]) -> TokenBatcher:
    """As the command line and the case say."""
    return make_batcher(
        model,
        packing=sys.argv[2],  # type: ignore[arg-type]
        micro_batch_tokens=case["micro_batch_tokens"],
        lengths=Lengths(case["prompt_tokens"], case["response_tokens"]),
        warn=sys.exit,
    )


if __name__ == "__main__":
    main()

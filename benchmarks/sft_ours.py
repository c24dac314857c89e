"""One contender of `benchmarks.training`: our supervised training step, packed or not, stepped from outside.

    python -m benchmarks.sft_ours CASE.json packed|unpacked

A step is one of the optimizer on all rows of the case: that of `training.sft`, through the same functions.
"""

import sys

from benchmarks.stepping import Conversation
from inference.models import load_causal_lm, quiet_libraries
from training.optimizing import adam, arithmetic, clip_and_step
from training.response_loss import ResponseLoss
from training.sequences import Lengths, TokenSequence
from training.token_batches import make_batcher


def main() -> None:
    """Step until the input ends."""
    conversation = Conversation()
    case = conversation.case
    quiet_libraries()
    policy = load_causal_lm(case["model"], device=case["device"], precision="float32")
    rows = [TokenSequence(prompt, response) for prompt, response in case["rows"]]
    tokens = sum(row.length for row in rows)
    batcher = make_batcher(
        policy,
        packing=sys.argv[2],  # type: ignore[arg-type]
        micro_batch_tokens=case["micro_batch_tokens"],
        lengths=Lengths(case["longest"] // 2, case["longest"] - case["longest"] // 2),
        warn=sys.exit,
    )
    loss = ResponseLoss(policy.model, batcher)
    optimizer = adam(policy.model, learning_rate=1e-5, betas=(0.9, 0.95))
    precision = arithmetic(case["precision"], policy.device)
    policy.model.train()

    def step() -> dict[str, float]:
        loss.add_gradients(rows, precision=precision)
        clip_and_step(policy.model, optimizer, limit=1.0)
        return {"tokens": tokens, "parameters": policy.model.num_parameters()}

    conversation.take_steps(step)


if __name__ == "__main__":
    main()

"""One contender of `benchmarks.training`: our DPO step, packed or not, stepped from outside.

    python -m benchmarks.dpo_ours CASE.json packed|unpacked

It takes one optimizer step on all rankings of the case for each line "step" on its input, and answers with one JSON
line. The step is that of `training.dpo`, through the same functions.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch

from inference.models import load_causal_lm, quiet_libraries
from training.implicit_rewards import ImplicitScorer, Reference
from training.optimizing import adam, arithmetic, clip_and_step
from training.packing import takes_packed_rows
from training.ranking_loss import RankingLoss
from training.ranking_passes import rank
from training.sequences import Lengths, TokenRanking, TokenSequence


def main() -> None:
    """Step until the input ends."""
    case = json.loads(Path(sys.argv[1]).read_text())
    quiet_libraries()
    torch.set_num_threads(case["threads"])
    on_gpu = case["device"] == "cuda"
    policy = load_causal_lm(case["model"], device=case["device"], precision="float32")
    rankings = [
        TokenRanking(
            [TokenSequence(prompt, response) for response in responses],
            [(i, j) for i in range(len(responses)) for j in range(i + 1, len(responses))],
        )
        for prompt, responses in case["rankings"]
    ]
    lengths = Lengths(case["prompt_tokens"], case["response_tokens"])
    scorer = ImplicitScorer(
        policy,
        is_packed=takes_packed_rows(policy.model, packing=sys.argv[2], lengths=lengths, warn=sys.exit),  # type: ignore[arg-type]
        micro_batch_tokens=case["micro_batch_tokens"],
        beta=case["beta"],
        length_normalised=False,
    )
    optimizer = adam(policy.model, learning_rate=case["learning_rate"], betas=(0.9, 0.95))
    loss = RankingLoss()
    precision = arithmetic("float32", policy.device)
    reference = Reference(rankings)
    reference.find(scorer, precision=precision)

    def clock() -> float:
        if on_gpu:
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    print(json.dumps({"ready": True}), flush=True)
    while sys.stdin.readline().strip() == "step":
        started_at = clock()
        found = rank(scorer, reference.rankings, loss=loss, precision=precision, learn=True)
        clip_and_step(policy.model, optimizer, limit=1.0)
        seconds = clock() - started_at
        peak = (
            torch.cuda.max_memory_allocated() if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        )
        comparisons = sum(len(ranking.pairs) for ranking in rankings)
        told = {"seconds": seconds, "comparisons": comparisons, "peak_bytes": peak, "loss": found.loss}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()

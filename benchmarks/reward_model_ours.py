"""One contender of `benchmarks.training`: our reward model's training step, packed or not, stepped from outside.

    python -m benchmarks.reward_model_ours CASE.json packed|unpacked

It takes one optimizer step on all rankings of the case for each line "step" on its input, and answers with one JSON
line. The step is that of `training.reward_model`, through the same functions.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch

from inference.models import quiet_libraries, reward_model_from_causal_lm
from training.optimizing import adam, arithmetic, clip_and_step
from training.ranking_loss import RankingLoss
from training.ranking_passes import rank
from training.ranking_rewards import make_scorer
from training.sequences import Lengths, TokenRanking, TokenSequence


def main() -> None:
    """Step until the input ends."""
    case = json.loads(Path(sys.argv[1]).read_text())
    quiet_libraries()
    torch.set_num_threads(case["threads"])
    on_gpu = case["device"] == "cuda"
    model = reward_model_from_causal_lm(case["model"], device=case["device"], precision="float32")
    rankings = [
        TokenRanking(
            [TokenSequence(prompt, response) for response in responses],
            [(i, j) for i in range(len(responses)) for j in range(i + 1, len(responses))],
        )
        for prompt, responses in case["rankings"]
    ]
    scorer = make_scorer(
        model,
        packing=sys.argv[2],  # type: ignore[arg-type]
        lengths=Lengths(case["prompt_tokens"], case["response_tokens"]),
        micro_batch_tokens=case["micro_batch_tokens"],
        warn=sys.exit,
    )
    optimizer = adam(model.model, learning_rate=1e-5, betas=(0.9, 0.95))
    loss = RankingLoss()
    precision = arithmetic("float32", model.device)
    model.model.train()

    def clock() -> float:
        if on_gpu:
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    print(json.dumps({"ready": True}), flush=True)
    while sys.stdin.readline().strip() == "step":
        started_at = clock()
        rank(scorer, rankings, loss=loss, precision=precision, learn=True)
        clip_and_step(model.model, optimizer, limit=1.0)
        seconds = clock() - started_at
        peak = (
            torch.cuda.max_memory_allocated() if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        )
        comparisons = sum(len(ranking.pairs) for ranking in rankings)
        print(json.dumps({"seconds": seconds, "comparisons": comparisons, "peak_bytes": peak}), flush=True)


if __name__ == "__main__":
    main()

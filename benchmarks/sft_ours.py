"""One contender of `benchmarks.training`: our supervised training step, packed or not, stepped from outside.

    python -m benchmarks.sft_ours CASE.json packed|unpacked

It takes one optimizer step on all rows of the case for each line "step" on its input, and answers with one JSON
line. The step is that of `training.sft`, through the same functions.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch

from inference.models import load_causal_lm, quiet_libraries
from training.optimizing import adam, arithmetic, clip_and_step
from training.packing import takes_packed_rows
from training.response_loss import ResponseLoss
from training.sequences import Lengths, TokenSequence


def main() -> None:
    """Step until the input ends."""
    case = json.loads(Path(sys.argv[1]).read_text())
    quiet_libraries()
    torch.set_num_threads(case["threads"])
    on_gpu = case["device"] == "cuda"
    policy = load_causal_lm(case["model"], device=case["device"], precision="float32")
    rows = [TokenSequence(prompt, response) for prompt, response in case["rows"]]
    lengths = Lengths(case["longest"] // 2, case["longest"] - case["longest"] // 2)
    is_packed = takes_packed_rows(policy.model, packing=sys.argv[2], lengths=lengths, warn=sys.exit)  # type: ignore[arg-type]
    loss = ResponseLoss(policy, is_packed, case["micro_batch_tokens"])
    optimizer = adam(policy.model, learning_rate=1e-5, betas=(0.9, 0.95))
    precision = arithmetic("float32", policy.device)
    policy.model.train()

    def clock() -> float:
        if on_gpu:
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    print(json.dumps({"ready": True}), flush=True)
    while sys.stdin.readline().strip() == "step":
        started_at = clock()
        loss.add_gradients(rows, precision=precision)
        clip_and_step(policy.model, optimizer, limit=1.0)
        seconds = clock() - started_at
        peak = (
            torch.cuda.max_memory_allocated() if on_gpu else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        )
        print(
            json.dumps({"seconds": seconds, "tokens": sum(row.length for row in rows), "peak_bytes": peak}), flush=True
        )


if __name__ == "__main__":
    main()

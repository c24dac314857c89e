"""One contender of `benchmarks.training`: TRL's DPOTrainer, stepped from outside. Runs in TRL's own environment.

    python dpo_trl.py CASE.json

It reads the rankings as all their pairs, takes one optimizer step for each line "step" on its input, and answers with
one JSON line. Everything that costs time and that the other contenders do not do is off: logging, saving, gradient
checkpointing, half precision, worker processes.
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    case = json.loads(Path(sys.argv[1]).read_text())
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
    from trl import DPOConfig, DPOTrainer  # type: ignore[import-not-found]

    torch.set_num_threads(case["threads"])
    on_gpu = case["device"] == "cuda"
    model = AutoModelForCausalLM.from_pretrained(case["model"])
    tokenizer = AutoTokenizer.from_pretrained(case["model"])
    pairs = [
        {"prompt_ids": prompt, "chosen_ids": responses[better], "rejected_ids": responses[worse]}
        for prompt, responses in case["rankings"]
        for better in range(len(responses))
        for worse in range(better + 1, len(responses))
    ]

    def clock() -> float:
        if on_gpu:
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    losses: list[float] = []

    class Telling(DPOTrainer):  # type: ignore[misc]
        """Takes token ids as they are, and keeps the loss of each micro-batch, all of which are of one size."""

        def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
            return dataset

        def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
            found = super().compute_loss(*args, **kwargs)
            losses.append((found[0] if isinstance(found, tuple) else found).item())
            return found

    class Stepper(TrainerCallback):
        """Holds the trainer before each step; a step's time is that from its release to its end, data included."""

        started_at = 0.0

        def wait(self, control: Any) -> None:
            if sys.stdin.readline().strip() == "step":
                self.started_at = clock()
            else:
                control.should_training_stop = True

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            answer({"ready": True})
            self.wait(control)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seconds = clock() - self.started_at
            peak = (
                torch.cuda.max_memory_allocated()
                if on_gpu
                else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            )
            loss = sum(losses) / len(losses)
            losses.clear()
            answer({"seconds": seconds, "comparisons": len(pairs), "peak_bytes": peak, "loss": loss})
            self.wait(control)

    micro = case["trl_pairs_per_micro_batch"]
    config = DPOConfig(
        output_dir=str(Path(sys.argv[1]).parent / "trl"),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=len(pairs) // micro,
        max_steps=1_000_000,
        learning_rate=case["learning_rate"],
        lr_scheduler_type="constant",
        adam_beta2=0.95,
        weight_decay=0.0,
        beta=case["beta"],
        precompute_ref_log_probs=case["trl_precomputes"],
        max_length=None,
        logging_strategy="no",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        activation_checkpointing=False,
        bf16=False,
        use_cpu=not on_gpu,
        dataloader_num_workers=0,
    )
    trainer = Telling(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(pairs),
        processing_class=tokenizer,
        callbacks=[Stepper()],
    )
    trainer.train()


def answer(row: dict[str, Any]) -> None:
    """One line to whoever holds the other end; what the libraries print goes elsewhere."""
    print(json.dumps(row), file=OUT, flush=True)


if __name__ == "__main__":
    OUT = sys.stdout
    sys.stdout = sys.stderr
    main()

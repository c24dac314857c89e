"""One contender of `benchmarks.ppo`: the PPOTrainer of TRL 1.12, the last that had one. Runs in TRL's own environment.

    python ppo_trl.py CASE.json

It goes through one batch (sample, score, learn) for each line "step" on its input, and answers with one JSON line.
Everything that costs time and that our contender does not do is off: logging to services, saving, sampling for tables,
gradient checkpointing, half precision, worker processes.
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
    from transformers import (
        AutoModelForCausalLM,
        AutoModelForSequenceClassification,
        AutoTokenizer,
        TrainerCallback,
    )
    from trl.experimental.ppo import PPOConfig, PPOTrainer  # type: ignore[import-not-found]

    torch.set_num_threads(case["threads"])
    on_gpu = case["device"] == "cuda"

    def clock() -> float:
        if on_gpu:
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    class Stepper(TrainerCallback):
        """Holds the trainer before each batch; its time is that from its release to its end, data included."""

        started_at = 0.0

        def wait(self, control: Any) -> None:
            if sys.stdin.readline().strip() != "step":
                sys.exit(0)  # the trainer knows no way to end early
            self.started_at = clock()

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            answer({"ready": True})
            self.wait(control)

        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            seconds = clock() - self.started_at
            figures = state.log_history[-1] if state.log_history else {}
            peak = (
                torch.cuda.max_memory_allocated()
                if on_gpu
                else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
            )
            answer(
                {
                    "seconds": seconds,
                    "peak_bytes": peak,
                    "reward_mean": figures.get("objective/scores"),
                    "kl_nats": figures.get("objective/kl"),
                }
            )
            self.wait(control)

    def classifier() -> Any:
        return AutoModelForSequenceClassification.from_pretrained(case["reward_model"], num_labels=1)

    settings = case["settings"]
    tokenizer = AutoTokenizer.from_pretrained(case["model"], padding_side="left")
    micro = case["trl_micro_batch"]
    config = PPOConfig(
        output_dir=str(Path(sys.argv[1]).parent / "trl"),
        per_device_train_batch_size=micro,
        gradient_accumulation_steps=settings["batch_size"] // micro,
        num_mini_batches=1,
        num_ppo_epochs=settings["inner_epochs"],
        local_rollout_forward_batch_size=settings["rollout_batch_size"],
        total_episodes=1_000_000 * settings["batch_size"],
        response_length=settings["max_response_tokens"],
        stop_token="eos",
        temperature=settings["temperature"],
        learning_rate=settings["learning_rate"],
        lr_scheduler_type="constant",
        adam_beta1=settings["adam_beta1"],
        adam_beta2=settings["adam_beta2"],
        kl_coef=settings["kl_coefficient"],
        kl_estimator="k1",
        cliprange=settings["clip_range"],
        cliprange_value=settings["value_clip_range"],
        vf_coef=1.0,
        gamma=settings["discount"],
        lam=settings["gae_lambda"],
        whiten_rewards=False,
        missing_eos_penalty=None,
        num_sample_generations=0,
        logging_strategy="steps",
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        gradient_checkpointing=False,
        bf16=False,
        use_cpu=not on_gpu,
        seed=settings["seed"],
    )
    trainer = PPOTrainer(
        args=config,
        processing_class=tokenizer,
        model=AutoModelForCausalLM.from_pretrained(case["model"]),
        ref_model=AutoModelForCausalLM.from_pretrained(case["model"]),
        reward_model=classifier(),
        value_model=classifier(),
        train_dataset=Dataset.from_list([{"input_ids": ids} for ids in case["prompts"]]),
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

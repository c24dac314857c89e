"""One contender of `benchmarks.training`: TRL's DPOTrainer, stepped from outside. Runs in TRL's own environment.

    python -m benchmarks.dpo_trl CASE.json

It reads the rankings as all their pairs.
"""

from itertools import combinations
from typing import Any

from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer  # type: ignore[import-not-found]

from benchmarks.stepping import Conversation
from benchmarks.trl_steps import Stepper, supervised_settings


class Telling(DPOTrainer):  # type: ignore[misc]
    """Takes token ids as they are, and keeps the loss of each micro-batch, all of which are of one size."""

    def __init__(self, **given: Any) -> None:
        self.losses: list[float] = []
        super().__init__(**given)

    def _prepare_dataset(self, dataset: Any, *args: Any, **kwargs: Any) -> Any:
        return dataset

    def compute_loss(self, *args: Any, **kwargs: Any) -> Any:
        """As TRL computes it."""
        found = super().compute_loss(*args, **kwargs)
        self.losses.append((found[0] if isinstance(found, tuple) else found).item())
        return found


def main() -> None:
    """Step until the input ends."""
    conversation = Conversation()
    case = conversation.case
    pairs = [
        {"prompt_ids": prompt, "chosen_ids": better, "rejected_ids": worse}
        for prompt, responses in case["rankings"]
        for better, worse in combinations(responses, 2)
    ]

    def figures(_state: Any) -> dict[str, float]:
        loss = sum(trainer.losses) / len(trainer.losses)
        trainer.losses.clear()
        return {"comparisons": len(pairs), "loss": loss}

    settings = supervised_settings(conversation, rows=len(pairs), micro_batch=case["trl_pairs_per_micro_batch"])
    trainer = Telling(
        model=AutoModelForCausalLM.from_pretrained(case["model"]),
        args=DPOConfig(
            **settings,
            learning_rate=case["learning_rate"],
            adam_beta2=0.95,
            weight_decay=0.0,
            beta=case["beta"],
            precompute_ref_log_probs=case["trl_precomputes"],
        ),
        train_dataset=Dataset.from_list(pairs),
        processing_class=AutoTokenizer.from_pretrained(case["model"]),
        callbacks=[Stepper(conversation, figures)],
    )
    trainer.train()


if __name__ == "__main__":
    main()

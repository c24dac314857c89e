"""One contender of `benchmarks.training`: TRL's RewardTrainer, stepped from outside. Runs in TRL's own environment.

    python -m benchmarks.reward_model_trl CASE.json

It reads the rankings as all their pairs.
"""

from itertools import combinations

from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from trl import RewardConfig, RewardTrainer  # type: ignore[import-not-found]

from benchmarks.stepping import Conversation
from benchmarks.trl_steps import Stepper, supervised_settings


def main() -> None:
    """Step until the input ends."""
    conversation = Conversation()
    case = conversation.case
    pairs = [
        {"chosen_ids": prompt + better, "rejected_ids": prompt + worse}
        for prompt, responses in case["rankings"]
        for better, worse in combinations(responses, 2)
    ]
    settings = supervised_settings(conversation, rows=len(pairs), micro_batch=case["trl_pairs_per_micro_batch"])
    trainer = RewardTrainer(
        model=AutoModelForSequenceClassification.from_pretrained(case["model"], num_labels=1),
        args=RewardConfig(**settings, learning_rate=1e-5),
        train_dataset=Dataset.from_list(pairs),
        processing_class=AutoTokenizer.from_pretrained(case["model"]),
        callbacks=[Stepper(conversation, lambda _state: {"comparisons": len(pairs)})],
    )
    trainer.train()


if __name__ == "__main__":
    main()

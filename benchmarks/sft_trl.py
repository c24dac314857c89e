"""One contender of `benchmarks.training`: TRL's SFTTrainer, stepped from outside. Runs in TRL's own environment.

python -m benchmarks.sft_trl CASE.json
"""

from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer  # type: ignore[import-not-found]

from benchmarks.stepping import Conversation
from benchmarks.trl_steps import Stepper, supervised_settings


def main() -> None:
    """Step until the input ends."""
    conversation = Conversation()
    case = conversation.case
    rows = [
        {"input_ids": prompt + response, "labels": [-100] * len(prompt) + response} for prompt, response in case["rows"]
    ]
    tokens = sum(len(row["input_ids"]) for row in rows)
    settings = supervised_settings(conversation, rows=len(rows), micro_batch=case["trl_rows_per_micro_batch"])
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(case["model"]),
        args=SFTConfig(**settings, learning_rate=1e-5),
        train_dataset=Dataset.from_list(rows),
        processing_class=AutoTokenizer.from_pretrained(case["model"]),
        callbacks=[Stepper(conversation, lambda _state: {"tokens": tokens})],
    )
    trainer.train()


if __name__ == "__main__":
    main()

"""Train a step on exported files with TRL's own trainers, from loading to loss. Runs in TRL's own environment.

    python read_by_trl.py MODEL FOLDER

FOLDER holds exported files as `<shape>.jsonl`. Each goes through the trainer that its shape is for, with the trainer's
own preprocessing; one JSON line says what the loss was. `tests/datasets/test_trl.py` starts it.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Train a step on each file and print the losses by shape."""
    model, folder = sys.argv[1], Path(sys.argv[2])
    import torch
    from datasets import load_dataset
    from transformers import AutoModelForSequenceClassification, AutoTokenizer
    from trl import (  # type: ignore[import-not-found]
        DPOConfig,
        DPOTrainer,
        KTOConfig,
        KTOTrainer,
        RewardConfig,
        RewardTrainer,
        SFTConfig,
        SFTTrainer,
    )

    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(model)

    def scorer() -> Any:
        return AutoModelForSequenceClassification.from_pretrained(model, num_labels=1)

    makers: dict[str, tuple[Any, Any, Any]] = {
        "pairs": (DPOTrainer, DPOConfig, None),
        "pairs_chat": (DPOTrainer, DPOConfig, None),
        "pairs_implicit": (RewardTrainer, RewardConfig, scorer),
        "pairs_implicit_chat": (RewardTrainer, RewardConfig, scorer),
        "ratings": (KTOTrainer, KTOConfig, None),
        "ratings_chat": (KTOTrainer, KTOConfig, None),
        "messages": (SFTTrainer, SFTConfig, None),
        "completions": (SFTTrainer, SFTConfig, None),
        "completions_chat": (SFTTrainer, SFTConfig, None),
    }
    losses: dict[str, float] = {}
    for shape, (trainer_class, config_class, make_model) in makers.items():
        config = config_class(
            output_dir=str(folder / "out"),
            per_device_train_batch_size=2,
            max_steps=1,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            bf16=False,
            use_cpu=True,
        )
        trainer = trainer_class(
            model=make_model() if make_model else model,
            args=config,
            train_dataset=load_dataset("json", data_files=str(folder / f"{shape}.jsonl"), split="train"),
            processing_class=tokenizer,
        )
        losses[shape] = trainer.train().training_loss
    print(json.dumps(losses))


if __name__ == "__main__":
    main()

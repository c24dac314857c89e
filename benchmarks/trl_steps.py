"""What the contenders that TRL trains have in common: held before each step, and everything off that only costs time.

Off are logging to services, saving, sampling for tables, gradient checkpointing and worker processes: the other
contenders do none of it. With bfloat16 it autocasts, as ours does. Runs in TRL's own environment.
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from benchmarks.stepping import Conversation


class Stepper(TrainerCallback):
    """Holds a trainer before each step; a step's time is that from its release to its end, data included."""

    def __init__(self, conversation: Conversation, figures: Callable[[Any], Mapping[str, Any]]) -> None:
        """`figures` says what a step did, given the trainer's state."""
        self._conversation = conversation
        self._figures = figures
        self._started_at = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The first step may be asked for."""
        self._conversation.ready()
        self._wait()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Answer, and wait for the next line."""
        seconds = self._conversation.clock() - self._started_at
        self._conversation.answer(seconds, self._figures(state))
        self._wait()

    def _wait(self) -> None:
        if not self._conversation.is_asked():
            sys.exit(0)  # not every trainer knows another way to end early
        self._started_at = self._conversation.clock()


def plain_settings(conversation: Conversation) -> dict[str, Any]:
    """The settings that all of TRL's trainers share here."""
    return {
        "output_dir": str(Path(sys.argv[1]).parent / "trl"),
        "lr_scheduler_type": "constant",
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
        "activation_checkpointing": False,
        "bf16": conversation.case["precision"] == "bfloat16",
        "use_cpu": not conversation.on_gpu,
        "dataloader_num_workers": 0,
    }


def supervised_settings(conversation: Conversation, *, rows: int, micro_batch: int) -> dict[str, Any]:
    """Those, for trainers that go through `rows` rows a step, again and again."""
    return plain_settings(conversation) | {
        "per_device_train_batch_size": micro_batch,
        "gradient_accumulation_steps": rows // micro_batch,
        "max_steps": 1_000_000,
        "max_length": None,
        "logging_strategy": "no",
    }

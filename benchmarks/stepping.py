"""A contender's end of the conversation with `benchmarks.contenders`: one JSON line for each line "step" on its input.

It imports nothing of the project outside `benchmarks`: contenders in TRL's own environment speak through it too.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from benchmarks.memory import peak_resident_bytes


class Conversation:
    """The case that the command line names, and what is asked and answered about it."""

    def __init__(self) -> None:
        self.case: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
        self.on_gpu = self.case["device"] == "cuda"
        torch.set_num_threads(self.case["threads"])
        # What the libraries print is no answer.
        self._out, sys.stdout = sys.stdout, sys.stderr

    def clock(self) -> float:
        """Seconds: of this process's own CPU time, or of the wall once the GPU has done what it was given."""
        if self.on_gpu:
            torch.cuda.synchronize()
            return time.perf_counter()
        return time.process_time()

    def is_asked(self) -> bool:
        """Wait for the next line; false at the end of the input."""
        return sys.stdin.readline().strip() == "step"

    def ready(self) -> None:
        """Say that steps may be asked for."""
        self._say({"ready": True})

    def answer(self, seconds: float, figures: Mapping[str, Any]) -> None:
        """Say how long a step took, and what it did."""
        peak = torch.cuda.max_memory_allocated() if self.on_gpu else peak_resident_bytes()
        self._say({"seconds": seconds, "peak_bytes": peak, **figures})

    def take_steps(self, step: Callable[[], Mapping[str, Any]]) -> None:
        """Step until the input ends."""
        self.ready()
        while self.is_asked():
            started_at = self.clock()
            figures = step()
            self.answer(self.clock() - started_at, figures)

    def _say(self, row: Mapping[str, Any]) -> None:
        print(json.dumps(row), file=self._out, flush=True)

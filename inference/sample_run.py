"""One attempt at a sample run: what is wanted, what there is, and what the world is told about it."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from formats.codec import Format
from formats.configs import SampleConfig
from formats.records import Prompt, SampledResponse
from formats.run_directory import AttemptDirectory, append_metrics
from inference.errors import InferenceError
from inference.ledger import SampleLedger

STATUS_SECONDS = 0.5

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure(Format):
    """A response that could not be had, and why."""

    prompt_id: str
    number: int
    code: str
    message: str


@dataclass(slots=True)
class SampleRun:
    """One attempt: what is wanted, what there is, and what the world is told about it."""

    config: SampleConfig
    prompts: list[Prompt]
    ledger: SampleLedger
    attempt: AttemptDirectory
    metrics: TextIO
    failures: list[Failure] = field(default_factory=list)
    last_error: InferenceError | None = None
    started_at: float = field(default_factory=time.monotonic)
    done_before: int = 0
    _status_at: float = 0.0

    @property
    def total(self) -> int:
        """How many responses are wanted in all."""
        return len(self.prompts) * self.config.responses_per_prompt

    def is_missing(self, prompt: Prompt, number: int) -> bool:
        """Whether this response is still to be drawn."""
        return (prompt.id, number) not in self.ledger

    def add(self, samples: Sequence[SampledResponse]) -> None:
        """Keep samples for good, and tell."""
        self.ledger.add(samples)
        done = len(self.ledger) - self.done_before
        seconds = time.monotonic() - self.started_at
        values = {
            "responses_per_second": done / seconds,
            "mean_response_tokens": sum(sample.response_tokens for sample in samples) / len(samples),
            "cut_fraction": sum(sample.finish_reason == "length" for sample in samples) / len(samples),
            "failures": float(len(self.failures)),
        }
        append_metrics(self.metrics, step=len(self.ledger), time=time.time(), values=values)
        self.tell("sample")

    def fail(self, prompt: Prompt, numbers: Sequence[int], error: InferenceError) -> None:
        """Remember what could not be had, and go on."""
        logger.warning("prompt %s, %d responses: %s", prompt.id, len(numbers), error.message)
        self.failures += [Failure(prompt.id, number, error.code, error.message) for number in numbers]
        self.last_error = error

    def check_some(self) -> None:
        """Raise the last failure's error where not one response could be had: that is no output."""
        if self.last_error is not None and len(self.ledger) == 0:
            raise self.last_error

    def tell(self, phase: str, *, force: bool = False) -> None:
        """Write status.json, unless that was just done."""
        now, done = time.monotonic(), len(self.ledger)
        if not force and now - self._status_at < STATUS_SECONDS:
            return
        self._status_at = now
        drawn = done - self.done_before
        left = self.total - len(self.failures) - done
        eta_seconds = left * (now - self.started_at) / drawn if drawn else None
        self.attempt.write_status(phase=phase, step=done, total_steps=self.total, eta_seconds=eta_seconds)

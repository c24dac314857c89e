"""Who writes responses for a training loop. Our own sampler is the only one so far, behind an interface for others.

A writer returns token ids. It is never asked for log-probabilities: those that PPO learns from are taken by the policy
itself, in torch (`training.experience`), so a writer whose arithmetic differs a little costs nothing but that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from inference.models import LoadedModel
from inference.sampling import Sample, SamplingSettings, sample


class Writer(Protocol):
    """Draws responses from a policy as its weights are now."""

    def write(
        self,
        policy: LoadedModel,
        prompts: Sequence[Sequence[int]],
        *,
        seeds: Sequence[Sequence[int]],
        settings: SamplingSettings,
    ) -> list[list[Sample]]:
        """For each prompt (token ids) one sample per seed."""


@dataclass(frozen=True, slots=True)
class TorchWriter:
    """The project's own sampler (`inference.sampling`), `batch_size` responses at a time."""

    batch_size: int

    def write(
        self,
        policy: LoadedModel,
        prompts: Sequence[Sequence[int]],
        *,
        seeds: Sequence[Sequence[int]],
        settings: SamplingSettings,
    ) -> list[list[Sample]]:
        """For each prompt (token ids) one sample per seed."""
        model, tokenizer = policy.model, policy.tokenizer
        return sample(model, tokenizer, prompts, seeds=seeds, settings=settings, batch_size=self.batch_size).samples

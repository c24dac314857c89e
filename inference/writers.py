"""Who writes responses for a training loop: our own sampler, or a vLLM server (`inference.vllm_server`).

A writer returns token ids. It is never asked for log-probabilities: those that PPO learns from are taken by the policy
itself, in torch (`training.experience`), so a writer whose arithmetic differs a little costs nothing but that.
"""

import secrets
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from inference.errors import SamplingError
from inference.models import LoadedModel, end_ids
from inference.sampling import Sample, SamplingSettings, read_sample, response_room, sample
from inference.vllm_server import VllmServer


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
        """For each prompt (token ids) one sample per seed. Raises SamplingError where they do not fit into memory."""
        model, tokenizer = policy.model, policy.tokenizer
        try:
            return sample(model, tokenizer, prompts, seeds=seeds, settings=settings, batch_size=self.batch_size).samples
        except torch.OutOfMemoryError as error:
            message = "the GPU has too little memory to write so many responses at once; lower the rollout batch size"
            raise SamplingError(message, field="config.rollout_batch_size") from error


@dataclass(frozen=True, slots=True)
class VllmWriter:
    """A vLLM server, asked for `concurrency` responses at a time, one request each, with the response's own seed.

    It writes with the weights of the last `refresh`, which its user calls after each change of them. They go by
    `directory`, which the server must see too and which holds nothing afterwards.
    """

    server: VllmServer
    concurrency: int
    directory: Path
    save: Callable[[LoadedModel, Path], None]

    def refresh(self, policy: LoadedModel) -> None:
        """Bring the policy's weights to the server. Raises RolloutServerError."""
        # A name that was never there: nothing that is cached by name can be taken for it.
        weights = self.directory / secrets.token_hex(8)
        weights.mkdir(parents=True)
        try:
            self.save(policy, weights)
            self.server.reload(weights)
        finally:
            shutil.rmtree(self.directory)

    def write(
        self,
        policy: LoadedModel,
        prompts: Sequence[Sequence[int]],
        *,
        seeds: Sequence[Sequence[int]],
        settings: SamplingSettings,
    ) -> list[list[Sample]]:
        """For each prompt (token ids) one sample per seed. Raises RolloutServerError."""
        ends = end_ids(policy.model, policy.tokenizer)
        # In every process, though one of them alone has brought the weights.
        salt = secrets.token_hex(16)

        def one(prompt: Sequence[int], seed: int) -> Sample:
            limit = response_room(policy.model, len(prompt), settings.max_new_tokens)
            ids = self.server.complete(prompt, seed=seed, limit=limit, ends=ends, settings=settings, salt=salt)
            return read_sample(policy.tokenizer, ids, ends=set(ends), stop=settings.stop)

        with ThreadPoolExecutor(self.concurrency) as pool:
            asked = [
                [pool.submit(one, prompt, seed) for seed in own] for prompt, own in zip(prompts, seeds, strict=True)
            ]
            return [[future.result() for future in own] for own in asked]

"""Draw K responses per prompt: the prompt is read once, its keys and values serve all K branches.

A response depends on its prompt, its seed and the settings, and not on what else is in the batch: each sequence has
its own stream of uniform numbers, drawn on the CPU for any device, and takes its token by inverting the cumulative
distribution. (At float32 on the CPU the same tokens come out at every batch size; half precision and GPUs round
differently with the batch's shape, and a uniform number that falls on a border then picks the neighbour.)

Usable inside a training loop: gradients and dropout are off within and as they were after.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from transformers import PreTrainedTokenizerBase

from inference.decoding import Decoder
from inference.errors import PromptTooLong, SamplingError
from inference.models import context_length, end_ids, evaluating
from inference.prompts import cut_at_stop, decode_response, pad_id

FinishReason = Literal["stop", "length"]

# Finished rows leave the batch once they are a quarter of it: the cache is copied when they do.
_COMPACT_BELOW = 0.75


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """How to draw. Temperature 0 takes the likeliest token; top_p 1 keeps all; a stop string ends a response."""

    max_new_tokens: int
    temperature: float = 1.0
    top_p: float = 1.0
    stop: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise SamplingError(f"max_new_tokens must be at least 1, not {self.max_new_tokens}")
        if not 0 <= self.temperature < float("inf"):
            raise SamplingError(f"temperature must be 0 or more, not {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise SamplingError(f"top_p must be over 0 and at most 1, not {self.top_p}")
        if any(not string for string in self.stop):
            raise SamplingError("stop: an empty string would stop every response")


@dataclass(frozen=True, slots=True)
class Sample:
    """One response. `token_ids` is all that was drawn, the end token or stop string included; `text` is without."""

    token_ids: list[int]
    text: str
    finish_reason: FinishReason


@dataclass(frozen=True, slots=True)
class SampledBatch:
    """For each prompt its samples, in the order of its seeds, and what they cost in tokens through the model."""

    samples: list[list[Sample]]
    prefill_tokens: int
    decode_tokens: int


@dataclass(slots=True)
class _Row:
    """One response while it is drawn."""

    limit: int
    ids: list[int] = field(default_factory=list)
    finish_reason: FinishReason | None = None


def sample_seed(run_seed: int, prompt_id: str, number: int) -> int:
    """The seed of sample `number` of a prompt: 48 bits, the same on every machine and whatever else is sampled."""
    digest = hashlib.sha256(f"{run_seed}\0{prompt_id}\0{number}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def response_room(model: Any, prompt_length: int, max_new_tokens: int) -> int:
    """How many tokens a response may have before it leaves the model's context; 0 or less where none fits."""
    context = context_length(model)
    return max_new_tokens if context is None else min(max_new_tokens, context - prompt_length)


def sample(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    *,
    seeds: Sequence[Sequence[int]],
    settings: SamplingSettings,
    batch_size: int,
) -> SampledBatch:
    """For each prompt (token ids) one sample per seed, at most `batch_size` responses at a time.

    Raises PromptTooLong where a prompt leaves no room for a response, SamplingError where the model's output is not
    a distribution.
    """
    found: list[dict[int, Sample]] = [{} for _ in prompts]
    prefill = decode = 0
    counts = [len(own) for own in seeds]
    for jobs in plan_batches([len(prompt) for prompt in prompts], counts, batch_size=batch_size):
        batch = sample_batch(
            model,
            tokenizer,
            [prompts[job.prompt] for job in jobs],
            seeds=[[seeds[job.prompt][number] for number in job.numbers] for job in jobs],
            settings=settings,
        )
        prefill += batch.prefill_tokens
        decode += batch.decode_tokens
        for job, samples in zip(jobs, batch.samples, strict=True):
            found[job.prompt].update(zip(job.numbers, samples, strict=True))
    ordered = [[own[number] for number in range(count)] for own, count in zip(found, counts, strict=True)]
    return SampledBatch(ordered, prefill_tokens=prefill, decode_tokens=decode)


@dataclass(frozen=True, slots=True)
class Job:
    """Samples to draw for one prompt in one batch: which of the prompts, which of its numbers."""

    prompt: int
    numbers: range


def plan_batches(lengths: Sequence[int], counts: Sequence[int], *, batch_size: int) -> Iterator[list[Job]]:
    """Batches of at most `batch_size` responses: prompts of like length together, the longest first.

    The K of one prompt stay together, to share its prefix, unless K alone is over the batch size. The longest come
    first so that a batch that does not fit into memory fails at once, not after hours.
    """
    if batch_size < 1:
        raise SamplingError(f"batch_size must be at least 1, not {batch_size}")
    batch: list[Job] = []
    filled = 0
    for prompt in sorted(range(len(lengths)), key=lambda index: -lengths[index]):
        for start in range(0, counts[prompt], batch_size):
            numbers = range(start, min(start + batch_size, counts[prompt]))
            if filled + len(numbers) > batch_size:
                yield batch
                batch, filled = [], 0
            batch.append(Job(prompt, numbers))
            filled += len(numbers)
    if batch:
        yield batch


@torch.no_grad()
def sample_batch(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    *,
    seeds: Sequence[Sequence[int]],
    settings: SamplingSettings,
) -> SampledBatch:
    """All samples of all prompts as one batch; prompt i is read once for its len(seeds[i]) branches."""
    owners = [index for index, own in enumerate(seeds) for _ in own]
    rows = [_Row(_limit(model, len(prompts[owner]), settings)) for owner in owners]
    if not rows:
        return SampledBatch([[] for _ in prompts], prefill_tokens=0, decode_tokens=0)
    flat_seeds = [seed for own in seeds for seed in own]
    ends = set(end_ids(model, tokenizer))
    with evaluating(model):
        longest = max(row.limit for row in rows)
        decoder = Decoder(model, prompts, owners, pad_id=pad_id(tokenizer), room=longest)
        uniforms = _uniforms(flat_seeds, longest).to(decoder.logits.device)
        _draw_all(decoder, tokenizer, rows, uniforms, ends=ends, settings=settings)
    samples: list[list[Sample]] = [[] for _ in prompts]
    for owner, row in zip(owners, rows, strict=True):
        samples[owner].append(_finish(tokenizer, row, ends=ends, settings=settings))
    return SampledBatch(samples, prefill_tokens=sum(map(len, prompts)), decode_tokens=decoder.decode_tokens)


def draw(logits: torch.Tensor, uniforms: torch.Tensor, *, temperature: float, top_p: float) -> torch.Tensor:
    """One token for each row: logits (N, V) and uniforms (N,) in [0, 1) to ids (N,).

    The smallest set of likeliest tokens that reaches top_p is kept. The cumulative sum runs in vocabulary order, not
    in order of probability: two nearly equal tokens that swap places then change nothing for the others.
    """
    if torch.isnan(logits).any():
        raise SamplingError("the model gave logits that are not numbers; its weights or the precision are at fault")
    if temperature == 0:
        return logits.argmax(dim=-1)
    probabilities = torch.softmax(logits.float() / temperature, dim=-1)
    if top_p < 1:
        probabilities = _nucleus(probabilities, top_p)
    cumulative = probabilities.double().cumsum(dim=-1)
    total = cumulative[:, -1:]
    # A product that rounds up to the total itself would point past the last token.
    target = torch.minimum(uniforms[:, None] * total, torch.nextafter(total, torch.zeros_like(total)))
    return torch.searchsorted(cumulative, target, right=True).squeeze(1)


def _nucleus(probabilities: torch.Tensor, top_p: float) -> torch.Tensor:
    """(N, V) with 0 outside the smallest set of likeliest tokens whose sum reaches top_p; not renormalised."""
    ordered, indices = probabilities.sort(dim=-1, descending=True, stable=True)
    before = ordered.cumsum(dim=-1) - ordered
    kept = torch.zeros_like(probabilities, dtype=torch.bool).scatter(-1, indices, before < top_p)
    return probabilities * kept


def _uniforms(seeds: Sequence[int], count: int) -> torch.Tensor:
    """(N, count) numbers in [0, 1), row n from seed n alone, float64."""
    generator = torch.Generator()
    return torch.stack(
        [torch.rand(count, dtype=torch.float64, generator=generator.manual_seed(seed)) for seed in seeds]
    )


def _draw_all(
    decoder: Decoder,
    tokenizer: PreTrainedTokenizerBase,
    rows: list[_Row],
    uniforms: torch.Tensor,
    *,
    ends: set[int],
    settings: SamplingSettings,
) -> None:
    """Draw until every row is finished. `live` are the rows in the decoder's batch, finished ones among them."""
    live = list(range(len(rows)))
    for step in range(uniforms.shape[1]):
        numbers = uniforms[torch.tensor(live, device=uniforms.device), step]
        tokens = draw(decoder.logits, numbers, temperature=settings.temperature, top_p=settings.top_p)
        for index, token in zip(live, tokens.tolist(), strict=True):
            if rows[index].finish_reason is None:
                _extend(rows[index], token, tokenizer, ends=ends, stop=settings.stop)
        going = [place for place, index in enumerate(live) if rows[index].finish_reason is None]
        if not going:
            return
        if len(going) <= _COMPACT_BELOW * len(live):
            kept = torch.tensor(going, device=tokens.device)
            decoder.keep(kept)
            tokens, live = tokens[kept], [live[place] for place in going]
        decoder.step(tokens)


def _extend(
    row: _Row, token: int, tokenizer: PreTrainedTokenizerBase, *, ends: set[int], stop: tuple[str, ...]
) -> None:
    row.ids.append(token)
    if token in ends or (stop and _has_stop(tokenizer, row.ids, stop)):
        row.finish_reason = "stop"
    elif len(row.ids) >= row.limit:
        row.finish_reason = "length"


def _has_stop(tokenizer: PreTrainedTokenizerBase, ids: list[int], stop: tuple[str, ...]) -> bool:
    """Whether the newest tokens complete a stop string; a token spells at least one byte, so a tail is enough."""
    tail = ids[-max(len(string.encode()) for string in stop) - 8 :]
    return cut_at_stop(decode_response(tokenizer, tail), stop) is not None


def _finish(tokenizer: PreTrainedTokenizerBase, row: _Row, *, ends: set[int], settings: SamplingSettings) -> Sample:
    assert row.finish_reason is not None
    spoken = row.ids[:-1] if row.ids[-1] in ends else row.ids
    text = decode_response(tokenizer, spoken)
    cut = cut_at_stop(text, settings.stop)
    return Sample(row.ids, text if cut is None else cut, row.finish_reason)


def _limit(model: Any, prompt_length: int, settings: SamplingSettings) -> int:
    room = response_room(model, prompt_length, settings.max_new_tokens)
    if room < 1:
        raise PromptTooLong(f"a prompt of {prompt_length} tokens leaves no room for a response in the model's context")
    return room

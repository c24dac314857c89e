"""Draw K responses per prompt: the prompt is read once, its keys and values serve all K branches.

Where a response has ended, the next prompt's begins, so that the places of a batch stay taken until no prompt is left.

A response depends on its prompt, its seed and the settings, and not on what else is in the batch: each sequence has
its own stream of uniform numbers, drawn on the CPU for any device, and takes its token by inverting the cumulative
distribution. (At float32 on the CPU the same tokens come out at every batch size; half precision and GPUs round
differently with the batch's shape, and a uniform number that falls on a border then picks the neighbour.)

Usable inside a training loop: gradients and dropout are off within and as they were after.
"""

import hashlib
from collections import deque
from collections.abc import Iterator, Sequence, Set
from dataclasses import InitVar, dataclass, field
from itertools import chain
from typing import Any, Literal

import torch
from transformers import PreTrainedTokenizerBase

from inference.decoding import Decoder, make_decoder
from inference.errors import PromptTooLong, SamplingError
from inference.models import context_length, end_ids, evaluating
from inference.prompts import cut_at_stop, decode_response, pad_id

FinishReason = Literal["stop", "length"]

# Prompts come in once so large a part of the places is free: reading them one by one would cost a pass for each.
_ADMIT_PART = 8


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
    """One response while it is drawn, of at most `limit` tokens, each by the next of its own random numbers."""

    limit: int
    seed: InitVar[int]
    numbers: list[float] = field(init=False)
    ids: list[int] = field(default_factory=list)
    is_finished: bool = False

    def __post_init__(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self.numbers = torch.rand(self.limit, dtype=torch.float64, generator=generator).tolist()


def sample_seed(run_seed: int, prompt_id: str, number: int) -> int:
    """The seed of sample `number` of a prompt: 48 bits, the same on every machine and whatever else is sampled."""
    digest = hashlib.sha256(f"{run_seed}\0{prompt_id}\0{number}".encode()).digest()
    return int.from_bytes(digest[:6], "big")


def response_room(model: Any, prompt_length: int, max_new_tokens: int) -> int:
    """How many tokens a response may have before it leaves the model's context; 0 or less where none fits."""
    context = context_length(model)
    return max_new_tokens if context is None else min(max_new_tokens, context - prompt_length)


@torch.no_grad()
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

    Where responses have ended, those of the next prompts begin. Raises PromptTooLong where a prompt leaves no room for
    a response, SamplingError where the model's output is not a distribution.
    """
    rows = [
        [_Row(_limit(model, len(prompt), settings), seed) for seed in own]
        for prompt, own in zip(prompts, seeds, strict=True)
    ]
    lengths, counts = [len(prompt) for prompt in prompts], [len(own) for own in seeds]
    jobs = list(chain.from_iterable(plan_batches(lengths, counts, batch_size=batch_size)))
    if not jobs:
        return SampledBatch([[] for _ in prompts], prefill_tokens=0, decode_tokens=0)
    slots = min(batch_size, sum(counts))
    ends = set(end_ids(model, tokenizer))
    with evaluating(model):
        decoder = make_decoder(
            model,
            slots=slots,
            columns=max(len(prompt) + row.limit for prompt, own in zip(prompts, rows, strict=True) for row in own),
            pad_id=pad_id(tokenizer),
        )
        queue = _Queue(decoder, deque(jobs), prompts, rows, least_room=slots // _ADMIT_PART)
        _draw_all(queue, tokenizer, ends=ends, settings=settings)
    samples = [[read_sample(tokenizer, row.ids, ends=ends, stop=settings.stop) for row in own] for own in rows]
    return SampledBatch(
        samples,
        prefill_tokens=decoder.prefill_tokens,
        decode_tokens=decoder.decode_tokens,
    )


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


def sample_batch(
    model: Any,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    *,
    seeds: Sequence[Sequence[int]],
    settings: SamplingSettings,
) -> SampledBatch:
    """All samples of all prompts at once; prompt i is read once for its len(seeds[i]) branches."""
    total = max(1, sum(map(len, seeds)))
    return sample(model, tokenizer, prompts, seeds=seeds, settings=settings, batch_size=total)


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


@dataclass(frozen=True, slots=True)
class _Queue:
    """Rows that wait for a place in the decoder, by the jobs that they come in with."""

    decoder: Decoder
    waiting: deque[Job]
    prompts: Sequence[Sequence[int]]
    rows: Sequence[Sequence[_Row]]
    least_room: int

    def admit(self) -> list[_Row]:
        """The rows for which there is room, which are then in the decoder."""
        admitted: list[Job] = []
        room = self.decoder.room
        if room < self.least_room:
            return []
        while self.waiting and len(self.waiting[0].numbers) <= room:
            admitted.append(self.waiting.popleft())
            room -= len(admitted[-1].numbers)
        if admitted:
            prompts = [self.prompts[job.prompt] for job in admitted]
            self.decoder.admit(prompts, [len(job.numbers) for job in admitted])
        return [self.rows[job.prompt][number] for job in admitted for number in job.numbers]


def _draw_all(queue: _Queue, tokenizer: PreTrainedTokenizerBase, *, ends: set[int], settings: SamplingSettings) -> None:
    """Draw until every row is finished. `live` are the rows in the decoder, in its order."""
    decoder = queue.decoder
    live = queue.admit()
    while live:
        numbers = [row.numbers[len(row.ids)] for row in live]
        uniforms = torch.tensor(numbers, dtype=torch.float64, device=decoder.logits.device)
        tokens = draw(decoder.logits, uniforms, temperature=settings.temperature, top_p=settings.top_p)
        for row, token in zip(live, tokens.tolist(), strict=True):
            _extend(row, token, tokenizer, ends=ends, stop=settings.stop)
        going = close_ranks([not row.is_finished for row in live])
        if len(going) < len(live):
            decoder.keep(going)
            live, tokens = [live[place] for place in going], tokens[going]
        if live:
            decoder.step(tokens)
        live += queue.admit()


def close_ranks(stays: Sequence[bool]) -> list[int]:
    """The places of those that stay, in an order that leaves as many as can be where they are."""
    count = sum(stays)
    behind = [place for place in range(count, len(stays)) if stays[place]]
    return [place if stays[place] else behind.pop() for place in range(count)]


def _extend(
    row: _Row, token: int, tokenizer: PreTrainedTokenizerBase, *, ends: set[int], stop: tuple[str, ...]
) -> None:
    row.ids.append(token)
    has_ended = token in ends or bool(stop and _has_stop(tokenizer, row.ids, stop))
    row.is_finished = has_ended or len(row.ids) >= row.limit


def _has_stop(tokenizer: PreTrainedTokenizerBase, ids: list[int], stop: tuple[str, ...]) -> bool:
    """Whether the newest tokens complete a stop string; a token spells at least one byte, so a tail is enough."""
    tail = ids[-max(len(string.encode()) for string in stop) - 8 :]
    return cut_at_stop(decode_response(tokenizer, tail), stop) is not None


def read_sample(
    tokenizer: PreTrainedTokenizerBase, token_ids: list[int], *, ends: Set[int], stop: tuple[str, ...]
) -> Sample:
    """What some tokens say that were drawn until an end token, a stop string or the limit."""
    has_end = token_ids[-1] in ends
    text = decode_response(tokenizer, token_ids[:-1] if has_end else token_ids)
    cut = cut_at_stop(text, stop)
    return Sample(token_ids, text if cut is None else cut, "length" if cut is None and not has_end else "stop")


def _limit(model: Any, prompt_length: int, settings: SamplingSettings) -> int:
    room = response_room(model, prompt_length, settings.max_new_tokens)
    if room < 1:
        raise PromptTooLong(f"a prompt of {prompt_length} tokens leaves no room for a response in the model's context")
    return room

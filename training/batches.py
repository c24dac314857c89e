"""Which rows a step sees: a function of the seed and the step."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import TypeVar

import torch

Item = TypeVar("Item")


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Consecutive pieces of at most `size` items."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def shuffled_order(count: int, *, seed: int, epoch: int) -> list[int]:
    """A permutation of range(count) that its arguments alone decide, so that a resumed run need not store it."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
    return [int(index) for index in torch.randperm(count, generator=generator)]


def steps_per_epoch(count: int, *, batch_size: int) -> int:
    """How many batches go through `count` items once; the last may be smaller."""
    return -(-count // batch_size)


def batch_at_step(items: Sequence[Item], *, step: int, batch_size: int, seed: int) -> list[Item]:
    """The items of a step: every epoch sees each item once, in an order of its own."""
    epoch, place = divmod(step, steps_per_epoch(len(items), batch_size=batch_size))
    order = shuffled_order(len(items), seed=seed, epoch=epoch)
    return [items[index] for index in order[place * batch_size : (place + 1) * batch_size]]


def draw_seed() -> int:
    """A seed from torch's global generator, which all processes of a run share and which a checkpoint holds."""
    return int(torch.randint(2**62, ()))


@contextlib.contextmanager
def own_randomness(seed: int, number: int, *, device: torch.device) -> Iterator[None]:
    """Inside, what is random, such as dropout, is drawn from a stream of its own for each micro-batch of a step, so
    that it does not matter which process computes it; outside, the global stream goes on as if nothing were drawn."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed((seed + number) % 2**63)
        yield


def endless_slice(items: Sequence[Item], *, start: int, count: int, seed: int) -> list[Item]:
    """`count` items from position `start` of an endless stream, which goes through the items in new orders."""
    found: list[Item] = []
    epoch, place = divmod(start, len(items))
    while len(found) < count:
        order = shuffled_order(len(items), seed=seed, epoch=epoch)[place:]
        found += [items[index] for index in order[: count - len(found)]]
        epoch, place = epoch + 1, 0
    return found

"""Which items go through a model together, by a budget of tokens."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def micro_batches(items: Sequence[Item], *, tokens: Callable[[Sequence[Item]], int], limit: int) -> Iterator[list[int]]:
    """Indices of the items that go through the model together, those of like length side by side.

    `tokens` says how many some items take together, padding counted. Each part holds at most `limit` of them, or one
    item alone that is longer. The longest come first: what does not fit into memory fails at once.
    """
    order = sorted(range(len(items)), key=lambda index: -tokens([items[index]]))
    part: list[int] = []
    for index in order:
        if part and tokens([items[i] for i in [*part, index]]) > limit:
            yield part
            part = []
        part.append(index)
    if part:
        yield part

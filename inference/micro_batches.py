"""Which items go through a model together, by a budget of tokens."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

Item = TypeVar("Item")


def micro_batches(
    items: Sequence[Item],
    *,
    tokens: Callable[[Sequence[Item]], int],
    limit: int,
    place: Callable[[Item], Any] | None = None,
) -> Iterator[list[int]]:
    """Indices of the items that go through the model together, in the order of their places.

    `tokens` says how many some items take together, padding counted. Each part holds at most `limit` of them, or one
    item alone that is longer. Without a place the longest come first, beside those of like length: what does not fit
    into memory fails at once.
    """

    def longest_first(item: Item) -> int:
        return -tokens([item])

    key = place or longest_first
    part: list[int] = []
    for index in sorted(range(len(items)), key=lambda index: key(items[index])):
        if part and tokens([items[i] for i in [*part, index]]) > limit:
            yield part
            part = []
        part.append(index)
    if part:
        yield part

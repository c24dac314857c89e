"""Beginnings that different prompts share, such as a system message or a few-shot preamble, so that they are read once.

The rows that are being decoded hold the keys and values of their prompts. A prompt that begins like one of these copies
what they share and reads the rest alone: there is no store beside the rows, and nothing in it to outlive the weights.
"""

import inspect
import math
from bisect import bisect, insort
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from inference.models import rescaled_after

# In tokens. Less is not copied, nor is a prompt read before the others to save less (docs/experiment-log.md).
LEAST_SHARED: float = 32


class Beginnings:
    """Prompts whose keys and values are at hand, each with the place of a row that has them."""

    def __init__(self, places: Mapping[tuple[int, ...], int], *, least: float) -> None:
        self._places, self._least = dict(places), least
        self._ordered = sorted(self._places)

    def add(self, prompt: tuple[int, ...], place: int) -> None:
        """Another one that has been read."""
        if prompt not in self._places:
            insort(self._ordered, prompt)
        self._places[prompt] = place

    def nearest(self, prompt: Sequence[int]) -> tuple[int, int]:
        """The place that has most of a prompt, and how many of its tokens; (0, 0) where none has enough.

        In lexical order it is one of the two neighbours. The last token is always left to be read, for its logits.
        """
        where = bisect(self._ordered, tuple(prompt))
        shares = [(_shared(prompt, known), known) for known in self._ordered[max(0, where - 1) : where + 1]]
        tokens, known = max(shares, default=(0, ()))
        return (self._places[known], tokens) if tokens >= self._least else (0, 0)

    def leaders(self, prompts: Sequence[Sequence[int]]) -> list[int]:
        """Which of some prompts are to be read first, for the next in order has more of them than of all before."""
        found: list[int] = []
        for index, following in pairwise(sorted(range(len(prompts)), key=lambda index: tuple(prompts[index]))):
            at_hand = self.nearest(prompts[following])[1]
            if found:
                at_hand = max(at_hand, _shared(prompts[following], prompts[found[-1]]))
            if _shared(prompts[following], prompts[index]) >= at_hand + self._least:
                found.append(index)
        return found


def _shared(prompt: Sequence[int], known: Sequence[int]) -> int:
    """How many first tokens of a prompt, its last excepted, are those of another."""
    longest = min(len(prompt) - 1, len(known))
    return next((place for place in range(longest) if prompt[place] != known[place]), longest)


def least_shared(model: Any) -> float:
    """How many tokens two prompts must share for a model to copy them; infinitely many where it cannot.

    It cannot where tokens are placed by column (ALiBi), nor where positions are rescaled by the longest of them.
    """
    config = model.config.get_text_config()
    takes_positions = "position_ids" in inspect.signature(model.forward).parameters
    can = takes_positions and not getattr(config, "alibi", False) and rescaled_after(config) is None
    return LEAST_SHARED if can else math.inf

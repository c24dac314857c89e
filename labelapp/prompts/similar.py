"""Which of an author's earlier prompts a new one resembles: shown while they type, decided by nobody but them.

Three ways to be alike: the same words, whatever the case; a long shared beginning (by which the paper removes
duplicates; it does not say how long); and many shared trigrams, measured as PostgreSQL's pg_trgm does. The embedded
server has no such extension, and an author has a few hundred prompts.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PREFIX_CHARACTERS = 100
MIN_SIMILARITY = 0.5
MIN_CHARACTERS = 12
# Enough to tell texts apart, and 200 of them are compared within a keystroke's patience.
COMPARED_CHARACTERS = 2000
MOST_SHOWN = 5


class Likeness(StrEnum):
    """How two prompts are alike, the strongest first."""

    SAME = "same"
    PREFIX = "prefix"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class Similar:
    """An earlier text, by its id, that a new one resembles; `similarity` is from 0 to 1."""

    id: int
    likeness: Likeness
    similarity: float


def find_similar(text: str, earlier: Iterable[tuple[int, str]]) -> list[Similar]:
    """Return the earlier (id, text) that resemble `text`, the most alike first; a few words resemble nothing yet."""
    words = normalised(text)
    if len(words) < MIN_CHARACTERS:
        return []
    own = trigrams(words)
    found = [similar for number, other in earlier if (similar := _compare(number, words, own, normalised(other)))]
    return sorted(found, key=lambda one: (-one.similarity, one.id))[:MOST_SHOWN]


def normalised(text: str) -> str:
    """Return the text in lower case, composed, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def trigrams(words: str) -> set[str]:
    """Return each three characters in a row within a word of a normalised text, padded so that its start counts."""
    padded = (f"  {word} " for word in _words(words[:COMPARED_CHARACTERS]))
    return {word[start : start + 3] for word in padded for start in range(len(word) - 2)}


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text).split()


def _compare(number: int, words: str, own: set[str], other: str) -> Similar | None:
    if words == other:
        return Similar(number, Likeness.SAME, 1.0)
    theirs = trigrams(other)
    union = len(own | theirs)
    similarity = round(len(own & theirs) / union, 2) if union else 0.0
    if len(words) >= PREFIX_CHARACTERS and words[:PREFIX_CHARACTERS] == other[:PREFIX_CHARACTERS]:
        return Similar(number, Likeness.PREFIX, similarity)
    return Similar(number, Likeness.NEAR, similarity) if similarity >= MIN_SIMILARITY else None

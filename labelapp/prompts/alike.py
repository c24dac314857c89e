"""Which prompts are nearly the same as one, and the very words that they share.

An import drops what is alike from `near_similarity` on; what a person wrote, or came with a lower bar, stays and is
found here. The rules are those of `importing/near.py`, and so is what they miss.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from formats.messages import Message
from labelapp.common.errors import NotFound
from labelapp.prompts.by_index import by_index
from labelapp.prompts.erased import shown
from labelapp.prompts.import_models import ImportLine, PromptImport
from labelapp.prompts.importing.actions import MIN_SIMILARITY, ImportOptions
from labelapp.prompts.importing.forgetting import is_withheld
from labelapp.prompts.importing.near import (
    CANDIDATES,
    COMPARED_CHARACTERS,
    compared_text,
    shares_beginning,
    similarity,
    triples,
)
from labelapp.prompts.models import Prompt
from labelapp.prompts.similar import normalised

Verdict = ImportLine.Verdict
MOST_COMPARED = 200
MOST_SHOWN = 20
WORDS_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Passage:
    """Words in a row that another text has too, or has not."""

    text: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """A prompt, how it is like another (`prefix` or `near`), the share of word triples, and the words."""

    prompt: Prompt
    likeness: str
    similarity: float
    passages: list[Passage]


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of an import that was left out, beside what was kept: null where that is gone."""

    line: ImportLine
    passages: list[Passage]
    kept: list[Passage] | None


def alike(prompt: Prompt) -> list[Alike]:
    """Return the prompts of the workspace that are nearly the same as this one, the most alike first."""
    if not prompt.fingerprints or prompt.is_withheld:
        return []
    own = _compared(prompt.messages, prompt.kind)
    others = shown(Prompt.objects.filter(pk__in=_candidates(prompt))).select_related("submitter").defer("search")
    found = [one for other in others if (one := _compare(own, other)) is not None]
    return sorted(found, key=lambda one: (-one.similarity, one.prompt.pk))[:MOST_SHOWN]


def compare_line(prompt_import: PromptImport, line_number: int) -> Pair:
    """Return a line that was left out as a duplicate, beside what it is a duplicate of. Raises NotFound."""
    left_out = ImportLine.objects.filter(prompt_import=prompt_import, line=line_number).exclude(verdict=Verdict.NEW)
    line = (
        left_out.annotate(is_withheld=is_withheld()).select_related("duplicate_of__submitter", "prompt_import").first()
    )
    if line is None:
        raise NotFound("No such line was left out.")
    kept: Prompt | ImportLine | None = line.duplicate_of
    if kept is None and line.duplicate_of_line is not None:
        kept = ImportLine.objects.filter(prompt_import=prompt_import, line=line.duplicate_of_line).first()
    if line.is_withheld and (isinstance(kept, ImportLine) or (kept and kept.is_withheld)):
        kept = None
    said = _told(line, kept)
    if kept is None:
        return Pair(line, shared_passages(said, "", by_beginning=False), None)
    by_beginning = line.verdict == Verdict.PREFIX
    own, other = (_compared(messages, "") for messages in (said, kept.messages))
    return Pair(
        line,
        shared_passages(said, other, by_beginning=by_beginning),
        shared_passages(kept.messages, own, by_beginning=by_beginning),
    )


def _told(line: Any, kept: Prompt | ImportLine | None) -> list[dict[str, str]]:
    """What is shown of a line: its beginning where the rest is forgotten, and nothing redacted or erased since."""
    if line.verdict == Verdict.DUPLICATE and isinstance(kept, Prompt):
        return list(kept.messages)
    if line.is_withheld or line.verdict == Verdict.NO_CONSENT:
        return []
    return line.messages or [{"role": "user", "content": line.text}]


def shared_passages(messages: Iterable[dict[str, str]], other: str, *, by_beginning: bool) -> list[Passage]:
    """Divide what was said into passages that the compared text `other` has too, and those between them.

    Shared is what stands in three words in a row that both have; of a shared beginning also its last words.
    """
    words = _said(messages)[:WORDS_SHOWN]
    normal = [normalised(word) for word in words]
    if " ".join(normal) == other:
        return [Passage(" ".join(words), is_shared=True)] if words else []
    common = triples(other)
    shared = [False] * len(words)
    for start in range(len(words) - 2):
        if " ".join(normal[start : start + 3]) in common:
            shared[start : start + 3] = [True] * 3
    if by_beginning:
        for place, (mine, theirs) in enumerate(zip(normal, other.split(), strict=False)):
            if mine != theirs:
                break
            shared[place] = True
    runs = groupby(range(len(words)), key=shared.__getitem__)
    return [Passage(" ".join(words[place] for place in places), is_shared) for is_shared, places in runs]


def _candidates(prompt: Prompt) -> list[int]:
    # With a limit the planner would rather read the table until it has found enough, and there are seldom any.
    with by_index() as cursor:
        wanted = CANDIDATES.format(fingerprints="%(own)s::int[]", most=MOST_COMPARED + 1)
        cursor.execute(wanted, {"own": prompt.fingerprints})
        return [pk for (pk,) in cursor.fetchall() if pk != prompt.pk]


def _compare(own: str, other: Prompt) -> Alike | None:
    theirs = _compared(other.messages, other.kind)
    score = similarity(own, theirs)
    if shares_beginning(own, theirs, characters=ImportOptions().prefix_characters):
        return Alike(other, "prefix", score, shared_passages(other.messages, own, by_beginning=True))
    if score >= MIN_SIMILARITY:
        return Alike(other, "near", score, shared_passages(other.messages, own, by_beginning=False))
    return None


def _compared(messages: Iterable[dict[str, str]], kind: str) -> str:
    return compared_text((Message(turn["role"], turn["content"]) for turn in messages), kind=kind)  # type: ignore[arg-type]


def _said(messages: Iterable[dict[str, str]]) -> list[str]:
    """The words of what is compared, as they were written."""
    said = " ".join(turn["content"][:COMPARED_CHARACTERS] for turn in messages if turn["role"] != "system")
    return said[:COMPARED_CHARACTERS].split()

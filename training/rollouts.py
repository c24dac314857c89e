"""Responses of the policy to learn from: who writes them, and what of them the reward model reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from formats.configs import PpoConfig
from inference.models import LoadedModel
from inference.prompts import cut_at_stop, decode_response, default_stop, encode_response
from inference.sampling import Sample, SamplingSettings, sample_seed
from inference.vllm_server import VllmServer
from inference.writers import TorchWriter, VllmWriter, Writer
from training.adapting import save_policy
from training.sequences import TokenPrompt, TokenSequence


@dataclass(frozen=True, slots=True)
class Rollout:
    """A prompt and the response that was sampled to it.

    The policy and the value network learn from `sequence`, every token that was drawn. The reward model reads `scored`:
    the same, but for a response that a stop string ended, whose text before it is spelled as labelers' texts are.
    """

    sequence: TokenSequence
    scored: TokenSequence
    has_ended: bool


def make_writer(config: PpoConfig, policy: LoadedModel, *, directory: Path) -> Writer:
    """Who writes the rollouts: torch, or the server of the settings, which gets the weights by `directory`.

    The server is asked first whether it can. Raises RolloutServerError.
    """
    if not config.rollout_server:
        return TorchWriter(config.rollout_batch_size)
    server = VllmServer(config.rollout_server, connections=config.rollout_batch_size)
    server.check(policy.tokenizer, longest=config.max_prompt_tokens + config.max_response_tokens)
    return VllmWriter(server, config.rollout_batch_size, directory, save_policy)


def rollout_settings(policy: LoadedModel, *, max_response_tokens: int, temperature: float) -> SamplingSettings:
    """How rollouts are drawn: from the softmax at the temperature and nothing else, stopped as in sampling runs."""
    return SamplingSettings(max_response_tokens, temperature=temperature, stop=default_stop(policy.tokenizer))


def write_rollouts(
    writer: Writer,
    policy: LoadedModel,
    prompts: Sequence[TokenPrompt],
    *,
    first_episode: int,
    seed: int,
    settings: SamplingSettings,
) -> list[Rollout]:
    """One response to each prompt; each depends on the run's seed and its own number, not on its neighbours.

    A prompt that the batch has several times goes to the writer once, with a seed for each.
    """
    places: dict[str, list[int]] = {}
    for place, prompt in enumerate(prompts):
        places.setdefault(prompt.id, []).append(place)
    distinct = [prompts[own[0]] for own in places.values()]
    seeds = [
        [sample_seed(seed, prompt.id, first_episode + place) for place in places[prompt.id]] for prompt in distinct
    ]
    samples = writer.write(policy, [prompt.ids for prompt in distinct], seeds=seeds, settings=settings)
    found: dict[int, Rollout] = {}
    for prompt, drawn in zip(distinct, samples, strict=True):
        own = [read_rollout(policy, prompt, one, settings=settings) for one in drawn]
        found |= dict(zip(places[prompt.id], own, strict=True))
    return [found[place] for place in range(len(prompts))]


def read_rollout(policy: LoadedModel, prompt: TokenPrompt, drawn: Sample, *, settings: SamplingSettings) -> Rollout:
    """What was drawn, as those who learn from it and the reward model read it: neither more tokens than were asked for.

    Bytes that are no text are spelled by more tokens than were drawn, so what is spelled is cut as labelers' texts are.
    """
    sequence = TokenSequence(prompt.ids, drawn.token_ids)
    has_ended = drawn.finish_reason == "stop"
    was_stopped = (
        has_ended and cut_at_stop(decode_response(policy.tokenizer, drawn.token_ids), settings.stop) is not None
    )
    if not was_stopped:
        return Rollout(sequence, sequence, has_ended)
    spelled = encode_response(policy.tokenizer, drawn.text, max_tokens=settings.max_new_tokens)
    return Rollout(sequence, TokenSequence(prompt.ids, spelled), has_ended)

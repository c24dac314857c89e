"""Passes over rankings: to learn from a batch of them, and to see what the rewards make of those that are held out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from formats.codec import Format
from formats.records import RewardedResponse
from formats.run_directory import RunDirectory
from inference.models import evaluating
from training.batches import draw_seed, own_randomness
from training.optimizing import Arithmetic
from training.ranking_diagnostics import diagnose
from training.ranking_loss import RankingLoss
from training.ranking_rewards import RankingScorer, all_rewards
from training.sequences import TokenRanking


@dataclass(frozen=True, slots=True)
class RankingResults:
    """What a pass over some rankings found."""

    loss: float  # mean over rankings, in training by their weights and their labelers'
    # Each pair counts once, in training too: an accuracy says how often labelers are met, whatever the loss makes of
    # who they are, so that it can be compared between training and held-out rankings, and between settings.
    accuracy: float
    reward_mean: float
    reward_std: float
    better_mean: float  # of the better and of the worse responses of all pairs
    worse_mean: float


def rank(
    scorer: RankingScorer,
    rankings: Sequence[TokenRanking],
    *,
    loss: RankingLoss,
    precision: Arithmetic,
    learn: bool,
) -> RankingResults:
    """Score all responses and compare them with the rankings; with `learn`, add the loss's gradient to the model's."""
    world = scorer.world
    seed = draw_seed() if learn else 0
    # Every process has the whole batch: several rankings that together weigh one count as one.
    whole = sum(ranking.weight for ranking in rankings) if learn else len(rankings)
    loss_sum = right = better = worse = 0.0
    seen: list[Tensor] = []
    for share in world.deal(list(scorer.micro_batches(rankings))):
        part = [rankings[index] for index in share.item]
        randomness = own_randomness(seed, share.index, device=scorer.model.device)
        with torch.set_grad_enabled(learn), precision(), randomness:
            found = scorer.rewards(part)
            pairs = loss.pairs(part, device=found.device, weighted=learn)
            part_loss = share.weight * loss(found, pairs).sum()
        if learn:
            (part_loss * world.size / whole).backward()
        loss_sum += part_loss.item()
        is_ordered = ~pairs.is_tie
        above, below = found.detach()[pairs.first[is_ordered]], found.detach()[pairs.second[is_ordered]]
        right += share.weight * int((above > below).sum())
        better += share.weight * above.sum().item()
        worse += share.weight * below.sum().item()
        if share.weight:
            seen.append(found.detach())
    loss_sum, right, better, worse = world.total([loss_sum, right, better, worse])
    every = torch.cat([own for part in world.gather(seen) for own in part])
    count = max(sum(len(ranking.pairs) for ranking in rankings), 1)
    return RankingResults(
        loss=loss_sum / whole,
        accuracy=right / count,
        reward_mean=every.mean().item(),
        reward_std=every.std(correction=0).item(),
        better_mean=better / count,
        worse_mean=worse / count,
    )


def rank_held_out(scorer: RankingScorer, rankings: Sequence[TokenRanking], *, precision: Arithmetic) -> RankingResults:
    """What the rewards make of held-out rankings, dropout off.

    The loss is the paper's, of ordered pairs and of all labelers alike, whatever a run learns from: only so can it be
    compared across settings.
    """
    with evaluating(scorer.model.model):
        return rank(scorer, rankings, loss=RankingLoss(), precision=precision, learn=False)


def held_out_outputs(
    directory: RunDirectory,
    scorer: RankingScorer,
    rankings: Sequence[TokenRanking],
    *,
    loss: RankingLoss,
    precision: Arithmetic,
) -> tuple[dict[str, Sequence[Format]], dict[str, float]]:
    """The final rewards of held-out rankings and what they show, as files by name and as figures for the summary.

    `loss` is the one they were learnt from: how sure the model is of a pair depends on its model of ties.
    """
    if not rankings:
        return {}, {}
    with evaluating(scorer.model.model), precision():
        found = [values.tolist() for values in all_rewards(scorer, rankings)]
    ordered = [(ranking, own) for ranking, own in zip(rankings, found, strict=True) if ranking.pairs]
    theta = loss.tie_parameter if loss.ties == "rao_kupper" else 1.0
    diagnostics = diagnose([ranking for ranking, _ in ordered], [own for _, own in ordered], theta=theta)
    figures = {"calibration_error": diagnostics.calibration_error}
    if diagnostics.length_correlation is not None:
        figures["length_correlation"] = diagnostics.length_correlation
    outputs: dict[str, Sequence[Format]] = {
        directory.validation_rewards_output.name: _rewarded_responses(rankings, found),
        directory.diagnostics_output.name: diagnostics.rows,
    }
    return outputs, figures


def _rewarded_responses(rankings: Sequence[TokenRanking], rewards: Sequence[Sequence[float]]) -> list[RewardedResponse]:
    """The reward of each response beside its rank, so that any accuracy can be worked out from the file."""
    found: list[RewardedResponse] = []
    for ranking, own in zip(rankings, rewards, strict=True):
        assert ranking.record is not None
        found += [
            RewardedResponse(ranking.record.id, response.response_id, response.rank, reward)
            for response, reward in zip(ranking.record.responses, own, strict=True)
        ]
    return found

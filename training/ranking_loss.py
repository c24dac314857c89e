"""What rankings ask of rewards: the paper's loss, and the options it did not have. DPO asks the same of implicit ones.

The paper's is the default: all pairs of a ranking with weight 1/#pairs, ties dropped, every ranking counts the same.
Options: models in which ties have a probability, a margin for each point of the labeler's ratings, and weights of
labelers.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from formats.configs.dpo import PreferenceForm
from formats.configs.reward_model import BALANCED, TieModel, parse_labeler_weights
from training.errors import TrainingError
from training.losses import davidson_loss_terms, k_wise_loss_terms, plackett_luce_loss_terms, rao_kupper_loss_terms
from training.sequences import TokenRanking

# A tie parameter is one number that thousands of pairs speak of: it can move a hundred times as fast as the weights.
TIE_LEARNING_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of some rankings: (M,) each, indices into their responses laid end to end."""

    first: Tensor
    second: Tensor  # the worse one where is_tie does not hold
    is_tie: Tensor
    weights: Tensor  # 1/#pairs of the ranking, or 1/#choices, times its own weight and its labeler's
    margins: Tensor


def pairs_of(
    rankings: Sequence[TokenRanking],
    *,
    device: torch.device,
    with_ties: bool = False,
    likert_margin: float = 0.0,
    labeler_weights: Mapping[str, float] | None = None,
    weighted: bool = True,
    by_choice: bool = False,
) -> Pairs:
    """The pairs of the rankings, ties among them only where they are asked for.

    `by_choice` weighs a pair by 1/#choices, a choice being a response that is preferred to some other.
    """
    first: list[int] = []
    second: list[int] = []
    is_tie: list[bool] = []
    weights: list[float] = []
    margins: list[float] = []
    offset = 0
    for ranking in rankings:
        ties = ranking.ties() if with_ties else []
        own = [*ranking.pairs, *ties]
        first += [offset + i for i, _ in own]
        second += [offset + j for _, j in own]
        is_tie += [False] * len(ranking.pairs) + [True] * len(ties)
        weight = ranking.weight if weighted else 1.0
        if labeler_weights is not None:
            weight *= labeler_weights[ranking.labeler]
        terms = len({i for i, _ in own}) if by_choice else len(own)
        weights += [weight / terms] * len(own)
        margins += [likert_margin * ranking.quality_gap(i, j) if likert_margin else 0.0 for i, j in own]
        offset += len(ranking.sequences)
    return Pairs(
        first=torch.tensor(first, device=device),
        second=torch.tensor(second, device=device),
        is_tie=torch.tensor(is_tie, device=device),
        weights=torch.tensor(weights, device=device),
        margins=torch.tensor(margins, device=device),
    )


class RankingLoss(nn.Module):
    """The loss of rankings under a run's options; its one parameter is that of the tie model, if it is learned."""

    def __init__(
        self,
        *,
        ties: TieModel = "drop",
        tie_parameter: float = 0.0,
        tie_share: float = 0.1,
        likert_margin: float = 0.0,
        labeler_weights: Mapping[str, float] | None = None,
        preference: PreferenceForm = "pairs",
        label_smoothing: float = 0.0,
    ) -> None:
        """`tie_share` is how much of the training loss's weight lies on ties: a learned parameter starts from it."""
        super().__init__()
        self.ties = ties
        self.likert_margin = likert_margin
        self.labeler_weights = labeler_weights
        self.preference = preference
        self.label_smoothing = label_smoothing
        self.learns_ties = ties != "drop" and tie_parameter == 0.0
        start = tie_parameter or _first_tie_parameter(ties, tie_share)
        # θ = exp(exp(a)) stays above 1 and ν = exp(a) above 0, wherever a goes.
        logarithm = torch.tensor(start).log()
        self.raw = nn.Parameter(logarithm.log() if ties == "rao_kupper" else logarithm, requires_grad=self.learns_ties)

    @property
    def tie_parameter(self) -> float:
        """θ or ν as it is now."""
        raw = self.raw.detach()
        return float((raw.exp() if self.ties == "rao_kupper" else raw).exp())

    def pairs(self, rankings: Sequence[TokenRanking], *, device: torch.device, weighted: bool = True) -> Pairs:
        """The pairs that this loss sees; weights of rankings and labelers count in training only."""
        return pairs_of(
            rankings,
            device=device,
            with_ties=self.ties != "drop",
            likert_margin=self.likert_margin,
            labeler_weights=self.labeler_weights if weighted else None,
            weighted=weighted,
            by_choice=self.preference == "plackett_luce",
        )

    def forward(self, rewards: Tensor, pairs: Pairs) -> Tensor:
        """The weighted terms of each pair or choice; their sum over a batch by its rankings' weights is the loss."""
        if self.preference == "plackett_luce":
            return plackett_luce_loss_terms(rewards, better=pairs.first, worse=pairs.second, weights=pairs.weights)
        if self.ties == "drop":
            return k_wise_loss_terms(
                rewards,
                better=pairs.first,
                worse=pairs.second,
                weights=pairs.weights,
                margins=pairs.margins if self.likert_margin else None,
                label_smoothing=self.label_smoothing,
            )
        differences = rewards[pairs.first] - rewards[pairs.second]
        if self.ties == "rao_kupper":
            return pairs.weights * rao_kupper_loss_terms(differences, is_tie=pairs.is_tie, log_theta=self.raw.exp())
        return pairs.weights * davidson_loss_terms(differences, is_tie=pairs.is_tie, log_nu=self.raw)


def _first_tie_parameter(ties: TieModel, share: float) -> float:
    """The parameter with which responses of equal reward tie as often as the labelers' did; solved from P(tie | d = 0).

    Rao and Kupper: (θ - 1)/(θ + 1) = share. Davidson: ν/(2 + ν) = share.
    """
    share = min(max(share, 0.01), 0.9)
    return (1.0 + share) / (1.0 - share) if ties == "rao_kupper" else 2.0 * share / (1.0 - share)


def tie_share(rankings: Sequence[TokenRanking], *, labeler_weights: Mapping[str, float] | None) -> float:
    """How much of the loss's weight lies on ties: each ranking's is its own times its labeler's, spread over its pairs.

    The parameter is learned from that loss, so it is where the loss would put it if all rewards were equal.
    """
    pairs = pairs_of(rankings, device=torch.device("cpu"), with_ties=True, labeler_weights=labeler_weights)
    return float(pairs.weights[pairs.is_tie].sum() / pairs.weights.sum())


def weights_of_labelers(setting: str, rankings: Sequence[TokenRanking]) -> dict[str, float] | None:
    """A weight for each labeler, 1 on average over the rankings that count, by their weights; None for all the same.

    Raises TrainingError for a name that none of the rankings bears, and where nothing is left to learn from.
    """
    field = "config.labeler_weights"
    if not setting.strip():
        return None
    counts: defaultdict[str, float] = defaultdict(float)
    for ranking in rankings:
        counts[ranking.labeler] += ranking.weight
    if setting.strip() == BALANCED:
        raw = {labeler: 1.0 / count for labeler, count in counts.items()}
    else:
        named = parse_labeler_weights(setting, field=field)
        unknown = sorted(set(named) - set(counts))
        if unknown:
            known = ", ".join(sorted(counts)[:5])
            message = f"names {unknown[0]}, who made none of the training rankings; these are of {known}"
            raise TrainingError("unknown_labeler", message, field=field)
        raw = {labeler: named.get(labeler, 1.0) for labeler in counts}
    if not any(raw.values()):
        raise TrainingError("no_rows_left", "gives every labeler a weight of 0", field=field)
    return averaging_1(raw, rankings)


def averaging_1(weights: Mapping[str, float], rankings: Sequence[TokenRanking]) -> dict[str, float]:
    """Labelers' weights scaled to be 1 on average over the rankings that count, by these rankings' own weights."""
    counting = [ranking for ranking in rankings if weights[ranking.labeler] > 0.0]
    total = sum(weights[ranking.labeler] * ranking.weight for ranking in counting)
    scale = sum(ranking.weight for ranking in counting) / total
    return {labeler: weight * scale for labeler, weight in weights.items()}

"""The reward that a policy implies: how much likelier it makes a response than the policy that DPO began from.

r(x, y) = β log π(y|x) / π_ref(y|x) (Rafailov et al. 2023, equation 5, whose constant in x cancels in every pair). With
it DPO is a reward model's training: the same rankings, the same rows, the same loss.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inference.models import evaluating
from inference.scoring import token_logprobs
from training.optimizing import Arithmetic
from training.ranking_rewards import RankingScorer, by_ranking, rows_of
from training.sequences import TokenRanking


@dataclass(frozen=True, slots=True, kw_only=True)
class ImplicitScorer(RankingScorer):
    """A scorer whose model is the policy, for rankings that carry their reference."""

    beta: float
    length_normalised: bool  # divide by the response's length in tokens, end token included

    def rewards(self, rankings: Sequence[TokenRanking]) -> Tensor:
        """(N,) float32 implied rewards of all responses of some rankings laid end to end."""
        found = self.log_probs(rankings)
        ratios = found - torch.tensor([value for ranking in rankings for value in ranking.reference or ()]).to(found)
        if self.length_normalised:
            sizes = [len(row.response_ids) for row in rows_of(rankings)]
            ratios = ratios / torch.tensor(sizes).to(found).clamp(min=1.0)
        return self.beta * ratios

    def log_probs(self, rankings: Sequence[TokenRanking]) -> Tensor:
        """(N,) float32 log-probabilities of whole responses, end tokens included where the model had ended."""
        rows = rows_of(rankings)
        found = self.world.call(token_logprobs, self.model.model, self.batcher.collate(rows))
        return torch.stack([part.sum() for part in torch.split(found, [len(row.response_ids) for row in rows])])


class Reference:
    """Some rankings, and what the policy that DPO begins from makes of their responses.

    It is the policy itself that is asked, before its first step: no second copy of the model is ever needed, and each
    response goes through the reference once in a run, since a checkpoint keeps what was found.
    """

    def __init__(self, rankings: Sequence[TokenRanking]) -> None:
        self.rankings = list(rankings)

    @property
    def is_known(self) -> bool:
        """Whether all rankings carry it."""
        return all(ranking.reference is not None for ranking in self.rankings)

    def find(self, scorer: ImplicitScorer, *, precision: Arithmetic) -> None:
        """Ask the policy as it is now."""
        with evaluating(scorer.model.model), precision():
            self._put(by_ranking(scorer, self.rankings, scorer.log_probs))

    def state_dict(self) -> dict[str, Tensor]:
        """The log-probabilities of all responses laid end to end; none while they are not known."""
        return {"log_probs": torch.tensor([value for ranking in self.rankings for value in ranking.reference or ()])}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on with what an earlier attempt found."""
        if len(state["log_probs"]):
            self._put(torch.split(state["log_probs"], [len(ranking.sequences) for ranking in self.rankings]))

    def _put(self, log_probs: Sequence[Tensor]) -> None:
        pairs = zip(self.rankings, log_probs, strict=True)
        self.rankings = [dataclasses.replace(ranking, reference=own.tolist()) for ranking, own in pairs]

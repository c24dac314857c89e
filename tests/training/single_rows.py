"""Rows by themselves, what the paths through a model are compared with."""

from collections.abc import Sequence

from torch import Tensor

from inference.models import LoadedModel
from inference.prompts import pad_id
from inference.scoring import rewards
from inference.sequences import collate
from training.ranking_rewards import RankingScorer
from training.sequences import TokenSequence
from training.token_batches import TokenBatcher


def score_rows(model: LoadedModel, rows: Sequence[TokenSequence]) -> Tensor:
    """(N,) the rewards of some rows, each with its own prompt."""
    prompts, responses = [row.prompt_ids for row in rows], [row.response_ids for row in rows]
    return rewards(model.model, collate(prompts, responses, pad_id=pad_id(model.tokenizer)))


def scorer_of(model: LoadedModel, *, is_packed: bool, tokens: int) -> RankingScorer:
    return RankingScorer(model, TokenBatcher.of(model, is_packed=is_packed, micro_batch_tokens=tokens))

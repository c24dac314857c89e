"""Which of a supervised run's weights become its output.

The paper keeps the checkpoint whose responses to validation prompts a reward model scores highest: the validation loss
overfits after the first epoch, and more epochs help all the same (section 3.5). At the end of each epoch the policy
answers the same prompts with the same random numbers, so that epochs differ by their weights alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from torch import Tensor
from transformers import PreTrainedModel

from formats.messages import Message
from formats.records import Demonstration
from formats.run_spec import ChosenBy
from inference.models import LoadedModel
from inference.prompts import default_stop, encode_prompt
from inference.sampling import SamplingSettings, sample, sample_seed
from inference.score import LineToScore, ScoredLine, Scorer
from training.adapting import put_trained_weights, trained_weights
from training.batches import chunks
from training.distributed import ALONE, World, whole_tensor
from training.errors import TrainingError
from training.sequences import Lengths


@dataclass(frozen=True, slots=True)
class Judge:
    """A reward model and the prompts on which it compares policies."""

    reward_model: LoadedModel
    prompts: dict[str, tuple[Message, ...]]  # by the id that decides which random numbers answer it
    max_response_tokens: int
    batch_size: int  # of responses that are sampled at once
    micro_batch_tokens: int  # that are scored at once
    seed: int
    world: World = ALONE

    def mean_reward(self, policy: LoadedModel) -> float:
        """The mean reward of one response to each prompt, sampled at temperature 1 as rollouts are.

        Raises TrainingError where the reward model cannot score one of them: epochs are compared on the same prompts.
        """
        parts = list(chunks(list(self.prompts), -(-len(self.prompts) // self.world.size)))
        with self.world.whole(policy.model):
            answers = self.world.spread(parts, lambda ids: self._answer(policy, ids))
        with self.world.whole(self.reward_model.model):
            found = self.world.spread(answers, self._score)
        scored = [row for part in found for row in part]
        failed = [row.error for row in scored if row.error]
        if failed:
            message = f"cannot score {len(failed)} of {len(scored)} responses to validation prompts: {failed[0]}"
            raise TrainingError("not_scored", message, field="inputs.reward_model")
        return fmean(reward for row in scored for reward in row.rewards or ())

    def _answer(self, policy: LoadedModel, ids: Sequence[str]) -> list[LineToScore]:
        """One response to each of some prompts."""
        prompts = [self.prompts[id] for id in ids]
        responses = sample(
            policy.model,
            policy.tokenizer,
            [encode_prompt(policy.tokenizer, [turn.to_json() for turn in own]) for own in prompts],
            seeds=[[sample_seed(self.seed, id, 0)] for id in ids],
            settings=SamplingSettings(self.max_response_tokens, stop=default_stop(policy.tokenizer)),
            batch_size=self.batch_size,
        ).samples
        return [
            LineToScore(messages=own, response=response.text, finish_reason=response.finish_reason)
            for own, [response] in zip(prompts, responses, strict=True)
        ]

    def _score(self, rows: Sequence[LineToScore]) -> list[ScoredLine]:
        scorer = Scorer(self.reward_model, is_packed=False, batch_tokens=self.micro_batch_tokens)
        return self.world.call(lambda _model: scorer.score_rows(dict(enumerate(rows))), self.reward_model.model)


def prompts_to_judge(
    rows: Sequence[Demonstration], *, policy: LoadedModel, lengths: Lengths, most: int
) -> dict[str, tuple[Message, ...]]:
    """The first `most` different prompts of some demonstrations that are not too long."""
    found: dict[str, tuple[Message, ...]] = {}
    for row in rows:
        if len(found) < most and row.prompt_id not in found:
            ids = encode_prompt(policy.tokenizer, [turn.to_json() for turn in row.messages])
            if len(ids) <= lengths.max_prompt_tokens:
                found[row.prompt_id] = row.messages
    return found


class CheckpointChoice:
    """The best epoch so far by a rule, its figures and, where a later one may be worse, its weights on the CPU."""

    def __init__(self, rule: ChosenBy) -> None:
        self.rule = rule
        self.epoch = 0
        self.figures: dict[str, float] = {}
        self._weights: dict[str, Tensor] = {}

    def offer(self, model: PreTrainedModel, *, epoch: int, figures: dict[str, float]) -> dict[str, float]:
        """Keep the weights of an epoch that is better than all before it; return the best one as a figure to chart."""
        if self.rule == "last":
            self.epoch, self.figures = epoch, figures
            return {}
        if not self.figures or self._worth(figures) > self._worth(self.figures):
            self.epoch, self.figures = epoch, figures
            self._weights = {
                name: whole_tensor(value.detach()).to("cpu", copy=True)
                for name, value in trained_weights(model).items()
            }
        return {f"best_epoch_by_{self.rule}": self.epoch}

    def take(self, model: PreTrainedModel) -> None:
        """Put the chosen weights into the model."""
        if self._weights:
            put_trained_weights(model, self._weights)

    def summary(self) -> dict[str, int | float | str]:
        """The chosen epoch's figures, and what chose it."""
        return {**self.figures, "checkpoint_chosen_by": self.rule, "chosen_epoch": self.epoch}

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs to choose as it would have."""
        return {"epoch": self.epoch, "figures": self.figures, "weights": self._weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from an earlier state."""
        self.epoch, self.figures, self._weights = (state_dict[name] for name in ("epoch", "figures", "weights"))

    def _worth(self, figures: dict[str, float]) -> float:
        return figures["validation_reward"] if self.rule == "reward" else -figures["validation_loss"]

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

from formats.records import Demonstration
from formats.run_spec import ChosenBy
from inference.models import LoadedModel
from inference.sampling import sample, sample_seed
from inference.scoring import score
from training.adapting import put_trained_weights, trained_weights
from training.batches import chunks
from training.distributed import ALONE, World, whole_tensor
from training.rollouts import read_rollout, rollout_settings
from training.sequences import Encoder, TokenPrompt, TokenSequence


@dataclass(frozen=True, slots=True)
class Judge:
    """A reward model that reads the policy's tokens, and the prompts on which it compares policies."""

    reward_model: LoadedModel
    prompts: Sequence[TokenPrompt]  # whose ids decide which random numbers answer them
    max_response_tokens: int
    batch_size: int  # of responses that are sampled at once
    micro_batch_tokens: int  # that are scored at once
    seed: int
    world: World = ALONE

    def mean_reward(self, policy: LoadedModel) -> float:
        """The mean reward of one response to each prompt, sampled at temperature 1 and scored as rollouts are."""
        parts = list(chunks(self.prompts, -(-len(self.prompts) // self.world.size)))
        with self.world.whole(policy.model):
            answers = self.world.spread(parts, lambda prompts: self._answer(policy, prompts))
        with self.world.whole(self.reward_model.model):
            rewards = self.world.spread(answers, self._score)
        return fmean(reward for part in rewards for reward in part)

    def _answer(self, policy: LoadedModel, prompts: Sequence[TokenPrompt]) -> list[TokenSequence]:
        """One response to each of some prompts, as the reward model reads it."""
        settings = rollout_settings(policy, max_response_tokens=self.max_response_tokens, temperature=1.0)
        samples = sample(
            policy.model,
            policy.tokenizer,
            [prompt.ids for prompt in prompts],
            seeds=[[sample_seed(self.seed, prompt.id, 0)] for prompt in prompts],
            settings=settings,
            batch_size=self.batch_size,
        ).samples
        return [
            read_rollout(policy, prompt, drawn, settings=settings).scored
            for prompt, [drawn] in zip(prompts, samples, strict=True)
        ]

    def _score(self, rows: Sequence[TokenSequence]) -> list[float]:
        prompts, responses = [row.prompt_ids for row in rows], [[row.response_ids] for row in rows]
        model, tokenizer = self.reward_model.model, self.reward_model.tokenizer
        found = self.world.call(score, model, tokenizer, prompts, responses, batch_tokens=self.micro_batch_tokens)
        return [reward for [reward] in found]


def prompts_to_judge(rows: Sequence[Demonstration], *, encoder: Encoder, most: int) -> list[TokenPrompt]:
    """The first `most` different prompts of some demonstrations that are not too long."""
    found: dict[str, TokenPrompt] = {}
    for row in rows:
        if len(found) < most and row.prompt_id not in found:
            ids = encoder.prompt_ids(row.messages)
            if ids is not None:
                found[row.prompt_id] = TokenPrompt(row.prompt_id, ids)
    return list(found.values())


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

"""One contender of `benchmarks.ppo`: the PPOTrainer of TRL 1.12, the last that had one. Runs in TRL's own environment.

    python -m benchmarks.ppo_trl CASE.json

A step goes through one batch: sample, score, learn. Where the case names a directory, the policy is left there after
each (`benchmarks.ppo_curve`).
"""

from typing import Any

from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer, TrainerCallback
from trl.experimental.ppo import PPOConfig, PPOTrainer  # type: ignore[import-not-found]

from benchmarks.stepping import Conversation
from benchmarks.trl_steps import Stepper, plain_settings


def main() -> None:
    """Step until the input ends."""
    conversation = Conversation()
    case = conversation.case

    def language_model() -> Any:
        return AutoModelForCausalLM.from_pretrained(case["model"])

    def classifier() -> Any:
        return AutoModelForSequenceClassification.from_pretrained(case["reward_model"], num_labels=1)

    trainer = PPOTrainer(
        args=PPOConfig(**plain_settings(conversation), **ppo_settings(case)),
        processing_class=AutoTokenizer.from_pretrained(case["model"], padding_side="left"),
        model=language_model(),
        ref_model=language_model(),
        reward_model=classifier(),
        value_model=classifier(),
        train_dataset=Dataset.from_list([{"input_ids": ids} for ids in case["prompts"]]),
        callbacks=[Saver(case.get("policy_directory")), Stepper(conversation, figures)],
    )
    trainer.train()


class Saver(TrainerCallback):
    """Leaves the policy in a directory after each step."""

    def __init__(self, directory: str | None) -> None:
        self._directory = directory

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Write it over the one before."""
        if self._directory:
            kwargs["model"].policy.save_pretrained(self._directory)


def figures(state: Any) -> dict[str, float | None]:
    """What TRL says of the batch."""
    found = state.log_history[-1] if state.log_history else {}
    return {"reward_mean": found.get("objective/scores"), "kl_nats": found.get("objective/kl")}


def ppo_settings(case: dict[str, Any]) -> dict[str, Any]:
    """Our hyper-parameters in TRL's words."""
    settings, micro = case["settings"], case["trl_micro_batch"]
    return {
        "per_device_train_batch_size": micro,
        "gradient_accumulation_steps": settings["batch_size"] // micro,
        "num_mini_batches": 1,
        "num_ppo_epochs": settings["inner_epochs"],
        "local_rollout_forward_batch_size": settings["rollout_batch_size"],
        "total_episodes": 1_000_000 * settings["batch_size"],
        "response_length": settings["max_response_tokens"],
        "stop_token": "eos",
        "temperature": settings["temperature"],
        "learning_rate": settings["learning_rate"],
        "adam_beta1": settings["adam_beta1"],
        "adam_beta2": settings["adam_beta2"],
        "kl_coef": settings["kl_coefficient"],
        "kl_estimator": "k1",
        "cliprange": settings["clip_range"],
        "cliprange_value": settings["value_clip_range"],
        "vf_coef": 1.0,
        "gamma": settings["discount"],
        "lam": settings["gae_lambda"],
        "whiten_rewards": False,
        "missing_eos_penalty": None,
        "num_sample_generations": 0,
        "logging_strategy": "steps",
        "logging_steps": 1,
        "seed": settings["seed"],
    }


if __name__ == "__main__":
    main()

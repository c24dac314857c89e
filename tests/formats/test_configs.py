import json

import pytest

from formats.configs import CONFIG_CLASSES, PpoConfig, RewardModelConfig, SampleConfig, SftConfig
from formats.configs.reward_model import parse_labeler_weights
from formats.errors import FormatError
from formats.presets import preset, presets
from formats.settings import describe

KINDS = list(CONFIG_CLASSES)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in presets(kind)])
def test_presets_are_valid_and_survive_json(kind: str, name: str) -> None:
    config = preset(kind, name)
    config.validate()
    assert CONFIG_CLASSES[kind].from_json(json.loads(json.dumps(config.to_json()))) == config


def test_unknown_presets_are_refused() -> None:
    with pytest.raises(FormatError, match="kind: must be one of"):
        preset("grpo", "tiny")
    with pytest.raises(FormatError, match="preset: must be one of tiny, paper"):
        preset("sft", "huge")


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_explains_itself(kind: str) -> None:
    described = json.loads(json.dumps(describe(CONFIG_CLASSES[kind])))
    names = [item["name"] for item in described]
    assert sorted(names) == sorted(CONFIG_CLASSES[kind]().to_json())
    assert names[-4:] == ["seed", "device", "precision", "threads"], "what a kind shares comes after what is its own"
    for item in described:
        assert item["label"], item["name"]
        assert item["help"].endswith("."), item["name"]
        assert len(item["help"]) > 25, item["name"]
        assert item["group"] in ("basic", "advanced")
        assert item["type"] in ("integer", "number", "boolean", "text", "choice")
        assert bool(item["choices"]) == (item["type"] == "choice")
        if item["type"] in ("integer", "number"):
            assert item["minimum"] <= item["default"] <= item["maximum"], item["name"]
    assert any(item["group"] == "basic" for item in described)


def test_the_defaults_are_the_papers() -> None:
    sft, reward, ppo = SftConfig(), RewardModelConfig(), PpoConfig()
    assert (sft.epochs, sft.batch_size, sft.learning_rate, sft.residual_dropout) == (16, 32, 9.65e-6, 0.2)
    assert (sft.adam_beta1, sft.adam_beta2, sft.final_learning_rate_fraction) == (0.9, 0.95, 0.1)
    assert (sft.max_prompt_tokens, sft.max_response_tokens) == (1024, 1024)
    for_ppo = preset("sft", "paper_for_ppo")
    assert for_ppo == SftConfig(epochs=2, pretraining_fraction=0.1)
    assert (reward.epochs, reward.batch_size, reward.learning_rate) == (1, 64, 9e-6)
    assert reward.zero_point == "demonstrations"
    assert (reward.ties, reward.likert_margin, reward.labeler_weights) == ("drop", 0.0, "")
    assert (ppo.episodes, ppo.batch_size, ppo.minibatch_size, ppo.inner_epochs) == (256_000, 512, 64, 1)
    assert (ppo.kl_coefficient, ppo.ptx_coefficient, ppo.ptx_examples_per_episode) == (0.02, 27.8, 8)
    assert (ppo.clip_range, ppo.temperature, ppo.discount, ppo.gae_lambda) == (0.2, 1.0, 1.0, 0.95)
    assert (ppo.ema_decay, ppo.warmup_iterations, ppo.warmup_start_fraction) == (0.992, 10, 0.1)
    assert ppo.value_learning_rate == 9e-6


@pytest.mark.parametrize(
    ("kind", "change", "wrong_field"),
    [
        ("ppo", {"best_of_n_samples": 1}, "best_of_n_samples"),
        ("sft", {"epochs": 0}, "epochs"),
        ("sft", {"learning_rate": 0}, "learning_rate"),
        ("sft", {"micro_batch_tokens": 0}, "micro_batch_tokens"),
        ("sft", {"checkpoint_rule": "first"}, "checkpoint_rule"),
        ("sft", {"trained_turns": "none"}, "trained_turns"),
        ("sft", {"batch_size": 8, "pretraining_fraction": 0.9375}, "pretraining_fraction"),
        ("sft", {"batch_size": 4, "pretraining_fraction": 0.1}, "pretraining_fraction"),
        ("sft", {"lr": 1e-3}, "lr"),
        ("sft", {"device": "tpu"}, "device"),
        ("reward_model", {"zero_point": "none"}, "zero_point"),
        ("reward_model", {"packing": "maybe"}, "packing"),
        ("reward_model", {"micro_batch_tokens": 0}, "micro_batch_tokens"),
        ("reward_model", {"ties": "rao_kupper", "tie_parameter": 1.0}, "tie_parameter"),
        ("reward_model", {"tie_parameter": 1.5}, "tie_parameter"),
        ("reward_model", {"ties": "davidson", "likert_margin": 0.5}, "likert_margin"),
        ("reward_model", {"labeler_weights": "l2"}, "labeler_weights"),
        ("reward_model", {"cross_validation_folds": 1}, "cross_validation_folds"),
        ("reward_model", {"labeler_weights": "l2=-1"}, "labeler_weights"),
        ("reward_model", {"labeler_weights": "l2=1, l2=2"}, "labeler_weights"),
        ("reward_model", {"labeler_weights": "l2=nan"}, "labeler_weights"),
        ("dpo", {"preference": "plackett_luce", "label_smoothing": 0.1}, "label_smoothing"),
        ("dpo", {"label_smoothing": 0.5}, "label_smoothing"),
        ("dpo", {"beta": 0}, "beta"),
        ("ppo", {"minibatch_size": 60}, "minibatch_size"),
        ("ppo", {"episodes": 511}, "episodes"),
        ("ppo", {"kl_target_nats": 6.0, "kl_coefficient": 0.0}, "kl_coefficient"),
        ("ppo", {"micro_batch_tokens": 0}, "micro_batch_tokens"),
        ("ppo", {"alarm_action": "shout"}, "alarm_action"),
        ("sample", {"endpoint_url": "ftp://x"}, "endpoint_url"),
        ("sample", {"endpoint_url": "http://x/v1"}, "endpoint_model"),
        ("sample", {"endpoint_model": "m"}, "endpoint_url"),
        ("sample", {"top_p": 0}, "top_p"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(kind: str, change: dict, wrong_field: str) -> None:
    with pytest.raises(FormatError) as caught:
        CONFIG_CLASSES[kind].from_json(change)
    assert caught.value.field == wrong_field


def test_the_ways_to_weigh_labelers() -> None:
    assert parse_labeler_weights(" l2 = 0.5,l7=0", field="") == {"l2": 0.5, "l7": 0.0}
    for setting in ("", "balanced"):
        RewardModelConfig(labeler_weights=setting).validate()
        assert parse_labeler_weights(setting, field="") == {}


def test_a_local_and_a_remote_sample_config_are_both_valid() -> None:
    SampleConfig().validate()
    SampleConfig(endpoint_url="https://host/v1", endpoint_model="m").validate()

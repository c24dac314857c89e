import pytest
import torch
from torch import nn

from training.kl_controller import steered_coefficient
from training.moving_average import MovingAverage
from training.schedules import cosine_factor, warmup_factor


def test_cosine_goes_from_the_peak_to_a_tenth() -> None:
    factors = [cosine_factor(step, total_steps=5, final_fraction=0.1) for step in range(5)]
    assert factors == pytest.approx([1.0, 0.1 + 0.9 * 0.8535534, 0.55, 0.1 + 0.9 * 0.1464466, 0.1])
    assert cosine_factor(0, total_steps=1, final_fraction=0.1) == 1.0


def test_warm_up_rises_in_a_line_over_ten_iterations_and_stays() -> None:
    factors = [warmup_factor(step, warmup_iterations=10, start_fraction=0.1) for step in (0, 5, 10, 400)]
    assert factors == pytest.approx([0.1, 0.55, 1.0, 1.0])
    assert warmup_factor(0, warmup_iterations=0, start_fraction=0.1) == 1.0


def test_the_kl_coefficient_is_fixed_or_steered() -> None:
    assert steered_coefficient(0.02, kl_nats=100.0, target_nats=0.0, episodes=512) == 0.02
    # The error of +100 % is held at 20 %: 0.02 · (1 + 0.2 · 500 / 10,000).
    assert steered_coefficient(0.02, kl_nats=12.0, target_nats=6.0, episodes=500) == pytest.approx(0.0202)
    assert steered_coefficient(0.02, kl_nats=5.4, target_nats=6.0, episodes=500) == pytest.approx(0.0199)


def test_the_moving_average_forgets_at_its_decay_and_is_handed_out() -> None:
    model = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)
    average = MovingAverage(model, decay=0.75)
    for weight in (1.0, 2.0):
        nn.init.constant_(model.weight, weight)
        average.update(model)
    average.copy_to(model)
    assert model.weight.item() == pytest.approx(0.75 * 0.25 * 1.0 + 0.25 * 2.0)


def test_a_decay_of_0_is_the_last_weights() -> None:
    model = nn.Linear(2, 2)
    average = MovingAverage(model, decay=0.0)
    nn.init.constant_(model.weight, 3.0)
    average.update(model)
    assert torch.equal(average.state_dict()["weight"], model.weight)

from pathlib import Path

import pytest
import torch
from torch import nn

from inference.models import load_causal_lm
from training.dropout import add_residual_dropout
from training.errors import TrainingError

IDS = torch.tensor([[1, 2, 3, 4]])


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_both_branches_of_each_layer_drop_out_in_training_alone(
    architecture: str, request: pytest.FixtureRequest
) -> None:
    directory: Path = request.getfixturevalue(architecture)
    model = load_causal_lm(directory, device="cpu").model
    before = model(IDS).logits
    assert add_residual_dropout(model, 0.5) == 2 * model.config.num_hidden_layers
    assert torch.equal(model(IDS).logits, before)
    model.train()
    assert not torch.equal(model(IDS).logits, model(IDS).logits)


def test_no_dropout_asks_nothing_of_the_architecture() -> None:
    assert add_residual_dropout(nn.Linear(1, 1), 0.0) == 0


def test_an_unknown_architecture_is_an_error_not_a_silent_nothing() -> None:
    with pytest.raises(TrainingError) as caught:
        add_residual_dropout(nn.Linear(1, 1), 0.2)
    assert caught.value.field == "config.residual_dropout"

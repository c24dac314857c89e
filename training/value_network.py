"""The network that predicts what a response will still earn; it starts as the reward model and then is its own."""

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from inference.reward_heads import reward_bias
from inference.sequences import SequenceBatch, forward


def make_value_network(model: PreTrainedModel) -> None:
    """Turn a reward model into a value network, in place: its constant bias becomes one that is trained."""
    plain = model.score
    assert isinstance(plain, nn.Linear)
    head = nn.Linear(plain.in_features, 1, bias=True, device=plain.weight.device, dtype=plain.weight.dtype)
    with torch.no_grad():
        head.weight.copy_(plain.weight)
        head.bias.fill_(reward_bias(model))
    model.score = head


def response_values(model: PreTrainedModel, batch: SequenceBatch) -> Tensor:
    """(N, R) the value of the state that each response token is chosen in; padding holds anything finite."""
    hidden = forward(
        model.base_model,
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        position_ids=batch.position_ids,
        use_cache=False,
    ).last_hidden_state
    head = model.score
    assert isinstance(head, nn.Linear)
    values: Tensor = head(hidden[:, batch.prompt_width - 1 : -1])
    return values.squeeze(2).float()

"""The network that predicts what a response will still earn; it starts as the reward model and then is its own."""

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from inference.packed_attention import predicting_hidden_states
from inference.packing import PackedBatch
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


def token_values(model: PreTrainedModel, batch: SequenceBatch | PackedBatch) -> Tensor:
    """(M,) the values of the states that the response tokens of a batch are chosen in, response by response."""
    head = model.score
    assert isinstance(head, nn.Linear)
    if isinstance(batch, PackedBatch):
        packed: Tensor = head(predicting_hidden_states(model.base_model, batch))
        return packed.squeeze(-1).float()
    hidden = forward(
        model.base_model,
        input_ids=batch.input_ids,
        attention_mask=batch.attention_mask,
        position_ids=batch.position_ids,
        use_cache=False,
    ).last_hidden_state
    values: Tensor = head(hidden[:, batch.prompt_width - 1 : -1])
    return values.squeeze(2).float()[batch.response_mask]

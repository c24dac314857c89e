"""The paper's residual dropout, for architectures that have none of their own, such as Llama."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from training.errors import TrainingError

# The last projection of each branch that is added to the residual stream: Llama-like models, then GPT-2 and GPT-NeoX.
BRANCH_ENDS = (
    "self_attn.o_proj",
    "mlp.down_proj",
    "attn.c_proj",
    "mlp.c_proj",
    "attention.dense",
    "mlp.dense_4h_to_h",
)


def add_residual_dropout(model: nn.Module, probability: float) -> int:
    """Drop out each branch's output while the model is in training mode; return how many branches it has.

    Raises TrainingError for an architecture whose branches are not known: a setting must not be ignored silently.
    """
    if probability == 0.0:
        return 0
    ends = [module for name, module in model.named_modules() if name.endswith(BRANCH_ENDS)]
    if not ends:
        message = f"{type(model).__name__} has no residual branches that are known here; set it to 0"
        raise TrainingError("bad_config", message, field="config.residual_dropout")

    def drop(module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        return functional.dropout(output, p=probability, training=module.training)

    for module in ends:
        module.register_forward_hook(drop)
    return len(ends)

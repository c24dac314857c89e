"""The optimizer step that all stages share."""

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

import torch
from torch import nn

from formats.shared_settings import Precision
from training.distributed import whole_tensor
from training.errors import TrainingError

Arithmetic = Callable[[], AbstractContextManager[object]]


def adam(
    model: nn.Module, *, learning_rate: float, betas: tuple[float, float], weight_decay: float = 0.0
) -> torch.optim.AdamW:
    """Adam over all parameters that are trained; with a weight decay it is AdamW."""
    trained = [weights for weights in model.parameters() if weights.requires_grad]
    return torch.optim.AdamW(trained, lr=learning_rate, betas=betas, eps=1e-8, weight_decay=weight_decay)


def set_learning_rate(optimizer: torch.optim.Optimizer, learning_rate: float) -> None:
    """The rate of the next step; it is a function of the step and is never read back."""
    for group in optimizer.param_groups:
        group["lr"] = learning_rate


def clip_and_step(model: nn.Module, optimizer: torch.optim.Optimizer, *, limit: float) -> float:
    """Clip (0 does not), step, clear; return the gradient's length before. Raises TrainingError if not finite."""
    norm = float(whole_tensor(nn.utils.clip_grad_norm_(model.parameters(), limit if limit > 0 else math.inf)))
    check_finite(norm, what="gradient")
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return norm


def check_finite(value: float, *, what: str) -> None:
    """Raise TrainingError for a NaN or an infinity, before it reaches the weights."""
    if not math.isfinite(value):
        message = f"the {what} is {value}: lower the learning rate, or a model that the run began from is damaged"
        raise TrainingError("not_finite", message, field="config.learning_rate")


def check_all_finite(figures: Mapping[str, float]) -> None:
    """The same of several figures, by their names."""
    for name, figure in figures.items():
        check_finite(figure, what=name)


def arithmetic(precision: Precision, device: torch.device) -> Arithmetic:
    """A maker of contexts in which models compute in the wished precision; weights stay in 32 bits."""
    return lambda: torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")

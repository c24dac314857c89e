"""The exponential moving average of the policy's weights that PPO hands out."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from training.distributed import sharded_like


class MovingAverage:
    """Averages of what is trained, in 32 bits: average ← decay · average + (1 - decay) · weights at each update."""

    def __init__(self, model: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.averages = {name: weights.detach().clone() for name, weights in _trained(model)}

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take in the weights as they are now."""
        for name, weights in _trained(model):
            self.averages[name].lerp_(weights.detach(), 1.0 - self.decay)

    @torch.no_grad()
    def copy_to(self, model: nn.Module) -> None:
        """Put the averages in place of the weights."""
        for name, weights in _trained(model):
            weights.copy_(self.averages[name])

    def state_dict(self) -> dict[str, Tensor]:
        """The averages, by parameter."""
        return self.averages

    @torch.no_grad()
    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        """Go on from saved averages."""
        for name, value in state_dict.items():
            self.averages[name].copy_(sharded_like(value, self.averages[name]))


def _trained(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    return ((name, weights) for name, weights in model.named_parameters() if weights.requires_grad)

"""Matrix products of linear layers on CPUs on which PyTorch's own are slow.

On a CPU, PyTorch multiplies 32-bit matrices by Intel's MKL, which on other makers' processors leaves AVX-512 alone:
half of what the core can do. oneDNN, which PyTorch carries too, takes the instructions that there are (measured:
docs/experiment-log.md). Which of the two multiplies hangs on the machine and the shapes alone, so a run that goes on
after a kill, and log-probabilities taken again of the same micro-batch, come out the same to the bit.
"""

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

_CPU_INFO = Path("/proc/cpuinfo")
# Multiplications from which on oneDNN's longer way to a product is worth it, and weights of a layer: a model of smaller
# ones gains less, and the toy task's committed run can be had to the last digit.
_LEAST_WORK = 1 << 21
_LEAST_WEIGHTS = 1 << 16


class OneDnnLinear(nn.Linear):
    """A linear layer that multiplies by oneDNN where that is quicker; otherwise it is just the layer it was."""

    def forward(self, input: Tensor) -> Tensor:
        """(..., K) to (..., N)."""
        is_large = input.numel() * self.out_features >= _LEAST_WORK and self.weight.numel() >= _LEAST_WEIGHTS
        if not is_large or not self._is_plain(input):
            return linear(input, self.weight, self.bias)
        if not torch.is_grad_enabled():
            return _product(input, self.weight, self.bias)
        found: Tensor = _Product.apply(input, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return found

    def _is_plain(self, rows: Tensor) -> bool:
        """Whether both factors are plain matrices in 32 bits on a CPU: no shard of a parameter, and not lowered."""
        is_whole = type(self.weight) is nn.Parameter and self.weight.device.type == "cpu"
        return is_whole and rows.dtype == self.weight.dtype == torch.float32 and not torch.is_autocast_enabled("cpu")


def quicken_products(model: nn.Module) -> None:
    """Turn a model's linear layers into OneDnnLinear in place; names, weights and whatever refers to them stay."""
    for module in model.modules():
        if type(module) is nn.Linear:
            module.__class__ = OneDnnLinear


@cache
def mkl_is_slow() -> bool:
    """Whether this CPU has AVX-512 and MKL does not use it. A property of the machine: runs on one agree to the bit."""
    if torch.backends.cpu.get_cpu_capability() != "AVX512" or not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return False
    return _CPU_INFO.exists() and "GenuineIntel" not in _CPU_INFO.read_text()


def _product(rows: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """rows · weightᵀ + bias; the operator has no gradient of its own."""
    found: Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
    return found


class _Product(torch.autograd.Function):
    """The product with its gradients, which are products again."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, weight)
        return _product(rows, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows, weight = ctx.saved_tensors
        for_rows, for_weight, for_bias = ctx.needs_input_grad
        flat = gradient.reshape(-1, gradient.shape[-1])
        return (
            _product(gradient, weight.T) if for_rows else None,
            _product(flat.T, rows.reshape(-1, rows.shape[-1]).T) if for_weight else None,
            flat.sum(0) if for_bias else None,
        )

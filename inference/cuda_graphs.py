"""Steps of decoding as CUDA graphs. **No GPU has run this yet**: its test waits for one.

What a graph reads and writes must stay where it is in memory, and nothing may be asked of the GPU while it is captured.
transformers then makes each mask in full instead of looking whether it may leave it out.

So nothing rests on it. A pass that cannot be captured runs as it is, and a graph must first agree with the pass itself
at a later step than the one it was captured at. `CUDA_GRAPHS=off` in the environment switches it off.
"""

import logging
import os
from collections import Counter
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor, nn
from torch.distributed.fsdp import FSDPModule

from inference.models import rescaled_after

SWITCH = "CUDA_GRAPHS"
# How often a step runs as it is before it is captured. Graphs live as long as their decoder, one call of the sampler,
# and to make one takes about as long as a few steps: it is made where many more are likely. Kernels are chosen and
# weights lowered by then.
WARM_UP_STEPS = 16
# The root mean square of what logits may differ by, in their standard deviations. Another choice of kernels rounds by
# a few hundredths in bfloat16; what reads another step's tensors is off by about 1.
_AGREEMENT = 0.1

logger = logging.getLogger(__name__)
_refused: WeakSet[nn.Module] = WeakSet()


class Graphs:
    """CUDA graphs of a model's passes by their extent, each captured once it has run often enough to be worth it.

    A pass returns the tensor that it left its result in. It may be run twice: it overwrites what it wrote.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._runs: Counter[tuple[int, int]] = Counter()
        self._captured: dict[tuple[int, int], torch.cuda.CUDAGraph] = {}
        self.proven: set[tuple[int, int]] = set()
        self._pool: Any = None

    def run(self, extent: tuple[int, int], run_pass: Callable[[], Tensor]) -> None:
        """Replay the pass of this extent, or run it as it is while it is new, and for good once a graph has failed."""
        if extent in self.proven:
            self._captured[extent].replay()
            return
        result = run_pass()
        self._runs[extent] += 1
        if self._model in _refused or self._runs[extent] < WARM_UP_STEPS:
            return
        try:
            if extent not in self._captured:
                self._captured[extent] = self._capture(run_pass)
            elif _agrees(self._captured[extent], result):
                self.proven.add(extent)
            else:
                self._refuse("a graph computed something else than the step that it was made of")
        # Whatever a model, a driver or too little memory does to a capture: the pass itself does not need it.
        except Exception as error:
            self._refuse(f"{type(error).__name__}: {error}")
        if self._model in _refused:
            run_pass()

    def _capture(self, run_pass: Callable[[], Tensor]) -> torch.cuda.CUDAGraph:
        graph = torch.cuda.CUDAGraph()
        # One pool: no two graphs run at a time.
        with torch.cuda.graph(graph, pool=self._pool):
            run_pass()
        self._pool = graph.pool()
        return graph

    def _refuse(self, reason: str) -> None:
        logger.warning("decoding goes on without CUDA graphs (%s); %s=off leaves them out", reason, SWITCH)
        _refused.add(self._model)
        self._captured.clear()
        self.proven.clear()


def _agrees(graph: torch.cuda.CUDAGraph, result: Tensor) -> bool:
    """Whether a replay leaves where the pass has left its result what the pass did."""
    expected = result.clone().float()
    result.fill_(torch.nan)
    graph.replay()
    return bool((result.float() - expected).square().mean().sqrt() <= _AGREEMENT * expected.std())


def can_be_captured(model: Any) -> bool:
    """Whether graphs are wanted, and nothing is known that keeps a pass of this model out of them.

    Known are routing to experts and rescaled positions, which ask the GPU for numbers, and sharded weights (FSDP),
    which side streams gather.
    """
    if os.environ.get(SWITCH, "on").lower() in ("off", "0", "false") or model in _refused:
        return False
    if any(isinstance(module, FSDPModule) for module in model.modules()):
        return False
    config = model.config.get_text_config()
    experts = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts", "ffn_config")
    return rescaled_after(config) is None and not any(getattr(config, name, None) for name in experts)

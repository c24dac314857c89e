"""Steps of decoding as CUDA graphs. **No GPU has run this yet**: its test waits for one.

What a graph reads and writes must stay where it is in memory, and nothing may be asked of the GPU while it is captured.
transformers then makes each mask in full instead of looking whether it may leave it out.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import torch

# How often a step runs as it is before it is captured: kernels are chosen and weights lowered by then.
_WARM_UP_STEPS = 2


class Graphs:
    """CUDA graphs of passes by their extent, each captured once it has run a few times."""

    def __init__(self) -> None:
        self._runs: Counter[tuple[int, int]] = Counter()
        self.captured: dict[tuple[int, int], torch.cuda.CUDAGraph] = {}
        self._pool: Any = None

    def run(self, extent: tuple[int, int], run_pass: Callable[[], None]) -> None:
        """Replay the pass of this extent, or run it as it is while it is new."""
        self._runs[extent] += 1
        if self._runs[extent] <= _WARM_UP_STEPS:
            run_pass()
            return
        if extent not in self.captured:
            graph = torch.cuda.CUDAGraph()
            # One pool: no two graphs run at a time.
            with torch.cuda.graph(graph, pool=self._pool):
                run_pass()
            self._pool = graph.pool()
            self.captured[extent] = graph
        self.captured[extent].replay()


def can_be_captured(model: Any) -> bool:
    """Whether a pass asks the GPU for nothing before it is through: no routing to experts, no rescaled positions."""
    config = model.config.get_text_config()
    rope = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    experts = ("num_experts", "num_local_experts", "n_routed_experts")
    return rope not in ("dynamic", "longrope") and not any(getattr(config, name, None) for name in experts)

"""Factors on the peak learning rate, as pure functions of the step: there is no scheduler state to lose."""

import math


def cosine_factor(step: int, *, total_steps: int, final_fraction: float) -> float:
    """From 1 at step 0 along a half cosine to `final_fraction` at the last step, `total_steps` - 1."""
    progress = step / max(1, total_steps - 1)
    return final_fraction + (1.0 - final_fraction) * 0.5 * (1.0 + math.cos(math.pi * progress))


def warmup_factor(iteration: int, *, warmup_iterations: int, start_fraction: float) -> float:
    """From `start_fraction` at iteration 0 in a line to 1 at `warmup_iterations`, and 1 from there."""
    if iteration >= warmup_iterations:
        return 1.0
    return start_fraction + (1.0 - start_fraction) * iteration / warmup_iterations

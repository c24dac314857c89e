"""Best-of-n: the simplest way to a higher reward, and the line that PPO is to be held against.

From N samples of the initial policy to a prompt, the expected result of drawing n of them and keeping the one that the
reward model likes best, over all such draws at once: sample i, the i-th worst of N, is kept with probability
C(i - 1, n - 1) / C(N, n) (Gao et al. 2022, arXiv 2210.10760, appendix I). What it costs in KL is known in closed form.
"""

import math
from collections.abc import Sequence


def best_of_n_kl(n: int) -> float:
    """Nats by which best-of-n lies from the policy that it draws from: log n - (n - 1) / n (Stiennon et al. 2020)."""
    return math.log(n) - (n - 1) / n


def best_of_n(rewards: Sequence[float], judged: Sequence[float], *, n: int) -> float:
    """The expected `judged` of the best by `rewards` among n of N samples; `judged` may be the rewards themselves.

    Raises ValueError where there are fewer than n samples.
    """
    count = len(rewards)
    if not 1 <= n <= count == len(judged):
        raise ValueError(f"best of {n} needs at least {n} samples, each with a reward and a judgment, not {count}")
    ascending = sorted(range(count), key=lambda index: rewards[index])
    kept = [math.comb(place, n - 1) / math.comb(count, n) for place in range(count)]
    return sum(weight * judged[index] for weight, index in zip(kept, ascending, strict=True))

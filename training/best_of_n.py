"""Best-of-n: the simplest way to a higher reward, and the line that PPO is to be held against.

From N samples of the initial policy to a prompt, the expected result of drawing n of them and keeping the one that the
reward model likes best, over all such draws at once: sample i, the i-th worst of N, is kept with probability
C(i - 1, n - 1) / C(N, n) (Gao et al. 2022, arXiv 2210.10760, appendix I). What it costs in KL has a known bound.
"""

import math
from collections.abc import Sequence
from statistics import fmean


def best_of_n_kl(n: int) -> float:
    """The most nats by which best-of-n lies from the policy that it draws from: log n - (n - 1) / n.

    Often given as the KL itself (Stiennon et al. 2020), it is an upper bound, and near it where no single answer is
    likely (Beirami et al., "Theoretical guarantees on the best-of-n alignment policy", arXiv 2401.01879, ICML 2025): a
    policy that often gives the same answer moves less.
    """
    return math.log(n) - (n - 1) / n


def frontier(rewards: Sequence[Sequence[float]], *, gold: Sequence[Sequence[float]] | None = None) -> dict[str, float]:
    """For n = 2, 4, 8, … the bound on the KL, the mean reward, and what `gold` says of the same choices.

    `rewards`, by which is chosen, and `gold` are of as many samples to each prompt.
    """
    found: dict[str, float] = {}
    for n in (2**power for power in range(1, len(rewards[0]).bit_length())):
        found[f"best_of_{n}_kl_nats"] = best_of_n_kl(n)
        found[f"best_of_{n}_reward"] = fmean(best_of_n(own, own, n=n) for own in rewards)
        if gold is not None:
            pairs = zip(rewards, gold, strict=True)
            found[f"best_of_{n}_gold"] = fmean(best_of_n(own, judged, n=n) for own, judged in pairs)
    return found


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

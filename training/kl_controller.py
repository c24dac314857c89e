"""The KL coefficient: fixed, as in the paper, or steered towards a target, as in Ziegler et al. 2019, section 2.2."""

HORIZON_EPISODES = 10_000  # how many episodes a full correction takes; Ziegler's value
MAX_ERROR = 0.2


def steered_coefficient(coefficient: float, *, kl_nats: float, target_nats: float, episodes: int) -> float:
    """The coefficient for the next batch, after a batch of `episodes` whose mean KL was `kl_nats`."""
    if target_nats == 0.0:
        return coefficient
    error = min(max(kl_nats / target_nats - 1.0, -MAX_ERROR), MAX_ERROR)
    return coefficient * (1.0 + error * episodes / HORIZON_EPISODES)

"""The KL coefficient: fixed, as in the paper, or steered towards a target, as in Ziegler et al. 2019, section 2.2."""

from typing import Any

HORIZON_EPISODES = 10_000  # how many episodes a full correction takes; Ziegler's value
MAX_ERROR = 0.2


def steered_coefficient(coefficient: float, *, kl_nats: float, target_nats: float, episodes: int) -> float:
    """The coefficient for the next batch, after a batch of `episodes` whose mean KL was `kl_nats`."""
    if target_nats == 0.0:
        return coefficient
    error = min(max(kl_nats / target_nats - 1.0, -MAX_ERROR), MAX_ERROR)
    return coefficient * (1.0 + error * episodes / HORIZON_EPISODES)


class KlController:
    """The coefficient of a run as it is now; a target of 0 nats keeps it."""

    def __init__(self, coefficient: float, *, target_nats: float) -> None:
        self.coefficient = coefficient
        self.target_nats = target_nats

    def steer(self, *, kl_nats: float, episodes: int) -> None:
        """Take in the mean KL of a batch of `episodes`."""
        self.coefficient = steered_coefficient(
            self.coefficient, kl_nats=kl_nats, target_nats=self.target_nats, episodes=episodes
        )

    def state_dict(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"coefficient": self.coefficient}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.coefficient = state_dict["coefficient"]

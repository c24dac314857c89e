"""The steps of a run: begun or resumed, saved on the way, stopped when somebody asks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from torch.optim import Optimizer
from transformers import PreTrainedModel

from training.adapting import put_trained_weights, trained_weights
from training.checkpointing import restore_optimizer
from training.process import TrainingRun
from training.progress import Progress


class Stateful(Protocol):
    """Something whose state a checkpoint holds: a model, an optimizer, whatever else changes from step to step."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> object: ...


@dataclass(frozen=True, slots=True)
class TrainedWeights:
    """The weights of a model that a run trains: all of them, or with LoRA the adapter's."""

    model: PreTrainedModel

    def state_dict(self) -> dict[str, Any]:
        """By name."""
        return trained_weights(self.model)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from those of an earlier state."""
        put_trained_weights(self.model, state_dict)


def steps(
    run: TrainingRun[Any],
    progress: Progress,
    *,
    total: int,
    parts: Mapping[str, Stateful],
    checkpoint_every: int,
) -> Iterator[int]:
    """The numbers, from 0, of the steps that are still to be done; the run's state stands in `parts` and nowhere else.

    Raises PreemptedError before a step once the run was asked to stop, and saves what has been done.
    """

    def state() -> dict[str, Any]:
        return {name: part.state_dict() for name, part in parts.items()}

    saved = run.resume()
    first = 0
    if saved is not None:
        first = saved["step"]
        for name, part in parts.items():
            if isinstance(part, Optimizer):
                restore_optimizer(part, saved[name])
            else:
                part.load_state_dict(saved[name])
    progress.enter("train", step=first)
    for step in range(first, total):
        run.stop_if_asked(step=step, state=state)
        yield step
        if step + 1 < total and (step + 1) % checkpoint_every == 0:
            run.save(step=step + 1, state=state())

"""Which path a run's rows take through the model, and which of them go together.

Packed rows hold several sequences end to end and nothing is padded; unpacked ones are padded to the longest. Both give
the same losses and gradients (`tests/training/test_packing.py`, `test_sft.py`): which is taken is a matter of speed.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from transformers import PreTrainedModel

from formats.shared_settings import Packing
from inference.errors import ModelError
from inference.packing_support import prepare_packing
from training.errors import TrainingError
from training.sequences import Lengths

Item = TypeVar("Item")


def takes_packed_rows(
    model: PreTrainedModel, *, packing: Packing, lengths: Lengths, warn: Callable[[str], None]
) -> bool:
    """Prepare a model for the path that a run takes; true for the packed one.

    `auto` warns of the reason where the model cannot take the packed one; `packed` raises TrainingError then.
    """
    if packing == "unpacked":
        return False
    try:
        prepare_packing(model, longest=lengths.max_prompt_tokens + lengths.max_response_tokens)
    except ModelError as error:
        if packing == "packed":
            message = f"{error.message}; choose auto or unpacked"
            raise TrainingError("not_packable", message, field="config.packing") from error
        warn(f"Rows are not packed: {error.message}.")
        return False
    return True


def micro_batches(items: Sequence[Item], *, tokens: Callable[[Sequence[Item]], int], limit: int) -> Iterator[list[int]]:
    """Indices of the items that go through the model together, those of like length side by side.

    `tokens` says how many some items take together, padding counted. Each part holds at most `limit` of them, or one
    item alone that is longer. The longest come first: what does not fit into memory fails at once.
    """
    order = sorted(range(len(items)), key=lambda index: -tokens([items[index]]))
    part: list[int] = []
    for index in order:
        if part and tokens([items[i] for i in [*part, index]]) > limit:
            yield part
            part = []
        part.append(index)
    if part:
        yield part

"""Which path a run's rows take through the model.

Packed rows hold several sequences end to end and nothing is padded; unpacked ones are padded to the longest. Both give
the same losses and gradients (`tests/training/test_packing.py`, `test_sft.py`): which is taken is a matter of speed.
"""

from collections.abc import Callable

from transformers import PreTrainedModel

from formats.shared_settings import Packing
from inference.errors import ModelError
from inference.packing_support import prepare_packing
from training.errors import TrainingError
from training.sequences import Lengths


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

"""`python -m tests.training.killed_process MODULE RUN_DIR MOMENT STEP`: a training run that is SIGKILLed on the spot.

MOMENT `reported` is right after the metrics of a step were written; `saving` is amid the checkpoint of that step, when
its tensors lie on the disk and its manifest does not.
"""

import importlib
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any


def kill_after(module_name: str, function_name: str, *, step: int, step_of: Any) -> None:
    """Make a function kill this process once it has done its work for a step."""
    module: Any = importlib.import_module(module_name)
    original = getattr(module, function_name)

    def killing(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if step_of(args, kwargs) == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(module, function_name, killing)


def step_of_staging(args: tuple[Any, ...], _kwargs: dict[str, Any]) -> int:
    """The step in a name such as .step-4-1a2b."""
    return int(Path(args[1]).parent.name.split("-")[1])


def main() -> None:
    module, directory, moment, step = sys.argv[1:]
    if moment == "reported":
        kill_after("training.progress", "append_metrics", step=int(step), step_of=lambda _, named: named["step"])
    else:
        kill_after("training.checkpointing", "save_file", step=int(step), step_of=step_of_staging)
    sys.argv = [module, directory]
    runpy.run_module(module, run_name="__main__")


if __name__ == "__main__":
    main()

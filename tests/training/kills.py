"""Training runs that are killed at random moments, again and again, until they are done all the same.

A moment is any call of any function, Python's or C's, from the first step on: amid a step, a report, the writing of a
checkpoint, the removal of the one before, the publishing of the output. Which one it is, is drawn from a seed. The
process is a fork (`processes`), the signal a real SIGKILL.
"""

import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from formats.run_directory import EXIT_DONE, RunDirectory
from tests.training.processes import TIMEOUT_SECONDS, context

COUNT = "moments"


def run_through(directory: RunDirectory) -> int:
    """Do a run that nobody kills; return how many moments it has."""
    assert _attempt(directory, last_moment=None, without=()) == EXIT_DONE
    return int((directory.root / COUNT).read_text())


def run_killed(
    make_run: Callable[[], RunDirectory], *, kills: int, moments: int, seed: str, without: tuple[str, ...] = ()
) -> list[RunDirectory]:
    """Runs that were killed so often altogether, each brought to its end; `without` parts of each checkpoint.

    An attempt lives for at most half a run, so that most runs are killed several times.
    """
    order = random.Random(seed)
    found, left = [make_run()], kills
    while left:
        code = _attempt(found[-1], last_moment=order.randrange(moments // 2), without=without)
        assert code in (EXIT_DONE, -signal.SIGKILL), (found[-1].root / "log.txt").read_text()[-3000:]
        left -= code != EXIT_DONE
        if code == EXIT_DONE and left:
            found.append(make_run())
    assert _attempt(found[-1], last_moment=None, without=without) == EXIT_DONE
    return found


def _attempt(directory: RunDirectory, *, last_moment: int | None, without: tuple[str, ...]) -> int:
    process = context().Process(target=_train, args=(directory.root, last_moment, without), daemon=True)
    process.start()
    process.join(TIMEOUT_SECONDS)
    code = process.exitcode
    process.kill()
    assert code is not None, "the attempt hangs"
    return code


def _train(root: Path, last_moment: int | None, without: tuple[str, ...]) -> None:
    """In the forked process: one attempt, killed at a moment counted from where it begins or goes on."""
    from tests.training.toy_runs import start
    from training.process import TrainingRun

    os.environ["OMP_NUM_THREADS"] = "1"
    sys.stderr = (root / "log.txt").open("a")
    _lose(without)
    moment = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal moment
        if event in ("call", "c_call"):
            if moment == last_moment:
                os.kill(os.getpid(), signal.SIGKILL)
            moment += 1

    resume = TrainingRun.resume

    def resume_and_count(run: Any) -> Any:
        state = resume(run)
        sys.setprofile(count)
        return state

    TrainingRun.resume = resume_and_count  # type: ignore[method-assign,assignment]
    code = start(RunDirectory(root))
    sys.setprofile(None)
    (root / COUNT).write_text(str(moment))
    sys.exit(code)


def _lose(without: tuple[str, ...]) -> None:
    """Make checkpoints lose a part when they are read, as if it had never been written: a fresh run's stands there."""
    from training import checkpointing, process

    if "random" in without:
        checkpointing._set_random_state = lambda state: None
    if "kl_coefficient" in without:
        load = checkpointing.load_checkpoint
        process.load_checkpoint = lambda path: load(path) | {"kl_coefficient": 0.02}  # type: ignore[attr-defined]

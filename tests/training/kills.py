"""Training runs that are killed at random moments, again and again, until they are done all the same.

A moment is a time since the first step began or went on, drawn from a seed: amid a step, a report, the writing of a
checkpoint, the removal of the one before, the publishing of the output. The process is a fork (`processes`), and the
signal a SIGKILL from outside.
"""

import contextlib
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from formats.run_directory import EXIT_DONE, RunDirectory
from tests.training.processes import TIMEOUT_SECONDS, context


def run_through(directory: RunDirectory) -> float:
    """Do a run that nobody kills; return how many seconds its steps and its end took."""
    return _attempt(directory)[1]


def run_killed(make_run: Callable[[], RunDirectory], *, kills: int, seconds: float, seed: str) -> list[RunDirectory]:
    """Runs that were killed so often altogether, and once more at a checkpoint, each brought to its end.

    A run takes so many seconds, and an attempt lives for at most half of them, so that most are killed several times.
    However slow the machine has become since they were taken, the first goes on from a checkpoint.
    """
    order = random.Random(seed)
    found, left = [make_run()], kills
    _kill_at_checkpoint(found[0])
    while left:
        code, _ = _attempt(found[-1], until=partial(_wait, seconds=order.uniform(0.0, seconds / 2)))
        left -= code == -signal.SIGKILL
        if code == EXIT_DONE and left:
            found.append(make_run())
    _attempt(found[-1])
    return found


def run_without(directory: RunDirectory, *, part: str) -> None:
    """Kill a run at its first checkpoint, and bring it to its end as if that had lacked a part."""
    _kill_at_checkpoint(directory)
    _attempt(directory, without=part)


def _wait(process: BaseProcess, _told: Connection, *, seconds: float) -> None:
    process.join(seconds)


def _kill_at_checkpoint(directory: RunDirectory) -> None:
    """Kill a run that has not begun at its first checkpoint, where it waits to be killed."""
    code, _ = _attempt(directory, until=lambda _, told: told.poll(TIMEOUT_SECONDS), waits=True)
    assert code == -signal.SIGKILL, "the run was over without a checkpoint"
    assert directory.attempts()[-1].checkpoint_steps()


def _attempt(
    directory: RunDirectory,
    *,
    until: Callable[[BaseProcess, Connection], object] | None = None,
    waits: bool = False,
    without: str = "",
) -> tuple[int, float]:
    """The exit code of an attempt that is killed when `until` returns, and how long it lived from its first step on.

    Of the process `until` hears at its first checkpoint, if that waits there.
    """
    hears, told = context().Pipe(duplex=False)
    process = context().Process(target=_train, args=(directory.root, told, waits, without), daemon=True)
    process.start()
    told.close()
    if hears.poll(TIMEOUT_SECONDS) and until is not None:
        with contextlib.suppress(EOFError):  # it is over already, which its exit code says
            hears.recv()
            until(process, hears)
        process.kill()
    began_at = time.monotonic()
    process.join(TIMEOUT_SECONDS)
    code = process.exitcode
    allowed = {EXIT_DONE} if until is None else {EXIT_DONE, -signal.SIGKILL}
    assert code in allowed, (directory.root / "log.txt").read_text()[-3000:]
    return code or 0, time.monotonic() - began_at


def _train(root: Path, told: Connection, waits: bool, without: str) -> None:
    """In the forked process: one attempt, which tells when its first step is to begin, and its first checkpoint."""
    from tests.training.toy_runs import start
    from training.process import TrainingRun

    sys.stderr = (root / "log.txt").open("a")
    _lose(without)
    resume, save = TrainingRun.resume, TrainingRun.save

    def resume_and_tell(run: Any) -> Any:
        state = resume(run)
        told.send(None)
        return state

    def save_and_wait(run: Any, **arguments: Any) -> None:
        save(run, **arguments)
        told.send(None)
        while True:
            signal.pause()

    TrainingRun.resume = resume_and_tell  # type: ignore[method-assign,assignment]
    if waits:
        TrainingRun.save = save_and_wait  # type: ignore[method-assign,assignment]
    sys.exit(start(RunDirectory(root)))


def _lose(part: str) -> None:
    """Make checkpoints lose a part, if one is named, when they are read: what a fresh run has stands in its place."""
    from inference.sampling import sample_seed
    from training import checkpointing, process, rollouts

    if part == "random":
        checkpointing._set_random_state = lambda state: None
        # PPO's random numbers are not in it: a response's seed comes of its number in the run, which here begins anew.
        began_at: list[int] = []

        def seed_from_start(run_seed: int, prompt_id: str, number: int) -> int:
            began_at.append(number)
            return sample_seed(run_seed, prompt_id, number - began_at[0])

        rollouts.sample_seed = seed_from_start  # type: ignore[attr-defined]
    if part == "kl":
        load = checkpointing.load_checkpoint
        process.load_checkpoint = lambda path: load(path) | {"kl": {"coefficient": 0.02}}  # type: ignore[attr-defined]

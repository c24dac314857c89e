"""A sample run as a process: its command line, its signals, its errors and exit codes (formats/run_directory.py)."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from formats.errors import FormatError
from formats.run_directory import (
    EXIT_BAD_INPUT,
    EXIT_DONE,
    EXIT_PREEMPTED,
    AttemptDirectory,
    RunDirectory,
    RunError,
)
from inference.endpoint import EndpointUnavailable
from inference.errors import InferenceError

EXIT_UNAVAILABLE = 1  # Nothing is wrong with the run: another attempt may find the endpoint up again.

logger = logging.getLogger("inference")
_STOPPING = (signal.SIGTERM, signal.SIGINT)
Work = Callable[[RunDirectory, AttemptDirectory], None]


class Preempted(BaseException):
    """SIGTERM or Ctrl-C. Not an Exception, so that no handler between the signal and the process takes it for one."""


def main(work: Work, arguments: Sequence[str] | None = None, *, description: str) -> int:
    """Do the work of the run directory that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("run_directory", type=Path, metavar="RUN_DIR")
    parser.add_argument("--attempt", type=int, help="number of the attempt; one more than the last by default")
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    directory = RunDirectory(given.run_directory)
    if not directory.root.is_dir():
        parser.error(f"{directory.root} is not a directory")
    if directory.is_done():
        logger.info("the output is there already")
        return EXIT_DONE
    attempts = directory.attempts()
    next_epoch = attempts[-1].epoch + 1 if attempts else 1
    attempt = directory.attempt(next_epoch if given.attempt is None else given.attempt)
    attempt.root.mkdir(exist_ok=True)
    return _guarded(work, directory=directory, attempt=attempt)


def _guarded(work: Work, *, directory: RunDirectory, attempt: AttemptDirectory) -> int:
    try:
        with _signals_as_preemption():
            work(directory, attempt)
    except Preempted:
        logger.info("stopped as asked; what was drawn is kept")
        return EXIT_PREEMPTED
    except FormatError as error:
        return _fail(attempt, RunError("bad_input", error.message, error.field), EXIT_BAD_INPUT)
    except EndpointUnavailable as error:
        return _fail(attempt, RunError(error.code, error.message, error.field), EXIT_UNAVAILABLE)
    except InferenceError as error:
        return _fail(attempt, RunError(error.code, error.message, error.field), EXIT_BAD_INPUT)
    except Exception as error:
        # Not caught for good: the supervisor sees a crash, and a person sees one line of why.
        attempt.write_error(RunError("crash", f"{type(error).__name__}: {error}"))
        raise
    logger.info("done")
    return EXIT_DONE


@contextmanager
def _signals_as_preemption() -> Iterator[None]:
    """SIGTERM and SIGINT raise Preempted at once, also amid a long batch: only what is on disk counts as drawn."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # A second signal must not break the clean stop.
        raise Preempted

    before = {number: signal.signal(number, stop) for number in _STOPPING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on a new event loop. SIGTERM and SIGINT cancel it, and then Preempted is raised.

    A handler that raised amid the loop, as the one above does, would leave tasks and connections lying about.
    """

    async def cancellable() -> None:
        task = asyncio.current_task()
        assert task is not None
        for number in _STOPPING:
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        await work

    before = {number: signal.getsignal(number) for number in _STOPPING}
    try:
        asyncio.run(cancellable())
    except asyncio.CancelledError:
        raise Preempted from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _fail(attempt: AttemptDirectory, error: RunError, exit_code: int) -> int:
    logger.error("%s", f"{error.field}: {error.message}" if error.field else error.message)
    attempt.write_error(error)
    return exit_code

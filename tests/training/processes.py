"""Trainers as processes of their own that start at once: forked from a server which has torch imported already.

The server is fresh (it has only imported), so a fork of it is as good as a new interpreter, without its six seconds.
"""

import multiprocessing
import os
import signal
import sys
import time
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from formats.run_directory import RunDirectory

TIMEOUT_SECONDS = 600.0
LOOPBACK = "127.0.0.1"


def context() -> ForkServerContext:
    """Where to fork from; the first process of a test session starts the server."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.training.toy_runs"])
    return found


@dataclass(frozen=True, slots=True)
class SignalAt:
    """A signal that one process of a world sends itself before a step."""

    number: signal.Signals
    rank: int
    step: int


def run_world(directory: RunDirectory, *, size: int, signal_at: SignalAt | None = None) -> list[int | None]:
    """An attempt at a run in so many processes, as a launcher would start them: their exit codes."""
    # The launcher's part in finding each other: a store that is there before anybody asks, on a port that is free.
    store = TCPStore(LOOPBACK, 0, is_master=True, wait_for_workers=False)
    processes = [
        context().Process(target=_train, args=(directory.root, rank, size, store.port, signal_at), daemon=True)
        for rank in range(size)
    ]
    deadline = time.monotonic() + TIMEOUT_SECONDS
    for process in processes:
        process.start()
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
    return codes


def _train(root: Path, rank: int, size: int, port: int, signal_at: SignalAt | None) -> None:
    # Imported here: this module is also loaded where nothing of training is wanted.
    from tests.training.toy_runs import start

    launched(rank=rank, size=size, port=port)
    sys.stderr = (root / f"rank-{rank}.txt").open("a")
    torch.set_num_threads(1)
    if signal_at is not None and signal_at.rank == rank:
        _signal_at(signal_at)
    sys.exit(start(RunDirectory(root)))


def launched(*, rank: int, size: int, port: int) -> None:
    """Make this process's environment that of one which a launcher started."""
    os.environ |= {
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": LOOPBACK,
        "MASTER_PORT": str(port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
    }


def _signal_at(chosen: SignalAt) -> None:
    from training.process import TrainingRun

    original = TrainingRun.stop_if_asked

    def stop_if_asked(run: Any, **arguments: Any) -> None:
        if arguments["step"] == chosen.step:
            signal.raise_signal(chosen.number)
        original(run, **arguments)

    TrainingRun.stop_if_asked = stop_if_asked  # type: ignore[method-assign,assignment]

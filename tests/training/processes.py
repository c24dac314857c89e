"""Trainers as processes of their own that start at once: forked from a server which has torch imported already.

The server is fresh (it has only imported), so a fork of it is as good as a new interpreter, without its six seconds.
"""

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import torch
from torch.distributed import TCPStore  # type: ignore[attr-defined]

from formats.run_directory import RunDirectory

TIMEOUT_SECONDS = 120.0
LOOPBACK = "127.0.0.1"


def context() -> ForkServerContext:
    """Where to fork from; the first process of a test session starts the server."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.training.toy_runs"])
    return found


@contextlib.contextmanager
def world(directory: RunDirectory, *, size: int) -> Iterator[list[ForkServerProcess]]:
    """An attempt at a run in so many processes, as a launcher would start them; killed at the end if they still run."""
    # The launcher's part in finding each other: a store that is there before anybody asks, on a port that is free.
    store = TCPStore(LOOPBACK, 0, is_master=True, wait_for_workers=False)
    found = [
        context().Process(target=_train, args=(directory.root, rank, size, store.port), daemon=True)
        for rank in range(size)
    ]
    try:
        for process in found:
            process.start()
        yield found
    finally:
        for process in found:
            process.kill()
            process.join()


def run_world(directory: RunDirectory, *, size: int) -> list[int | None]:
    """The exit codes of an attempt at a run in so many processes."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    with world(directory, size=size) as processes:
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
        return [process.exitcode for process in processes]


def _train(root: Path, rank: int, size: int, port: int) -> None:
    # Imported here: this module is also loaded where nothing of training is wanted.
    from tests.training.toy_runs import start

    os.environ |= {
        "RANK": str(rank),
        "WORLD_SIZE": str(size),
        "MASTER_ADDR": LOOPBACK,
        "MASTER_PORT": str(port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
    }
    sys.stderr = (root / f"rank-{rank}.txt").open("a")
    torch.set_num_threads(1)
    sys.exit(start(RunDirectory(root)))

"""The supervisor's parts, with small real processes in the place of the product's."""

import re
import socket
import sys
import time
from pathlib import Path

import psutil
import pytest

from labelapp.common.serving import children
from labelapp.common.serving.children import Child, shorten_log, stop_children
from labelapp.common.serving.errors import ServingError
from labelapp.common.serving.listener import open_listener
from labelapp.common.serving.supervisor import Supervisor, describe_status

END_SECONDS = 30


def make_child(folder: Path, program: str, *, name: str = "child") -> Child:
    return Child(
        name,
        arguments=[sys.executable, "-c", program],
        cwd=folder,
        log=folder / f"{name}.log",
        environment={"PATH": "/usr/bin:/bin"},
    )


def watch_until(supervisor: Supervisor, said: list[str], *, lines: int) -> None:
    deadline = time.monotonic() + END_SECONDS
    while len(said) < lines:
        assert time.monotonic() < deadline, said
        supervisor.check()


def test_a_child_that_ends_is_started_again_with_a_growing_pause(tmp_path: Path) -> None:
    child = make_child(tmp_path, "print('no such table'); raise SystemExit(3)")
    child.start()
    said: list[str] = []
    supervisor = Supervisor([child], say=said.append)
    watch_until(supervisor, said, lines=2)
    assert "child ended with exit status 3; starting it again in 1 s" in said[0]
    assert "child ended with exit status 3; starting it again in 2 s" in said[1]
    assert (tmp_path / "child.log").read_text() == "no such table\n" * 2
    supervisor.raise_early_failure()
    watch_until(supervisor, said, lines=3)
    with pytest.raises(ServingError, match=r"child does not start: no such table \(log: .*child\.log\)"):
        supervisor.raise_early_failure()


def test_a_child_that_runs_is_left_alone(tmp_path: Path) -> None:
    child = make_child(tmp_path, "import threading; threading.Event().wait()")
    child.start()
    said: list[str] = []
    try:
        supervisor = Supervisor([child], say=said.append)
        supervisor.check()
        assert child.poll() is None
        assert said == []
    finally:
        stop_children([child])


def test_stopping_ends_a_child_that_will_not_and_its_own_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "STOP_SECONDS", 0.5)
    program = (
        "import os, signal, threading\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = os.fork()\n"
        "if child: open('pids', 'w').write(f'{os.getpid()} {child}\\n')\n"
        "threading.Event().wait()\n"
    )
    child = make_child(tmp_path, program)
    child.start()
    deadline = time.monotonic() + END_SECONDS
    while not ((tmp_path / "pids").exists() and (tmp_path / "pids").read_text().endswith("\n")):
        assert time.monotonic() < deadline
    processes = [psutil.Process(int(pid)) for pid in (tmp_path / "pids").read_text().split()]
    stop_children([child])
    _, alive = psutil.wait_procs(processes, timeout=END_SECONDS)
    assert alive == []


def test_a_log_that_has_grown_is_moved_aside_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "LARGEST_LOG_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as file:
        file.write(b"more than ten bytes\n")
        shorten_log(log)
        file.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"more than ten bytes\n"


def test_a_taken_port_names_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        name = re.escape(psutil.Process().name())
        with pytest.raises(ServingError, match=rf"port {port} is taken by {name} \(pid {psutil.Process().pid}\)"):
            open_listener("127.0.0.1", port=port)


@pytest.mark.parametrize(
    ("address", "port", "message"),
    [
        ("127.0.0.1", 70000, "PORT must be between 0 and 65535, not 70000"),
        ("192.0.2.1", 8000, "cannot listen on BIND_ADDRESS 192.0.2.1"),
        ("not an address", 8000, "cannot listen on BIND_ADDRESS not an address"),
    ],
)
def test_an_address_that_cannot_be_listened_on(address: str, port: int, message: str) -> None:
    with pytest.raises(ServingError, match=re.escape(message)):
        open_listener(address, port=port)


@pytest.mark.parametrize(
    ("status", "text"),
    [(0, "ended with exit status 0"), (-9, "was killed by SIGKILL"), (-63, "was killed by signal 63")],
)
def test_how_a_process_ended_is_said_in_words(status: int, text: str) -> None:
    assert describe_status(status) == text

"""`manage.py serve` as a person runs it: one real start, watched at its console."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT, process_environment

LONGEST_SECONDS = 120


class Console:
    """A running `manage.py serve` and what it has said."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []

    def wait_for(self, pattern: str) -> str:
        """Return the next line that matches; fail when serve ends or says nothing more in time."""
        assert self.process.stdout is not None
        guard = threading.Timer(LONGEST_SECONDS, self.process.kill)
        guard.start()
        try:
            for line in self.process.stdout:
                self.lines.append(line.rstrip())
                if re.search(pattern, line):
                    return line.rstrip()
        finally:
            guard.cancel()
        raise AssertionError(f"serve ended without saying {pattern!r}:\n" + "\n".join(self.lines))

    def children(self) -> list[psutil.Process]:
        """Return every process that it started, and theirs."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: signal.Signals) -> int:
        """Send a signal and return the exit status."""
        self.process.send_signal(number)
        self.wait_for("labelapp has stopped")
        return self.process.wait(LONGEST_SECONDS)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def serve_environment(data_dir: Path, **extra: str) -> dict[str, str]:
    ours = ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "PORT", "PUBLIC_URL")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return environment | {"DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"} | extra


@contextmanager
def serving(data_dir: Path, *, port: int, **variables: str) -> Iterator[Console]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--no-demo"],
        cwd=ROOT,
        env=serve_environment(data_dir, PORT=str(port), **variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    console = Console(process)
    try:
        yield console
    finally:
        process.terminate()
        process.communicate(timeout=LONGEST_SECONDS)


def one_line_of(command: str, *, environment: dict[str, str]) -> str:
    """Run a command that must fail and return the only line that it says."""
    result = subprocess.run(
        [sys.executable, "manage.py", *command.split()],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert result.returncode == 1
    said = [line for line in (result.stdout + result.stderr).splitlines() if not line.startswith("starting ")]
    assert len(said) == 1, said
    return said[0]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Provide a DATA_DIR whose databases are made once: that takes longer than all the rest of a start."""
    return tmp_path_factory.mktemp("served") / "data"


@pytest.mark.slow
def test_a_whole_life(tmp_path: Path, data_dir: Path) -> None:
    port = free_port()
    with serving(data_dir, port=port) as console:
        assert f"http://localhost:{port}" in console.wait_for("labelapp is ready")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health") as response:
            assert response.status == 200
            json.load(response)

        said = one_line_of("serve", environment=serve_environment(data_dir, PORT=str(free_port())))
        assert f"another labelapp (pid {console.process.pid}) runs on DATA_DIR {data_dir}" in said
        said = one_line_of("serve", environment=serve_environment(tmp_path / "other", PORT=str(port)))
        assert re.search(rf"port {port} is taken by \S+ \(pid \d+\)", said)

        kill_child(console, "celery", "worker")
        assert console.wait_for("worker was killed by SIGKILL; starting it again in 1 s")
        kill_child(console, "bin/postgres")
        assert console.wait_for("postgres was killed by SIGKILL; starting it again in 1 s")
        wait_until_healthy(port)

        started = console.children()
        before = time.monotonic()
        assert console.stop(signal.SIGINT) == 0
        assert time.monotonic() - before < 30
        assert [process for process in started if process.is_running()] == []

    with serving(data_dir, port=port) as console:
        console.wait_for("labelapp is ready")
        started = console.children()
        assert console.stop(signal.SIGTERM) == 0
        assert [process for process in started if process.is_running()] == []


def kill_child(console: Console, *words: str) -> None:
    """Kill -9 the first child whose command holds these words."""
    children = psutil.Process(console.process.pid).children()
    child = next(child for child in children if all(word in " ".join(child.cmdline()) for word in words))
    child.kill()


def wait_until_healthy(port: int) -> None:
    """Ask until the health is good again: the restart has a pause of its own."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=10).close()
            return
        except OSError:
            assert time.monotonic() < deadline


def test_a_supervisor_that_is_killed_leaves_nothing_behind(data_dir: Path) -> None:
    with serving(data_dir, port=free_port()) as console:
        console.wait_for("labelapp is ready")
        started = console.children()
        console.process.kill()
        _, alive = psutil.wait_procs(started, timeout=60)
    assert alive == []


def test_servers_of_one_s_own_replace_the_embedded_ones(transactional_db: None, tmp_path: Path) -> None:
    own = {
        "DATABASE_URL": process_environment()["DATABASE_URL"],
        "REDIS_URL": os.environ["REDIS_URL"].replace("db=0", "db=1"),
    }
    with serving(tmp_path / "data", port=free_port(), **own) as console:
        console.wait_for("labelapp is ready")
        assert not any(line.startswith("starting ") for line in console.lines)
        assert not any(child.name() in {"postgres", "valkey-server"} for child in console.children())
        assert console.stop(signal.SIGTERM) == 0
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    environment = serve_environment(tmp_path, DATABASE_URL="postgresql://me:secret@127.0.0.1:1/mine")
    said = one_line_of("prepare", environment=environment)
    assert "cannot reach the database of DATABASE_URL" in said
    assert "secret" not in said


def test_a_redis_that_does_not_answer(tmp_path: Path) -> None:
    environment = serve_environment(
        tmp_path, DATABASE_URL=os.environ["DATABASE_URL"], REDIS_URL="redis://:secret@127.0.0.1:1/0"
    )
    said = one_line_of("prepare", environment=environment)
    assert "cannot reach the Redis of REDIS_URL" in said
    assert "secret" not in said


@pytest.mark.django_db(transaction=True)
def test_a_database_user_who_may_not_migrate(tmp_path: Path) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE guest NOLOGIN")
        cursor.execute("CREATE DATABASE somebody_elses")
    try:
        address = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
        environment = serve_environment(
            tmp_path,
            DATABASE_URL=f"{address}/somebody_elses?options=-c%20role%3Dguest",
            REDIS_URL=os.environ["REDIS_URL"],
        )
        said = one_line_of("prepare", environment=environment)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE somebody_elses WITH (FORCE)")
            cursor.execute("DROP ROLE guest")
    assert re.search(r"the database user \w+ may not migrate somebody_elses: permission denied", said)

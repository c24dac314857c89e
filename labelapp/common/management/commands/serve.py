"""`manage.py serve`: the whole product on one machine, in the foreground, until Ctrl-C."""

import http.client
import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from labelapp.common.embedded import DataDirectory, EmbeddedPostgres, EmbeddedServiceError, EmbeddedValkey
from labelapp.common.serving.children import Service, stop_children
from labelapp.common.serving.errors import ServingError
from labelapp.common.serving.listener import open_listener
from labelapp.common.serving.product import make_children
from labelapp.common.serving.supervisor import Supervisor

CHECK_SECONDS = 0.5
READY_SECONDS = 120.0
STOP_RUNS_SECONDS = 60.0
LOCAL_ADDRESSES = ("127.0.0.1", "::1", "localhost")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Ctrl-C, SIGTERM or a closed terminal; not an Exception, so that nothing on the way catches it."""


class Command(BaseCommand):
    """Start PostgreSQL, Valkey, web, worker and beat; keep them alive; stop all of them together."""

    help = "Serve labelapp on this machine until Ctrl-C. DATABASE_URL and REDIS_URL replace the embedded servers."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo workspace")

    def handle(self, *_args: Any, no_demo: bool = False, **_options: Any) -> None:
        # What people write and what models say is nobody else's to read on a shared machine.
        os.umask(0o077)
        try:
            with stop_by_signal():
                self.serve(no_demo=no_demo)
        except StopAsked:
            self.say("labelapp has stopped")
        except (EmbeddedServiceError, ServingError, CommandError) as error:
            sys.exit(str(error))

    def serve(self, *, no_demo: bool) -> None:
        """Start everything in order and watch it; whatever ends this stops everything in the reverse order."""
        started_at = time.monotonic()
        with ExitStack() as stack:
            directory = stack.enter_context(DataDirectory(settings.DATA_DIR))
            listener = stack.enter_context(open_listener(settings.BIND_ADDRESS, port=settings.PORT))
            servers = self.start_servers(directory, stack=stack)
            logins = self.prepare(no_demo=no_demo)
            stack.callback(self.stop_runs)
            children = make_children(listener)
            stack.callback(stop_children, children)
            stack.callback(self.say, "stopping")
            self.say("bringing up the web server, a worker and the clock")
            for child in children:
                child.start()
            supervisor = Supervisor([*servers, *children], say=self.say)
            self.wait_until_healthy(supervisor, port=listener.getsockname()[1])
            self.say(f"labelapp is ready: {settings.PUBLIC_URL} (after {time.monotonic() - started_at:.1f} s)")
            if logins:
                self.say(textwrap.indent(logins, "  "))
            if not settings.EMAIL_URL:
                log = settings.DATA_DIR / "logs" / "web.log"
                self.say(f"EMAIL_URL is not set: mail, such as a link to set a new password, is written to {log}")
            self.say("Ctrl-C stops it")
            while True:
                time.sleep(CHECK_SECONDS)
                supervisor.check()

    def say(self, line: str) -> None:
        """Print one line at once, also into a pipe."""
        self.stdout.write(line)
        self.stdout.flush()

    def start_servers(self, directory: DataDirectory, *, stack: ExitStack) -> list[Service]:
        """Start the embedded servers that no variable replaces, all at once."""
        servers: list[EmbeddedPostgres | EmbeddedValkey] = []
        if settings.DATABASE_IS_EMBEDDED:
            servers.append(EmbeddedPostgres(directory))
        if settings.REDIS_IS_EMBEDDED:
            servers.append(EmbeddedValkey(directory))
        if servers:
            self.say(f"starting {' and '.join(server.title for server in servers)} under {directory.path}")
        for server in servers:
            stack.callback(server.stop)
            server.launch()
        for server in servers:
            server.wait()
        return list(servers)

    def prepare(self, *, no_demo: bool) -> str:
        """Migrate and load the demo workspace; return what there is to say about its logins."""
        output = io.StringIO()
        # Their password is in the source, so they are for this machine alone.
        is_local = settings.BIND_ADDRESS in LOCAL_ADDRESSES
        call_command("prepare", demo=not no_demo, demo_logins=is_local and not no_demo, say=self.say, stdout=output)
        connections.close_all()
        return output.getvalue().strip()

    def wait_until_healthy(self, supervisor: Supervisor, *, port: int) -> None:
        """Ask the web server for its health until it answers 200."""
        deadline = time.monotonic() + READY_SECONDS
        while problem := health_problem(port):
            supervisor.check()
            supervisor.raise_early_failure()
            if time.monotonic() > deadline:
                logs = settings.DATA_DIR / "logs"
                raise ServingError(f"not healthy after {READY_SECONDS:.0f} s: {problem} (logs: {logs})")
            time.sleep(0.1)

    def stop_runs(self) -> None:
        """Ask the training runs of this machine to write a checkpoint and stop.

        They are nobody's children, so that they outlive a worker; the next start takes them up again.
        """
        arguments = [sys.executable, str(settings.BASE_DIR / "manage.py"), "stop_runs"]
        environment = {**os.environ, "DATA_DIR": str(settings.DATA_DIR)}
        try:
            result = subprocess.run(
                arguments,
                env=environment,
                timeout=STOP_RUNS_SECONDS,
                capture_output=True,
                text=True,
                start_new_session=True,
                check=False,
            )
        except subprocess.TimeoutExpired:
            self.say(f"the runs did not stop within {STOP_RUNS_SECONDS:.0f} s; they go on without labelapp")
            return
        if text := (result.stdout or result.stderr).strip():
            self.say(text.splitlines()[-1])


@contextmanager
def stop_by_signal() -> Iterator[None]:
    """Raise StopAsked at the first signal; the next ones do nothing, because stopping has its own deadlines."""
    is_stopping = False

    def ask(_number: int, _frame: FrameType | None) -> None:
        nonlocal is_stopping
        if not is_stopping:
            is_stopping = True
            raise StopAsked

    before = {number: signal.signal(number, ask) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def health_problem(port: int) -> str:
    """Return "" when the product answers that it is healthy, else what it answers instead."""
    address = "127.0.0.1" if settings.BIND_ADDRESS in {"0.0.0.0", "::"} else settings.BIND_ADDRESS  # noqa: S104
    connection = http.client.HTTPConnection(address, port, timeout=2)
    try:
        # ALLOWED_HOSTS need not hold the address that only we use.
        headers = {"Host": urlsplit(settings.PUBLIC_URL).netloc}
        connection.request("GET", "/api/v1/health", headers=headers)
        response = connection.getresponse()
        text = response.read(400).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
    return "" if response.status == http.HTTPStatus.OK else f"{response.status} {text}"

"""`manage.py prepare`: bring the database up to date, before any process serves it."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import redis
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.db import connection

from labelapp.common import storage

CONNECT_SECONDS = 10


class Command(BaseCommand):
    """Check DATABASE_URL and REDIS_URL, migrate, and load the demo workspace where that is asked for."""

    help = "Migrate the database; with --demo load the demo workspace too. Doing it again changes nothing."
    requires_system_checks = ()
    stealth_options = ("say",)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="load the demo workspace")
        parser.add_argument(
            "--demo-logins", action="store_true", help="make its logins too, whose password everybody knows"
        )

    def handle(
        self,
        *_args: Any,
        demo: bool = False,
        demo_logins: bool = False,
        say: Callable[[str], None] | None = None,
        **_options: Any,
    ) -> None:
        say = say or (lambda _line: None)
        check_database()
        check_redis()
        say("migrating the database")
        migrate()
        self.warn_of_storage()
        if demo or demo_logins:
            say("loading the demo workspace, if it is not there yet")
            call_command("load_demo", with_logins=demo_logins, stdout=self.stdout)
            # A worker builds the tiny model: the first start need not wait for it.
            call_command("register_tiny", later=True)

    def warn_of_storage(self) -> None:
        """Say what is wrong with the bucket: all but frozen datasets goes on without it, so that it may come later."""
        if problem := storage.problem():
            self.stderr.write(f"{problem} Until then no dataset is frozen or downloaded.")


def check_database() -> None:
    """Raise one clear line when the database of DATABASE_URL does not answer."""
    parameters = connection.get_connection_params() | {"connect_timeout": CONNECT_SECONDS}
    try:
        psycopg.connect(**parameters).close()
    except psycopg.OperationalError as error:
        raise CommandError(f"cannot reach the database of DATABASE_URL: {_first_line(error)}") from error


def check_redis() -> None:
    """Raise one clear line when the server of REDIS_URL does not answer."""
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=CONNECT_SECONDS) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CommandError(f"cannot reach the Redis of REDIS_URL: {_first_line(error)}") from error


def migrate() -> None:
    """Migrate; raise one clear line when this user may not, or the server is not one that we can use."""
    try:
        call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as error:
        for cause in _causes(error):
            if isinstance(cause, psycopg.errors.InsufficientPrivilege):
                user, database = connection.settings_dict["USER"], connection.settings_dict["NAME"]
                raise CommandError(
                    f"the database user {user} may not migrate {database}: {_first_line(cause)}; make {user} its owner"
                ) from error
        raise CommandError(f"cannot migrate the database: {_first_line(error)}") from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors that an error was raised from; Django wraps the driver's once or twice."""
    while cause := error.__cause__ or error.__context__:
        yield cause
        error = cause


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__

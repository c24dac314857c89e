"""`manage.py load_demo`: the demo workspace, so that the first screen has something on it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from labelapp.runs.demo_workspace import PASSWORD, load_demo


class Command(BaseCommand):
    """Load the demo workspace where it is not there yet. Doing it again changes nothing."""

    help = "Load the demo prompts, responses and projects where they are not there yet."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--with-logins", action="store_true", help="also make the demo logins, whose password is public"
        )

    def handle(self, *_args: Any, with_logins: bool = False, **_options: Any) -> None:
        is_new, emails = load_demo(with_logins=with_logins)
        self.stdout.write("the demo workspace is loaded" if is_new else "the demo workspace was there already")
        if emails:
            self.stdout.write(f"demo logins with the password {PASSWORD}: {', '.join(emails)}")

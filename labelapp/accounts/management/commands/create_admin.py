"""`manage.py create_admin EMAIL`: the first account of an installation without the demo; others come by invitation."""

import getpass
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from labelapp.accounts.models import Role, User


class Command(BaseCommand):
    """Make an admin; the password is asked for, or read from standard input with --password-stdin."""

    help = "Create an admin account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *_args: Any, email: str, name: str, password_stdin: bool, **_options: Any) -> None:
        password = sys.stdin.readline().rstrip("\n") if password_stdin else getpass.getpass("Password: ")
        try:
            validate_email(email)
            validate_password(password, user=User(email=email, name=name))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if User.objects.filter(email__iexact=email).exists():
            raise CommandError(f"{email} already has an account.")
        User.objects.create_user(email, password, name=name, role=Role.ADMIN)
        self.stdout.write(f"{email} is an admin.")

"""`manage.py register_tiny`: the built-in model, so that the loop runs on any machine, offline."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from labelapp.common.enqueue import enqueue_on_commit
from labelapp.runs.tasks import register_tiny
from labelapp.runs.tiny_base import TinyBaseError, ensure_tiny_base, expect_tiny_base


class Command(BaseCommand):
    """Build the tiny base model if it is not there, and register it."""

    help = "Build the tiny base model under DATA_DIR/models/tiny-base if it is not there, and register it."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--steps", type=int, help="pretraining steps; fewer are quicker, and worse")
        parser.add_argument("--later", action="store_true", help="let a worker do it, so that a start need not wait")

    def handle(self, *args: Any, steps: int | None = None, later: bool = False, **options: Any) -> None:
        if later:
            with transaction.atomic():
                expect_tiny_base()
                enqueue_on_commit(register_tiny)
            return
        try:
            checkpoint, is_new = ensure_tiny_base(steps=steps)
        except TinyBaseError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{checkpoint.name} {'is registered' if is_new else 'was there already'}")

"""`manage.py register_tiny`: the built-in model, so that the loop runs on any machine, offline."""

from typing import Any

from django.core.management.base import BaseCommand

from labelapp.runs.tiny_base import ensure_tiny_base


class Command(BaseCommand):
    """Build the tiny base model if it is not there, and register it."""

    help = "Build the tiny base model under DATA_DIR/models/tiny-base if it is not there, and register it."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        checkpoint, is_new = ensure_tiny_base()
        self.stdout.write(f"{checkpoint.name} {'is registered' if is_new else 'was there already'}")

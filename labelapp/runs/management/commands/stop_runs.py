"""`manage.py stop_runs`: the whole server stops, so the runs of this machine write a checkpoint and stop too."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from labelapp.runs.stopping import stop_local_runs


class Command(BaseCommand):
    """Ask every supervisor of this machine to stop, and wait until they have."""

    help = "Stop the runs of this machine with a checkpoint; they go on at the next start."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, default=45.0, help="how long to wait (%(default)s)")

    def handle(self, *args: Any, seconds: float = 45.0, **options: Any) -> None:
        stopped, left = stop_local_runs(seconds=seconds)
        if stopped:
            self.stdout.write(f"runs stopped with a checkpoint, to go on at the next start: {stopped}")
        if left:
            self.stdout.write(f"runs that did not stop within {seconds:.0f} s and go on without labelapp: {left}")

"""`manage.py supervise RUN_ID EPOCH`: what a worker starts for each attempt. It detaches itself."""

import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from labelapp.runs.supervisor import supervise


class Command(BaseCommand):
    """Look after one attempt at a run, as a process of its own."""

    help = "Look after one attempt at a run. Started by a worker; by hand only to look into a problem."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("run_id", type=int)
        parser.add_argument("epoch", type=int)
        parser.add_argument("--foreground", action="store_true", help="do not detach")

    def handle(self, *args: Any, run_id: int, epoch: int, foreground: bool = False, **options: Any) -> None:
        if not foreground and not detach():
            return
        supervise(run_id, epoch=epoch)


def detach() -> bool:
    """Go on in a child that nobody waits for, in a session of its own; False in the process that was started.

    The worker then has no child to reap, and learns from the exit status that the program could be started at all.
    """
    connections.close_all()
    sys.stdout.flush()
    sys.stderr.flush()
    if os.fork():
        return False
    os.setsid()
    return True

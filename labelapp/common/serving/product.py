"""The processes that make the product on one machine, and how each is started."""

import os
import socket
import sys
from collections.abc import Sequence

from django.conf import settings

from labelapp.common.serving.children import Child

WEB_WORKERS = 2
WEB_THREADS = 64
# Two workers of this many leave half of the embedded server's 200 connections to the other processes.
WEB_POOL_SIZE = 24
CELERY_PROCESSES = 2


def web_arguments(descriptor: int) -> list[str]:
    """Return gunicorn's command; many threads, because each page that is open holds one for its live events."""
    return [
        *_module("gunicorn", "labelapp.wsgi:application"),
        *("--bind", f"fd://{descriptor}"),
        *("--worker-class", "gthread", "--workers", str(WEB_WORKERS), "--threads", str(WEB_THREADS)),
        # Loading the application once before the fork halves the start on two cores.
        *("--preload", "--no-control-socket"),
        # Open event streams never end by themselves.
        *("--graceful-timeout", "3"),
    ]


def worker_arguments() -> list[str]:
    """Return the command of the Celery worker that serves both queues."""
    return [
        *_module("celery", "-A", "labelapp", "worker"),
        *("--queues", "default,runs", "--concurrency", str(CELERY_PROCESSES), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle"),
    ]


def beat_arguments() -> list[str]:
    """Return the command of Celery's clock."""
    schedule = settings.DATA_DIR / "beat" / "schedule"
    return [*_module("celery", "-A", "labelapp", "beat"), "--schedule", str(schedule), "--loglevel", "INFO"]


def make_children(listener: socket.socket) -> list[Child]:
    """Return the web server, the worker and the clock, none of them started yet."""
    for folder in ("logs", "beat"):
        (settings.DATA_DIR / folder).mkdir(exist_ok=True)
    descriptor = listener.fileno()
    return [
        _child(
            "web",
            web_arguments(descriptor),
            pass_fds=[descriptor],
            environment={"DATABASE_POOL_SIZE": str(WEB_POOL_SIZE)},
        ),
        _child("worker", worker_arguments()),
        _child("beat", beat_arguments()),
    ]


def _child(
    name: str,
    arguments: Sequence[str],
    *,
    pass_fds: Sequence[int] = (),
    environment: dict[str, str] | None = None,
) -> Child:
    return Child(
        name,
        arguments=arguments,
        cwd=settings.BASE_DIR,
        log=settings.DATA_DIR / "logs" / f"{name}.log",
        environment={**os.environ, "DATA_DIR": str(settings.DATA_DIR), "PYTHONUNBUFFERED": "1"} | (environment or {}),
        pass_fds=pass_fds,
    )


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)

"""Are the processes there that do the work? Each leaves a sign in Redis; one whose sign grows old is gone."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from labelapp.common.events import client

WORKERS_KEY, BEAT_KEY = "labelapp:workers", "labelapp:beat"
# Workers sign every two seconds and beat at least every ten: a stopped one is seen within the half minute.
ALIVE_SECONDS = 20.0
FORGET_SECONDS = 24 * 3600.0
QUEUES = ("default", "runs")


@dataclass(frozen=True, slots=True)
class ProcessSign:
    """When a process was last seen."""

    name: str
    queues: list[str]
    last_seen_at: str
    is_alive: bool


def sign_worker(name: str, *, queues: list[str]) -> None:
    """Note that a Celery worker lives."""
    client().hset(WORKERS_KEY, name, json.dumps({"queues": queues, "time": time.time()}))


def sign_beat() -> None:
    """Note that beat lives."""
    client().set(BEAT_KEY, time.time())


def forget_worker(name: str) -> None:
    """Note that a worker was stopped on purpose and is not missed."""
    client().hdel(WORKERS_KEY, name)


def worker_signs() -> list[ProcessSign]:
    """Return every worker seen in the last day, by name."""
    return sorted(_worker_signs(), key=lambda sign: sign.name)


def _worker_signs() -> Iterator[ProcessSign]:
    for name, raw in _hash(WORKERS_KEY).items():
        row = json.loads(raw)
        if time.time() - row["time"] < FORGET_SECONDS:
            yield _sign(name.decode(), queues=row["queues"], seen=row["time"])
        else:
            client().hdel(WORKERS_KEY, name)


def beat_sign() -> ProcessSign | None:
    """Return when beat was last seen, or None if never."""
    seen: Any = client().get(BEAT_KEY)
    return None if seen is None else _sign("beat", queues=[], seen=float(seen))


def queue_is_served(queue: str) -> bool:
    """Say whether a live worker takes tasks from `queue`."""
    return any(sign.is_alive and queue in sign.queues for sign in worker_signs())


def _hash(key: str) -> dict[bytes, bytes]:
    rows: Any = client().hgetall(key)
    return dict(rows)


def _sign(name: str, *, queues: list[str], seen: float) -> ProcessSign:
    return ProcessSign(
        name=name,
        queues=queues,
        last_seen_at=datetime.fromtimestamp(seen, tz=UTC).isoformat(),
        is_alive=time.time() - seen < ALIVE_SECONDS,
    )


def system_state() -> dict[str, Any]:
    """Return what an admin wants to see at a glance: processes, queues, storage, database."""
    disk = shutil.disk_usage(settings.DATA_DIR)
    return {
        **_processes(),
        "storage": {"free_bytes": disk.free, "total_bytes": disk.total, "used_bytes": used_bytes(settings.DATA_DIR)},
        "database": {"size_bytes": _database_bytes()},
    }


def _processes() -> dict[str, Any]:
    """Return what Redis knows; where it does not answer, that is what an admin must see."""
    try:
        beat = beat_sign()
        queues = [{"name": name, "length": _queue_length(name), "is_served": queue_is_served(name)} for name in QUEUES]
        workers = [asdict(sign) for sign in worker_signs()]
    except redis.RedisError:
        return {"is_redis_reachable": False, "workers": [], "beat": None, "queues": []}
    return {"is_redis_reachable": True, "workers": workers, "beat": asdict(beat) if beat else None, "queues": queues}


def _queue_length(name: str) -> int:
    length: Any = client().llen(name)
    return int(length)


def _database_bytes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def used_bytes(folder: Path) -> int:
    """Return what the files of runs, datasets, models and imports take; databases keep their own books."""
    return sum(
        path.stat().st_size
        for part in ("runs", "datasets", "models", "imports")
        for path in (folder / part).rglob("*")
        if path.is_file() and not path.is_symlink()
    )


def is_reachable() -> bool:
    """Say whether PostgreSQL and Redis answer; for load balancers and for `serve`."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        client().ping()
    except (DatabaseError, redis.RedisError):
        return False
    return True

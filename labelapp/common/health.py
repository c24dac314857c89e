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

WORKERS_KEY, BEAT_KEY, STORAGE_KEY = "labelapp:workers", "labelapp:beat", "labelapp:storage"
# Workers sign every two seconds and beat at least every ten: a stopped one is seen within the half minute.
ALIVE_SECONDS = 20.0
FORGET_SECONDS = 24 * 3600.0
RESTARTS_SECONDS = 3600.0
STORAGE_SECONDS = 60  # a worker looks every 30
QUEUES = ("default", "runs")


@dataclass(frozen=True, slots=True)
class ProcessSign:
    """When a process was last seen."""

    name: str
    queues: list[str]
    last_seen_at: str
    is_alive: bool


@dataclass(frozen=True, slots=True)
class WorkerSign(ProcessSign):
    """When a worker was last seen and started, and how often it started in the last hour without a goodbye before."""

    started_at: str
    unexpected_restarts: int


def sign_worker(name: str, *, queues: list[str], started_at: float) -> None:
    """Note that a Celery worker lives. A sign that a former process of its name left means that it was not stopped."""
    left: Any = client().hget(WORKERS_KEY, name)
    before: dict[str, Any] = json.loads(left) if left else {"started_at": started_at, "restarts": []}
    restarts = [when for when in before["restarts"] if time.time() - when < RESTARTS_SECONDS]
    if started_at > before["started_at"]:
        restarts.append(started_at)
    row = {
        "queues": queues,
        "time": time.time(),
        # Two workers of one name are not restarted in turns: the younger one counts.
        "started_at": max(started_at, before["started_at"]),
        "restarts": restarts,
    }
    client().hset(WORKERS_KEY, name, json.dumps(row))


def sign_beat() -> None:
    """Note that beat lives."""
    client().set(BEAT_KEY, time.time())


def sign_storage(problem: str) -> None:
    """Note what a worker found wrong with the bucket, or nothing: no page waits for a store that does not answer."""
    client().set(STORAGE_KEY, problem, ex=STORAGE_SECONDS)


def forget_worker(name: str) -> None:
    """Note that a worker was stopped on purpose and is not missed."""
    client().hdel(WORKERS_KEY, name)


def worker_signs() -> list[WorkerSign]:
    """Return every worker seen in the last day, by name."""
    return sorted(_worker_signs(), key=lambda sign: sign.name)


def _worker_signs() -> Iterator[WorkerSign]:
    for name, raw in _hash(WORKERS_KEY).items():
        row = json.loads(raw)
        if time.time() - row["time"] < FORGET_SECONDS:
            yield _worker_sign(name.decode(), row)
        else:
            client().hdel(WORKERS_KEY, name)


def beat_sign() -> ProcessSign | None:
    """Return when beat was last seen, or None if never."""
    seen: Any = client().get(BEAT_KEY)
    if seen is None:
        return None
    return ProcessSign("beat", [], last_seen_at=_iso(float(seen)), is_alive=_is_fresh(float(seen)))


def queue_is_served(queue: str) -> bool:
    """Say whether a live worker takes tasks from `queue`."""
    return any(sign.is_alive and queue in sign.queues for sign in worker_signs())


def _hash(key: str) -> dict[bytes, bytes]:
    rows: Any = client().hgetall(key)
    return dict(rows)


def _worker_sign(name: str, row: dict[str, Any]) -> WorkerSign:
    return WorkerSign(
        name=name,
        queues=row["queues"],
        last_seen_at=_iso(row["time"]),
        is_alive=_is_fresh(row["time"]),
        started_at=_iso(row["started_at"]),
        unexpected_restarts=sum(time.time() - when < RESTARTS_SECONDS for when in row["restarts"]),
    )


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).isoformat()


def _is_fresh(seen: float) -> bool:
    return time.time() - seen < ALIVE_SECONDS


def picture() -> object:
    """What a page shows of the processes, but for the times, to be compared with an earlier look. Redis only."""
    processes = _processes()
    for process in (*processes["workers"], *filter(None, [processes["beat"]])):
        del process["last_seen_at"]
    return processes


def system_state() -> dict[str, Any]:
    """Return what an admin wants to see at a glance: processes, queues, storage, database."""
    return {
        **_processes(),
        "storage": _storage(),
        "database": {"size_bytes": _database_bytes()},
    }


def _storage() -> dict[str, Any]:
    disk = shutil.disk_usage(settings.DATA_DIR)
    return {
        "free_bytes": disk.free,
        "total_bytes": disk.total,
        "used_bytes": used_bytes(settings.DATA_DIR),
        "bucket": settings.STORAGE_URL.partition("?")[0],
        "bucket_problem": _bucket_problem() if settings.STORAGE_URL else "",
    }


def _bucket_problem() -> str:
    try:
        said: Any = client().get(STORAGE_KEY)
    except redis.RedisError:
        return ""  # that Redis is away is told by itself
    return said.decode() if said else ""


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

"""Measure the labeling endpoints as labelers use them: next + submit over HTTP, by 1, 8 and 32 clients at once.

Starts its own PostgreSQL, Valkey and web server, the last as `manage.py serve` does. Six comparison projects (K from 4
to 9, outputs of about 150 words, overlap 3) are labeled in turn by scripted labelers, each with a session and a kept
connection. The last line is one JSON object:

    annotations_per_second  {clients: rate}
    cpu_ms_per_loop         {clients: CPU of web server, PostgreSQL and Valkey per next + submit}
    sql_per_loop            statements in PostgreSQL's own log (log_statement = all), with BEGIN and COMMIT
    next_ms, submit_ms      {clients: {median, p95}} as the client sees them
    over_assigned           answers beyond the overlap, or second answers of one labeler to one task
    cpu_ms_by_part          {clients: the same, for each of the three}
    client_cpu_ms_per_loop  what the load itself cost, on the same cores
"""

import argparse
import json
import multiprocessing
import os
import random
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from labelapp.common.embedded import EmbeddedPostgres, EmbeddedValkey
from labelapp.common.embedded.process import start_child, stop_process

ROOT = Path(__file__).resolve().parent.parent
CLIENT_COUNTS = (1, 8, 32)
LOAD_PROCESSES = 2
RESPONSES = range(4, 10)
OVERLAP = 3
WORDS = 150
STATEMENT_LOOPS = 60


@dataclass(frozen=True, slots=True)
class Account:
    """A scripted labeler's session and the projects that they work in, in turn."""

    cookie: str
    csrf_token: str
    project_ids: tuple[int, ...]


@dataclass(slots=True)
class Load:
    """What one or more clients did, in seconds per request."""

    next_seconds: list[float] = field(default_factory=list)
    submit_seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def add(self, other: "Load") -> None:
        """Take in what another client did."""
        self.next_seconds += other.next_seconds
        self.submit_seconds += other.submit_seconds
        self.cpu_seconds += other.cpu_seconds


class Connection:
    """HTTP/1.1 over a kept socket, with as little work as will do: the load shares the server's cores."""

    def __init__(self, port: int, account: Account) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")
        self.headers = (
            f"Host: localhost:{port}\r\nCookie: {account.cookie}; csrftoken={account.csrf_token}\r\n"
            f"X-CSRFToken: {account.csrf_token}\r\nContent-Type: application/json\r\n"
        )

    def post(self, path: str, body: bytes = b"") -> dict[str, Any]:
        """Send a request and return the JSON answer; anything but a success ends the benchmark."""
        head = f"POST /api/v1/{path} HTTP/1.1\r\n{self.headers}Content-Length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)
        status = self.reader.readline()
        length = 0
        while (line := self.reader.readline()) not in (b"\r\n", b""):
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
        answer = self.reader.read(length)
        if status.split()[1][:1] != b"2":
            raise RuntimeError(f"{path}: {status!r} {answer[:500]!r}")
        data: dict[str, Any] = json.loads(answer)
        return data


def answer_to(assignment: dict[str, Any], *, chooser: random.Random) -> bytes:
    """Return the body of a plausible submission: ties, a few answers, a short note."""
    count = len(assignment["responses"])
    judgments = [
        {
            "response_id": response["id"],
            "rank": chooser.randint(1, count),
            "quality": chooser.randint(1, 7),
            "answers": {"expresses_opinion": False, "moral_judgment": False, "fails_instruction": True},
            "notes": "",
        }
        for response in assignment["responses"]
    ]
    body = {
        "lease_token": assignment["lease_token"],
        "idempotency_key": str(uuid4()),
        "instruction_version_id": assignment["instruction_version"]["id"],
        "elapsed_seconds": 90,
        "active_seconds": 75,
        "notes": "The second one is close.",
        "judgments": judgments,
    }
    return json.dumps(body).encode()


def work(port: int, account: Account, *, seconds: float, loops: int) -> Load:
    """Label until the time or the number of loops is over."""
    connection = Connection(port, account)
    chooser = random.Random(account.csrf_token)
    load = Load()
    ends_at = time.perf_counter() + seconds
    turn = chooser.randrange(len(account.project_ids))
    while time.perf_counter() < ends_at and len(load.submit_seconds) < loops:
        turn += 1
        project_id = account.project_ids[turn % len(account.project_ids)]
        asked = time.perf_counter()
        found = connection.post(f"projects/{project_id}/next")
        load.next_seconds.append(time.perf_counter() - asked)
        if found["status"] != "task":
            raise RuntimeError(f"the queue of project {project_id} says {found['status']}: make more tasks")
        body = answer_to(found["assignment"], chooser=chooser)
        sent = time.perf_counter()
        connection.post(f"assignments/{found['assignment']['id']}/submit", body)
        load.submit_seconds.append(time.perf_counter() - sent)
    return load


def work_in_threads(port: int, accounts: list[Account], seconds: float, loops: int) -> Load:
    """Run several clients in this process."""
    total = Load()
    before = time.process_time()
    with ThreadPoolExecutor(len(accounts)) as pool:
        for load in pool.map(lambda account: work(port, account, seconds=seconds, loops=loops), accounts):
            total.add(load)
    total.cpu_seconds = time.process_time() - before
    return total


def put_under_load(port: int, accounts: list[Account], *, seconds: float, loops: int = sys.maxsize) -> Load:
    """Run one client per account, spread over a few processes, which start at once."""
    groups = [group for start in range(LOAD_PROCESSES) if (group := accounts[start::LOAD_PROCESSES])]
    load = Load()
    with multiprocessing.get_context("spawn").Pool(len(groups)) as pool:
        for part in pool.starmap(work_in_threads, [(port, group, seconds, loops) for group in groups]):
            load.add(part)
    if not load.submit_seconds:
        raise RuntimeError("no client got anything done")
    return load


@contextmanager
def running_services(folder: Path) -> Iterator[tuple[EmbeddedPostgres, EmbeddedValkey]]:
    """Start the database and the cache as the product does, durable."""
    with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
        os.environ |= {
            "DATA_DIR": str(folder),
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "DJANGO_SETTINGS_MODULE": "labelapp.settings",
        }
        yield postgres, valkey


@contextmanager
def running_web(folder: Path, *, environment: dict[str, str]) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """Run the web server as `manage.py serve` does, and wait until it is healthy."""
    from labelapp.common.serving.product import WEB_POOL_SIZE, web_arguments

    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    port = listener.getsockname()[1]
    environment = {"DATABASE_POOL_SIZE": str(WEB_POOL_SIZE), **os.environ, **environment}
    with listener, (folder / "web.log").open("wb") as log:
        process = start_child(
            web_arguments(listener.fileno()),
            log=log,
            cwd=ROOT,
            death_signal=signal.SIGTERM,
            environment=environment,
            pass_fds=(listener.fileno(),),
        )
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=60).close()
            yield port, process
        finally:
            stop_process(process, signals=[(signal.SIGTERM, 10), (signal.SIGKILL, 5)])


def make_workspace(tasks_per_project: int) -> list[Account]:
    """Migrate, and make projects, tasks and labelers who are logged in."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from django.conf import settings
    from django.test import Client

    from labelapp.accounts.models import User
    from labelapp.labeling.actions import create_project
    from labelapp.labeling.models import ProjectKind
    from labelapp.labeling.task_creation import create_tasks
    from labelapp.prompts.models import Prompt, Response, SampleBatch, Split, Submitter

    labelers = [
        User.objects.create_user(f"labeler{number}@example.com", None, name=f"Labeler {number}")
        for number in range(max(CLIENT_COUNTS))
    ]
    submitter = Submitter.objects.create(key="benchmark", split=Split.TRAIN)
    chooser = random.Random(0)
    project_ids = []
    for responses in RESPONSES:
        project = create_project(
            name=f"Rank {responses}",
            kind=ProjectKind.COMPARISON,
            instructions="Rank them.",
            created_by=None,
            responses_per_task=responses,
            overlap=OVERLAP,
            member_ids=[labeler.pk for labeler in labelers],
        )
        texts = [f"Prompt {number} of {project.name}: {words(chooser, 30)}" for number in range(tasks_per_project)]
        prompts = Prompt.objects.bulk_create(
            Prompt(messages=[{"role": "user", "content": text}], text=text, submitter=submitter, dedup_key=uuid4().hex)
            for text in texts
        )
        batch = SampleBatch.objects.create(name=f"Batch of {responses}")
        Response.objects.bulk_create(
            (
                Response(prompt=prompt, batch=batch, number=number, text=words(chooser, WORDS))
                for prompt in prompts
                for number in range(responses)
            ),
            batch_size=2000,
        )
        create_tasks(project.pk, prompts=Prompt.objects.filter(responses__batch=batch).distinct(), batch=batch)
        project_ids.append(project.pk)
    accounts = []
    for labeler in labelers:
        client = Client()
        client.force_login(labeler)
        cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"
        accounts.append(Account(cookie, secrets.token_hex(16), tuple(project_ids)))
    return accounts


def words(chooser: random.Random, count: int) -> str:
    """Return `count` made-up words."""
    syllables = ("ka", "lo", "mi", "ren", "tus", "va", "dor", "shi", "pel", "ong")
    return " ".join("".join(chooser.choices(syllables, k=chooser.randint(1, 4))) for _ in range(count))


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of everything that it started, also of what has ended."""
    process = psutil.Process(pid)
    times = process.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in process.children(recursive=True):
        try:
            own = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += own.user + own.system
    return float(total)


def count_statements(postgres: EmbeddedPostgres, port: int, account: Account) -> float:
    """Return the statements of one loop, counted in the database's own log."""
    set_statement_log("all")
    offset = postgres.log.stat().st_size
    put_under_load(port, [account], seconds=60, loops=STATEMENT_LOOPS)
    set_statement_log("none")
    logged = postgres.log.read_bytes()[offset:].decode()
    statements = [line for line in logged.splitlines() if " LOG:  statement: " in line or " LOG:  execute " in line]
    # The first request of a connection may ask for more, and ours switches the log off again.
    return round((len(statements) - 1) / STATEMENT_LOOPS, 2)


def set_statement_log(value: str) -> None:
    """Switch the database's log of statements, and wait until new statements follow it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SYSTEM SET log_statement = '{value}'")
        cursor.execute("SELECT pg_reload_conf()")
    time.sleep(0.5)  # the reload reaches each backend by a signal


def count_over_assigned() -> int:
    """Count the answers beyond what was asked for."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(greatest(found - %s, 0) + found - labelers), 0) FROM ("
            " SELECT count(*) AS found, count(DISTINCT labeler_id) AS labelers FROM labeling_submission"
            " WHERE revision = 1 GROUP BY task_id) answered",
            [OVERLAP],
        )
        return int(cursor.fetchone()[0])


def spread(seconds: list[float]) -> dict[str, float]:
    """Return median and 95th percentile in milliseconds."""
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return {"median": round(statistics.median(ordered) * 1000, 2), "p95": round(p95 * 1000, 2)}


def measure(seconds: float, tasks_per_project: int) -> dict[str, Any]:
    """Run the benchmark and return its figures."""
    with tempfile.TemporaryDirectory(prefix="labelapp-bench-") as directory, ExitStack() as stack:
        folder = Path(directory)
        postgres, valkey = stack.enter_context(running_services(folder))
        accounts = make_workspace(tasks_per_project)
        print(f"{tasks_per_project * len(RESPONSES)} tasks, overlap {OVERLAP}", flush=True)
        port, web = stack.enter_context(running_web(folder, environment={}))
        pids = {
            "web": web.pid,
            "postgres": int((postgres.cluster / "postmaster.pid").read_text().split()[0]),
            "valkey": int((valkey.folder / "pid").read_text()),
        }
        result: dict[str, Any] = {key: {} for key in RESULT_KEYS}
        put_under_load(port, accounts, seconds=3)  # imports, and on each connection the plans
        result["sql_per_loop"] = count_statements(postgres, port, accounts[0])
        for clients in CLIENT_COUNTS:
            before, started = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.perf_counter()
            load = put_under_load(port, accounts[:clients], seconds=seconds)
            loops = len(load.submit_seconds)
            cpu = {name: (cpu_seconds(pid) - before[name]) / loops * 1000 for name, pid in pids.items()}
            result["annotations_per_second"][clients] = round(loops / seconds, 1)
            result["cpu_ms_per_loop"][clients] = round(sum(cpu.values()), 2)
            result["cpu_ms_by_part"][clients] = {name: round(value, 2) for name, value in cpu.items()}
            result["client_cpu_ms_per_loop"][clients] = round(load.cpu_seconds / loops * 1000, 2)
            result["next_ms"][clients] = spread(load.next_seconds)
            result["submit_ms"][clients] = spread(load.submit_seconds)
            print(f"{clients} clients: {loops} loops in {time.perf_counter() - started:.1f} s", flush=True)
        result["over_assigned"] = count_over_assigned()
        from django.db import connection

        connection.close()
        return result


RESULT_KEYS = (
    "annotations_per_second",
    "cpu_ms_per_loop",
    "cpu_ms_by_part",
    "client_cpu_ms_per_loop",
    "sql_per_loop",
    "next_ms",
    "submit_ms",
    "over_assigned",
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8, help="how long each number of clients works")
    parser.add_argument("--tasks", type=int, default=1000, help="tasks in each of the six projects")
    arguments = parser.parse_args()
    print(json.dumps(measure(arguments.seconds, arguments.tasks)))


if __name__ == "__main__":
    main()

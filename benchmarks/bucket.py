"""The line `bucket` of `benchmarks.data`: comparisons frozen into a store that speaks S3, beside the same on the disk.

The store is moto's server, a process of its own on this machine, which keeps what it gets in its memory: seconds say
what our side and the loopback cost, and nothing of a real store. The worker's peak memory is that of
its whole life.
"""

import os
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.freezing import freeze, make_comparisons

ROUNDS = 3
STORE = """
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
app = DomainDispatcherApplication(create_backend_app)
make_server("127.0.0.1", 0, app, threaded=True, fd=int(sys.argv[1])).serve_forever()
"""


def lines(folder: Path, comparisons: int) -> Iterator[dict[str, Any]]:
    """Yield one line. Django is set up."""
    project_id = make_comparisons(comparisons)
    found: dict[str, list[dict[str, float]]] = {"disk": [], "bucket": []}
    with _store(folder / "store.log") as environment:
        for number in range(ROUNDS):
            found["disk"].append(freeze(project_id, name=f"disk {number}"))
            found["bucket"].append(freeze(project_id, name=f"bucket {number}", environment=environment))
    seconds = {place: statistics.median(run["seconds"] for run in runs) for place, runs in found.items()}
    yield {
        "bench": "bucket",
        "comparisons": comparisons,
        "seconds": round(seconds["bucket"], 1),
        "disk_seconds": round(seconds["disk"], 1),
        "rows_per_second": round(comparisons / seconds["bucket"]),
        "peak_rss_mb": round(max(run["peak_rss_mb"] for run in found["bucket"])),
        "disk_peak_rss_mb": round(max(run["peak_rss_mb"] for run in found["disk"])),
    }


@contextmanager
def _store(log: Path) -> Iterator[dict[str, str]]:
    """Run the store, with one empty bucket; the variables that lead there."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener, log.open("wb") as file:
        fd = listener.fileno()
        server = subprocess.Popen([sys.executable, "-c", STORE, str(fd)], stdout=file, stderr=file, pass_fds=(fd,))
        environment = {
            "STORAGE_URL": "s3://bench/frozen",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{listener.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        try:
            _make_bucket(environment)
            yield environment
        finally:
            server.terminate()
            server.wait()


def _make_bucket(environment: dict[str, str]) -> None:
    command = "import boto3; boto3.client('s3').create_bucket(Bucket='bench')"
    # It waits until the server takes the request.
    subprocess.run([sys.executable, "-c", command], env=os.environ | environment, check=True)

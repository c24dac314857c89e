"""A stand-in for the Hugging Face hub: it serves datasets to the hub's own client, over HTTP."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

COMMIT = "c0ffee" + "0" * 34


@contextmanager
def hub_of(datasets: dict[str, dict[str, bytes]]) -> Iterator[tuple[str, list[str]]]:
    """Serve `{name: {path: content}}`; yield the endpoint, and the paths of the files that were fetched."""
    fetched: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            path = unquote(urlsplit(self.path).path)
            for name, files in datasets.items():
                if path.startswith(f"/api/datasets/{name}/"):
                    return self._list(files, path.removeprefix(f"/api/datasets/{name}/"))
                if path.startswith(f"/datasets/{name}/resolve/"):
                    file = path.removeprefix(f"/datasets/{name}/resolve/").split("/", 1)[1]
                    if self.command == "GET":
                        fetched.append(file)
                    return self._send(files[file])
            self._send(b"", status=404, **{"X-Error-Code": "RepoNotFound"})

        def _list(self, files: dict[str, bytes], what: str) -> None:
            if what.startswith("tree/"):
                rows = [{"type": "file", "path": path, "size": len(files[path]), "oid": "0"} for path in files]
                return self._send(json.dumps(rows).encode())
            siblings = [{"rfilename": path} for path in files]
            return self._send(json.dumps({"id": "x", "sha": COMMIT, "siblings": siblings}).encode())

        def _send(self, content: bytes, *, status: int = 200, **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{len(content)}"')
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="hub", kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", fetched
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""The client itself."""

import os
from types import TracebackType

from labelapp_client.connection import Connection, Told, say_nothing
from labelapp_client.errors import NotConfigured
from labelapp_client.projects import Projects
from labelapp_client.prompts import Prompts
from labelapp_client.runs import Runs
from labelapp_client.versions import Datasets

DEFAULT_URL = "http://localhost:8000"


class Labelapp:
    """A labelapp server as one person sees it, who has an API token.

    Attributes:
        prompts: imports.
        projects: projects, their tasks, and whether they are done.
        datasets: frozen versions.
        runs: training and sampling.
        connection: any other address of the API: `connection.get("prompts/statistics")`.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout_seconds: float = 60.0,
        attempts: int = 6,
        tell: Told = say_nothing,
    ) -> None:
        """Connect when the first request is made.

        Args:
            url: the server's address; else LABELAPP_URL, else http://localhost:8000.
            token: from the profile page; else LABELAPP_TOKEN.
            timeout_seconds: for a server that says nothing.
            attempts: of a request that fails in passing; `tell` gets a sentence about each that failed.

        Raises:
            NotConfigured: there is no token, or the address is none.
        """
        url = url or os.environ.get("LABELAPP_URL") or DEFAULT_URL
        token = (token or os.environ.get("LABELAPP_TOKEN") or "").strip()
        if not token:
            raise NotConfigured(f"Set LABELAPP_TOKEN to an API token; you make one on your profile page at {url}.")
        self.connection = Connection(url, token, timeout_seconds=timeout_seconds, attempts=attempts, tell=tell)
        self.prompts = Prompts(self.connection)
        self.projects = Projects(self.connection)
        self.datasets = Datasets(self.connection)
        self.runs = Runs(self.connection, self.datasets)

    def __enter__(self) -> "Labelapp":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.http.close()

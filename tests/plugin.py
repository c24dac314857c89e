"""A pytest plugin (`-p tests.plugin`): one real PostgreSQL and one real Valkey for each test session.

The addresses are set before pytest-django loads the settings; the servers start once it is known that a collected test
needs them, and stop with the session. DATABASE_URL and REDIS_URL of the environment are used where they are set.
"""

import os
import shutil
import tempfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from labelapp.common.embedded import EmbeddedPostgres, EmbeddedValkey

# These test the torch side, which knows no database; starting one would double the time of a single test.
WITHOUT_SERVICES = {"formats", "inference", "training", "deploy", "scripts"}


@dataclass(frozen=True, slots=True)
class TestServices:
    """The servers of this session that nobody else provides, and the folder that they live in."""

    __test__ = False

    directory: Path
    servers: list[EmbeddedPostgres | EmbeddedValkey]

    def start(self) -> None:
        """Start all servers at once: each waits mostly for its own disk."""
        for server in self.servers:
            server.launch()
        for server in self.servers:
            server.wait()

    def stop(self) -> None:
        """Stop the servers and remove what they wrote."""
        for server in self.servers:
            server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)


# The same examples each time, and no limit to how long one takes: on a busy machine a test must not fail by chance.
# More examples, others each time: --hypothesis-profile default.
hypothesis.settings.load_profile("ci")

services_key = pytest.StashKey[TestServices]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Set the environment of the settings; as a wrapper it runs before pytest-django loads them."""
    directory = Path(tempfile.mkdtemp(prefix="labelapp-tests-"))
    postgres = EmbeddedPostgres(directory, is_durable=False)
    valkey = EmbeddedValkey(directory, is_durable=False)
    servers: list[EmbeddedPostgres | EmbeddedValkey] = []
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = postgres.url
        servers.append(postgres)
    if not os.environ.get("REDIS_URL"):
        os.environ["REDIS_URL"] = valkey.url
        servers.append(valkey)
    # Never the developer's own instance: its files, its secret key, its bucket.
    os.environ["DATA_DIR"] = str(directory / "data")
    os.environ["STORAGE_URL"] = ""
    # The receivers of the tests' webhooks are on this machine.
    os.environ["WEBHOOK_PRIVATE_ADDRESSES"] = "true"
    services = early_config.stash[services_key] = TestServices(directory, servers)
    try:
        yield
    except BaseException:
        services.stop()  # settings that do not load end pytest before there is anything to unconfigure
        raise


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start the servers if a collected test can use them."""
    if session.config.option.collectonly:
        return
    tests = session.config.rootpath / "tests"
    folders = {item.path.relative_to(tests).parts[0] for item in session.items if item.path.is_relative_to(tests)}
    if folders - WITHOUT_SERVICES:
        session.config.stash[services_key].start()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell why a test was run again (`--reruns`), or nobody could mend what fails once in fifty times."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.section(f"first run of {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)
        reasons = [line[1:].strip() for line in report.longreprtext.splitlines() if line.startswith("E ")]
        terminalreporter.write_line(f"RERUN {report.nodeid} - {reasons[0] if reasons else 'see above'}")


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the servers, also after an error or Ctrl-C."""
    services = config.stash.get(services_key, None)
    if services is not None:
        services.stop()

"""Runs in tests: real supervisors, started by a real worker or by hand, with a quick trainer in place of torch."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from labelapp.accounts.models import Role, User
from labelapp.runs.models import Run
from tests.conftest import process_environment
from tests.people import make_user

# Each process of the session that starts trainers reads this, whenever it starts.
FAKE_PYTHON = Path(os.environ["DATA_DIR"]) / "models-python"
FAKE_PYTHON.parent.mkdir(parents=True, exist_ok=True)
FAKE_PYTHON.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("fake_models.py")} "$@"\n')
FAKE_PYTHON.chmod(0o700)
os.environ["MODELS_PYTHON"] = str(FAKE_PYTHON)


@pytest.fixture
def admin(transactional_db: None) -> User:
    return make_user(Role.ADMIN)


@pytest.fixture
def supervised(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process start supervisors on the test database; those that a test leaves behind end with it."""
    for name, value in process_environment().items():
        monkeypatch.setenv(name, value)
    yield
    end_processes_of_runs()


def end_processes_of_runs() -> None:
    """Kill the supervisors and trainers of the runs of this test: supervisors first, or they would start more."""
    runs = list(Run.objects.all())
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if any(is_supervisor(command, run) or str(run.path) in command for run in runs):
            process.kill()


def is_supervisor(command: list[str], run: Run) -> bool:
    return "supervise" in command and command[command.index("supervise") + 1] == str(run.pk)

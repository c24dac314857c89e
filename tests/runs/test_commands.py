"""The management commands of runs."""

import io
import os
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from pytest_django import Settings

from labelapp.accounts.models import User
from labelapp.checkpoints.models import Checkpoint
from labelapp.runs import launching
from labelapp.runs.models import RunState
from labelapp.runs.tiny_base import PROGRESS_KEY, TinyBaseError, build_tiny_base, expect_tiny_base
from tests.people import client_of
from tests.runs.world import make_sft, reached_step, supervisor_of

pytestmark = pytest.mark.usefixtures("supervised")


def output_of(command: str, *arguments: str) -> str:
    output = io.StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def test_stop_runs_says_how_many_have_stopped(admin: User) -> None:
    run = make_sft(admin, hold_at=5)
    launching.launch(run.pk)
    reached_step(run, 4)
    supervisor_of(run)
    assert output_of("stop_runs") == "runs stopped with a checkpoint, to go on at the next start: 1\n"
    run.refresh_from_db()
    assert run.state == RunState.QUEUED
    assert output_of("stop_runs") == ""


def test_supervise_leaves_an_overtaken_attempt_alone(admin: User) -> None:
    run = make_sft(admin)
    call_command("supervise", str(run.pk), "7", "--foreground")
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.QUEUED, 0)


@pytest.fixture
def python_without_torch(tmp_path: Path) -> str:
    """What MODELS_PYTHON may wrongly point at."""
    path = tmp_path / "python"
    path.write_text("#!/bin/sh\necho 'No module named torch' >&2\nexit 1\n")
    path.chmod(0o700)
    return str(path)


def test_a_tiny_model_that_cannot_be_built_says_why(
    settings: Settings, python_without_torch: str, tmp_path: Path
) -> None:
    settings.DATA_DIR = tmp_path
    settings.MODELS_PYTHON = python_without_torch
    with pytest.raises(CommandError, match="could not be built: No module named torch"):
        call_command("register_tiny")
    assert not Checkpoint.objects.exists()
    assert os.listdir(tmp_path / "models") != []  # its log stays to be read


def test_the_pages_are_told_where_the_tiny_model_is(
    settings: Settings, python_without_torch: str, tmp_path: Path, admin: User
) -> None:
    settings.DATA_DIR = tmp_path
    settings.MODELS_PYTHON = python_without_torch
    client = client_of(admin)

    def said() -> tuple[str, str]:
        answer = client.get("/api/v1/checkpoints/tiny-base").json()
        return answer["state"], answer["problem"]

    cache.delete(PROGRESS_KEY)
    assert said() == ("absent", "")
    expect_tiny_base()
    assert said() == ("building", "")
    with pytest.raises(TinyBaseError):
        build_tiny_base()
    state, problem = said()
    assert state == "failed"
    assert "No module named torch" in problem
    Checkpoint.objects.create(name="tiny-base", kind="base", location="models/tiny-base", sha256="0" * 64, size_bytes=1)
    assert said() == ("ready", "")

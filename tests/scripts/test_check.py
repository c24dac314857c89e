"""The runner of `make test`: what it runs, when it stops, and what it counts."""

import os
import sys
import time
from pathlib import Path

import pytest

from scripts import check
from scripts.check import Outcome, Step, choose, count_tests, report, run

LONG = "import threading; threading.Event().wait()"


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(check, "LOGS", tmp_path)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    return tmp_path


def step(name: str, program: str) -> Step:
    return Step(name, (sys.executable, "-c", program))


def run_all(*steps: Step, keep_going: bool = False) -> Outcome:
    return run(steps, environment=dict(os.environ), keep_going=keep_going)


def test_every_step_that_passes_is_run() -> None:
    outcome = run_all(step("one", "pass"), step("two", "pass"), step("last", "pass"))
    assert sorted(outcome.passed) == ["last", "one", "two"]
    assert outcome.failed == []


def test_the_first_failure_stops_what_runs_and_what_waits(logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    started_at = time.monotonic()
    outcome = run_all(step("long", LONG), step("bad", "raise SystemExit('no luck')"), step("never", "pass"))
    assert outcome == Outcome(passed=[], failed=["bad"])
    assert time.monotonic() - started_at < check.LONGEST_SECONDS
    assert "no luck" in capsys.readouterr().out
    assert not (logs / "never.log").exists()


def test_keep_going_runs_the_rest() -> None:
    outcome = run_all(step("bad", "raise SystemExit(1)"), step("good", "pass"), keep_going=True)
    assert (outcome.passed, outcome.failed) == (["good"], ["bad"])


def test_a_step_that_hangs_is_ended_and_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "LONGEST_SECONDS", 0.5)
    assert run_all(step("long", LONG)).failed == ["long"]
    assert "ended after" in capsys.readouterr().out


def test_no_more_steps_run_at_once_than_there_are_cores(logs: Path) -> None:
    """Each of four steps notes how many run beside it; a file of its own is there for as long as it runs."""
    program = (
        "import os, pathlib, sys, time\n"
        "mine = pathlib.Path(f'running-{os.getpid()}'); mine.touch()\n"
        "most, end = 0, time.monotonic() + 0.5\n"
        "while time.monotonic() < end: most = max(most, len(list(pathlib.Path().glob('running-*'))))\n"
        "mine.unlink(); sys.exit(most > 2)\n"
    )
    outcome = run_all(*(step(str(number), program) for number in range(4)))
    assert outcome.failed == []


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("....\n4 passed in 1.20s", (4, 0)),
        ("2 failed, 10 passed, 1 skipped in 3.00s", (10, 2)),
        ("1 passed, 3 errors in 2.00s", (1, 3)),
        (" Test Files  3 passed (3)\n      Tests  41 passed (41)\n   Duration 2 s", (41, 0)),
        ("\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[32m7 passed\x1b[39m\x1b[22m", (7, 0)),
        ("All checks passed!", (0, 0)),
    ],
)
def test_the_tests_of_each_runner_are_counted(text: str, counts: tuple[int, int]) -> None:
    assert count_tests(text) == counts


def test_a_failed_step_names_its_tests_first(capsys: pytest.CaptureFixture[str]) -> None:
    log = "...... [ 50%]\\n" + "E  assert False\\n" * (check.SHOWN_LINES + 1) + "FAILED tests/a.py::test_b"
    run_all(step("tests", f"print('{log}'); raise SystemExit(1)"))
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "     | FAILED tests/a.py::test_b"
    assert not any("50%" in line for line in lines)


def test_a_test_that_passed_only_when_run_again_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    run_all(step("tests", "print('RERUN tests/a.py::test_b\\n1 passed, 1 rerun in 2.00s')"))
    assert capsys.readouterr().out.splitlines()[1] == "     | RERUN tests/a.py::test_b"


def test_the_last_line_is_the_count_that_continuous_integration_reads(capsys: pytest.CaptureFixture[str]) -> None:
    report(Outcome(["one"], ["two"], tests_passed=5), steps=[step("one", ""), step("two", "")], seconds=3)
    assert capsys.readouterr().out.splitlines()[-1] == "5 passed, 1 failed"


def test_only_names_steps() -> None:
    assert [chosen.name for chosen in choose(" mypy, ruff ")] == ["ruff", "mypy"]
    assert choose("") == list(check.STEPS)
    with pytest.raises(SystemExit, match="ONLY names no step: nonsense"):
        choose("nonsense")

"""Run every check of `make test` on two cores: two at a time, with the time of each, stopping at the first that fails.

`--only ruff,mypy` runs some of them. What a step prints goes to .make/logs/STEP.log and is shown when the step fails.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / ".make" / "logs"
CORES = 2
POLL_SECONDS = 0.1
# Nothing takes half as long; what does has hung.
LONGEST_SECONDS = 1200.0
SHOWN_LINES = 120
TORCH_FOLDERS = ("tests/inference", "tests/training")
BROWSER_FOLDER = "tests/end_to_end"


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a command that keeps about one core busy."""

    name: str
    command: tuple[str, ...]


def python(*arguments: str) -> tuple[str, ...]:
    """Return a command of this virtual environment."""
    return (sys.executable, *arguments)


def npm(*arguments: str) -> tuple[str, ...]:
    """Return a command of the front end."""
    return python("scripts/node.py", "npm", "run", "--silent", *arguments)


def pytest(*arguments: str) -> tuple[str, ...]:
    """Return a test run that names its slowest tests, so that a slow suite can be mended."""
    return python("-m", "pytest", "--durations=5", "--color=no", *arguments)


# On a loaded machine a server or a page can be late once: what failed is run again, and what passes only then is named,
# because it is a test to mend. The torch side waits for nobody, and has to be exact the first time.
AGAIN = ("--reruns", "1")

# In the order in which they start: what fails fast comes first.
STEPS = (
    Step("ruff", python("-m", "ruff", "check", ".")),
    Step("format", python("-m", "ruff", "format", "--check", ".")),
    Step("imports", python("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")),
    # It would also compare the files with a database's history, and warns that no database is there.
    Step("migrations", python("-W", "ignore:Got an error", "manage.py", "makemigrations", "--check", "--dry-run")),
    Step("schema", python("scripts/schema.py")),
    Step("client", npm("check:api")),
    Step("frontend-check", npm("check")),
    Step("translations", npm("check:i18n")),
    Step("mypy", python("-m", "mypy", ".")),
    Step("frontend-test", npm("test")),
    # The longest first, so that both cores are busy to the end. A page waits for its server and a test for its page: on
    # its own the browser would leave half of the machine idle.
    Step("test-browser", pytest(*AGAIN, BROWSER_FOLDER)),
    Step("test-web", pytest(*AGAIN, "tests", *(f"--ignore={folder}" for folder in (*TORCH_FOLDERS, BROWSER_FOLDER)))),
    Step("test-torch", pytest(*TORCH_FOLDERS)),
    Step("loop", python("-m", "benchmarks.loop")),
)


@dataclass(slots=True)
class Running:
    """A step that has started."""

    step: Step
    process: subprocess.Popen[bytes]
    log: Path
    started_at: float

    def seconds(self) -> float:
        """Return how long it has run."""
        return time.monotonic() - self.started_at

    def has_ended(self) -> bool:
        """Tell whether the step has ended; one that takes too long is ended here."""
        if self.process.poll() is None and self.seconds() > LONGEST_SECONDS:
            with self.log.open("a") as log:
                log.write(f"\nended after {LONGEST_SECONDS:.0f} s without an end of its own\n")
            self.stop()
        return self.process.poll() is not None

    def stop(self) -> None:
        """End the step with all that it started; pytest needs a moment to stop its servers."""
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass(slots=True)
class Outcome:
    """How the steps ended."""

    passed: list[str]
    failed: list[str]
    tests_passed: int = 0
    tests_failed: int = 0


def main() -> None:
    """Run the chosen steps; exit with 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="names of steps, separated by commas")
    parser.add_argument("--keep-going", action="store_true", help="run every step though one has failed")
    arguments = parser.parse_args()
    steps = choose(arguments.only)
    started_at = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    outcome = run(steps, environment=step_environment(steps), keep_going=arguments.keep_going)
    report(outcome, steps=steps, seconds=time.monotonic() - started_at)
    sys.exit(1 if outcome.failed else 0)


def choose(only: str) -> list[Step]:
    """Return the steps named in `only`, all of them where it is empty."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    known = {step.name: step for step in STEPS}
    if unknown := [name for name in names if name not in known]:
        sys.exit(f"ONLY names no step: {', '.join(unknown)}; the steps are {', '.join(known)}")
    return [step for step in STEPS if not names or step.name in names]


def step_environment(steps: Sequence[Step]) -> dict[str, str]:
    """Return the environment of the steps: one thread each, and the Chromium that the browser tests start."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "CI": "true"}
    # The settings write a secret key to DATA_DIR, which is not a check's to do in a real one.
    environment["DATA_DIR"] = str(ROOT / ".make" / "data")
    if any(step.name == "test-browser" for step in steps):
        result = subprocess.run(python("scripts/chromium.py"), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
        if result.returncode:
            sys.exit(result.returncode)
        environment["CHROMIUM"] = result.stdout.strip()
    return environment


def run(steps: Sequence[Step], *, environment: dict[str, str], keep_going: bool) -> Outcome:
    """Run the steps in order, as many at once as there are cores for."""
    waiting, running, outcome = list(steps), list[Running](), Outcome(passed=[], failed=[])
    try:
        while running or (waiting and (keep_going or not outcome.failed)):
            if keep_going or not outcome.failed:
                start_what_fits(waiting, running, environment=environment)
            for item in [item for item in running if item.has_ended()]:
                running.remove(item)
                finish(item, outcome)
            if outcome.failed and not keep_going:
                break
            time.sleep(POLL_SECONDS)
    finally:
        for item in running:
            item.stop()
    return outcome


def start_what_fits(waiting: list[Step], running: list[Running], *, environment: dict[str, str]) -> None:
    """Start waiting steps in their order while there is a core for the next."""
    while waiting and len(running) < CORES:
        step = waiting.pop(0)
        log = LOGS / f"{step.name}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                step.command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        running.append(Running(step, process, log, started_at=time.monotonic()))


def finish(item: Running, outcome: Outcome) -> None:
    """Say how a step ended, with the end of its log when it failed."""
    text = item.log.read_text(errors="replace").rstrip()
    passed, failed = count_tests(text)
    outcome.tests_passed += passed
    outcome.tests_failed += failed
    is_ok = item.process.returncode == 0
    (outcome.passed if is_ok else outcome.failed).append(item.step.name)
    counts = f"  {passed} passed" if passed else ""
    print(f"{'ok  ' if is_ok else 'FAIL'} {item.step.name:<15} {item.seconds():6.1f} s{counts}", flush=True)
    for line in re.findall(r"^RERUN .*", text, re.MULTILINE):
        print(f"     | {line}", flush=True)
    if not is_ok:
        told = what_failed(text)
        print("\n".join(f"     | {line}" for line in told), flush=True)
        print(f"     | (the whole log is in {item.log.relative_to(ROOT)})", flush=True)


def what_failed(text: str) -> list[str]:
    """Return the lines of a log that name the failed tests, for whoever sees only the first, and then its end."""
    lines = [line for line in text.splitlines() if not re.fullmatch(r"[.sxXRFE]* +\[ *\d+%\]", line)]
    return [*(line for line in lines if line.startswith(("FAILED ", "ERROR "))), *lines[-SHOWN_LINES:]]


def count_tests(text: str) -> tuple[int, int]:
    """Return the passed and failed tests of the last summary line of pytest or Vitest in a log."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    summaries = [line for line in plain.splitlines() if re.search(r"\b\d+ (passed|failed|error)", line)]
    if not summaries:
        return 0, 0
    passed = re.search(r"(\d+) passed", summaries[-1])
    failed = re.findall(r"(\d+) (?:failed|errors?)\b", summaries[-1])
    return int(passed[1]) if passed else 0, sum(map(int, failed))


def report(outcome: Outcome, *, steps: Sequence[Step], seconds: float) -> None:
    """Print what was run; the last line is the count that a continuous integration reads."""
    skipped = [step.name for step in steps if step.name not in {*outcome.passed, *outcome.failed}]
    if outcome.failed:
        print(f"\nfailed: {', '.join(outcome.failed)}; again with: make test ONLY={','.join(outcome.failed)}")
    if skipped:
        print(f"not finished: {', '.join(skipped)}")
    print(f"{len(outcome.passed)} of {len(steps)} checks in {seconds:.0f} s")
    failed = outcome.tests_failed or len(outcome.failed)
    print(f"{outcome.tests_passed} passed, {failed} failed")


if __name__ == "__main__":
    main()

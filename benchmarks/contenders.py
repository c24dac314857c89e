"""What benchmarks against TRL share: processes that take steps when told to, and TRL's own environments.

TRL never lives in the project's environment: each version has one of its own under the user's cache folder, made on the
first run with our versions of torch and transformers.
"""

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent


class Contender:
    """A process that takes a training step when it is told to."""

    def __init__(self, command: Sequence[str], *, threads: int) -> None:
        environment = os.environ | {"OMP_NUM_THREADS": str(threads), "HF_HUB_OFFLINE": "1"}
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def __enter__(self) -> Self:
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(60)
        self._log.close()

    def step(self) -> dict[str, float]:
        """One optimizer step; its seconds, comparisons and the peak memory so far."""
        assert self._process.stdin is not None
        self._process.stdin.write("step\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            raise SystemExit(self._log.read().decode(errors="replace")[-4000:])
        answer: dict[str, Any] = json.loads(line)
        return answer


def trl_environment(trl_version: str) -> Path:
    """The Python of an environment that has TRL and our versions of torch and transformers; made if it is not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    torch_version = version("torch")
    home = cache / "labelapp-benchmarks" / f"trl-{trl_version}-torch-{torch_version}"
    python, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        print(f"installing TRL {trl_version} under {home}", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        index = os.environ.get("TORCH_INDEX")
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        torch_only = [*pip, *(["--index-url", index] if index else []), f"torch=={torch_version.partition('+')[0]}"]
        same = [f"{name}=={version(name)}" for name in ("transformers", "accelerate", "datasets")]
        for command in (torch_only, [*pip, *same, f"trl=={trl_version}"]):
            subprocess.run(command, check=True, stdout=sys.stderr)
        done.touch()
    return python

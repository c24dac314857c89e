"""What benchmarks against TRL share: processes that take steps when told to, and TRL's own environments.

TRL never lives in the project's environment: each version has one of its own under the user's cache folder, made on the
first run with our versions of torch and transformers.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

from formats.shared_settings import Precision
from inference.byte_tokenizer import build_byte_tokenizer
from inference.cpu_products import mkl_is_slow
from inference.tiny import TinyConfig, build_tiny_model

ROOT = Path(__file__).resolve().parent.parent
TRL_VERSION = "1.16.0"
MODELS = {
    "tiny": TinyConfig(hidden_size=128, layers=4, heads=4),
    "small": TinyConfig(hidden_size=256, layers=6, heads=8),
    "1b": TinyConfig(hidden_size=2304, layers=16, heads=18),  # 1.0 billion parameters, all sizes multiples of 128
}
DEFAULT_MODELS = ("tiny", "small")
CONTEXT = 1024
# Both sides take as many tokens at once: what fits a cache or a GPU is the same for both.
MICRO_BATCH_TOKENS = {"cpu": 4096, "cuda": 16384}


def products(device: str) -> str:
    """Which library multiplies our larger linear layers in 32 bits; TRL's are multiplied by MKL on any CPU.

    Where the two are not the same, a ratio says more than how many tokens each side takes.
    """
    if device == "cuda":
        return "cuBLAS"
    return "oneDNN" if mkl_is_slow() else "MKL"


@dataclass(frozen=True, slots=True)
class Bench:
    """What all cases of a run of the benchmarks have in common."""

    folder: Path
    trl_python: Path | None  # none where TRL is left out
    steps: int
    device: str
    threads: int
    micro_batch_tokens: int
    precision: Precision = "float32"  # "bfloat16": that of all contenders, with weights in 32 bits
    peak_teraflops: float | None = None  # of the device, in the precision

    def settings(self) -> dict[str, Any]:
        """For the output."""
        return {
            "device": self.device,
            "threads": self.threads,
            "precision": self.precision,
            "micro_batch_tokens": self.micro_batch_tokens,
            "steps": self.steps,
            "torch_version": version("torch"),
            "products": products(self.device),
            **({"trl_version": TRL_VERSION} if self.trl_python else {}),
        }

    def trl(self, module: str, case: Path) -> list[str]:
        """The command of a contender in TRL's environment."""
        return [str(self.trl_python), "-m", f"benchmarks.{module}", str(case)]

    def contest(self, commands: Mapping[str, Sequence[str]]) -> "Turns":
        """What the contenders of these commands did in turns; TRL's are left out where TRL is."""
        with contextlib.ExitStack() as stack:
            contenders = {
                name: stack.enter_context(Contender(command, threads=self.threads))
                for name, command in commands.items()
                if self.trl_python or not name.startswith("trl")
            }
            return take_turns(contenders, steps=self.steps)

    def mfu(self, *, parameters: float, tokens_per_second: float) -> dict[str, float]:
        """The share of the device's peak that 6 operations a parameter and token are; nothing where it is not given.

        Forward 2 and backward 4 (Kaplan et al. 2020, section 2.1), attention not counted. All parameters
        are, also where less is done: embeddings are looked up, and the last layer's MLP runs at tokens that are read.
        """
        if self.peak_teraflops is None:
            return {}
        mfu = 6 * parameters * tokens_per_second / (self.peak_teraflops * 1e12)
        return {"peak_teraflops": self.peak_teraflops, "mfu": round(mfu, 4)}


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
        """One optimizer step; its seconds, how much it did and the peak memory so far."""
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


@dataclass(frozen=True, slots=True)
class Turns:
    """What each contender answered, step by step."""

    rows: Mapping[str, Sequence[Mapping[str, float]]]

    def rate(self, unit: str) -> dict[str, float]:
        """The median of how many of something each did a second."""
        return {name: statistics.median(row[unit] / row["seconds"] for row in own) for name, own in self.rows.items()}

    def parameters(self, name: str) -> float:
        """How many parameters the model of one has."""
        return self.rows[name][0]["parameters"]

    def peak_bytes(self) -> dict[str, float]:
        """The most memory that each had."""
        return {name: max(row["peak_bytes"] for row in own) for name, own in self.rows.items()}


def take_turns(contenders: Mapping[str, Contender], *, steps: int) -> Turns:
    """Let contenders step in turns, after one step each to warm up."""
    for contender in contenders.values():
        contender.step()
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for _ in range(steps):
        for name, contender in contenders.items():
            rows[name].append(contender.step())
    return Turns(rows)


def ratio(of: Mapping[str, float], one: str, other: str, *, digits: int = 2) -> float | None:
    """How many times the other's figure one's is; None where one of them did not take part."""
    return round(of[one] / of[other], digits) if one in of and other in of else None


def present(row: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the output without what was not measured."""
    return {name: value for name, value in row.items() if value is not None}


def write_model(name: str, folder: Path) -> Path:
    """The directory of an untrained model of a size, made once."""
    directory = folder / name
    if not directory.exists():
        tokenizer = build_byte_tokenizer(context_length=CONTEXT)
        build_tiny_model(MODELS[name], tokenizer=tokenizer).save_pretrained(directory)
        tokenizer.save_pretrained(directory)
    return directory


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

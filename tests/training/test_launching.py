"""A module of its own: the processes that others of this folder fork know no Django."""

import os
import subprocess
import sys
from pathlib import Path

from formats.run_directory import EXIT_DONE, read_manifest
from labelapp.runs.trainer import accelerate_arguments
from tests.training.toy_runs import make_toy_run

ROOT = Path(__file__).parents[2]


def test_the_documented_command_does_a_run_in_two_processes(tmp_path: Path, llama: Path) -> None:
    """`accelerate launch` for real, with the arguments that the supervisor gives it."""
    directory = make_toy_run(tmp_path / "run", kind="sft", models={"model": llama}, epochs=1)
    command = [sys.executable, *accelerate_arguments(2), "-m", "training.sft", str(directory.root)]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == EXIT_DONE, done.stderr[-3000:]
    assert read_manifest(directory.output).kind == "sft"
    assert done.stderr.count("done") == 1, "the first process alone tells"
    assert [attempt.epoch for attempt in directory.attempts()] == [1]

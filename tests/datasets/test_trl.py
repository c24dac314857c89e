"""TRL's own trainers train on our exports. Where its environment is not made yet, `make bench-training` makes it."""

import json
import math
import os
import subprocess
from pathlib import Path

import pytest

from labelapp.datasets.exporting import export_stream
from labelapp.datasets.shapes import SHAPES
from tests.conftest import ROOT
from tests.datasets.world import comparisons, demonstrations, written_version

pytestmark = pytest.mark.django_db(transaction=True)
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "labelapp-benchmarks"


def test_trl_trains_on_every_shape_that_is_its_own(tmp_path: Path) -> None:
    environments = sorted(home for home in CACHE.glob("trl-1.16.*") if (home / "installed").exists())
    if not environments:
        pytest.skip("TRL has an environment of its own, which is not made: run `make bench-training` once")
    from inference.byte_tokenizer import build_byte_tokenizer
    from inference.tiny import TinyConfig, build_tiny_model

    tokenizer = build_byte_tokenizer(context_length=512)
    build_tiny_model(TinyConfig(), tokenizer=tokenizer).save_pretrained(tmp_path / "model")
    tokenizer.save_pretrained(tmp_path / "model")
    for world, kind in ((comparisons(), "comparisons"), (demonstrations(), "demonstrations")):
        world.add_prompts(2)
        world.answer_all(ranks=(1, 2, 2, 5))
        version = written_version(world, kind=kind)
        for shape in SHAPES[kind]:
            stream = export_stream(version, shape=shape, file_format="jsonl")
            (tmp_path / f"{shape}.jsonl").write_bytes(b"".join(stream))
    command: list[str | Path] = [
        environments[-1] / "bin" / "python",
        "benchmarks/read_by_trl.py",
        tmp_path / "model",
        tmp_path,
    ]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hub"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    losses = json.loads(done.stdout.splitlines()[-1])
    assert len(losses) == 9
    assert all(math.isfinite(loss) for loss in losses.values()), losses

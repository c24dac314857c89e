"""The demo's training by the tiny presets, without the web: a supervised model, a reward model, PPO.

    python -m benchmarks.demo FOLDER [--ppo episodes=640 …]

One JSON line a stage: CPU and wall seconds of its process (one thread), its warnings and its last figures; for PPO also
what best-of-n reached. Models lie in FOLDER and are taken from there a second time; PPO is always run anew.
"""

import argparse
import dataclasses
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import django

from formats.configs import Config
from formats.jsonl import write_jsonl
from formats.messages import Message
from formats.presets import preset
from formats.records import Demonstration, Prompt, RankedResponse, Ranking
from formats.run_directory import RunDirectory, read_manifest, read_metrics
from formats.run_spec import RunSpec

DEMO = Path(__file__).resolve().parent.parent / "labelapp" / "prompts" / "demo"
FIGURES = ("loss", "validation_loss", "accuracy", "reward_mean", "kl_nats", "return_mean", "response_tokens_mean")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ppo", nargs="*", default=[], metavar="NAME=VALUE", help="settings other than the preset's")
    given = parser.parse_args()
    folder = given.folder.resolve()
    base = folder / "base"
    if not base.exists():
        _python("inference.tiny", str(base), "--corpus", *map(str, sorted(DEMO.glob("*.jsonl"))))
    rows = demo_rows()
    sft = _stage(folder, "sft", {"model": base}, rows["sft"])
    reward_model = _stage(folder, "reward_model", {"model": sft}, rows["reward_model"])
    changes = {name: json.loads(value) for name, value in (pair.split("=") for pair in given.ppo)}
    shutil.rmtree(folder / "ppo", ignore_errors=True)
    _stage(folder, "ppo", {"model": sft, "reward_model": reward_model}, rows["ppo"], changes=changes)


def demo_rows() -> dict[str, dict[str, list[Any]]]:
    """The rows of the demo's datasets, by kind of run and role: split by submitter, ranked by the intended quality."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")
    django.setup()
    from labelapp.prompts.splits import split_of

    prompts, demonstrations, rankings = [], [], []
    for path in sorted(DEMO.glob("*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            messages = tuple(Message.from_json(message) for message in row["messages"])
            of = {"messages": messages, "split": str(split_of(row["submitter"])), "use_case": row["use_case"]}
            prompts.append(Prompt(row["key"], submitter=row["submitter"], **of))
            own = {"prompt_id": row["key"], "labeler": "demo", **of}
            if row["demonstration"] is not None:
                demonstrations.append(Demonstration(id=row["key"], response=row["demonstration"], **own))
            qualities = sorted({response["quality"] for response in row["responses"]}, reverse=True)
            responses = tuple(
                RankedResponse(f"{row['key']}-{number}", one["text"], rank=qualities.index(one["quality"]) + 1)
                for number, one in enumerate(row["responses"])
            )
            rankings.append(Ranking(id=row["key"], responses=responses, **own))

    def of_split(records: list[Any], split: str) -> list[Any]:
        return [record for record in records if record.split == split]

    return {
        "sft": {"train": of_split(demonstrations, "train"), "validation": of_split(demonstrations, "valid")},
        "reward_model": {
            "train": of_split(rankings, "train"),
            "validation": of_split(rankings, "valid"),
            "demonstrations": of_split(demonstrations, "train"),
        },
        "ppo": {"prompts": of_split(prompts, "train")},
    }


def _stage(
    folder: Path,
    kind: str,
    models: Mapping[str, Path],
    rows: Mapping[str, Sequence[Any]],
    *,
    changes: Mapping[str, Any] | None = None,
) -> Path:
    """Run a stage that has not been run, print its line, and return where its model lies."""
    run = RunDirectory(folder / kind)
    if not run.is_done():
        run.inputs.mkdir(parents=True)
        for role, own in rows.items():
            write_jsonl(run.inputs / f"{role}.jsonl", own)
        config: Config = dataclasses.replace(preset(kind, "tiny"), device="cpu", threads=1, **(changes or {}))
        inputs = {role: str(model) for role, model in models.items()}
        inputs |= {role: f"inputs/{role}.jsonl" for role, own in rows.items() if own}
        run.write_spec(RunSpec(kind, config, inputs))  # type: ignore[arg-type]
        spent = _python(f"training.{kind}", str(run.root))
        print(
            json.dumps({"bench": "demo", "stage": kind, "changes": changes, **spent, **dict(_figures(run))}), flush=True
        )
    return run.model_output


def _figures(run: RunDirectory) -> Iterator[tuple[str, Any]]:
    rows = read_metrics(run.attempts()[-1].metrics_path)
    yield "warnings", read_manifest(run.output).warnings
    yield "steps", len(rows)
    for name in FIGURES:
        own = [row[name] for row in rows if isinstance(row.get(name), float)]
        if own:
            last = own[-5:]
            yield name, {"first": round(own[0], 3), "last_5": round(sum(last) / len(last), 3)}
    yield "best_of_n", {name: round(value, 3) for name, value in rows[0].items() if name.startswith("best_of_")}


def _python(module: str, *arguments: str) -> dict[str, float]:
    """Run a module of the project's; the CPU and wall seconds that it took."""
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu_seconds": round(cpu, 1), "wall_seconds": round(time.monotonic() - began, 1)}


if __name__ == "__main__":
    main()

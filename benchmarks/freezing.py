"""The lines `freeze` and `export` of `benchmarks.data`: comparisons into files, beside PostgreSQL's own COPY … TO.

    python -m benchmarks.freezing VERSION_ID [--without-parquet]    freezes one version and says what it took

A comparison has K = 4 responses of about 330 characters; four labelers rank each prompt. The peer is one COPY of a
query that makes the same JSON of the same rows, ordered the same, into a file on the same disk, by the server itself.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.labeling import running_web
from benchmarks.memory import peak_resident_bytes

ROOT = Path(__file__).resolve().parent.parent
OVERLAP = 4
RESPONSES = 4
ROUNDS = 3
LABELERS = 40
# Quoted: Label Studio 1.23.2 took so long for 20,000 annotations on two cores (docs/experiment-log.md). It is not run.
LABEL_STUDIO_EXPORT_SECONDS = 80.0
EXPORT_ROWS = 20_000

PEOPLE = """
INSERT INTO accounts_user (email, name, role, pseudonym, is_active, date_joined, password)
SELECT format('labeler%%s@example.org', n), format('Labeler %%s', n), 'labeler', 'labeler-' || left(md5(n::text), 8),
       true, now(), '' FROM generate_series(1, %(labelers)s) n ON CONFLICT DO NOTHING;
INSERT INTO prompts_submitter (key, split, created_at)
SELECT 'customer ' || n, CASE n %% 20 WHEN 0 THEN 'test' WHEN 1 THEN 'valid' ELSE 'train' END, now()
FROM generate_series(1, 1000) n ON CONFLICT DO NOTHING;
"""
WORDS = "(SELECT string_agg(md5({seed} || word), ' ') FROM generate_series(1, {count}) word)"
FILL = f"""
CREATE TEMP TABLE made AS SELECT n, nextval('prompts_prompt_id_seq') AS prompt_id,
    nextval('labeling_task_id_seq') AS task_id FROM generate_series(1, %(prompts)s) n;
INSERT INTO prompts_prompt (id, messages, text, kind, use_case, submitter_id, language, annotations,
                            deployment_context, pii_findings, dedup_key, created_at)
SELECT prompt_id, jsonb_build_array(jsonb_build_object('role', 'user', 'content', asked)), asked, 'customer', 'chat',
       (SELECT min(id) FROM prompts_submitter) + n %% 1000, 'en', '{{}}', '', '[]', md5('%(batch)s' || n), now()
FROM made, LATERAL (SELECT {WORDS.format(seed="n::text", count=6)} AS asked) text;
INSERT INTO prompts_response (prompt_id, batch_id, number, text, finish_reason, created_at)
SELECT prompt_id, %(batch)s, number, {WORDS.format(seed="(n * 10 + number)::text", count=10)}, 'stop', now()
FROM made, generate_series(0, {RESPONSES - 1}) number;
INSERT INTO labeling_task (id, project_id, prompt_id, batch_id, created_at)
SELECT task_id, %(project)s, prompt_id, %(batch)s, now() FROM made;
CREATE TEMP TABLE said AS SELECT made.*, slot, nextval('labeling_assignment_id_seq') AS assignment_id,
    nextval('labeling_submission_id_seq') AS submission_id,
    (SELECT min(id) FROM accounts_user WHERE role = 'labeler') + (n * {OVERLAP} + slot) %% %(labelers)s AS labeler_id
FROM made, generate_series(1, {OVERLAP}) slot;
INSERT INTO labeling_assignment (id, task_id, project_id, number, state, labeler_id, submitted_at, shown_order)
SELECT assignment_id, task_id, %(project)s, slot, 'submitted', labeler_id, now(), '[]' FROM said;
INSERT INTO labeling_submission (id, assignment_id, project_id, task_id, labeler_id, revision, instruction_version_id,
                                 idempotency_key, content_sha256, demonstration, answers, notes, elapsed_seconds,
                                 active_seconds, created_at)
SELECT submission_id, assignment_id, %(project)s, task_id, labeler_id, 1, %(instructions)s, gen_random_uuid(),
       md5(n::text), '', '{{}}', '', 90, 75, now() FROM said ORDER BY submission_id;
INSERT INTO labeling_judgment (submission_id, response_id, rank, quality, answers, notes, shown_position)
SELECT submission_id, response.id, 1 + (n + slot + number * 3) %% {RESPONSES}, 1 + (n + number) %% 7,
       '{{"expresses_opinion": false, "moral_judgment": false, "fails_instruction": true}}', '', number
FROM said JOIN prompts_response response ON response.prompt_id = said.prompt_id;
DROP TABLE said, made;
"""
SAME_ROWS = """
COPY (SELECT json_build_object(
    'id', said.id::text, 'prompt_id', task.prompt_id::text, 'messages', prompt.messages, 'use_case', prompt.use_case,
    'split', submitter.split, 'labeler', person.pseudonym, 'instruction_version', instructions.number, 'weight', 1.0,
    'responses', (SELECT json_agg(json_build_object(
        'response_id', response.id::text, 'text', response.text, 'rank', judgment.rank, 'quality', judgment.quality,
        'checkpoint', checkpoint.name, 'finish_reason', response.finish_reason, 'answers', judgment.answers,
        'notes', judgment.notes, 'shown_position', judgment.shown_position) ORDER BY response.id)
      FROM labeling_judgment judgment JOIN prompts_response response ON response.id = judgment.response_id
      JOIN prompts_samplebatch batch ON batch.id = response.batch_id
      LEFT JOIN checkpoints_checkpoint checkpoint ON checkpoint.id = batch.checkpoint_id
      WHERE judgment.submission_id = said.id))
  FROM labeling_submission said
  JOIN labeling_task task ON task.id = said.task_id
  JOIN prompts_prompt prompt ON prompt.id = task.prompt_id
  JOIN prompts_submitter submitter ON submitter.id = prompt.submitter_id
  JOIN accounts_user person ON person.id = said.labeler_id
  JOIN labeling_instructionversion instructions ON instructions.id = said.instruction_version_id
  WHERE said.project_id = {project} ORDER BY said.task_id, said.id)
TO '{path}' (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01')
"""


def lines(*, sizes: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Yield one line `freeze` for each number of comparisons. Django is set up."""
    for size in sizes:
        yield _freeze_line(comparisons=size)


def _freeze_line(*, comparisons: int) -> dict[str, Any]:
    project_id = make_comparisons(comparisons)
    runs: dict[str, list[dict[str, float]]] = {"both": [], "jsonl": [], "copy": []}
    for number in range(ROUNDS):
        runs["both"].append(freeze(project_id, name=f"both {comparisons} {number}"))
        runs["copy"].append({"seconds": _copy(project_id)})
        runs["jsonl"].append(freeze(project_id, name=f"jsonl {comparisons} {number}", arguments=["--without-parquet"]))
    seconds = {kind: statistics.median(run["seconds"] for run in found) for kind, found in runs.items()}
    return {
        "bench": "freeze",
        "comparisons": comparisons,
        "seconds": round(seconds["both"], 1),
        "rows_per_second": round(comparisons / seconds["both"]),
        "peak_rss_mb": round(max(run["peak_rss_mb"] for run in runs["both"])),
        "jsonl_seconds": round(seconds["jsonl"], 1),
        "copy_seconds": round(seconds["copy"], 1),
        "jsonl_vs_copy": round(seconds["jsonl"] / seconds["copy"], 2),
        "both_vs_copy": round(seconds["both"] / seconds["copy"], 2),
    }


def make_comparisons(count: int) -> int:
    """Fill a project with so many comparisons; return its id."""
    from django.db import connection

    from labelapp.checkpoints.models import Checkpoint
    from labelapp.labeling.models import InstructionVersion, Project
    from labelapp.prompts.models import SampleBatch

    checkpoint, _ = Checkpoint.objects.get_or_create(name="sampled", kind="base", location="org/model")
    batch = SampleBatch.objects.create(name=f"of {count}", checkpoint=checkpoint)
    project = Project.objects.create(
        name=f"{count} comparisons of batch {batch.pk}", kind="comparison", overlap=OVERLAP
    )
    instructions = InstructionVersion.objects.create(project=project, number=1, body="Rank them.")
    values = {"project": project.pk, "batch": batch.pk, "instructions": instructions.pk, "labelers": LABELERS}
    with connection.cursor() as cursor:
        cursor.execute(PEOPLE % values)
        cursor.execute(FILL % {**values, "prompts": count // OVERLAP})
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return project.pk


def make_version(project_id: int, *, name: str) -> int:
    """A version of all of a project that waits to be written; return its id."""
    from labelapp.datasets.filters import parse_filters
    from labelapp.datasets.models import Dataset, DatasetVersion

    dataset = Dataset.objects.create(name=name, kind="comparisons")
    query = parse_filters("comparisons", {"project_ids": [project_id]})
    return DatasetVersion.objects.create(dataset=dataset, number=1, query=query).pk


def freeze(
    project_id: int, *, name: str, arguments: list[str] | None = None, environment: dict[str, str] | None = None
) -> dict[str, float]:
    """Freeze all of a project in a process of its own; its figures."""
    version_id = make_version(project_id, name=name)
    command = [sys.executable, "-m", "benchmarks.freezing", str(version_id), *(arguments or [])]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | (environment or {}), check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _copy(project_id: int) -> float:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")  # where the server may write
        path = Path(cursor.fetchone()[0]) / "copied.jsonl"
        started = time.perf_counter()
        cursor.execute(SAME_ROWS.format(project=project_id, path=path))
        seconds = time.perf_counter() - started
    path.unlink()
    return seconds


def exports(folder: Path, rows: int) -> Iterator[dict[str, Any]]:
    """Yield the line `export`: annotations in the database become files on the asker's disk.

    `seconds` is what Label Studio's one download does: a version is frozen, durable and with its lineage, and the
    rankings of each split are downloaded over HTTP. Every other shape and file is of the same version.
    """
    from benchmarks.prompts import researcher_cookie
    from labelapp.datasets.models import DatasetVersion
    from labelapp.datasets.shapes import SHAPES
    from labelapp.datasets.writing import write_version

    project_id = make_comparisons(rows)
    headers = {"Cookie": researcher_cookie(), "Host": "localhost"}
    seconds: dict[str, list[float]] = {}
    with running_web(folder, environment={}) as (port, _):
        for number in range(ROUNDS):
            version_id = make_version(project_id, name=f"export {number}")
            started = time.perf_counter()
            write_version(version_id)
            seconds.setdefault("freeze", []).append(time.perf_counter() - started)
            counts = DatasetVersion.objects.get(pk=version_id).split_counts
            splits = [split for split, count in counts.items() if count]
            address = f"http://127.0.0.1:{port}/api/v1/dataset-versions/{version_id}/export"
            for shape in SHAPES["comparisons"]:
                for file_format in ("jsonl", "parquet", "csv"):
                    asked = f"{address}?shape={shape}&file_format={file_format}"
                    taken = [
                        _download(f"{asked}&split={split}", headers, into=folder / "downloaded") for split in splits
                    ]
                    seconds.setdefault(f"{shape} {file_format}", []).append(sum(taken))
    medians = {name: round(statistics.median(found), 2) for name, found in seconds.items()}
    like = medians["freeze"] + medians["rankings jsonl"]
    yield {
        "bench": "export",
        "annotations": rows,
        "seconds": round(like, 2),
        "rows_per_second": round(rows / like),
        "seconds_by_file": medians,
        "label_studio_seconds_quoted": LABEL_STUDIO_EXPORT_SECONDS * rows / EXPORT_ROWS,
        "times_as_fast": round(LABEL_STUDIO_EXPORT_SECONDS * rows / EXPORT_ROWS / like, 1),
        "load": round(os.getloadavg()[0], 1),
    }


def _download(url: str, headers: dict[str, str], *, into: Path) -> float:
    """Write what is at an address to a file and return the seconds."""
    started = time.perf_counter()
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=600) as answer, into.open("wb") as file:
        shutil.copyfileobj(answer, file)
    return time.perf_counter() - started


def main() -> None:
    """Freeze one version in this process and print the seconds and the peak of its memory."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelapp.settings")
    django.setup()
    from labelapp.datasets import files
    from labelapp.datasets.models import DatasetVersion
    from labelapp.datasets.writing import write_version

    if "--without-parquet" in sys.argv:
        setattr(files, "columns_line", lambda line: b"{}\n")  # noqa: B010 - for this measure alone
    started = time.perf_counter()
    write_version(int(sys.argv[1]))
    seconds = time.perf_counter() - started
    version = DatasetVersion.objects.get(pk=sys.argv[1])
    if version.state != "ready":
        raise SystemExit(version.error)
    peak = peak_resident_bytes() / 2**20
    print(json.dumps({"seconds": seconds, "peak_rss_mb": peak}))


if __name__ == "__main__":
    main()

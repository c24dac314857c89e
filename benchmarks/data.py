"""Measure the data side at a million rows. Each line of the output is one JSON object with `bench` and its figures.

    import    prompts from JSON lines by a worker of its own: rows a second, its peak memory at a tenth and at all rows,
              and the time beside PostgreSQL's own COPY of the same rows out of the table and into one like it
    search    the prompt explorer over HTTP: its first page, searches and filters; and how the database answers them
    claim     the next task of projects with 2,000 tasks, a tenth of the prompts, and all of them
    freeze    comparisons frozen to JSON lines and Parquet: rows a second, the worker's peak memory, and the time beside
              PostgreSQL's own COPY … TO of the same rows as JSON (`both_vs_copy`, and `jsonl_vs_copy` without Parquet)
    bucket    comparisons frozen into a store that speaks S3 (moto's server), beside the same on the disk
    export    20,000 annotations frozen and downloaded over HTTP as rankings, and the version in every shape and file;
              `times_as_fast`: Label Studio's export, whose seconds are quoted and not run here, over ours

    python -m benchmarks.data [--quick] [--only freeze …]

It starts a PostgreSQL and a Valkey of its own, durable as in production, in a temporary folder.
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks import bucket, freezing, prompts
from labelapp.common.embedded import EmbeddedPostgres, EmbeddedValkey

Lines = Callable[[Path, bool], Iterator[dict[str, Any]]]


def _freezing(folder: Path, quick: bool) -> Iterator[dict[str, Any]]:
    return freezing.lines(sizes=(20_000,) if quick else (100_000, 1_000_000))


def _prompt_part(part: Callable[[Path, int], Iterator[dict[str, Any]]]) -> Lines:
    return lambda folder, quick: part(folder, 20_000 if quick else 1_000_000)


PARTS: dict[str, Lines] = {
    "import": _prompt_part(prompts.imports),
    "search": _prompt_part(prompts.searches),
    "claim": _prompt_part(prompts.claims),
    "freeze": _freezing,
    "bucket": lambda folder, quick: bucket.lines(folder, 2_000 if quick else 100_000),
    "export": lambda folder, quick: freezing.exports(folder, 2_000 if quick else freezing.EXPORT_ROWS),
}


def main() -> None:
    """Run the parts and print their lines as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that it works")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="leave out the other parts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="labelapp-bench-") as name:
        folder = Path(name)
        with EmbeddedPostgres(folder) as postgres, EmbeddedValkey(folder) as valkey:
            os.environ |= {
                "DATA_DIR": str(folder),
                "DATABASE_URL": postgres.url,
                "REDIS_URL": valkey.url,
                "DJANGO_SETTINGS_MODULE": "labelapp.settings",
            }
            import django
            from django.core.management import call_command

            django.setup()
            call_command("migrate", verbosity=0)
            for part in options.only:
                for line in PARTS[part](folder, options.quick):
                    print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()

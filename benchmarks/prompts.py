"""Prompts at a million rows: imported, claimed as tasks, searched. The lines of `make bench-data` about them.

The worker of an import is a process of its own, whose peak memory is its whole life's. COPY is PostgreSQL's own, of
the same rows: out of the table, and into one like it with the same indexes.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from benchmarks.labeling import running_web, spread

ROOT = Path(__file__).resolve().parent.parent
WORDS = 30
VOCABULARY = 20_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"
COPIED = "id, messages, text, kind, use_case, submitter_id, language, annotations, deployment_context, dedup_key"
SUBMITTERS_PER_ROW = 1 / 20
CLAIMS = 300
MOST = 10_001  # as far as the list looks
SEARCHES = 15
OLD = "theworldbefore"  # longer than any made-up word
# Of a worker's whole life: what it needs to start is in it.
WORKER = """
import json, sys, time, django
from benchmarks.memory import peak_resident_bytes
django.setup()
from labelapp.prompts.importing.working import work_on
started = time.perf_counter()
work_on(int(sys.argv[1]))
seconds = time.perf_counter() - started
print(json.dumps({"seconds": seconds, "peak_mb": peak_resident_bytes() / 2**20}))
"""


def write_prompts(path: Path, rows: int, *, seed: int, words_per_row: int = 20) -> None:
    """Write a file of made-up prompts whose words are as unequally common as a language's (Zipf).

    Each is a piece of one long text; the shorter that is (`words_per_row`), the more of them begin alike.
    """
    chooser = random.Random(seed)
    vocabulary = [
        "".join(chooser.choices("abcdefghijklmnopqrstuvwxyz", k=chooser.randint(2, 9))) for _ in range(VOCABULARY)
    ]
    weights = [1 / (rank + 10) for rank in range(VOCABULARY)]
    pool = chooser.choices(vocabulary, weights, k=words_per_row * rows + 4 * WORDS)
    use_cases = ("generation", "open_qa", "brainstorming", "chat", "rewrite")
    submitters = max(1, int(rows * SUBMITTERS_PER_ROW))
    with path.open("w") as file:
        for number in range(rows):
            start = chooser.randrange(len(pool) - 2 * WORDS)
            text = " ".join(pool[start : start + chooser.randint(5, 2 * WORDS)])
            row = {
                "prompt": f"{text} {number}",
                "use_case": chooser.choice(use_cases),
                "submitter": f"submitter-{seed}-{chooser.randrange(submitters)}",
                "kind": "customer",
            }
            file.write(json.dumps(row) + "\n")


def import_once(folder: Path, rows: int, *, words_per_row: int = 20) -> dict[str, Any]:
    """Import a file of this many prompts and return the figures."""
    from labelapp.accounts.models import User
    from labelapp.prompts.importing.actions import ImportOptions, confirm_import, import_incoming
    from labelapp.prompts.models import PromptImport

    incoming = folder / "incoming"
    incoming.mkdir(exist_ok=True)
    name = f"{rows}-{words_per_row}.jsonl"
    write_prompts(incoming / name, rows, seed=rows + words_per_row, words_per_row=words_per_row)
    user, _ = User.objects.get_or_create(email="bench@example.org", defaults={"role": "researcher"})
    options = ImportOptions(cap_per_submitter=1_000_000)
    made = import_incoming(name, created_by=user, options=options)
    preview = worker(made.pk)
    confirm_import(PromptImport.objects.get(pk=made.pk), on_error="keep_good")
    written = worker(made.pk)
    done = PromptImport.objects.get(pk=made.pk)
    if done.state != "imported" or done.line_count != rows:
        raise RuntimeError(f"the import ended as {done.state} with {done.line_count} lines: {done.error}")
    seconds = preview["seconds"] + written["seconds"]
    copied = copy_seconds(made.pk)
    return {
        "imported": done.imported_count,
        "preview_seconds": round(preview["seconds"], 1),
        "write_seconds": round(written["seconds"], 1),
        "rows_per_second": round(rows / seconds),
        "peak_rss_mb": round(max(preview["peak_mb"], written["peak_mb"])),
        "copy_to_seconds": round(copied["to"], 1),
        "copy_from_seconds": round(copied["from"], 1),
        "ratio_to_copy_to": round(seconds / copied["to"], 1),
        "ratio_to_copy_from": round(seconds / copied["from"], 1),
    }


def worker(import_id: int) -> dict[str, float]:
    """Do what an import waits for, in a process of its own."""
    done = subprocess.run([sys.executable, "-c", WORKER, str(import_id)], cwd=ROOT, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def copy_seconds(import_id: int) -> dict[str, float]:
    """Copy the import's prompts out of the table, and into one with the same indexes."""
    from django.db import connection

    with tempfile.NamedTemporaryFile() as file, connection.cursor() as cursor:
        started = time.perf_counter()
        query = f"COPY (SELECT {COPIED} FROM prompts_prompt WHERE prompt_import_id = {import_id}) TO STDOUT"
        with cursor.copy(query) as out:
            for data in out:
                file.write(data)
        file.flush()
        copied_to = time.perf_counter() - started
        cursor.execute("CREATE TABLE like_prompts (LIKE prompts_prompt INCLUDING ALL)")
        cursor.execute("ALTER TABLE like_prompts ALTER created_at SET DEFAULT now()")
        started = time.perf_counter()
        with cursor.copy(f"COPY like_prompts ({COPIED}) FROM STDIN") as into, Path(file.name).open("rb") as source:
            while data := source.read(1 << 20):
                into.write(data)
        copied_from = time.perf_counter() - started
        cursor.execute("DROP TABLE like_prompts")
    return {"to": copied_to, "from": copied_from}


def claims(folder: Path, rows: int) -> Iterator[dict[str, Any]]:
    """Claim the next task, each time as another labeler, of projects of three sizes in turn."""
    from labelapp.accounts.models import User
    from labelapp.labeling.actions import create_project
    from labelapp.labeling.assignment import claim_next
    from labelapp.labeling.models import ProjectKind
    from labelapp.labeling.task_creation import create_tasks
    from labelapp.prompts.models import Prompt

    _ensure_prompts(folder, rows)
    labelers = [User.objects.create_user(f"claim{number}@example.org") for number in range(CLAIMS)]
    projects = {}
    for size in sorted({min(2000, rows), rows // 10, rows}):
        project = create_project(
            name=f"{size} tasks",
            kind=ProjectKind.DEMONSTRATION,
            instructions="Write.",
            created_by=None,
            overlap=1,
            member_ids=[labeler.pk for labeler in labelers],
        )
        started = time.perf_counter()
        create_tasks(project.pk, prompts=Prompt.objects.all(), limit=size)
        yield {
            "bench": "claim",
            "tasks": size,
            "tasks_created_per_second": round(size / (time.perf_counter() - started)),
        }
        projects[size] = project.pk
    vacuum()
    seconds: dict[int, list[float]] = {size: [] for size in projects}
    for labeler in labelers:
        for size, project_id in projects.items():
            started = time.perf_counter()
            found = claim_next(project_id=project_id, labeler_id=labeler.pk)
            seconds[size].append(time.perf_counter() - started)
            if found.status != "task":
                raise RuntimeError(f"there is no task: {found.status}")
    figures = {size: spread(taken[20:]) for size, taken in seconds.items()}
    smallest, largest = min(figures), max(figures)
    ratio = round(figures[largest]["median"] / figures[smallest]["median"], 2)
    yield {"bench": "claim", "next_ms": figures, f"ratio_{largest}_to_{smallest}": ratio}


PAGES = {
    "first page": "",
    "a common word": "?search={common}",
    "a rare word": "?search={rare}",
    "two words": "?search={common}+{rare}",
    "a phrase": "?search=%22{phrase}%22",
    "a phrase of common words": "?search=%22{common}+{next}%22",
    "without a rare word": "?search=-{rare}",
    "without a common word": "?search=-{common}",
    "a word that only old prompts have": "?search={old}",
    "a phrase in a split": "?search=%22{phrase}%22&split=test",
    "a common word in a split": "?search={common}&split=test",
    "a use case": "?use_case=chat",
    "a split": "?split=valid",
    "a tag that few have": "?tag=bench",
    "a language that few have": "?language=sw",
    "what is archived": "?archived=true",
    "the choices of each filter": "/facets",
}


def searches(folder: Path, rows: int) -> Iterator[dict[str, Any]]:
    """Ask for pages of the prompt explorer as a researcher does."""
    from django.db.models import Value
    from django.db.models.functions import Concat
    from django.utils import timezone

    from labelapp.prompts.models import Prompt

    _ensure_prompts(folder, rows)
    words = _words()
    ids = list(Prompt.objects.order_by("id").values_list("pk", flat=True)[:100])
    Prompt.objects.filter(pk__in=ids[:50]).update(tags=["bench"], language="sw")
    Prompt.objects.filter(pk__in=ids[50:]).update(archived_at=timezone.now())
    oldest = Prompt.objects.order_by("id").values("pk")[: len(ids) + rows // 50]
    Prompt.objects.filter(pk__in=oldest).update(text=Concat("text", Value(f" {OLD}")))
    vacuum()
    headers = {"Cookie": researcher_cookie()}
    with running_web(folder, environment={}) as (port, _):
        figures = {}
        for name, query in PAGES.items():
            url = f"http://127.0.0.1:{port}/api/v1/prompts{query.format(**words)}"
            figures[name] = spread([ask(url, headers) for _ in range(SEARCHES)][1:])
    yield {"bench": "search", "rows": Prompt.objects.count(), "ms": figures, "load": round(os.getloadavg()[0], 1)}
    yield {"bench": "search", "plans": plans(words)}


def _words() -> dict[str, str]:
    """The words to search for, of the first prompts: common ones, a rare one, and three in a row of a prompt."""
    from labelapp.prompts.models import Prompt

    found = list(Prompt.objects.order_by("id").values_list("text", flat=True)[:2000])
    counts = Counter(word for text in found for word in text.split() if not word.isdigit())
    (common, _), (after, _) = counts.most_common(2)
    rare = min(counts, key=lambda word: (counts[word], word))
    return {"common": common, "next": after, "rare": rare, "old": OLD, "phrase": "+".join(found[7].split()[1:4])}


def ask(url: str, headers: dict[str, str]) -> float:
    """Ask for a page and return the seconds."""
    started = time.perf_counter()
    with urllib.request.urlopen(
        urllib.request.Request(url, headers={"Host": "localhost", **headers}), timeout=120
    ) as answer:
        answer.read()
    return time.perf_counter() - started


def researcher_cookie() -> str:
    """Log a researcher in and return the session's cookie."""
    from django.conf import settings
    from django.test import Client

    from labelapp.accounts.models import User

    user, _ = User.objects.get_or_create(email="search@example.org", defaults={"role": "researcher"})
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def plans(words: dict[str, str]) -> dict[str, Any]:
    """How the database answers the list's queries: each scan, by which index, and how many blocks they touched.

    What is found is looked for `near`, and only where that fills no page `anywhere` (`is_looked`).
    """
    from labelapp.prompts.by_index import by_index
    from labelapp.prompts.explorer import FoundPrompts
    from labelapp.prompts.queries import PromptFilter

    found: dict[str, Any] = {}
    for name, query in PAGES.items():
        if query.startswith("/"):
            continue
        asked = dict(parse_qsl(query[1:].format(**words)))
        is_archived = asked.pop("archived", "") == "true"
        prompts = FoundPrompts(PromptFilter(**asked, archived=is_archived))  # type: ignore[arg-type]  # texts alone
        prompts.needed = 51
        with by_index():
            near = prompts.near()[:MOST].explain(format="json", analyze=True, buffers=True)
            anywhere = prompts.anywhere()[:MOST].explain(format="json", analyze=True, buffers=True)
        page = prompts.page(slice(50)).explain(format="json", analyze=True, buffers=True) if prompts.ids else ""
        found[name] = {
            "near": _scanned(near),
            "anywhere": _scanned(anywhere) | {"is_looked": prompts.is_all},
            "page": _scanned(page) if page else {},
        }
    return found


def _scanned(explained: str) -> dict[str, Any]:
    plan = json.loads(explained)[0]["Plan"]
    return {
        "scans": sorted(set(_scans(plan))),
        "blocks": plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
        "ms": round(plan["Actual Total Time"], 1),
    }


def _scans(node: dict[str, Any]) -> Iterator[str]:
    if "Scan" in node["Node Type"]:
        yield f"{node['Node Type']} {node.get('Index Name') or node.get('Relation Name', '')}".strip()
    for child in node.get("Plans", []):
        yield from _scans(child)


def vacuum() -> None:
    """Do what autovacuum would have done by the time that somebody works with so many rows."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def imports(folder: Path, rows: int) -> Iterator[dict[str, Any]]:
    """Import a tenth of the rows, and then all, each by a fresh worker; then a tenth of which many are alike."""
    for count in (rows // 10, rows):
        yield {"bench": "import", "rows": count, **import_once(folder, count), "load": round(os.getloadavg()[0], 1)}
    alike = import_once(folder, rows // 10, words_per_row=2)
    yield {"bench": "import of many alike", "rows": rows // 10, **alike, "load": round(os.getloadavg()[0], 1)}


def _ensure_prompts(folder: Path, rows: int) -> None:
    """Import prompts where an earlier part has not."""
    from labelapp.prompts.models import Prompt

    if not Prompt.objects.exists():
        import_once(folder, rows)

"""What the pictures of imports and datasets need: a file with faults, and somebody who wants to be left out."""

import json
from typing import Any

from benchmarks.loop import Api, wait_for

FILE, DATASET, COHORT = "support-questions.jsonl", "Demo demonstrations", "Evening shift"
LEFT_OUT = "Asked by mail on Monday to be left out."
# Submitter, prompt, and what else is on the line.
LINES: list[tuple[str, str, dict[str, Any]]] = [
    ("acme", "My parcel went to the wrong house. What do I write to the shop?", {"responses": ["Dear team,"]}),
    ("acme", "Write a reply to Maja Lindqvist, maja.lindqvist@example.org, who asks where her order is.", {}),
    ("lamps", "Call me back on +49 171 5550123 and tell me whether the lamp can be repaired.", {}),
    ("home", "How do I fold a fitted sheet so that it lies flat in a drawer?", {}),
    ("home", "how do I fold a fitted sheet so that it lies flat in a drawer", {}),
    ("bakery", "Three polite ways to say that we are closed on Mondays.", {"use_case": "brainstorming"}),
    ("home", "Is 40 degrees too hot for wool?", {"use_case": "laundry"}),
    ("home", "", {}),
]


def imported(admin: Api) -> int:
    """Return the id of an import with good lines, near-duplicates, personal data and lines that are wrong."""
    for row in admin.rows("prompt-imports"):
        if row["file_name"] == FILE:
            return int(row["id"])
    lines = ({"prompt": prompt, "submitter": submitter, **more} for submitter, prompt, more in LINES)
    text = "\n".join(map(json.dumps, lines))
    upload = admin("POST", "prompt-imports", files={"file": (FILE, text.encode())})
    path = f"prompt-imports/{upload['id']}"
    wait_for(admin, path, done="previewed", what=FILE)
    admin("POST", f"{path}/confirm", {"on_error": "keep_good"})
    wait_for(admin, path, done="imported", what=FILE)
    return int(upload["id"])


def frozen_demonstrations(admin: Api) -> tuple[int, int]:
    """Return the ids of a version with the demo's demonstrations, and of the next one, which leaves somebody out."""
    dataset = next((row for row in admin.rows("datasets") if row["name"] == DATASET), None)
    if dataset is None:
        dataset = admin("POST", "datasets", {"name": DATASET, "kind": "demonstrations"})
        first = freeze(admin, dataset["id"])
        leave_out(admin, first)
        freeze(admin, dataset["id"])
    second, first, *_ = (int(row["id"]) for row in admin.rows(f"dataset-versions?dataset={dataset['id']}"))
    return first, second


def freeze(admin: Api, dataset_id: int) -> int:
    """Freeze all there is and wait until it is written; return the version's id."""
    version = admin("POST", f"datasets/{dataset_id}/versions", {"query": {}})["id"]
    wait_for(admin, f"dataset-versions/{version}", done="ready", what="the dataset")
    return int(version)


def leave_out(admin: Api, version_id: int) -> None:
    """Let the submitter of the version's first prompt ask not to be in the data."""
    row = admin("GET", f"dataset-versions/{version_id}/rows")["results"][0]
    key = admin("GET", f"prompts/{row['prompt']['id']}")["submitter"]
    submitter = next(found for found in admin.rows("submitters") if found["key"] == key)
    admin("POST", "erasures", {"submitter_id": submitter["id"], "note": LEFT_OUT})


def make_cohort(admin: Api) -> None:
    """Name a group of labelers."""
    people = {row["email"]: row["id"] for row in admin.rows("users")}
    members = [people["labeler2@demo.local"], people["demo-writer@demo.local"]]
    if COHORT not in {row["name"] for row in admin.rows("cohorts")}:
        admin("POST", "cohorts", {"name": COHORT, "member_ids": members})

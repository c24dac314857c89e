"""What the pictures of imports and datasets need: a file with faults, and somebody who wants to be left out."""

import json
import time
from typing import Any

from benchmarks.loop import Api, wait_for

FILE, DATASET, COHORT = "support-questions.jsonl", "Demo demonstrations", "Evening shift"
NEAR_FILE, NEAR = "more-questions.jsonl", "So how do I fold a fitted sheet so that it lies flat in a drawer?"
LETTER = "Please write to my landlord, and give my number, +49 30 901820, so that he calls back before Friday."
MODEL, WORDING = "support-7b", "What I send to this model may be read by people and used to train it further."
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


def imported(admin: Api) -> tuple[int, int]:
    """Return the id of an import with good lines, near-duplicates, personal data and lines that are wrong.

    And the id of a prompt that another prompt is nearly the same as.
    """
    files = {row["file_name"]: int(row["id"]) for row in admin.rows("prompt-imports")}
    if FILE not in files:
        lines = [{"prompt": prompt, "submitter": submitter, **more} for submitter, prompt, more in LINES]
        files[FILE] = import_file(admin, FILE, lines)
        near = [{"prompt": NEAR, "submitter": "lamps"}, {"prompt": LETTER, "submitter": "lamps"}]
        import_file(admin, NEAR_FILE, near, near_similarity=1)  # the same words only
    return files[FILE], prompt_with(admin, "fitted sheet")


def import_file(admin: Api, name: str, lines: list[dict[str, Any]], **options: Any) -> int:
    """Import what is good of a file; return the import's id."""
    text = "\n".join(map(json.dumps, lines))
    upload = admin("POST", "prompt-imports", data=options, files={"file": (name, text.encode())})
    path = f"prompt-imports/{upload['id']}"
    wait_for(admin, path, done="previewed", what=name)
    admin("POST", f"{path}/confirm", {"on_error": "keep_good"})
    wait_for(admin, path, done="imported", what=name)
    return int(upload["id"])


def prompt_with(admin: Api, words: str) -> int:
    """Return the id of the first prompt that has these words in it."""
    return min(int(row["id"]) for row in admin("GET", "prompts", params={"search": words})["results"])


def redacted(admin: Api) -> int:
    """Return the id of a prompt whose personal data was replaced, and that an admin has looked at since."""
    words = "write to my landlord"
    prompt = prompt_with(admin, words)
    while admin("GET", f"prompts/{prompt}")["pii_state"] == "unscanned":
        time.sleep(1)  # a worker looks at each
    waiting = [row for row in admin.rows("prompts/personal-data") if row["id"] == prompt]
    if waiting:
        findings = waiting[0]["pii_findings"]
        decision = {"findings": findings, "redacted": list(range(len(findings)))}
        admin("POST", f"prompts/{prompt}/personal-data", decision)
        admin("POST", f"prompts/{prompt}/original")
    return prompt


def record_consents(admin: Api) -> None:
    """Let customers consent, send prompts, and one of them think better of it."""
    if admin("GET", "consents")["count"]:
        return
    for submitter in ("acme", "lamps", "bakery", "home"):
        consent = {"submitter": submitter, "model": MODEL, "wording_version": "2022-03", "wording": WORDING}
        admin("POST", "consents", consent | {"way": "on the sign-up page"})
        question = f"What shall I write to a customer of {submitter} who asks for a refund?"
        messages = [{"role": "user", "content": question}]
        admin("POST", "ingest/prompts", {"submitter": submitter, "model": MODEL, "messages": messages})
    admin("POST", "consents/withdraw", {"submitter": "home", "model": MODEL, "way": "by mail"})


def change_many(admin: Api) -> None:
    """Tag and archive many prompts at once, and take one change back."""
    if admin("GET", "prompts/changes")["count"]:
        return
    changes: list[dict[str, Any]] = [
        {"action": "add_tags", "tags": ["letters"], "filter": {"search": "write"}},
        {"action": "add_tags", "tags": ["summary"], "filter": {"use_case": "summarization"}},
        {"action": "remove_tags", "tags": ["letters"], "filter": {"tag": "letters", "use_case": "brainstorming"}},
        {"action": "archive", "filter": {"submitter": "bakery"}},
    ]
    for body in changes:
        change = admin("POST", "prompts/bulk", body)
        wait_for(admin, f"prompts/changes/{change['id']}", done="done", what="the change")
    admin("POST", f"prompts/changes/{change['id']}/undo")


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

"""What the pictures need beside the demo workspace: a dataset, a run, and people who have worked and asked.

Everything goes through the API, and nothing is made twice, so that single pictures can be taken again on one instance.
"""

import random
import uuid
from typing import Any

from benchmarks.loop import ADMIN, Api, log_in_admin
from scripts.pictured_reading import ARABIC, POOL, RICH, SHARED, reading_projects, shared_project
from scripts.pictured_records import (
    change_many,
    frozen_demonstrations,
    imported,
    make_cohort,
    record_consents,
    redacted,
)
from scripts.pictured_training import add_endpoint, add_webhooks, train

RANKING, WRITING = "Rank the demo responses", "Write demonstrations"
EVALUATION, TOXICITY = "Which answers are better? (demo)", "Rate toxicity (demo)"
BUSY, EMPTY = "Tidy up the last one", "Write more, later"
UNCLEAR = "It does not say for whom. A child, or somebody who has done it before?"
QUESTION = "Should a list of **nine** names count as failing the instruction, when eight were asked for?"
WRITTEN: list[dict[str, Any]] = [
    {"kind": "plain", "use_case": "brainstorming", "text": "Ten ways to thank a neighbour who waters the plants."},
    {
        "kind": "few_shot",
        "use_case": "classification",
        "instruction": "Say whether the message is a question or a complaint.",
        "pairs": [
            {"query": "Where do I find the invoice?", "response": "question"},
            {"query": "The parcel was wet again.", "response": "complaint"},
            {"query": "Is there a discount for schools?", "response": "question"},
        ],
    },
]


def furnish(url: str, *, receiver: str) -> dict[str, int]:
    """Make what is missing, and return the ids that the pictures' addresses are made of.

    `receiver` is the address of a program that takes webhooks' messages.
    """
    admin = log_in_admin(url)
    webhook = add_webhooks(admin, receiver)
    add_endpoint(admin)
    projects = {row["name"]: row["id"] for row in admin.rows("projects")}
    labeler, other = demo_person(url, "labeler"), demo_person(url, "labeler2")
    if EMPTY not in projects:
        work(labeler, other, projects=projects)
        mark_calibration(admin, projects[RANKING])
        projects |= {name: small_project(admin, name) for name in (BUSY, EMPTY)}
    projects |= reading_projects(admin)
    if SHARED not in projects:
        shared = shared_project(admin, like=projects[RANKING])
        for person in (labeler, demo_person(url, "researcher")):
            for _ in range(POOL):
                answer(person, shared)
    # Their leases end after a quarter of an hour.
    other("POST", f"projects/{projects[BUSY]}/next", {})
    kept_import, near = imported(admin)
    redacted_prompt = redacted(admin)
    record_consents(admin)
    change_many(admin)
    make_cohort(admin)
    version, next_version = frozen_demonstrations(admin)
    runs = train(admin, version)
    return {
        "ranking": projects[RANKING],
        "writing": projects[WRITING],
        "evaluation": projects[EVALUATION],
        "toxicity": projects[TOXICITY],
        "busy": projects[BUSY],
        "rich": projects[RICH],
        "arabic": projects[ARABIC],
        "empty": projects[EMPTY],
        "ranked": projects["Already ranked (demo)"],
        "reviewed": int(labeler.rows("reports")[0]["task_id"]),
        "replaced": replaced_task(admin),
        "near": near,
        "redacted": redacted_prompt,
        "webhook": webhook,
        "import": kept_import,
        "prompt": admin("GET", f"dataset-versions/{version}/rows")["results"][1]["prompt"]["id"],
        "version": version,
        "next_version": next_version,
        "dataset": admin("GET", f"dataset-versions/{version}")["dataset"]["id"],
        "submission": admin.rows(f"submissions?project={projects['Already ranked (demo)']}")[0]["id"],
        "written": labeler.rows("written-prompts")[0]["id"],
        "person": next(row["id"] for row in admin.rows("users") if row["email"] == "labeler2@demo.local"),
        "run": runs["sft"]["id"],
        "reward": runs["reward_model"]["id"],
        "ppo": runs["ppo"]["id"],
        "checkpoint": runs["ppo"]["checkpoint"]["id"],
    }


def demo_person(url: str, name: str) -> Api:
    """Log in as a person of the demo workspace."""
    person = Api(url)
    person.log_in(email=f"{name}@demo.local", password=ADMIN["password"])
    return person


def work(labeler: Api, other: Api, *, projects: dict[str, int]) -> None:
    """Let labelers answer some of the evaluation, skip, flag, ask, and write prompts."""
    for person, count in ((labeler, 4), (other, 16)):
        for _ in range(count):
            answer(person, projects[EVALUATION])
    task_id = int(labeler("POST", f"projects/{projects[RANKING]}/next", {})["assignment"]["task_id"])
    note = "A name in the second response is also that of a shop near me."
    labeler("POST", f"tasks/{task_id}/flags", {"idempotency_key": new_key(), "kind": "other", "note": note})
    labeler("POST", f"tasks/{task_id}/thread", {"idempotency_key": new_key(), "body": QUESTION})
    asked = {"idempotency_key": new_key(), "body": "May I look facts up while I rank?"}
    labeler("POST", f"projects/{projects[RANKING]}/thread", asked)
    for note in (UNCLEAR, "This needs somebody who knows the law of tenancy."):
        skipped = other("POST", f"projects/{projects[RANKING]}/next", {})["assignment"]
        reason = {"reason": "unclear" if note == UNCLEAR else "outside_knowledge", "note": note}
        other("POST", f"assignments/{skipped['id']}/skip", {"lease_token": skipped["lease_token"], **reason})
    for written in WRITTEN:
        labeler("POST", "written-prompts", {"key": new_key(), **written})


def answer(labeler: Api, project_id: int) -> None:
    """Answer a task as somebody might who likes longer texts a little better."""
    assignment = labeler("POST", f"projects/{project_id}/next", {})["assignment"]
    dice = random.Random(assignment["id"])
    scores = [len(response["text"]) + dice.gauss(0, 300) for response in assignment["responses"]]
    judgments = [
        {
            "response_id": response["id"],
            "rank": 1 + sum(other > score for other in scores),
            "quality": dice.randint(2, 6),
            "answers": {"fails_instruction": dice.random() < 0.4},
            "notes": "",
        }
        for response, score in zip(assignment["responses"], scores, strict=True)
    ]
    body = {
        "lease_token": assignment["lease_token"],
        "idempotency_key": new_key(),
        "instruction_version_id": assignment["instruction_version"]["id"],
        "elapsed_seconds": dice.randint(60, 200),
        "active_seconds": dice.randint(30, 60),
        "judgments": judgments,
    }
    labeler("POST", f"assignments/{assignment['id']}/submit", body)


def mark_calibration(admin: Api, project_id: int) -> None:
    """Put the first tasks of the project into its calibration pool."""
    tasks = [row["id"] for row in admin("GET", f"projects/{project_id}/tasks")["results"][:5]]
    admin("POST", f"projects/{project_id}/calibration", {"task_ids": tasks, "is_calibration": True, "overlap": 3})


def small_project(admin: Api, name: str) -> int:
    """Make a project of both labelers with one task, or none."""
    people = {row["email"]: row["id"] for row in admin.rows("users")}
    body = {
        "name": name,
        "kind": "demonstration",
        "instructions": "Be brief.",
        "member_ids": [people["labeler@demo.local"], people["labeler2@demo.local"]],
    }
    project_id = int(admin("POST", "projects", body)["id"])
    if name == BUSY:
        admin("POST", f"projects/{project_id}/tasks", {"filter": {}, "limit": 1})
    return project_id


def lose_the_lease(url: str, project_id: int) -> None:
    """Let the labeler leave the project and come back: their task is anybody's again, and their draft is kept."""
    admin = log_in_admin(url)
    labeler_id = next(row["id"] for row in admin.rows("users") if row["email"] == "labeler@demo.local")
    admin("DELETE", f"projects/{project_id}/members/{labeler_id}")
    admin("POST", f"projects/{project_id}/members", {"user_ids": [labeler_id]})


def replaced_task(admin: Api) -> int:
    """Return a task that was skipped because its prompt was unclear, and whose prompt was replaced then."""
    task_id = next(int(row["task_id"]) for row in admin.rows("skips") if row["note"] == UNCLEAR)
    reviewed = admin("GET", f"review/{task_id}")
    if not reviewed["withdrawn_at"]:
        *before, last = ({"role": turn["role"], "content": turn["content"]} for turn in reviewed["prompt"]["messages"])
        messages = [*before, last | {"content": last["content"] + " It is for people who do this for the first time."}]
        decision = {"action": "replace", "note": "Now it says for whom.", "changes": {"messages": messages}}
        skips = [row["id"] for row in reviewed["skips"]]
        admin("POST", f"review/{task_id}/decisions", decision | {"skip_ids": skips})
    return task_id


def new_key() -> str:
    """Return an idempotency key."""
    return str(uuid.uuid4())

"""What the pictures of reading need: outputs with code, formulas and tables, and a script from right to left."""

from typing import Any

from benchmarks.loop import Api
from scripts.pictured_records import import_file

RICH, ARABIC, SHARED = "Explain it with an example", "Short answers in Arabic", "Everyday questions"
FILE = "explanations.jsonl"
POOL = 6

CODE = """\
The mean of a list is its sum divided by its length:

```python
def mean(values: list[float]) -> float:
    # An empty list has none.
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)
```

As a formula, for $n$ values:

$$\\bar{x} = \\frac{1}{n} \\sum_{i=1}^{n} x_i$$

| values | sum | mean |
|---|---|---|
| 2, 4, 6 | 12 | **4** |
| 1, 1, 4 | 6 | **2** |
"""
EXPLANATIONS = (
    CODE,
    "Add the numbers up, then divide by **how many** there are. For 2, 4 and 6: 12 divided by 3 is 4.",
    "The mean is the middle number of a sorted list. For 2, 4 and 6 that is 4.",
    "$\\bar{x}$ is the mean. Use `statistics.mean([2, 4, 6])`, which returns `4`.",
    "Add all the numbers, then divide by how many there are: (2 + 4 + 6) / 3 = 4.",
    "An average. Look it up in any book on statistics.",
)
ANSWERS_IN_ARABIC = (
    "عاصمة المغرب هي **الرباط**، وهي مدينة على ساحل المحيط الأطلسي. أكبر مدن البلاد هي الدار البيضاء.",
    "الرباط.",
    "عاصمة المغرب هي مراكش، وهي مدينة معروفة بأسواقها.",
    "عاصمة المغرب هي الرباط منذ عام 1912، واسمها بالفرنسية Rabat.",
)
QUESTIONS = (
    ("How do I compute the mean of a list of numbers? Show it in Python.", RICH, EXPLANATIONS),
    ("ما هي عاصمة المغرب؟ أجب في جملة أو جملتين.", ARABIC, ANSWERS_IN_ARABIC),
)


def reading_projects(admin: Api) -> dict[str, int]:
    """Make the projects with their one task each; return their ids by name."""
    projects = {row["name"]: int(row["id"]) for row in admin.rows("projects")}
    if RICH in projects:
        return projects
    lines = [{"prompt": prompt, "submitter": "school", "responses": list(texts)} for prompt, _, texts in QUESTIONS]
    brought = import_file(admin, FILE, lines)
    for prompt, name, texts in QUESTIONS:
        row = next(row for row in admin.rows(f"prompts?prompt_import={brought}") if row["text"] == prompt)
        batch = admin("GET", f"prompts/{row['id']}")["batches"][0]["id"]
        chosen = {"prompt_ids": [row["id"]], "batch_id": batch}
        projects[name] = comparison(admin, name, responses=len(texts), tasks=chosen)
    return projects


def comparison(admin: Api, name: str, *, responses: int, tasks: dict[str, Any], **fields: Any) -> int:
    """Make a comparison project of everybody in the demo; return its id."""
    people = [row["id"] for row in admin.rows("users") if row["role"] != "admin"]
    body = {"name": name, "kind": "comparison", "instructions": "Read each output to its end.", "member_ids": people}
    project_id = int(admin("POST", "projects", body | {"responses_per_task": responses, **fields})["id"])
    admin("POST", f"projects/{project_id}/tasks", tasks)
    return project_id


def shared_project(admin: Api, *, like: int) -> int:
    """Make a project whose every task is of its calibration pool, with the first prompts of another project."""
    first = admin("GET", f"projects/{like}/tasks")["results"][:POOL]
    chosen = {"prompt_ids": [row["prompt"]["id"] for row in first], "batch_id": first[0]["batch_id"]}
    project_id = comparison(admin, SHARED, responses=4, tasks=chosen, overlap=3)
    made = [row["id"] for row in admin("GET", f"projects/{project_id}/tasks")["results"]]
    admin("POST", f"projects/{project_id}/calibration", {"task_ids": made, "is_calibration": True})
    admin("PATCH", f"projects/{project_id}", {"show_agreement": True})
    return project_id

"""A ranking made on the screen, followed item by item: into the database, and out of it in the files of a dataset.

Peers store the order in which the outputs were shown, whatever was chosen. So every K from 4 to 9 is ranked here, with
ties and gaps, by each way that the screen offers, and compared with the texts that stood on the screen.
"""

import json
import re
from io import BytesIO
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.db.models import F
from playwright.sync_api import Browser, Page, expect

from labelapp.datasets.tasks import write
from labelapp.labeling.models import Project, Submission
from tests.end_to_end.browser import DESKTOP, log_in
from tests.end_to_end.test_labeling import drag, read_back
from tests.labeling.workspace import Labeler, Workspace

pytestmark = pytest.mark.browser

#: By letter: the rank that was given on the screen, and the quality.
Plan = dict[str, tuple[int, int]]

LETTERS = "ABCDEFGHI"
COUNT_KEYS = (
    "window.keysPressed = 0; addEventListener('keydown', e => { if (e.key !== 'Control') window.keysPressed++ })"
)


def plan(ranks: str, qualities: str) -> Plan:
    """Read "2132" and "5724" as what is given to A, B, C …"""
    return {letter: (int(rank), int(quality)) for letter, rank, quality in zip(LETTERS, ranks, qualities, strict=False)}


def dense(ranks: list[int]) -> list[int]:
    """Ranks without the gaps between them, which mean nothing."""
    return [sorted(set(ranks)).index(rank) + 1 for rank in ranks]


def rate(page: Page, given: Plan) -> None:
    for _, quality in given.values():
        page.keyboard.press(str(quality))
        page.keyboard.press("j")
    expect(page.get_by_text(f"{len(given)} of {len(given)} rated")).to_be_visible()
    page.keyboard.press("g")


def by_digits(page: Page, given: Plan) -> None:
    """One digit a response."""
    for rank, _ in given.values():
        page.keyboard.press(str(rank))


def by_dragging(page: Page, given: Plan) -> None:
    """Each response's handle into its band."""
    for letter, (rank, _) in given.items():
        handle = page.get_by_role("button", name=f"Drag response {letter} to a rank")
        drag(page, handle, page.locator(f"[data-band='{rank}']"))


def by_tapping(page: Page, given: Plan) -> None:
    """On the cards."""
    for letter, (rank, _) in given.items():
        ranks = page.get_by_role("group", name=f"Rank of {letter}")
        ranks.get_by_role("button", name=re.compile(rf"^Rank {rank}\b")).tap()


def by_bands(page: Page, given: Plan) -> None:
    """The focused response into the band that is pressed; the focus moves on."""
    for rank, _ in given.values():
        name = f"Rank {rank} (best): put" if rank == 1 else f"Rank {rank}: put"
        page.get_by_role("button", name=name).click()


def from_the_ratings(page: Page, given: Plan) -> None:
    """The order of the ratings, a group tied by one act, another ordered by digits: see the plan of nine."""
    expect(page.get_by_text("proposed: C > (A, B) > D > (E, F, G) > H > I")).to_be_visible()
    expect(read_back(page)).to_have_text("")
    page.keyboard.press("a")
    expect(read_back(page)).to_have_text("C > D > H > I")
    page.keyboard.press("=")
    expect(read_back(page)).to_have_text("C > A = B > D > H > I")
    for key in "56t":  # E, F, and G with the one above
        page.keyboard.press(key)


WAYS = {
    4: (plan("2132", "5724"), by_digits, "B > A = D > C"),
    5: (plan("51315", "17472"), by_dragging, "B = D > C > A = E"),
    6: (plan("213264", "457123"), by_digits, "B > A = D > C > F > E"),
    7: (plan("7117334", "1771445"), by_tapping, "B = C > E = F > G > A = D"),
    8: (plan("88224411", "12345677"), by_bands, "G = H > C = D > E = F > A = B"),
    9: (plan("221456689", "667533321"), from_the_ratings, "C > A = B > D > E > F = G > H > I"),
}


def rank_on_screen(page: Page, url: str, project: Project, count: int) -> dict[str, str]:
    """Rate, rank, read the order back and submit; return the text that stood under each letter."""
    given, way, expected = WAYS[count]
    page.goto(f"{url}/label/{project.pk}")
    expect(page.get_by_role("heading", name="Prompt")).to_be_visible()
    rate(page, given)
    texts = {letter: page.get_by_role("article", name=f"Response {letter}").text_content() or "" for letter in given}
    page.evaluate(COUNT_KEYS)
    way(page, given)
    expect(read_back(page)).to_have_text(expected)
    page.keyboard.press("Control+Enter")
    if count == 6:
        assert page.evaluate("window.keysPressed") == 7  # ranking 6 with a tie: a digit each, then submit
    expect(page.get_by_role("heading", name="You have done everything here")).to_be_visible()
    return texts


def expected_judgments(count: int, texts: dict[str, str]) -> list[dict[str, Any]]:
    """What must have arrived, in the order of the letters; `number` is that of the response whose text was shown."""
    given, _, _ = WAYS[count]
    ranks = dense([rank for rank, _ in given.values()])
    numbers = [next(n for n in range(count) if f"Response {n} to " in texts[letter]) for letter in given]
    return [
        {"number": number, "rank": rank, "quality": quality, "shown_position": position}
        for position, (number, rank, (_, quality)) in enumerate(zip(numbers, ranks, given.values(), strict=True))
    ]


def frozen_files(workspace: Workspace, projects: list[Project]) -> dict[str, bytes]:
    """Freeze through the API, write as the worker does, and download every file."""
    researcher = workspace.researcher
    dataset = researcher.post("datasets", {"name": "Ranked on the screen", "kind": "comparisons"}).json()
    query = {"project_ids": [project.pk for project in projects]}
    version = researcher.post(f"datasets/{dataset['id']}/versions", {"query": query}).json()
    write(version["id"])
    ready = researcher.get(f"dataset-versions/{version['id']}").json()
    assert ready["state"] == "ready", ready
    return {entry["name"]: researcher.client.get(entry["url"]).getvalue() for entry in ready["files"]}


def judgments_in(rows: list[dict[str, Any]], submission: Submission) -> list[dict[str, Any]]:
    """What a file says of a submission, in the order shown, with the response's number for its id."""
    (row,) = [row for row in rows if row["id"] == str(submission.pk)]
    numbers = dict(submission.judgments.values_list("response_id", "response__number"))
    texts = dict(submission.judgments.values_list("response_id", "response__text"))
    assert all(said["text"] == texts[int(said["response_id"])] for said in row["responses"])
    found = [
        {"number": numbers[int(said["response_id"])]}
        | {key: said[key] for key in ("rank", "quality", "shown_position")}
        for said in row["responses"]
    ]
    return sorted(found, key=lambda said: said["shown_position"])


def test_every_k_arrives_in_the_database_and_in_the_dataset_item_by_item(
    live_app: str, workspace: Workspace, browser: Browser
) -> None:
    labeler: Labeler = workspace.labeler()
    projects = {
        count: workspace.comparison(members=[labeler], responses_per_task=count, name=f"Rank {count}") for count in WAYS
    }
    context = browser.new_context(viewport=DESKTOP, has_touch=True)
    page = context.new_page()
    log_in(page, live_app, labeler.user)
    expected = {
        count: expected_judgments(count, rank_on_screen(page, live_app, project, count))
        for count, project in projects.items()
    }
    context.close()

    submissions = {
        count: Submission.objects.get(assignment__task__project=project) for count, project in projects.items()
    }
    for count, submission in submissions.items():
        stored = submission.judgments.order_by("shown_position").values(
            "rank", "quality", "shown_position", number=F("response__number")
        )
        assert list(stored) == expected[count], f"K = {count}"

    files = frozen_files(workspace, list(projects.values()))
    lines = [json.loads(line) for line in files["train.jsonl"].splitlines()]
    columns = pq.read_table(BytesIO(files["train.parquet"])).to_pylist()
    assert len(lines) == len(columns) == len(WAYS)
    for count, submission in submissions.items():
        assert judgments_in(lines, submission) == expected[count], f"K = {count}"
        assert judgments_in(columns, submission) == expected[count], f"K = {count}"

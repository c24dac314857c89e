"""A researcher's work in a real browser: prompts in, people at work, a frozen dataset out."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from labelapp.accounts.models import Role, User
from labelapp.datasets.models import DatasetVersion
from labelapp.labeling.models import InstructionVersion, Project, Task
from labelapp.prompts.models import Prompt, PromptImport
from tests.datasets.world import comparisons
from tests.end_to_end.browser import log_in
from tests.end_to_end.forms import choose, fill
from tests.labeling.workspace import Workspace
from tests.people import make_user

pytestmark = pytest.mark.browser
GOOD = [{"prompt": f"Say {number} in French.", "submitter": "somebody", "use_case": "rewrite"} for number in range(3)]


@pytest.fixture
def researcher(page: Page, live_app: str) -> User:
    user = make_user(Role.RESEARCHER, name="Rita Researcher")
    log_in(page, live_app, user)
    return user


@pytest.fixture
def mixed_file(tmp_path: Path) -> Path:
    """Three good lines around a bad one."""
    path = tmp_path / "prompts.jsonl"
    lines = [json.dumps(GOOD[0]), '{"prompt": 5}', *map(json.dumps, GOOD[1:])]
    path.write_text("\n".join(lines))
    return path


def upload(page: Page, url: str, path: Path) -> None:
    page.goto(f"{url}/prompts/import")
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("heading", name=path.name)).to_be_visible()


@pytest.mark.usefixtures("researcher", "celery_worker_process")
def test_imports_the_good_lines_of_a_file(page: Page, live_app: str, mixed_file: Path) -> None:
    upload(page, live_app, mixed_file)
    bad_lines = page.get_by_role("region", name="Bad lines")
    expect(bad_lines.get_by_role("cell", name="prompt", exact=True)).to_be_visible()
    expect(bad_lines).to_contain_text('{"prompt": 5}')
    expect(page.get_by_role("region", name="Good lines")).to_contain_text("Say 2 in French.")
    with page.expect_download() as download:
        page.get_by_role("link", name="All as CSV").click()
    assert "2," in Path(download.value.path()).read_text()
    assert not Prompt.objects.exists()

    page.get_by_role("radio", name="Keep the good lines").check()
    page.get_by_role("button", name="Import 3 prompts").click()
    expect(page.get_by_text("3 prompts imported")).to_be_visible()
    assert Prompt.objects.count() == 3

    page.get_by_role("link", name="See the prompts").click()
    page.get_by_role("searchbox", name="Search").fill('"2 in French"')
    expect(page.get_by_role("region", name="Prompts").get_by_role("link", name="Say")).to_have_count(1)
    page.get_by_role("link", name="Say 2 in French.").click()
    row = page.get_by_role("radiogroup", name="Closed domain")
    row.get_by_text("Yes").click()
    expect(page.get_by_text("Closed domain: labelers are asked about hallucination.")).to_be_visible()
    assert Prompt.objects.get(text="Say 2 in French.").annotations == {"closed_domain": True}


@pytest.mark.usefixtures("researcher", "celery_worker_process")
def test_imports_nothing_where_a_line_is_bad(page: Page, live_app: str, mixed_file: Path) -> None:
    upload(page, live_app, mixed_file)
    page.get_by_role("radio", name="Import nothing if any line is bad").check()
    page.get_by_role("button", name="Refuse the file").click()
    expect(page.get_by_text("Nothing was imported, because of the bad lines")).to_be_visible()
    assert PromptImport.objects.get().state == PromptImport.State.REFUSED
    assert not Prompt.objects.exists()


@pytest.mark.usefixtures("researcher", "celery_worker_process")
def test_freezes_a_dataset_and_downloads_it(page: Page, live_app: str) -> None:
    world = comparisons()
    world.add_prompts(3)
    world.add_prompts(1, split="valid")
    world.answer_all(ranks=(1, 2, 2, 3))
    page.goto(f"{live_app}/datasets")
    page.get_by_role("button", name="New dataset").first.click()
    dialog = page.get_by_role("dialog", name="New dataset")
    fill(dialog, Name="First comparisons")
    dialog.get_by_role("radio", name="Comparisons").check()
    dialog.get_by_role("button", name="Choose the rows").click()

    choose(page, "Use cases", "Chat")
    page.keyboard.press("Escape")
    expect(page.locator("dl")).to_contain_text("20")  # 5 pairs a ranking: one of the six is a tie
    expect(page.get_by_text("All of it is one labeler's")).to_be_visible()
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("heading", name="First comparisons v1")).to_be_visible()
    expect(page.get_by_text("Ready", exact=True)).to_be_visible()

    expect(page.get_by_role("link", name="Train on this")).to_have_count(0)  # launching is the admins'
    with page.expect_download() as download:
        page.get_by_role("link", name="train.jsonl").click()
    content = Path(download.value.path()).read_bytes()
    entry = files_of(DatasetVersion.objects.get())["train.jsonl"]
    assert hashlib.sha256(content).hexdigest() == entry["sha256"]
    assert len(content.splitlines()) == 3
    expect(page.get_by_role("region", name="Files")).to_contain_text(entry["sha256"][:12])
    expect(page.get_by_text("load_dataset(").first).to_be_visible()
    lines = page.get_by_role("region", name="Lines")
    expect(lines.get_by_role("link", name=world.labeler.pseudonym)).to_have_count(4)
    lines.get_by_role("link", name=world.labeler.pseudonym).first.click()
    expect(page.get_by_text("“«noted»”")).to_be_visible()


def files_of(version: DatasetVersion) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in version.files}


def test_sets_up_a_project(page: Page, live_app: str, researcher: User) -> None:
    workspace = Workspace()
    workspace.batch([workspace.prompt() for _ in range(3)], responses=5)
    page.goto(f"{live_app}/projects/new")
    fill(page, Name="Rank them all", Instructions="# Be kind\n\nAnd **fair**.")
    page.get_by_role("slider", name="Responses per task").press("ArrowRight")
    choose(page, "Members", researcher.name)
    page.keyboard.press("Escape")
    page.get_by_text("Preview", exact=True).click()
    expect(page.locator("strong", has_text="fair")).to_be_visible()
    page.get_by_role("button", name="Create the project").click()
    expect(page.get_by_role("heading", name="Rank them all")).to_be_visible()
    project = Project.objects.get(name="Rank them all")
    assert project.responses_per_task == 5
    assert [member.pk for member in project.members.all()] == [researcher.pk]

    page.get_by_role("button", name="Add tasks").first.click()
    dialog = page.get_by_role("dialog", name="Add tasks")
    choose(dialog, "Responses from", "batch")
    dialog.get_by_role("button", name="Add tasks").click()
    expect(dialog.get_by_text("3 tasks added")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    assert Task.objects.filter(project=project).count() == 3

    page.get_by_role("tab", name="Instructions").click()
    page.get_by_role("button", name="Write a new version").click()
    fill(page, Version_2="# Be kinder")
    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_role("button", name="Write a new version")).to_be_visible()
    expect(page.get_by_text("Be kinder")).to_be_visible()
    assert InstructionVersion.objects.filter(project=project).count() == 2


def test_sees_answers_arrive(page: Page, live_app: str, researcher: User) -> None:
    """Live: nobody reloads."""
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.comparison(tasks=2, members=[labeler])
    page.goto(f"{live_app}/projects/{project.pk}?tab=submissions")
    expect(page.get_by_text("Nobody has answered yet")).to_be_visible()
    assert labeler.submit(labeler.next(project)).status_code == 201
    expect(page.get_by_role("region", name="Submissions")).to_contain_text(labeler.user.name)
    expect(page.get_by_text("1 of 2")).to_be_visible()


@pytest.mark.usefixtures("researcher")
@pytest.mark.parametrize("address", ["/datasets/new", "/runs/abc", "/projects/0"])
def test_an_address_without_a_number_is_not_found_and_asks_for_nothing(page: Page, live_app: str, address: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{live_app}{address}")
    expect(page.get_by_role("heading", name="There is nothing here for you")).to_be_visible()
    assert not [url for url in asked if "NaN" in url or "/api/v1/projects/0" in url]


def test_says_when_too_few_are_in_a_project(page: Page, live_app: str, researcher: User) -> None:
    project = Workspace().comparison(tasks=1, members=[], overlap=2)
    page.goto(f"{live_app}/projects/{project.pk}?tab=settings")
    expect(page.get_by_text("Each task needs 2 labelers, and the project has none")).to_be_visible()
    fill(page, Labelers_per_task="999")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("At most 50.")).to_be_visible()
    project.refresh_from_db()
    assert project.overlap == 2


def test_changes_many_prompts_at_once(page: Page, live_app: str, researcher: User) -> None:
    """Chosen in the list: tagged, added to a project, archived, and taken back."""
    workspace = Workspace()
    first, second, third = (workspace.prompt() for _ in range(3))
    project = workspace.demonstration(tasks=0, members=[])
    page.goto(f"{live_app}/prompts")
    for prompt in (first, second):
        page.get_by_role("checkbox", name=f"Choose prompt {prompt.pk}", exact=True).check()
    page.get_by_role("button", name="Add to a project").click()
    dialog = page.get_by_role("dialog", name="Add 2 prompts to a project")
    choose(dialog, "Project", project.name)
    dialog.get_by_role("button", name="Add 2 prompts").click()
    expect(dialog.get_by_text(f"2 tasks added to {project.name}")).to_be_visible()
    dialog.get_by_role("button", name="Done").click()
    assert set(Task.objects.values_list("prompt", flat=True)) == {first.pk, second.pk}

    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_role("combobox", name="Tags").fill("garden")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Tag 2 prompts").click()
    expect(page.get_by_text("Tagged garden")).to_be_visible()
    listed = page.get_by_role("region", name="Prompts")
    expect(listed.get_by_text("garden", exact=True)).to_have_count(2)

    page.get_by_role("checkbox", name="All on this page").check()
    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_role("button", name="Archive 3 prompts").click()
    expect(page.get_by_role("link", name="See 3 archived prompts")).to_be_visible()
    page.get_by_role("button", name="Undo: Archived").click()
    expect(listed.get_by_role("checkbox", name=f"Choose prompt {third.pk}", exact=True)).to_be_visible()
    page.goto(f"{live_app}/prompts/changes")
    page.get_by_role("button", name="Undo: Tagged garden").click()
    expect(page.get_by_text("Undone", exact=True)).to_have_count(2)
    assert set(Prompt.objects.values_list("archived_at", "tags__len")) == {(None, 0)}

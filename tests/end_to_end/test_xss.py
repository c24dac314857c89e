"""No text of a stranger becomes more than text: the corpus of attacks through every rendered field, in Chromium."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from labelapp.accounts.actions import issue_token
from labelapp.accounts.models import Role, User
from labelapp.checkpoints.actions import register_endpoint
from labelapp.labeling.models import Project, Skip
from labelapp.prompts.models import Prompt, PromptImport
from tests.end_to_end.browser import log_in
from tests.end_to_end.conftest import TIMEOUT_MS
from tests.end_to_end.test_pages import furnish
from tests.end_to_end.xss import (
    OURS,
    POISONED,
    STAND_IN,
    Texts,
    Watch,
    free_text_fields,
    lift_limits,
    poison,
    read_corpus,
)
from tests.labeling.workspace import Labeler, Workspace
from tests.people import make_user

pytestmark = pytest.mark.browser

K = 9
LEAST_PAYLOADS = 150
# What a labeler wrote once and now types again, so that the page points it out; the browser gets the corpus in it.
AGAIN = f"{STAND_IN} What do you say to a customer who asks for all of this at once?"
# Pages of an empty form, or of this machine's figures: they show nothing that anybody has written.
FORMS_AND_FIGURES = ("/new", "/system", "/runs/compare")


def test_the_corpus_is_large_and_each_payload_is_another() -> None:
    corpus = read_corpus()
    assert len({payload.text for payload in corpus}) == len({payload.id for payload in corpus}) == len(corpus)
    assert len(corpus) >= LEAST_PAYLOADS


def test_every_field_that_takes_text_is_attacked_or_known_to_be_ours() -> None:
    decided = {label: POISONED.get(label, set()) | OURS.get(label, set()) for label in POISONED.keys() | OURS.keys()}
    assert free_text_fields() == decided


@pytest.fixture
def watched(browser: Browser, live_app: str) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    watch = Watch.over(context, live_app)
    yield context.new_page(), watch
    context.close()


def test_the_watch_sees_what_it_looks_for(watched: tuple[Page, Watch], live_app: str) -> None:
    """The same payloads as HTML in a page without our defences; with nothing to see, those below would be void."""
    page, watch = watched
    page.route("**/defenceless", lambda route: route.fulfill(body="<!DOCTYPE html><body>", content_type="text/html"))
    page.goto(f"{live_app}/defenceless")
    texts = [payload.text for payload in read_corpus() if "http-equiv=refresh" not in payload.text]
    page.evaluate(
        # Later, so that whatever they do to the page cannot keep this call from returning: it has no time limit.
        """(texts) => { for (const text of texts) setTimeout(() => {
             const box = document.body.appendChild(document.createElement("div"));
             box.innerHTML = text;
             for (const input of box.querySelectorAll("[autofocus]")) input.focus();
           }) }""",
        texts,
    )
    page.wait_for_function("new Set(window.hits).size > 50")
    findings = list(watch.findings(page))
    kinds = {kind: sum(f": {kind}: " in finding for finding in findings) for kind in ("executed", "left the origin")}
    kinds |= {kind: sum(f": {kind}: " in item for item in findings) for kind in ("handler", "address", "clobbering")}
    kinds |= {kind: sum(f": {kind}: " in item for item in findings) for kind in ("element", "style", "load")}
    assert min(kinds.values()) >= 5, kinds
    assert kinds["executed"] >= 50, kinds


@dataclass(frozen=True)
class Furnished:
    """What stands in the database: two projects of one labeler, with everything that people say in them."""

    labeler: Labeler
    comparison: Project
    demonstration: Project
    done: int  # an assignment
    task: int  # skipped, flagged, asked about and decided
    written: int


def furnish_labeling() -> Furnished:
    """Answer, skip, flag, ask and write once each."""
    workspace = Workspace()
    labeler = workspace.labeler()
    comparison = workspace.comparison(tasks=3, members=[labeler], responses_per_task=K, description="x")
    demonstration = workspace.demonstration(tasks=2, members=[labeler], description="x")
    assert labeler.submit(labeler.next(demonstration)).status_code == 201
    done = labeler.next(comparison)
    assert labeler.submit(done).status_code == 201
    skipped = labeler.next(comparison)
    task = skipped["task_id"]
    speak(labeler, workspace.researcher, task=task, project=comparison.pk)
    body = {"lease_token": skipped["lease_token"], "reason": "other", "note": "x"}
    assert labeler.post(f"assignments/{skipped['id']}/skip", body).status_code in {200, 201}
    skips = list(Skip.objects.values_list("pk", flat=True))
    decision = {"action": "answer", "note": "x", "skip_ids": skips}
    assert workspace.researcher.post(f"review/{task}/decisions", decision).status_code == 201
    prompt = {"kind": "user_based", "use_case": "chat", "text": "What do you say to a customer?", "source": "A shop."}
    written = labeler.post("written-prompts", {"key": str(uuid.uuid4()), **prompt})
    assert written.status_code == 201, written.content
    return Furnished(labeler, comparison, demonstration, done["id"], task, written.json()["id"])


def furnish_names(admin: User) -> Project:
    """Make what has a name that only its own page shows: an endpoint, an import, a token, an evaluation's sources."""
    register_endpoint("x", base_url="http://vllm:8000/v1", model="x", created_by=admin)
    issue_token(admin, name="x", scopes=["read"], days=1)
    PromptImport.objects.create(file_name="x.jsonl", created_by=admin)
    workspace = Workspace()
    labeler = workspace.labeler()
    project = workspace.evaluation(members=[labeler])
    assert labeler.submit(labeler.next(project)).status_code == 201
    return project


def speak(labeler: Labeler, researcher: Labeler, *, task: int, project: int) -> None:
    """Flag a task; ask about it and about the project, and be answered."""
    said: list[tuple[Labeler, str, dict[str, Any]]] = [
        (labeler, f"tasks/{task}/flags", {"kind": "other", "note": "x"}),
        (labeler, f"tasks/{task}/thread", {"body": "x"}),
        (researcher, f"tasks/{task}/thread", {"body": "x", "labeler_id": labeler.user.pk}),
        (labeler, f"projects/{project}/thread", {"body": "x"}),
        (researcher, f"projects/{project}/thread", {"body": "x"}),
    ]
    for person, path, body in said:
        answer = person.post(path, {"idempotency_key": str(uuid.uuid4()), **body})
        assert answer.status_code == 201, answer.content


def open_attacked(page: Page, address: str) -> None:
    """Open a page and wait until it shows what it was given. Megabytes of attacks take a busy machine a while."""
    page.goto(address)
    expect(page.locator("main")).to_contain_text("xss(", timeout=TIMEOUT_MS)
    expect(page.locator("[data-loading], .mantine-Skeleton-root, .mantine-Loader-root")).to_have_count(0)


def section(page: Page, title: str) -> Locator:
    return page.locator("section", has=page.get_by_role("heading", name=title))


def labeler_pages(page: Page, url: str, furnished: Furnished) -> Iterator[None]:
    """Every page of a labeler, with each way of showing a text."""
    project, task = furnished.comparison.pk, furnished.task
    paths = ["/", "/label", "/history", f"/questions?task={task}", f"/questions?project={project}"]
    for path in [*paths, "/write", f"/write/{furnished.written}", f"/history/{furnished.done}"]:
        open_attacked(page, url + path)
        yield
    yield from new_prompt_pages(page, url)
    page.goto(f"{url}/label/{project}")
    expect(page.get_by_role("heading", name="Prompt", exact=True)).to_be_visible()
    yield from comparison_pages(page)
    page.goto(f"{url}/label/{furnished.demonstration.pk}")
    expect(page.get_by_role("heading", name="Prompt", exact=True)).to_be_visible()
    yield from written_pages(page)


def new_prompt_pages(page: Page, url: str) -> Iterator[None]:
    """A prompt like an earlier one, one that is all attacks, and the list of drafts that has it."""
    page.goto(f"{url}/write/new?kind=plain")
    editor = page.get_by_role("textbox", name="Prompt")
    editor.fill(AGAIN)
    expect(page.get_by_role("region", name="You wrote this already")).to_contain_text("xss(", timeout=TIMEOUT_MS)
    yield
    editor.fill("\n\n".join(Texts().stored))
    page.get_by_text("Both", exact=True).click()  # as on a task: the choice is remembered
    expect(page.get_by_role("region", name="Preview")).to_contain_text("xss(", timeout=TIMEOUT_MS)
    expect(page.get_by_test_id("kept")).to_have_text("Saved", timeout=TIMEOUT_MS)
    yield
    page.goto(f"{url}/write")
    expect(section(page, "Drafts")).to_contain_text("xss(", timeout=TIMEOUT_MS)
    yield


def comparison_pages(page: Page) -> Iterator[None]:
    """Each output alone, then all together, in each way that they are read."""
    for _ in range(K):
        yield
        page.keyboard.press("j")
    page.keyboard.press("g")
    expect(page.get_by_role("article")).to_have_count(K, timeout=TIMEOUT_MS)
    expect(page.locator("article .katex").first).to_be_attached(timeout=TIMEOUT_MS)
    yield
    page.keyboard.press("d")  # differences …
    expect(page.locator("article ins").first).to_be_attached(timeout=TIMEOUT_MS)
    yield
    page.keyboard.press("d")
    for key in "myi":  # … plain text, scrolling together, instructions
        page.keyboard.press(key)
        yield
    expect(page.get_by_role("complementary", name="Instructions")).to_contain_text("xss(")


def written_pages(page: Page) -> Iterator[None]:
    """What somebody writes themselves, with null characters, and its preview."""
    texts = Texts()
    editor = page.get_by_role("textbox", name="Your response")
    for last in texts.last[:2]:
        editor.fill("\n\n".join([*texts.typed, last]))
        page.get_by_text("Both", exact=True).click()
        expect(page.get_by_role("region", name="Preview")).to_contain_text("xss(")
        yield


def test_nothing_runs_on_a_labeler_s_pages(watched: tuple[Page, Watch], live_app: str) -> None:
    page, watch = watched
    furnished = furnish_labeling()
    poison(texts := Texts())
    Prompt.objects.filter(written=furnished.written).update(messages=[{"role": "user", "content": AGAIN}])
    lift_limits(page, texts)
    log_in(page, live_app, furnished.labeler.user)
    findings: list[str] = []
    for _ in labeler_pages(page, live_app, furnished):
        findings += watch.findings(page)
    assert not findings, "\n".join(findings[:20])


def test_nothing_runs_on_a_researcher_s_and_an_admin_s_pages(watched: tuple[Page, Watch], live_app: str) -> None:
    page, watch = watched
    paths = [path for path in furnish() if not any(name in path for name in FORMS_AND_FIGURES)]
    furnished = furnish_labeling()
    paths += ["/review?state=all", "/review?tab=projects", f"/review/{furnished.task}"]
    admin = make_user(Role.ADMIN)
    paths.append(f"/projects/{furnish_names(admin).pk}/results")
    poison(texts := Texts())
    lift_limits(page, texts)
    log_in(page, live_app, admin)
    findings: list[str] = []
    for path in paths:
        open_attacked(page, live_app + path)
        if path == f"/review/{furnished.task}":
            notes = section(page, "Skipped and flagged").locator("li")
            expect(notes).to_contain_text(["xss(", "xss("])  # of the skip and of the flag
        findings += watch.findings(page)
    assert not findings, "\n".join(findings[:20])

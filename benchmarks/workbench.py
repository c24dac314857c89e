"""Measure the labeler's workbench as a labeler meets it: a production build, a fresh instance, real Chromium.

    python -m benchmarks.workbench       # what `make bench-workbench` runs

Imports prompts with six responses each, opens the comparison screen with an empty cache, and then ranks one task after
the other by keyboard. The last line is one JSON object:

    cold_load_bytes      everything that comes over the wire for the first task, headers and API answers included, until
                         the network is quiet: also what is fetched ahead for later stages and for working offline
    cold_load_requests   how many requests that took
    interactive_ms       from the start of the navigation until the task is painted and takes keys (median)
    interactive_slow_ms  the same at 10 Mbit/s, 40 ms round trip and a CPU slowed down four times (median)
    next_paint_ms        {median, p95} from the key that submits until the next task is painted, measured in the page
    next_leased_ms       the same until that task is leased: the answer has arrived and its reply has come back
    keystrokes_rank6_tie keys pressed to rank six responses with a tie and to submit, with the stored ranking verified
"""

import argparse
import json
import random
import secrets
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from benchmarks.browser import browser, storage_of
from benchmarks.loop import Api, import_lines, instance, log_in_admin

LABELER = "labeler"
RESPONSES = 6
WORDS = 150
WARM_UP = 3
# By the place on the screen; two share the second rank, and the ranks have no gaps that the server would close.
RANKING = (3, 1, 2, 2, 5, 4)
RATING = "4"
QUIET_SECONDS = 1.5
TIMEOUT_MS = 30_000
SLOW_NETWORK = {"offline": False, "latency": 40, "downloadThroughput": 1.25e6, "uploadThroughput": 1.25e6}
SLOW_CPU = 4

# Runs in the page before anything else of it. `painted` holds [number of the task, time at which it was on the screen]:
# the first frame after the task's text is in the document has been handed over once a task behind it runs.
WATCH = """
(() => {
  const painted = (window.__painted = []);
  const pressed = (window.__pressed = []);
  const leased = (window.__leased = []);
  let shown = null;
  let held = null;
  const look = () => {
    if (shown !== held && !document.querySelector("main [data-ahead]")) {
      held = shown;
      leased.push(performance.now());
      document.documentElement.dataset.leased = leased.length;
    }
    const found = /Task no (\\d+)\\b/.exec(document.querySelector("main")?.textContent ?? "");
    const isReady = document.querySelector("main [data-response]") !== null;
    if (!found || !isReady || found[1] === shown) return;
    const task = (shown = found[1]);
    queueMicrotask(look);
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        painted.push([Number(task), performance.now()]);
        document.documentElement.dataset.painted = painted.length;
      };
      channel.port2.postMessage(null);
    });
  };
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributeFilter: ["data-ahead"],
  });
  const note = (event) => {
    if (event.key === "Enter" && event.ctrlKey) pressed.push(event.timeStamp);
  };
  window.addEventListener("keydown", note, true);
})();
"""


class WorkbenchError(RuntimeError):
    """The screen did not do what a measurement needs."""


@dataclass(slots=True)
class Load:
    """One load with an empty cache."""

    interactive_ms: float
    sizes: dict[str, int] = field(default_factory=dict)


def make_project(admin: Api, *, tasks: int) -> int:
    """Import prompts with responses and make a project of them, with the demo's labeler in it; return its id."""
    chooser = random.Random(0)
    mark = secrets.token_hex(4)  # an instance may be measured again, and knows a prompt that it has seen
    prompts_chooser = random.Random(mark)
    lines = [
        {
            "prompt": f"Task no {number} of {mark}: {words(prompts_chooser, 40)}",
            "submitter": f"bench-{number}",
            "use_case": "brainstorming",
            "responses": [markdown(chooser) for _ in range(RESPONSES)],
        }
        for number in range(1, tasks + 1)
    ]
    import_lines(admin, "bench.jsonl", lines)
    prompts = [row["id"] for row in admin.rows(f"prompts?search={mark}")]
    batch = admin("GET", f"prompts/{prompts[0]}")["batches"][0]["id"]
    labeler = next(row["id"] for row in admin.rows("users") if row["email"] == f"{LABELER}@demo.local")
    body = {
        "name": f"Bench: rank six ({mark})",
        "kind": "comparison",
        "responses_per_task": RESPONSES,
        "instructions": "Rank them.",
        "member_ids": [labeler],
    }
    project = int(admin("POST", "projects", body)["id"])
    made = admin("POST", f"projects/{project}/tasks", {"prompt_ids": prompts, "batch_id": batch})
    if made["created"] != tasks:
        raise WorkbenchError(f"made {made['created']} of {tasks} tasks")
    return project


def words(chooser: random.Random, count: int) -> str:
    """Return `count` made-up words."""
    syllables = ("ka", "lo", "mi", "ren", "tus", "va", "dor", "shi", "pel", "ong")
    return " ".join("".join(chooser.choices(syllables, k=chooser.randint(1, 4))) for _ in range(count))


def markdown(chooser: random.Random) -> str:
    """Return a response as models write them: a paragraph, a list, something in bold."""
    items = "\n".join(f"- **{words(chooser, 2)}**: {words(chooser, 12)}" for _ in range(4))
    return f"{words(chooser, WORDS // 2)}.\n\n{items}\n\n{words(chooser, WORDS // 4)}."


@contextmanager
def fresh_page(chromium: Browser, storage: Any) -> Iterator[tuple[Page, CDPSession, dict[str, int]]]:
    """Open a page with an empty cache; the dictionary fills with the bytes of each request."""
    context: BrowserContext = chromium.new_context(
        storage_state=storage, viewport={"width": 1440, "height": 900}, locale="en-GB"
    )
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.add_init_script(WATCH)
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    addresses: dict[str, str] = {}
    sizes: dict[str, int] = {}

    def note_request(event: dict[str, Any]) -> None:
        addresses[event["requestId"]] = event["request"]["url"]

    def note_end(event: dict[str, Any]) -> None:
        address = addresses.get(event["requestId"], event["requestId"])
        sizes[address] = sizes.get(address, 0) + int(event["encodedDataLength"])

    session.on("Network.requestWillBeSent", note_request)
    session.on("Network.loadingFinished", note_end)
    try:
        yield page, session, sizes
    finally:
        context.close()


def painted(page: Page, *, count: int) -> list[list[float]]:
    """Wait until `count` tasks have been painted and return them all."""
    page.wait_for_selector(f"html[data-painted='{count}']")
    found: list[list[float]] = page.evaluate("window.__painted")
    return found


def cold_load(chromium: Browser, storage: Any, address: str, *, slow: bool) -> Load:
    """Open the address with an empty cache."""
    with fresh_page(chromium, storage) as (page, session, sizes):
        if slow:
            session.send("Network.emulateNetworkConditions", SLOW_NETWORK)
            session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
        page.goto(address, wait_until="commit")
        interactive = painted(page, count=1)[0][1]
        if slow:
            return Load(interactive)
        wait_until_quiet(page, sizes)
        takes_keys(page)
        return Load(interactive, dict(sizes))


def wait_until_quiet(page: Page, sizes: dict[str, int]) -> None:
    """Wait until nothing has come for a while; the stream of live events never ends and is no load."""
    seen, since = -1, time.monotonic()
    while time.monotonic() - since < QUIET_SECONDS:
        page.wait_for_timeout(100)
        if len(sizes) != seen:
            seen, since = len(sizes), time.monotonic()


def takes_keys(page: Page) -> None:
    """Check that what was called interactive is."""
    page.keyboard.press("j")
    expect(page.locator("main [data-response] [aria-current=true]")).to_contain_text("B")


def rate(page: Page) -> None:
    """Rate all responses alike, which helps no ranking, and go on to rank them."""
    for _ in range(RESPONSES):
        page.keyboard.press(RATING)
        page.keyboard.press("j")
    page.keyboard.press("g")
    page.wait_for_selector("[data-band]")


def rank(page: Page) -> int:
    """Rank by keyboard and submit; return how many keys that took."""
    keys = [*(str(place) for place in RANKING), "Control+Enter"]
    for key in keys:
        page.keyboard.press(key)
    return len(keys)


def work(chromium: Browser, storage: Any, address: str, *, loops: int) -> tuple[list[float], list[float], int]:
    """Answer task after task; return the milliseconds to each next one and to its lease, and the keys of a ranking."""
    with fresh_page(chromium, storage) as (page, _, _):
        page.goto(address, wait_until="commit")
        keystrokes = 0
        for loop in range(loops + WARM_UP):
            painted(page, count=loop + 1)
            rate(page)
            keystrokes = rank(page)
        times = painted(page, count=loops + WARM_UP + 1)
        page.wait_for_selector(f"html[data-leased='{loops + WARM_UP + 1}']")
        pressed: list[float] = page.evaluate("window.__pressed")
        leased: list[float] = page.evaluate("window.__leased")
    if len(pressed) != loops + WARM_UP or len(times) != len(pressed) + 1:
        raise WorkbenchError(f"{len(pressed)} answers were sent and {len(times)} tasks painted")
    waits = [shown - key for key, (_, shown) in zip(pressed, times[1:], strict=True)]
    leases = [held - key for key, held in zip(pressed, leased[1:], strict=True)]
    return waits[WARM_UP:], leases[WARM_UP:], keystrokes


def check_stored(admin: Api, project: int, *, expected: int) -> None:
    """Hold what the server has against the keys that were pressed, for every answer."""
    rows = admin.rows(f"submissions?project={project}")
    if len(rows) < expected:
        raise WorkbenchError(f"{len(rows)} of {expected} answers are stored")
    for row in rows:
        judgments = admin("GET", f"submissions/{row['id']}")["judgments"]
        ranks = tuple(one["rank"] for one in sorted(judgments, key=lambda one: one["shown_position"]))
        if ranks != RANKING:
            raise WorkbenchError(f"the answer {row['id']} is stored as {ranks}, not as {RANKING}")


def spread(values: list[float]) -> dict[str, float]:
    """Return median and 95th percentile."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return {"median": round(statistics.median(ordered), 1), "p95": round(p95, 1)}


def measure(url: str, *, loops: int, loads: int, details: bool) -> dict[str, Any]:
    """Run the benchmark against the instance at `url` and return its figures."""
    admin = log_in_admin(url)
    project = make_project(admin, tasks=loops + WARM_UP + 2)
    address = f"{url}/label/{project}"
    with browser() as chromium:
        storage = storage_of(chromium, url, LABELER)
        cold_load(chromium, storage, address, slow=False)  # the server's imports and plans
        fast = [cold_load(chromium, storage, address, slow=False) for _ in range(loads)]
        slow = [cold_load(chromium, storage, address, slow=True) for _ in range(loads)]
        waits, leases, keystrokes = work(chromium, storage, address, loops=loops)
    check_stored(admin, project, expected=loops + WARM_UP)
    if details:
        for name, size in sorted(fast[0].sizes.items(), key=lambda item: -item[1]):
            print(f"{size:8}  {name.removeprefix(url)}")
    return {
        "cold_load_bytes": max(sum(load.sizes.values()) for load in fast),
        "cold_load_requests": len(fast[0].sizes),
        "interactive_ms": round(statistics.median(load.interactive_ms for load in fast), 1),
        "interactive_slow_ms": round(statistics.median(load.interactive_ms for load in slow), 1),
        "next_paint_ms": spread(waits),
        "next_leased_ms": spread(leases),
        "keystrokes_rank6_tie": keystrokes,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an instance that runs already, with the demo workspace")
    parser.add_argument("--loops", type=int, default=40, help="tasks that are answered")
    parser.add_argument("--loads", type=int, default=5, help="cold loads on each network")
    parser.add_argument("--details", action="store_true", help="name every request of a cold load with its bytes")
    options = parser.parse_args()
    with nullcontext(options.url) if options.url else instance() as url:
        result = measure(url, loops=options.loops, loads=options.loads, details=options.details)
    print(json.dumps(result))


if __name__ == "__main__":
    main()

"""Attacks on whatever shows text of strangers: the corpus, where it is put, and how an execution is noticed."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.apps import apps
from django.db import connection, models
from playwright.sync_api import BrowserContext, Dialog, Frame, Page, Request, Route

CORPUS = Path(__file__).with_name("xss_corpus.jsonl")
# A field with a limit holds this; the browser gets the whole corpus in its place, as if the limit were none.
STAND_IN = "XSSHERE"
# Our own apps' fields of free text: where people's or models' words are stored, and those that nobody's words reach.
POISONED = {
    "accounts.ApiToken": {"name"},
    "accounts.User": {"name"},
    "checkpoints.Checkpoint": {"name", "description"},
    "checkpoints.Endpoint": {"name", "model"},
    "datasets.Cohort": {"name"},
    "datasets.Dataset": {"name", "description"},
    "datasets.DatasetVersion": {"error"},
    "datasets.Erasure": {"note"},
    "labeling.Decision": {"note"},
    "labeling.Flag": {"note"},
    "labeling.InstructionVersion": {"body"},
    "labeling.Judgment": {"notes"},
    "labeling.Project": {"name", "description"},
    "labeling.Skip": {"note"},
    "labeling.Submission": {"demonstration", "notes"},
    "labeling.ThreadMessage": {"body"},
    "prompts.Consent": {"model", "wording_version", "wording", "way"},
    "prompts.ImportLine": {"text", "submitter", "deployment_context", "model"},
    "prompts.Prompt": {"text", "deployment_context", "model", "written_response"},
    "prompts.PromptChange": {"error"},
    "prompts.PromptImport": {"file_name", "title", "error", "revision", "consent_note"},
    "prompts.Response": {"text"},
    "prompts.SampleBatch": {"name"},
    "prompts.Submitter": {"key"},
    "prompts.WrittenPrompt": {"source"},
    "webhooks.Delivery": {"error", "response"},
    "webhooks.Webhook": {"name", "url", "paused_because"},
    "runs.Run": {"name", "error_message", "phase", "supervisor_host", "device"},
}
OURS = {
    "accounts.Invitation": {"email", "token_digest"},
    "accounts.ApiToken": {"prefix", "digest"},
    "accounts.User": {"password", "email", "pseudonym"},
    "checkpoints.Checkpoint": {"location", "sha256"},
    "checkpoints.Endpoint": {"base_url", "encrypted_api_key"},
    "datasets.DatasetVersion": {"directory", "sha256"},
    "labeling.Submission": {"content_sha256"},
    "prompts.Forgetting": {"model"},  # shown nowhere
    "prompts.Prompt": {"language", "dedup_key"},
    "prompts.ImportLine": {"kind", "use_case", "split", "language", "dedup_key"},
    "prompts.PromptImport": {"file_path", "file_sha256"},
    "prompts.Response": {"finish_reason"},
    "runs.HeldDevice": {"name"},
    "runs.Run": {"directory", "error_code", "ray_address"},
    "runs.RunInput": {"role"},
    "webhooks.Delivery": {"message_id", "event", "body"},  # names in a body are poisoned with it
    "webhooks.Webhook": {"encrypted_secret", "encrypted_previous_secret"},
}


@dataclass(frozen=True, slots=True)
class Payload:
    """One attack. `is_last`: it swallows what follows, so it stands at the end of a text."""

    id: int
    text: str
    is_last: bool


def read_corpus() -> list[Payload]:
    """Read the payloads in order."""
    rows = map(json.loads, CORPUS.read_text().splitlines())
    return [Payload(row["id"], row["text"], row.get("last", False)) for row in rows]


class Texts:
    """The corpus as texts. PostgreSQL stores no null character; the browser's own fields take them too."""

    def __init__(self) -> None:
        corpus = read_corpus()
        self.last = [payload.text for payload in corpus if payload.is_last]
        self.typed = [payload.text for payload in corpus if not payload.is_last]
        self.stored = [text for text in self.typed if "\0" not in text]

    def whole(self, number: int = 0) -> str:
        """All in one text, with one of those that swallow the rest at its end."""
        return "\n\n".join([*self.stored, self.last[number % len(self.last)]])

    def parts(self, count: int) -> list[str]:
        """Divide all among `count` texts, each with another end."""
        return ["\n\n".join([*self.stored[i::count], self.last[i % len(self.last)]]) for i in range(count)]

    def messages(self) -> list[dict[str, str]]:
        """All from each role, and every end."""
        roles = ("system", "user", "assistant", "user", "assistant")
        said = [{"role": role, "content": self.whole(i)} for i, role in enumerate(roles[:3])]
        ends = [{"role": roles[3 + i % 2], "content": text} for i, text in enumerate(self.last)]
        return said + ends


def free_text_fields() -> dict[str, set[str]]:
    """Every field of our models that takes any text."""
    found = {
        model._meta.label: {
            item.name
            for item in model._meta.get_fields()
            if isinstance(item, models.CharField | models.TextField) and not item.choices
        }
        for model in apps.get_models()
        if model.__module__.startswith("labelapp.")
    }
    return {label: names for label, names in found.items() if names}


def poison(texts: Texts) -> None:
    """Put the corpus into every row there is, past the triggers that keep submissions and versions as they were."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
    try:
        for label, names in POISONED.items():
            for name in names:
                _poison_field(apps.get_model(label), name, texts)
        _poison_prompts_and_responses(texts)
        _poison_reports(texts)
        payload = json.dumps({"data": {"name": texts.whole()}})
        apps.get_model("webhooks.Delivery").objects.update(body=payload)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = DEFAULT")


def _poison_field(model: type[models.Model], name: str, texts: Texts) -> None:
    is_limited = isinstance(model._meta.get_field(name), models.CharField)
    rows = model._default_manager.exclude(**{name: ""}) if name == "demonstration" else model._default_manager.all()
    for number, pk in enumerate(rows.order_by("pk").values_list("pk", flat=True)):
        value = f"{STAND_IN}{pk}" if is_limited else texts.whole(number)
        model._default_manager.filter(pk=pk).update(**{name: value})


def _poison_prompts_and_responses(texts: Texts) -> None:
    prompts, responses = apps.get_model("prompts.Prompt"), apps.get_model("prompts.Response")
    prompts.objects.update(messages=texts.messages(), tags=[STAND_IN])
    apps.get_model("prompts.PromptChange").objects.update(tags=[STAND_IN])
    for prompt in prompts.objects.all():
        own = list(responses.objects.filter(prompt=prompt).order_by("pk"))
        for response, text in zip(own, texts.parts(len(own)) if own else [], strict=True):
            responses.objects.filter(pk=response.pk).update(text=text)


def _poison_reports(texts: Texts) -> None:
    imports = apps.get_model("prompts.PromptImport")
    for row in imports.objects.exclude(report={}):
        for line in (*row.report["bad"], *row.report["good"]):
            line.update({name: texts.whole() for name in ("text", "message") if name in line})
        row.save(update_fields=["report"])


# Runs in every frame before anything else.
NOTICE = """
if (self === top) window.hits = [];
window.xss = (id) => { top.hits.push(id); };
for (const name of ["alert", "confirm", "prompt", "print", "open"]) window[name] = () => window.xss(name);
"""

# What no text may have become, also where it would need a click or the policy forbids it to run.
AUDIT = r"""
() => {
  const found = [];
  const say = (element, what) => found.push(`${what}: ${element.outerHTML.slice(0, 160)}`);
  const loads = "src srcset srcdoc data poster background action formaction xlink:href ping".split(" ");
  const forbidden = "iframe,frame,frameset,object,embed,applet,base,portal,fencedframe,marquee,plaintext,video,audio,"
    + "meta[http-equiv=refresh i],svg script,math a,foreignObject,isindex,"
    + "style:not([nonce]):not([data-mantine-styles])";
  for (const element of document.querySelectorAll(forbidden)) say(element, "element");
  for (const element of document.querySelectorAll("*")) {
    // By the prototype's methods: a form's own fields may stand before its attributes.
    for (const name of Element.prototype.getAttributeNames.call(element)) {
      const value = Element.prototype.getAttribute.call(element, name);
      if (name.startsWith("on")) say(element, "handler");
      if (/^(id|name|form|popovertarget)$/.test(name) && value.includes("xss-")) say(element, "clobbering");
      if (name === "style" && /url\(|expression|@import|-moz-binding|behavior/i.test(value)) say(element, "style");
      if (loads.includes(name) && new URL(value, location).origin !== location.origin) say(element, "load");
      if (name === "href" && element.tagName === "LINK" && new URL(value, location).origin !== location.origin)
        say(element, "link");
      if (name === "href" && !["http:", "https:", "mailto:"].includes(new URL(value, location).protocol))
        say(element, "address");
    }
  }
  if (window.length) found.push(`frames: ${window.length}`);
  return found;
}
"""


@dataclass
class Watch:
    """What a browser did that no text may make it do."""

    origin: str
    requests: list[str] = field(default_factory=list)
    navigations: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @classmethod
    def over(cls, context: BrowserContext, origin: str) -> "Watch":
        """Watch all pages of a context. What leaves the origin is noted and stopped."""
        watch = cls(origin)
        context.add_init_script(NOTICE)
        context.route(lambda url: not url.startswith((origin, "data:image/", "blob:")), watch._stop)
        context.on("page", watch._follow)
        return watch

    def _stop(self, route: Route, request: Request) -> None:
        self.requests.append(request.url)
        route.abort()

    def _follow(self, page: Page) -> None:
        page.on("dialog", self._dismiss)
        page.on("framenavigated", self._arrived)

    def _dismiss(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _arrived(self, frame: Frame) -> None:
        if frame.parent_frame or not frame.url.startswith((self.origin, "about:blank")):
            self.navigations.append(frame.url)

    def findings(self, page: Page) -> Iterator[str]:
        """Yield what happened so far, and what stands in the page."""
        path = urlsplit(page.url).path
        for kind, what in (
            ("left the origin", self.requests),
            ("navigated", self.navigations),
            ("asked", self.dialogs),
        ):
            yield from (f"{path}: {kind}: {item}" for item in what)
            what.clear()
        yield from (f"{path}: executed: {hit}" for hit in page.evaluate("window.hits.splice(0)"))
        yield from (f"{path}: {item}" for item in page.evaluate(AUDIT))


# The server's answers, with the corpus in place of each stand-in.
LIFT = r"""
(() => {
  const fetchIt = window.fetch;
  window.fetch = async (...request) => {
    const response = await fetchIt(...request);
    if (!response.headers.get("content-type")?.includes("application/json")) return response;
    const body = (await response.text()).replace(/STAND_IN\d*/g, () => CORPUS);
    return new Response(body, { status: response.status, headers: response.headers });
  };
})();
"""


def lift_limits(page: Page, texts: Texts) -> None:
    """Give the browser the whole corpus wherever a stored field was too short for it."""
    corpus = json.dumps(json.dumps(texts.whole())[1:-1])
    page.add_init_script(LIFT.replace("STAND_IN", STAND_IN).replace("CORPUS", corpus))

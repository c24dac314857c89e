import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, NetworkError } from "@/api/errors";
import { browserStore, forgetStore } from "@/features/labeling/task/browserStore";
import { readLocalDraft, writeLocalDraft } from "@/features/labeling/task/localDraft";
import { Outbox, Unheard, Withdrawn } from "@/features/labeling/task/outbox";
import type { Sent, Wish } from "@/features/labeling/task/sending";
import type { Entry } from "@/features/labeling/task/types";

const USER = 7;

function entryOf(key: string, changes: Partial<Omit<Entry, "body" | "skip">> = {}): Entry {
  return {
    key,
    userId: USER,
    projectId: 3,
    projectName: "Rank them",
    assignmentId: 42,
    mode: "label",
    leaseToken: "token",
    body: { idempotency_key: key, instruction_version_id: 1, elapsed_seconds: 1, active_seconds: 1 },
    draftKey: `7:label:${key}`,
    draft: { content: { content: { text: "kept" } }, revision: 0, savedAt: "2026", isAhead: true },
    queuedAt: `2026-11-22T10:00:0${key}.000Z`,
    ...changes,
  };
}

const sentAs = (id: number): Sent => ({ submission_id: id, revision: 1, assignment_id: 42 });

/** A tab: its outbox, and what it sent; `answers` are what the server says, one after the other. */
function openTab(...answers: (Error | Sent)[]) {
  const sends: { key: string; wish: Wish | null }[] = [];
  const outbox = new Outbox(async (entry, wish) => {
    sends.push({ key: entry.key, wish });
    const answer = answers.shift() ?? sentAs(1);
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { outbox, sends };
}

async function kept(): Promise<string[]> {
  return (await (await browserStore()).all("outbox")).map(([key]) => key);
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  forgetStore();
  localStorage.clear();
});

describe("Outbox", () => {
  test("sends at once, hands the wish on, and forgets what has arrived with its draft", async () => {
    const { outbox, sends } = openTab(sentAs(5));
    await writeLocalDraft("7:label:1", { content: 1, revision: 1, savedAt: "2026", isAhead: true });
    await expect(outbox.submit(entryOf("1"), { preferred_id: 9 })).resolves.toEqual(sentAs(5));
    expect(sends).toEqual([{ key: "1", wish: { preferred_id: 9 } }]);
    await vi.waitFor(async () => expect(await kept()).toEqual([]));
    await vi.waitFor(async () => expect(await readLocalDraft("7:label:1")).toBeNull());
    expect(outbox.state()).toEqual({ waiting: [], refused: [], attempt: 0, isLoggedOut: false });
  });

  test("an answer is in the browser before it is sent", async () => {
    let before: string[] = [];
    const outbox = new Outbox(async () => {
      before = await kept();
      return sentAs(1);
    });
    await outbox.submit(entryOf("1"), null);
    expect(before).toEqual(["1"]);
  });

  test("the page may go on once the answer is kept, and not before", async () => {
    const seen: string[][] = [];
    const { outbox } = openTab(new NetworkError());
    const onKept = vi.fn(async () => seen.push(await kept()));
    void outbox.submit(entryOf("1"), null, { onKept });
    expect(onKept).not.toHaveBeenCalled();
    await vi.waitFor(() => expect(seen).toEqual([["1"]]));
    await outbox.whenLate();
    expect(outbox.state().waiting).toHaveLength(1);
  });

  test("waits while the server is away, and says so", async () => {
    const { outbox, sends } = openTab(new NetworkError(), new ApiError(502, {}), sentAs(5));
    const sent = outbox.submit(entryOf("1"), null);
    await vi.waitFor(() => expect(outbox.state().attempt).toBe(1));
    expect(outbox.state().waiting.map(({ key }) => key)).toEqual(["1"]);
    outbox.retryNow();
    await vi.waitFor(() => expect(outbox.state().attempt).toBe(2));
    window.dispatchEvent(new Event("online"));
    await expect(sent).resolves.toEqual(sentAs(5));
    expect(sends.map(({ key }) => key)).toEqual(["1", "1", "1"]);
  });

  test("what a tab left behind when it crashed is sent by the next one, once, without a claim", async () => {
    const crashed = openTab(new NetworkError());
    void crashed.outbox.submit(entryOf("1"), { preferred_id: 9 });
    await vi.waitFor(() => expect(crashed.outbox.state().attempt).toBe(1));
    const next = openTab();
    await next.outbox.start(USER);
    await next.outbox.whenSent(3);
    expect(next.sends).toEqual([{ key: "1", wish: null }]);
    await vi.waitFor(async () => expect(await kept()).toEqual([]));
    const later = openTab();
    await later.outbox.start(USER);
    await later.outbox.whenSent(3);
    expect(later.sends).toEqual([]);
  });

  test("a tab that finds its answer sent by another sends nothing more", async () => {
    const first = openTab(new NetworkError());
    const sent = first.outbox.submit(entryOf("1"), null);
    await vi.waitFor(() => expect(first.outbox.state().attempt).toBe(1));
    const second = openTab();
    await second.outbox.start(USER);
    await second.outbox.whenSent(3);
    await vi.waitFor(async () => expect(await kept()).toEqual([]));
    first.outbox.retryNow();
    await expect(sent).resolves.toBeNull();
    expect(first.sends).toHaveLength(1);
  });

  test("a refusal is told to the page that waits, and its draft stays", async () => {
    const { outbox, sends } = openTab(new ApiError(409, { code: "lease_lost" }));
    await writeLocalDraft("7:label:1", { content: 1, revision: 1, savedAt: "2026", isAhead: true });
    await expect(outbox.submit(entryOf("1"), null)).rejects.toMatchObject({ code: "lease_lost" });
    expect(sends).toHaveLength(1);
    expect(outbox.state().waiting).toEqual([]);
    expect(await kept()).toEqual([]);
    expect(await readLocalDraft("7:label:1")).not.toBeNull();
  });

  test("a refusal that no page waits for is kept until somebody has seen it", async () => {
    await (await browserStore()).put("outbox", "1", entryOf("1"));
    await (await browserStore()).put("outbox", "2", entryOf("2"));
    const { outbox, sends } = openTab(new ApiError(409, { message: "It went to somebody else." }));
    await outbox.start(USER);
    await outbox.whenSent(3);
    expect(
      sends.map(({ key }) => key),
      "the others go on",
    ).toEqual(["1", "2"]);
    expect(outbox.state().refused).toMatchObject([{ key: "1", refused: "It went to somebody else." }]);
    const reopened = openTab();
    await reopened.outbox.start(USER);
    expect(reopened.outbox.state().refused).toHaveLength(1);
    expect(reopened.sends).toEqual([]);
    await reopened.outbox.discard("1");
    expect(await kept()).toEqual([]);
  });

  test("a refusal that comes after the page was left is kept for the others, and is a draft again too", async () => {
    let isOpen = true;
    const { outbox } = openTab(
      new NetworkError(),
      new ApiError(409, { message: "It went to somebody else." }),
    );
    const done = vi.fn();
    void outbox.submit(entryOf("1"), null, { isHeard: () => isOpen }).then(done, done);
    await vi.waitFor(() => expect(outbox.state().attempt).toBe(1));
    isOpen = false;
    outbox.retryNow();
    await vi.waitFor(() =>
      expect(outbox.state().refused).toMatchObject([{ key: "1", refused: "It went to somebody else." }]),
    );
    expect(outbox.state().waiting).toEqual([]);
    await vi.waitFor(() => expect(done).toHaveBeenCalledExactlyOnceWith(new Unheard()));
    expect(await kept()).toEqual(["1"]);
    expect(await readLocalDraft("7:label:1")).toEqual(entryOf("1").draft);
  });

  test("what was typed since the answer was given outlives its refusal and its return", async () => {
    const typed = { ...entryOf("1").draft, content: "newer", savedAt: "2027" };
    await writeLocalDraft("7:label:1", typed);
    await writeLocalDraft("7:label:2", typed);
    const { outbox } = openTab(new ApiError(409, {}), new NetworkError());
    const refused = outbox.submit(entryOf("1"), null, { isHeard: () => false });
    await expect(refused).rejects.toBeInstanceOf(Unheard);
    expect(await readLocalDraft("7:label:1")).toEqual(typed);
    const withdrawn = outbox.submit(entryOf("2"), null).catch(() => undefined);
    await outbox.whenLate();
    await outbox.withdraw("2");
    await withdrawn;
    expect(await readLocalDraft("7:label:2")).toEqual(typed);
  });

  test("who is logged out loses nothing", async () => {
    const { outbox } = openTab(new ApiError(401, {}), sentAs(5));
    const sent = outbox.submit(entryOf("1"), null);
    await vi.waitFor(() => expect(outbox.state()).toMatchObject({ isLoggedOut: true, attempt: 1 }));
    outbox.retryNow();
    await expect(sent).resolves.toEqual(sentAs(5));
    expect(outbox.state().isLoggedOut).toBe(false);
  });

  test("an answer that waits can be taken back to be edited", async () => {
    const { outbox } = openTab(new NetworkError());
    const sent = outbox.submit(entryOf("1"), null);
    await vi.waitFor(() => expect(outbox.state().attempt).toBe(1));
    const taken = outbox.withdraw("1");
    await expect(sent).rejects.toBeInstanceOf(Withdrawn);
    await taken;
    expect(outbox.state().attempt, "nothing is held up any more").toBe(0);
    expect(await kept()).toEqual([]);
    expect(await readLocalDraft("7:label:1")).toEqual(entryOf("1").draft);
  });

  test("what was left behind by another page can be taken back too", async () => {
    await (await browserStore()).put("outbox", "1", entryOf("1"));
    const { outbox } = openTab(new NetworkError());
    await outbox.start(USER);
    await vi.waitFor(() => expect(outbox.state().attempt).toBe(1));
    await outbox.withdraw("1");
    expect(outbox.state().waiting).toEqual([]);
    expect(await kept()).toEqual([]);
  });

  test("what another tab has sent cannot be taken back", async () => {
    const { outbox } = openTab(new NetworkError());
    const sent = outbox.submit(entryOf("1"), null);
    await vi.waitFor(() => expect(outbox.state().attempt).toBe(1));
    await (await browserStore()).remove("outbox", "1");
    await outbox.withdraw("1");
    await expect(sent).resolves.toBeNull();
    expect(outbox.state().waiting).toEqual([]);
  });

  test("an answer that was cut off or came too late is asked for again", async () => {
    const late = new DOMException("The operation timed out.", "TimeoutError");
    const { outbox, sends } = openTab(new SyntaxError("Unexpected end of JSON input"), late, sentAs(5));
    const sent = outbox.submit(entryOf("1"), null);
    await vi.waitFor(() => expect(outbox.state().attempt).toBe(1));
    outbox.retryNow();
    await vi.waitFor(() => expect(outbox.state().attempt).toBe(2));
    outbox.retryNow();
    await expect(sent).resolves.toEqual(sentAs(5));
    expect(sends).toHaveLength(3);
  });

  test("another person at this browser sends nothing of mine", async () => {
    await (await browserStore()).put("outbox", "1", entryOf("1"));
    const { outbox, sends } = openTab();
    await outbox.start(8);
    await outbox.whenSent(3);
    expect(sends).toEqual([]);
    expect(await kept()).toEqual(["1"]);
  });

  test("a browser that stores nothing still sends", async () => {
    const refuse = () => {
      throw new DOMException("no", "SecurityError");
    };
    globalThis.indexedDB = { open: refuse } as never;
    forgetStore();
    vi.stubGlobal("localStorage", { setItem: refuse, getItem: refuse, removeItem: refuse });
    const { outbox } = openTab(sentAs(5));
    await expect(outbox.submit(entryOf("1"), null)).resolves.toEqual(sentAs(5));
    vi.unstubAllGlobals();
  });
});

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, NetworkError } from "@/api/errors";
import { Autosave, LOCAL_DELAY_MS, type SavePlace, SERVER_DELAY_MS } from "@/features/labeling/task/autosave";
import { browserStore, forgetStore } from "@/features/labeling/task/browserStore";
import {
  chooseDraft,
  draftKey,
  readLocalDraft,
  removeOldDrafts,
  writeLocalDraft,
} from "@/features/labeling/task/localDraft";

const KEY = draftKey(7, 42, "label");
const OLD_KEY = `labelapp:draft:${KEY}`;

function setUp(answers: (Error | null)[] = [], sent?: unknown[]) {
  const saves: { content: unknown; revision: number }[] = [];
  const places: SavePlace[] = [];
  const refused: string[] = [];
  const autosave = new Autosave({
    key: KEY,
    revision: 3,
    sent,
    save: async (content, revision) => {
      saves.push({ content, revision });
      const answer = answers.shift();
      if (answer) throw answer;
      return { revision: revision + 1 };
    },
    onState: ({ place }) => places.push(place),
    onRefused: (error) => refused.push(error.code),
  });
  return { autosave, saves, places, refused };
}

function refuse(): never {
  throw new DOMException("no", "SecurityError");
}

beforeEach(() => {
  // The database itself runs on immediates, which stay real.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  globalThis.indexedDB = new IDBFactory();
  forgetStore();
  localStorage.clear();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets the clock run, and the database finish what it was given. */
async function pass(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds);
  await browserStore();
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("Autosave", () => {
  test("keeps the last keystroke here within 300 ms and there within 2 s, in one request", async () => {
    const { autosave, saves, places } = setUp();
    await browserStore();
    for (const text of ["a", "ab", "abc"]) autosave.change({ text });
    expect(LOCAL_DELAY_MS).toBeLessThanOrEqual(250);
    await pass(LOCAL_DELAY_MS);
    expect(places.at(-1)).toBe("here");
    expect(await readLocalDraft(KEY)).toMatchObject({ content: { text: "abc" }, isAhead: true });
    expect(SERVER_DELAY_MS).toBeLessThan(2_000);
    await pass(SERVER_DELAY_MS);
    expect(saves).toEqual([{ content: { text: "abc" }, revision: 3 }]);
    expect(await readLocalDraft(KEY)).toMatchObject({ revision: 4, isAhead: false });
    expect(places.at(-1)).toBe("server");
  });

  test("somebody who never stops typing is saved all the same", async () => {
    const { autosave, saves } = setUp();
    for (let count = 0; count < 60; count++) {
      autosave.change({ count });
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(saves.length).toBeGreaterThanOrEqual(4);
    expect(saves.map((save) => save.revision)).toEqual(saves.map((_, index) => 3 + index));
    await pass(LOCAL_DELAY_MS);
    expect((await readLocalDraft(KEY))?.content).toEqual({ count: 59 });
  });

  test("tries again until the network is back and shows it", async () => {
    const { autosave, saves, places } = setUp([new NetworkError(), new ApiError(503, {}), null]);
    autosave.change({ text: "kept" });
    await pass(SERVER_DELAY_MS);
    expect(places.at(-1)).toBe("retrying");
    await pass(10_000);
    expect(saves).toHaveLength(3);
    expect(places.at(-1)).toBe("server");
  });

  test("says that what is typed while the server is away is kept here, and not only once the next try has failed", async () => {
    const { autosave, saves, places } = setUp([new NetworkError(), new NetworkError()]);
    autosave.change({ text: "kept" });
    await pass(SERVER_DELAY_MS);
    autosave.change({ text: "kept, and more" });
    expect(places.at(-1)).toBe("saving");
    await pass(LOCAL_DELAY_MS);
    expect(places.at(-1)).toBe("retrying");
    expect(saves).toHaveLength(1);
  });

  test("stops at a refusal, keeps the copy here, and says why", async () => {
    const { autosave, saves, places, refused } = setUp([new ApiError(409, { code: "lease_lost" })]);
    autosave.change({ text: "kept" });
    await pass(60_000);
    expect(saves).toHaveLength(1);
    expect(refused).toEqual(["lease_lost"]);
    expect(places.at(-1)).toBe("here");
    autosave.change({ text: "kept, and more" });
    await pass(LOCAL_DELAY_MS);
    expect((await readLocalDraft(KEY))?.content).toEqual({ text: "kept, and more" });
  });

  test("after a conflict the labeler's own copy can go on top of the other", async () => {
    const { autosave, saves } = setUp([new ApiError(409, { code: "draft_conflict" })]);
    autosave.change({ text: "mine" });
    await pass(SERVER_DELAY_MS);
    autosave.rebase(9);
    await pass(10);
    expect(saves.at(-1)).toEqual({ content: { text: "mine" }, revision: 9 });
  });

  test("goes on by itself where a save arrived and only its answer was lost", async () => {
    const server = { spent: 1, text: "first" };
    const conflict = new ApiError(409, { code: "draft_conflict", data: { content: server, revision: 4 } });
    const { autosave, saves, places, refused } = setUp([new NetworkError(), conflict, null]);
    autosave.change({ text: "first", spent: 1 });
    await pass(SERVER_DELAY_MS);
    expect(await readLocalDraft(KEY)).toMatchObject({ sent: [{ text: "first", spent: 1 }] });
    autosave.change({ text: "second", spent: 2 });
    await pass(2_000);
    expect(refused).toEqual([]);
    expect(saves.at(-1)).toEqual({ content: { text: "second", spent: 2 }, revision: 4 });
    expect(places.at(-1)).toBe("server");
    expect(await readLocalDraft(KEY)).toMatchObject({ revision: 5, isAhead: false, sent: [] });
  });

  test("also where the page that sent it was left since", async () => {
    const left = setUp([new NetworkError()]);
    left.autosave.change({ text: "first" });
    await pass(SERVER_DELAY_MS);
    left.autosave.dispose(); // submitted, and then taken back to be edited
    const { sent, ...chosen } = chooseDraft(left.autosave.copy({ text: "first and last" }), null);
    expect(chosen).toMatchObject({ revision: 3, isAhead: true });
    const data = { content: { text: "first" }, revision: 4 };
    const { autosave, saves, refused } = setUp([new ApiError(409, { code: "draft_conflict", data })], sent);
    autosave.change(chosen.content);
    await pass(2_000);
    expect(refused, "nobody else changed it").toEqual([]);
    expect(saves.at(-1)).toEqual({ content: { text: "first and last" }, revision: 4 });
  });

  test("what somebody else wrote is a conflict all the same", async () => {
    const data = { content: { text: "theirs" }, revision: 4 };
    const { autosave, saves, refused } = setUp([
      new NetworkError(),
      new ApiError(409, { code: "draft_conflict", data }),
    ]);
    autosave.change({ text: "mine" });
    await pass(SERVER_DELAY_MS + 2_000);
    expect(refused).toEqual(["draft_conflict"]);
    expect(saves).toHaveLength(2);
  });

  test.each([401, 403])("who is logged out (%i) is saved after the next login", async (status) => {
    const { autosave, saves, places, refused } = setUp([new ApiError(status, {}), null]);
    autosave.change({ text: "kept" });
    await pass(SERVER_DELAY_MS);
    expect(places.at(-1)).toBe("retrying");
    await pass(2_000);
    expect(refused).toEqual([]);
    expect(saves).toHaveLength(2);
    expect(places.at(-1)).toBe("server");
  });

  test("a save that arrives after the page was left is known at the next visit", async () => {
    const { autosave, places } = setUp();
    autosave.change({ text: "the last word" });
    autosave.flush();
    autosave.dispose();
    const before = places.length;
    await pass(0);
    expect(await readLocalDraft(KEY)).toMatchObject({ revision: 4, isAhead: false });
    expect(places).toHaveLength(before);
  });

  test("a save that arrives after the task was opened again leaves the newer copy alone", async () => {
    let answer = (_: { revision: number }) => {};
    const save = () => new Promise<{ revision: number }>((resolve) => (answer = resolve));
    const left = new Autosave({ key: KEY, revision: 3, save, onState: () => {} });
    left.change("old");
    left.flush();
    left.dispose();
    await pass(0);
    await writeLocalDraft(KEY, { content: "new", revision: 3, savedAt: "2099", isAhead: true });
    answer({ revision: 4 });
    await pass(0);
    expect(await readLocalDraft(KEY)).toMatchObject({ content: "new", isAhead: true });
  });

  test("leaves nothing behind after a submission, not even from a save that was on its way", async () => {
    const { autosave } = setUp();
    autosave.change({ text: "x" });
    await pass(SERVER_DELAY_MS - 1);
    autosave.flush();
    await autosave.finish();
    await pass(10_000);
    expect(await readLocalDraft(KEY)).toBeNull();
  });

  test("a page that closes keeps its last keystroke at once", async () => {
    const { autosave } = setUp();
    autosave.change({ text: "the last word" });
    expect(autosave.flush()).toBe(true);
    autosave.dispose();
    expect(localStorage.getItem(OLD_KEY)).toContain("the last word");
    expect((await readLocalDraft(KEY))?.content).toEqual({ text: "the last word" });
  });

  test("only what is kept nowhere holds a page back", async () => {
    const { autosave } = setUp();
    vi.stubGlobal("localStorage", { setItem: refuse });
    expect(autosave.flush()).toBe(true);
    autosave.change({ text: "x" });
    expect(autosave.flush()).toBe(false);
    await pass(SERVER_DELAY_MS);
    expect(autosave.flush()).toBe(true);
    vi.unstubAllGlobals();
  });

  test("a browser that forbids all storage is not said to keep anything", async () => {
    globalThis.indexedDB = { open: refuse } as never;
    vi.stubGlobal("localStorage", { setItem: refuse, getItem: refuse });
    forgetStore();
    const { autosave, places, refused } = setUp([
      new NetworkError(),
      new ApiError(409, { code: "lease_lost" }),
    ]);
    autosave.change({ text: "typed" });
    await pass(SERVER_DELAY_MS);
    await pass(10_000);
    expect(refused).toEqual(["lease_lost"]);
    expect(new Set(places)).toEqual(new Set(["saving", "nowhere"]));
    vi.unstubAllGlobals();
  });

  test("a browser without a database keeps drafts in its older storage", async () => {
    globalThis.indexedDB = { open: refuse } as never;
    forgetStore();
    const { autosave, places } = setUp([new NetworkError()]);
    autosave.change({ text: "kept" });
    await pass(LOCAL_DELAY_MS);
    expect(places.at(-1)).toBe("here");
    expect((await readLocalDraft(KEY))?.content).toEqual({ text: "kept" });
    expect(localStorage.getItem(`labelapp:drafts:${KEY}`)).toContain("kept");
  });
});

describe("the copy of an earlier version of the app", () => {
  const savedAt = "2026-11-22T10:00:00.000Z";
  const old = { content: "old", revision: 2, savedAt, isAhead: true };

  test("is read once, and moves", async () => {
    localStorage.setItem(OLD_KEY, JSON.stringify(old));
    expect(await readLocalDraft(KEY)).toEqual(old);
    expect(localStorage.getItem(OLD_KEY)).toBeNull();
    expect(await readLocalDraft(KEY)).toEqual(old);
  });

  test("loses against a newer one", async () => {
    await writeLocalDraft(KEY, { ...old, content: "new", savedAt: "2026-11-22T11:00:00.000Z" });
    localStorage.setItem(OLD_KEY, JSON.stringify(old));
    expect((await readLocalDraft(KEY))?.content).toBe("new");
  });

  test("what is no draft is none", async () => {
    localStorage.setItem(OLD_KEY, "{cut o");
    expect(await readLocalDraft(KEY)).toBeNull();
  });
});

describe("chooseDraft", () => {
  const server = { content: "server", revision: 5, updated_at: "2026-01-01T00:00:00Z" };
  const local = { content: "local", revision: 5, savedAt: "2026-01-01T00:00:01Z", isAhead: true };

  test("goes on with what the server does not have yet", () => {
    expect(chooseDraft(local, server)).toMatchObject({
      content: "local",
      revision: 5,
      isAhead: true,
      other: null,
    });
    expect(chooseDraft({ ...local, revision: 0 }, null)).toMatchObject({ content: "local", revision: 0 });
    expect(chooseDraft({ ...local, revision: 9 }, server), "which was read before").toMatchObject({
      revision: 9,
    });
  });

  test("goes on with the server's when another device wrote later, and offers the other", () => {
    expect(chooseDraft({ ...local, revision: 4 }, server)).toMatchObject({
      content: "server",
      other: "local",
    });
  });

  test("goes on with its own where the server has an earlier one of it, or the same", () => {
    const content = { text: "first", spent: 1 };
    const own = { ...local, content: { text: "second" }, revision: 4, sent: [{ spent: 1, text: "first" }] };
    const expected = { revision: 5, isAhead: true, other: null };
    expect(chooseDraft(own, { ...server, content })).toEqual({
      ...expected,
      content: own.content,
      sent: own.sent,
    });
    expect(chooseDraft({ ...local, content, revision: 4 }, { ...server, content })).toEqual({
      ...expected,
      content,
    });
  });

  test("takes the server's where this browser has nothing of its own", () => {
    expect(chooseDraft({ ...local, isAhead: false }, server)).toMatchObject({
      content: "server",
      other: null,
    });
    expect(chooseDraft(null, null)).toMatchObject({ content: null, revision: 0 });
  });
});

test("old drafts go, others' keys stay", async () => {
  const savedAt = new Date(Date.now() - 40 * 86_400_000).toISOString();
  const draft = { content: 1, revision: 0, savedAt, isAhead: true };
  localStorage.setItem(OLD_KEY, JSON.stringify(draft));
  localStorage.setItem("mantine-color-scheme-value", "dark");
  await writeLocalDraft("7:label:1", draft);
  await writeLocalDraft("7:label:2", { ...draft, savedAt: new Date().toISOString() });
  await removeOldDrafts();
  expect(Object.keys(localStorage)).toEqual(["mantine-color-scheme-value"]);
  expect((await (await browserStore()).all("drafts")).map(([key]) => key)).toEqual(["7:label:2"]);
});

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, NetworkError } from "@/api/errors";
import { Autosave, LOCAL_DELAY_MS, type SavePlace, SERVER_DELAY_MS } from "@/features/labeling/task/autosave";
import { chooseDraft, draftKey, readLocalDraft, removeOldDrafts } from "@/features/labeling/task/localDraft";

const KEY = draftKey(7, 42, "label");

function setUp(answers: (Error | null)[] = []) {
  const saves: { content: unknown; revision: number }[] = [];
  const places: SavePlace[] = [];
  const refused: string[] = [];
  const autosave = new Autosave({
    storage: localStorage,
    key: KEY,
    revision: 3,
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

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("Autosave", () => {
  test("keeps the last keystroke here within 300 ms and there within 2 s, in one request", async () => {
    const { autosave, saves, places } = setUp();
    for (const text of ["a", "ab", "abc"]) autosave.change({ text });
    expect(LOCAL_DELAY_MS).toBeLessThanOrEqual(300);
    await vi.advanceTimersByTimeAsync(LOCAL_DELAY_MS);
    expect(readLocalDraft(localStorage, KEY)).toMatchObject({ content: { text: "abc" }, isAhead: true });
    expect(SERVER_DELAY_MS).toBeLessThan(2_000);
    await vi.advanceTimersByTimeAsync(SERVER_DELAY_MS);
    expect(saves).toEqual([{ content: { text: "abc" }, revision: 3 }]);
    expect(readLocalDraft(localStorage, KEY)).toMatchObject({ revision: 4, isAhead: false });
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
  });

  test("tries again until the network is back and shows it", async () => {
    const { autosave, saves, places } = setUp([new NetworkError(), new ApiError(503, {}), null]);
    autosave.change({ text: "kept" });
    await vi.advanceTimersByTimeAsync(SERVER_DELAY_MS);
    expect(places.at(-1)).toBe("retrying");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(saves).toHaveLength(3);
    expect(places.at(-1)).toBe("server");
  });

  test("stops at a refusal, keeps the copy here, and says why", async () => {
    const { autosave, saves, places, refused } = setUp([new ApiError(409, { code: "lease_lost" })]);
    autosave.change({ text: "kept" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(saves).toHaveLength(1);
    expect(refused).toEqual(["lease_lost"]);
    expect(places.at(-1)).toBe("here");
    expect(readLocalDraft(localStorage, KEY)?.content).toEqual({ text: "kept" });
  });

  test("after a conflict the labeler's own copy can go on top of the other", async () => {
    const { autosave, saves } = setUp([new ApiError(409, { code: "draft_conflict" })]);
    autosave.change({ text: "mine" });
    await vi.advanceTimersByTimeAsync(SERVER_DELAY_MS);
    autosave.rebase(9);
    await vi.advanceTimersByTimeAsync(10);
    expect(saves.at(-1)).toEqual({ content: { text: "mine" }, revision: 9 });
  });

  test("leaves nothing behind after a submission, not even from a save that was on its way", async () => {
    const { autosave } = setUp();
    autosave.change({ text: "x" });
    await vi.advanceTimersByTimeAsync(SERVER_DELAY_MS - 1);
    autosave.flush();
    autosave.finish();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(readLocalDraft(localStorage, KEY)).toBeNull();
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
  });

  test("goes on with the server's when another device wrote later, and offers the other", () => {
    expect(chooseDraft({ ...local, revision: 4 }, server)).toMatchObject({
      content: "server",
      other: "local",
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

test("old drafts go, others' keys stay", () => {
  const savedAt = new Date(Date.now() - 40 * 86_400_000).toISOString();
  localStorage.setItem(KEY, JSON.stringify({ content: 1, revision: 0, savedAt, isAhead: true }));
  localStorage.setItem("mantine-color-scheme-value", "dark");
  removeOldDrafts(localStorage);
  expect(Object.keys(localStorage)).toEqual(["mantine-color-scheme-value"]);
});

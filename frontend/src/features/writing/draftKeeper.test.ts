import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiError, NetworkError } from "@/api/errors";
import { copyName, DraftKeeper, type KeptPlace, localCopies, readCopy } from "@/features/writing/draftKeeper";

const NAME = copyName(7, "a-key");
let places: KeptPlace[];
let refused: string[];

function keeper(save: ((content: unknown, revision: number) => Promise<number>) | null) {
  return new DraftKeeper({
    storage: localStorage,
    name: NAME,
    revision: 0,
    save,
    isSame: (one, other) => one === other,
    onPlace: (place) => places.push(place),
    onRefused: (error) => refused.push(error.code),
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  localStorage.clear();
  places = [];
  refused = [];
});
afterEach(() => vi.useRealTimers());

test("is in the browser within 300 ms and on the server within 2 s", async () => {
  const save = vi.fn(async (_content: unknown, revision: number) => revision + 1);
  keeper(save).change("a");
  await vi.advanceTimersByTimeAsync(300);
  expect(readCopy(localStorage, NAME)?.content).toBe("a");
  expect(save).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1_700);
  expect(save).toHaveBeenCalledWith("a", 0);
  expect(readCopy(localStorage, NAME)).toBeNull();
  expect(places).toEqual(["saving", "here", "server"]);
});

test("what is typed while a save is on its way is saved after it, on top of it", async () => {
  const ends: ((revision: number) => void)[] = [];
  const save = vi.fn((_content: unknown, _revision: number) => new Promise<number>((end) => ends.push(end)));
  const kept = keeper(save);
  kept.change("a");
  await vi.advanceTimersByTimeAsync(2_000);
  kept.change("ab");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(save).toHaveBeenCalledTimes(1);
  ends[0]?.(1);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(save).toHaveBeenLastCalledWith("ab", 1);
  expect(readCopy(localStorage, NAME)?.content).toBe("ab");
});

test("without a network it stays in the browser and is tried again", async () => {
  const save = vi.fn().mockRejectedValueOnce(new NetworkError()).mockResolvedValueOnce(1);
  keeper(save).change("a");
  await vi.advanceTimersByTimeAsync(1_300);
  expect(places.at(-1)).toBe("retrying");
  expect(readCopy(localStorage, NAME)?.content).toBe("a");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(places.at(-1)).toBe("server");
});

test("what the server refuses stays in the browser", async () => {
  const save = vi.fn().mockRejectedValue(new ApiError(409, { code: "draft_conflict" }));
  keeper(save).change("a");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(refused).toEqual(["draft_conflict"]);
  expect(save).toHaveBeenCalledTimes(1);
  expect([...localCopies(localStorage, 7).keys()]).toEqual(["a-key"]);
  expect(localCopies(localStorage, 8).size).toBe(0);
});

test("after a refusal the browser goes on keeping what is typed, and the server is not asked again", async () => {
  const save = vi.fn().mockRejectedValue(new ApiError(400, { code: "invalid" }));
  const kept = keeper(save);
  kept.change("a");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(refused).toEqual(["invalid"]);
  kept.change("ab");
  await vi.advanceTimersByTimeAsync(300);
  expect(readCopy(localStorage, NAME)?.content).toBe("ab");
  expect(places.at(-1)).toBe("here");
  kept.change("abc");
  kept.flush();
  expect(readCopy(localStorage, NAME)?.content).toBe("abc");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(save).toHaveBeenCalledTimes(1);
});

test.each([401, 403])("a save that meets %i is tried again", async (status) => {
  const save = vi.fn().mockRejectedValueOnce(new ApiError(status, {})).mockResolvedValue(1);
  keeper(save).change("a");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(refused).toEqual([]);
  expect(save).toHaveBeenCalledTimes(2);
  expect(places.at(-1)).toBe("server");
});

test("an answer that was lost is no conflict", async () => {
  const stored = new ApiError(409, { code: "draft_conflict", data: { revision: 1, content: "a" } });
  const save = vi
    .fn()
    .mockRejectedValueOnce(new NetworkError())
    .mockRejectedValueOnce(stored)
    .mockResolvedValueOnce(2);
  const kept = keeper(save);
  kept.change("a");
  await vi.advanceTimersByTimeAsync(1_300);
  kept.change("ab");
  await vi.advanceTimersByTimeAsync(5_000);
  expect(save).toHaveBeenLastCalledWith("ab", 1);
  expect(refused).toEqual([]);
  expect(places.at(-1)).toBe("server");
});

test("a page that is left does not leave an older copy behind", async () => {
  const save = vi.fn(async () => 1);
  const kept = keeper(save);
  kept.change("a");
  kept.flush();
  kept.dispose();
  await vi.advanceTimersByTimeAsync(100);
  expect(readCopy(localStorage, NAME)).toBeNull();
});

test("a closing page keeps at once, and a finished draft leaves nothing", async () => {
  const save = vi.fn(async () => 1);
  const kept = keeper(save);
  kept.change("a");
  kept.flush();
  expect(readCopy(localStorage, NAME)?.content).toBe("a");
  kept.change("ab");
  kept.finish();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(readCopy(localStorage, NAME)).toBeNull();
  expect(save).toHaveBeenCalledTimes(1);
});

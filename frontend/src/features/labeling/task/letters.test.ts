import { beforeEach, expect, test, vi } from "vitest";
import { ApiError, NetworkError } from "@/api/errors";
import { type Letter, Letters } from "@/features/labeling/task/letters";

const letter = (key: string): Letter => ({
  to: "flag",
  key,
  taskId: 7,
  kind: "unclear",
  note: "Which one?",
  responseId: null,
  writtenAt: "2026-01-01T00:00:00Z",
});

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(() => localStorage.clear());

test("what was written outlives the page until it has arrived", async () => {
  const away = vi.fn(() => Promise.reject(new NetworkError()));
  const before = new Letters(away);
  before.start(1);
  before.write(letter("a"));
  await settled();
  expect(before.state()).toHaveLength(1);

  const send = vi.fn(() => Promise.resolve());
  const after = new Letters(send);
  after.start(1);
  await settled();
  expect(send).toHaveBeenCalledWith(letter("a"));
  expect(after.state()).toEqual([]);
  expect(Object.keys(localStorage)).toEqual([]);
});

test("when the network is back all is sent, in order", async () => {
  let isAway = true;
  const sent: string[] = [];
  const letters = new Letters(async ({ key }) => {
    if (isAway) throw new NetworkError();
    sent.push(key);
  });
  letters.start(1);
  letters.write(letter("a"));
  letters.write(letter("b"));
  await settled();
  expect(sent).toEqual([]);
  isAway = false;
  window.dispatchEvent(new Event("online"));
  await settled();
  expect(sent).toEqual(["a", "b"]);
});

test("what the server refuses stays with its reason and holds nothing up", async () => {
  const letters = new Letters(async ({ key }) => {
    if (key === "a") throw new ApiError(404, { message: "There is no such task of yours." });
  });
  letters.start(1);
  letters.write(letter("a"));
  letters.write(letter("b"));
  await settled();
  expect(letters.state().map(({ key, refused }) => [key, refused])).toEqual([
    ["a", "There is no such task of yours."],
  ]);
  letters.discard("a");
  expect(letters.state()).toEqual([]);
});

test("of a task that is shown ahead of its lease, it waits until the server knows of the claim", async () => {
  vi.useFakeTimers();
  try {
    const unknown = () => Promise.reject(new ApiError(404, { message: "There is no such task of yours." }));
    const send = vi.fn((): Promise<void> => Promise.resolve()).mockImplementationOnce(unknown);
    const claimed = new Letters(send);
    claimed.start(1);
    claimed.write({ ...letter("a"), isAhead: true });
    await vi.advanceTimersByTimeAsync(0);
    expect(claimed.state()).toMatchObject([{ key: "a" }]);
    expect(claimed.state()[0]?.refused).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(send).toHaveBeenCalledTimes(2);
    expect(claimed.state()).toEqual([]);

    const taken = new Letters(unknown);
    taken.start(2);
    taken.write({ ...letter("b"), isAhead: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(taken.state(), "somebody else has it: told, with what was written").toMatchObject([
      { note: "Which one?", refused: "There is no such task of yours." },
    ]);
  } finally {
    vi.useRealTimers();
  }
});

test("two people at one browser do not send each other's", async () => {
  const away = new Letters(() => Promise.reject(new NetworkError()));
  away.start(1);
  away.write(letter("a"));
  await settled();
  const send = vi.fn(() => Promise.resolve());
  new Letters(send).start(2);
  await settled();
  expect(send).not.toHaveBeenCalled();
});

test("two tabs keep what waits in both, whoever writes, sends or is refused", async () => {
  const away = () => Promise.reject(new NetworkError());
  const one = new Letters(away);
  let answer: () => Promise<void> = away;
  const other = new Letters(() => answer());
  one.start(1);
  other.start(1);
  one.write(letter("a"));
  other.write(letter("b"));
  await settled();
  expect(storedKeys()).toEqual(["a", "b"]);
  answer = () => Promise.resolve();
  other.write(letter("c"));
  await settled();
  expect(other.state()).toEqual([]);
  expect(storedKeys()).toEqual(["a"]);
  answer = () => Promise.reject(new ApiError(404, {}));
  other.write(letter("d"));
  await settled();
  expect(storedKeys()).toEqual(["a", "d"]);
  other.discard("d");
  expect(storedKeys()).toEqual(["a"]);
});

function storedKeys(): string[] {
  const stored = JSON.parse(localStorage.getItem("labelapp:letters:1") ?? "[]") as Letter[];
  return stored.map(({ key }) => key);
}

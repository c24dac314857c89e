import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import {
  fittingColumns,
  GAP_PIXELS,
  LEAST_COLUMN_PIXELS,
  leastShare,
  sharesOf,
  withShare,
} from "@/features/labeling/comparison/reading/columns";
import {
  type Diff,
  DiffQueue,
  type DiffWorker,
  type Pair,
} from "@/features/labeling/comparison/reading/diffQueue";
import { forgetEnds, isUnread, noteEnd } from "@/features/labeling/comparison/reading/ends";
import { FOLDED_PIXELS, isLong, SLACK_PIXELS } from "@/features/labeling/comparison/reading/fold";
import { createScrollSync } from "@/features/labeling/comparison/reading/scrollSync";
import { wordDiff } from "@/features/labeling/comparison/reading/wordDiff";

describe("columns", () => {
  test("never more than fit, never more than four, and one on a phone", () => {
    expect(fittingColumns(358)).toBe(1);
    expect(fittingColumns(2 * LEAST_COLUMN_PIXELS + GAP_PIXELS - 1)).toBe(1);
    expect(fittingColumns(2 * LEAST_COLUMN_PIXELS + GAP_PIXELS)).toBe(2);
    expect(fittingColumns(992)).toBe(4);
    expect(fittingColumns(5000)).toBe(4);
    expect(fittingColumns(0)).toBe(1);
  });

  test("what was remembered of another window or version gives way to equal columns", () => {
    expect(sharesOf([0.7, 0.3], 2, 1000)).toEqual([0.7, 0.3]);
    expect(sharesOf([0.7, 0.3], 2, 600)).toEqual([0.5, 0.5]); // the second would be unreadable
    for (const stored of [undefined, null, "x", [1], [0.5, 0.6], [0.5, "a"], [Number.NaN, 0.5]])
      expect(sharesOf(stored, 2, 1000)).toEqual([0.5, 0.5]);
  });

  test("moving a line keeps the whole, both neighbours readable, and the rest where it is", () => {
    const moves = fc.array(fc.tuple(fc.nat(2), fc.double({ min: -1, max: 2, noNaN: true })));
    fc.assert(
      fc.property(moves, fc.integer({ min: 1100, max: 3000 }), (steps, width) => {
        const least = leastShare(4, width);
        let shares = [0.25, 0.25, 0.25, 0.25];
        for (const [index, share] of steps) {
          const before = shares;
          shares = withShare(shares, index, share, least);
          expect(shares.filter((_, at) => at !== index && at !== index + 1)).toEqual(
            before.filter((_, at) => at !== index && at !== index + 1),
          );
        }
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1);
        for (const share of shares) expect(share).toBeGreaterThan(least - 1e-9);
        expect(sharesOf(shares, 4, width)).toHaveLength(4);
      }),
    );
  });
});

describe("the difference of two texts", () => {
  const without = (diff: Diff, kind: string) =>
    (diff ?? []).flatMap((part) => (part.kind === kind ? [] : [part.text])).join("");
  const bare = (text: string) => text.replace(/\s/g, "");

  test("marks words, not letters", () => {
    expect(wordDiff("The cat sat down.", "The dog sat down.")).toEqual([
      { kind: "same", text: "The " },
      { kind: "removed", text: "cat" },
      { kind: "same", text: " " },
      { kind: "added", text: "dog" },
      { kind: "same", text: " " },
      { kind: "same", text: "sat down." },
    ]);
  });

  test("finds words in scripts of every kind", () => {
    expect(wordDiff("это старый дом", "это новый дом")).toContainEqual({ kind: "added", text: "новый" });
    expect(wordDiff("هذا بيت قديم", "هذا بيت جديد")).toContainEqual({ kind: "added", text: "جديد" });
    expect(wordDiff("我喜欢苹果", "我喜欢香蕉")).toContainEqual({ kind: "added", text: "香蕉" });
  });

  test("equal texts have none, and a lone short word between changes is no agreement", () => {
    expect(wordDiff("a b\n\nc", "a b\n\nc")?.every(({ kind }) => kind === "same")).toBe(true);
    expect(wordDiff("", "")).toEqual([]);
    const kinds = wordDiff("red house of stone", "blue ship of iron")?.map(({ kind }) => kind);
    expect(kinds?.filter((kind) => kind !== "same")).toEqual(["removed", "added"]);
  });

  test("a long text is not struck out word by word before a short one that has nothing of it", () => {
    const long = "Nothing here agrees with that. ".repeat(60);
    expect(wordDiff(long, "Short and sweet.")).toBeNull();
    expect(wordDiff(long, `${long} Short and sweet.`)).not.toBeNull();
  });

  test("a short word between two changes keeps the space that each text has behind it", () => {
    const diff = wordDiff("leaves and the needs has rest.", "leaves near old walls the.");
    expect(diff).toContainEqual({ kind: "removed", text: "and the needs has rest" });
    expect(without(diff, "removed")).toBe("leaves near old walls the.");
  });

  test("what was removed before a comma does not stick to the word before it", () => {
    const diff = wordDiff(
      "Look for kitchen things from the drawer, and wash.",
      "Look for kitchen things, and wash.",
    );
    expect(diff).toContainEqual({ kind: "removed", text: " from the drawer" });
    expect(without(diff, "removed")).toBe("Look for kitchen things, and wash.");
    expect(without(diff, "added")).toBe("Look for kitchen things from the drawer, and wash.");
  });

  test("loses no word of either text, whatever they are", () => {
    const word = fc.constantFrom("the", "of", "cat", "dog.", "ran,", "\n\n", "Ωmega", "<b>", "苹果", "a&b");
    const text = fc.array(word, { maxLength: 40 }).map((words) => words.join(" "));
    fc.assert(
      fc.property(text, text, (basis, own) => {
        const diff = wordDiff(basis, own);
        expect(bare(without(diff, "removed"))).toBe(bare(own));
        expect(bare(without(diff, "added"))).toBe(bare(basis));
      }),
    );
  });
});

describe("the queue of differences", () => {
  function queueWith(asked: Pair[]) {
    const worker: DiffWorker = { onmessage: null, postMessage: (pair) => asked.push(pair) };
    const answer = (diff: Diff) => worker.onmessage?.({ data: diff } as MessageEvent<Diff>);
    return { queue: new DiffQueue(() => worker), worker, answer };
  }
  const pair = (name: string) => ({ basis: "", text: name });

  test("asks one at a time, remembers, and forgets what nobody waits for any more", () => {
    const asked: Pair[] = [];
    const told: string[] = [];
    const { queue, answer } = queueWith(asked);
    queue.ask("1", pair("1"), () => told.push("1"));
    const takeBack = queue.ask("2", pair("2"), () => told.push("2"));
    queue.ask("3", pair("3"), (diff) => told.push(diff === null ? "3: too different" : "3"));
    expect(asked).toHaveLength(1);
    takeBack();
    answer([]);
    answer(null);
    expect(asked.map(({ text }) => text)).toEqual(["1", "3"]);
    expect(told).toEqual(["1", "3: too different"]);
    queue.ask("3", pair("3"), () => told.push("known"));
    expect(asked).toHaveLength(2);
    expect(told.at(-1)).toBe("known");
    expect([queue.known("1"), queue.known("2")]).toEqual([[], undefined]);
  });

  test("a worker that could not be fetched holds nothing up: the next wish starts another", () => {
    const workers: DiffWorker[] = [];
    const queue = new DiffQueue(() => {
      workers.push({ postMessage: () => {}, onmessage: null });
      return workers.at(-1) as DiffWorker;
    });
    const told: string[] = [];
    queue.ask("1", pair("1"), () => told.push("1"));
    workers[0]?.onerror?.({} as ErrorEvent);
    queue.ask("1", pair("1"), () => told.push("1 again"));
    workers[1]?.onmessage?.({ data: [] } as never);
    expect(told).toEqual(["1", "1 again"]);
  });

  test("what was asked for without a network is asked for again with it, the one that failed last", () => {
    const asked: Pair[] = [];
    const { queue, worker, answer } = queueWith(asked);
    const told: string[] = [];
    queue.ask("1", pair("1"), () => told.push("1"));
    queue.ask("2", pair("2"), () => told.push("2"));
    worker.onerror?.({} as ErrorEvent);
    expect(asked.map(({ text }) => text)).toEqual(["1"]);
    window.dispatchEvent(new Event("online"));
    answer([]);
    answer([]);
    expect(asked.map(({ text }) => text)).toEqual(["1", "2", "1"]);
    expect(told).toEqual(["2", "1"]);
  });
});

describe("folds and ends", () => {
  afterEach(forgetEnds);

  test("a text folds only where that hides something worth hiding", () => {
    expect(isLong(FOLDED_PIXELS)).toBe(false);
    expect(isLong(FOLDED_PIXELS + SLACK_PIXELS)).toBe(false);
    expect(isLong(FOLDED_PIXELS + SLACK_PIXELS + 1)).toBe(true);
  });

  test("unread until the end was in sight once; before it was looked for nothing is said", () => {
    expect(isUnread(7)).toBe(false);
    noteEnd(7, false);
    expect(isUnread(7)).toBe(true);
    noteEnd(7, true);
    noteEnd(7, false);
    expect(isUnread(7)).toBe(false);
    expect(sessionStorage.getItem("labelapp:read-ends")).toBe("[7]");
  });
});

test("boxes show the same part of texts of different lengths", () => {
  const box = (height: number) => {
    const element = document.createElement("div");
    Object.defineProperty(element, "scrollHeight", { value: height });
    Object.defineProperty(element, "clientHeight", { value: 100 });
    return element;
  };
  const [short, long, fits] = [box(300), box(1100), box(80)];
  const sync = createScrollSync();
  const leave = [short, long, fits].map((element) => sync.join(element));
  long.scrollTop = 500;
  long.dispatchEvent(new Event("scroll"));
  expect(short.scrollTop).toBe(100);
  expect(fits.scrollTop).toBe(0);
  short.dispatchEvent(new Event("scroll")); // the echo of our own move leads nobody
  expect(long.scrollTop).toBe(500);
  short.scrollTop = 200;
  short.dispatchEvent(new Event("scroll"));
  expect(long.scrollTop).toBe(1000);
  const late = box(600);
  leave.push(sync.join(late));
  expect(late.scrollTop).toBe(500);
  for (const go of leave) go();
  short.scrollTop = 0;
  short.dispatchEvent(new Event("scroll"));
  expect(long.scrollTop).toBe(1000);
});

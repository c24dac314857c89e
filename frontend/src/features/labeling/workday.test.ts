import { expect, test } from "vitest";
import {
  isDue,
  later,
  moved,
  newStretch,
  readStretch,
  type Stretch,
  ticked,
} from "@/features/labeling/workday";

const MINUTE = 60_000;

/** Works for so many minutes, with a movement and a tick every ten seconds. */
function work(stretch: Stretch, minutes: number): Stretch {
  let now = stretch.tickedAt;
  let worked = stretch;
  for (let step = 0; step < minutes * 6; step++) {
    now += 10_000;
    worked = ticked(moved(worked, now), now);
  }
  return worked;
}

test("a reminder is due after the chosen minutes of work, and again after ten more", () => {
  const before = work(newStretch(0), 24);
  expect(isDue(before, 25)).toBe(false);
  const after = work(before, 1);
  expect(isDue(after, 25)).toBe(true);
  expect(isDue(after, 0)).toBe(false);
  const put = later(after);
  expect(isDue(put, 25)).toBe(false);
  expect(isDue(work(put, 10), 25)).toBe(true);
});

test("sitting still is no work, and five minutes away are a break", () => {
  const worked = work(newStretch(0), 30);
  let still = worked;
  for (let at = worked.tickedAt; at < worked.tickedAt + 4 * MINUTE; at += 10_000) still = ticked(still, at);
  expect(still.workedMs - worked.workedMs).toBeLessThanOrEqual(30_000);
  expect(moved(still, worked.movedAt + 4 * MINUTE).workedMs).toBe(still.workedMs);
  expect(moved(still, worked.movedAt + 5 * MINUTE).workedMs).toBe(0);
});

test("a computer that slept did not work", () => {
  const worked = work(newStretch(0), 10);
  expect(ticked(worked, worked.tickedAt + 8 * 60 * MINUTE).workedMs).toBe(worked.workedMs);
});

test("what is stored is believed only where it can be", () => {
  const worked = work(newStretch(0), 10);
  expect(readStretch(JSON.stringify(worked), worked.tickedAt).workedMs).toBe(10 * MINUTE);
  for (const stored of [null, "", "{}", "[]", "7", '{"workedMs":"x"}', "{"])
    expect(readStretch(stored, 5)).toEqual(newStretch(5));
  expect(readStretch(JSON.stringify({ ...worked, movedAt: 99 * MINUTE }), 5)).toEqual(newStretch(5));
});

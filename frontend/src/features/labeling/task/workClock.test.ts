import { expect, test } from "vitest";
import { WorkClock } from "@/features/labeling/task/workClock";

function run(clock: WorkClock, seconds: number, from: number, isVisible = true): void {
  for (let second = 1; second <= seconds; second++) clock.tick(isVisible, from + second * 1000);
}

test("counts active time while something happens, and elapsed time always", () => {
  const clock = new WorkClock({ elapsed: 10, active: 5 }, 0);
  run(clock, 20, 0);
  expect(clock.spent()).toEqual({ elapsed: 30, active: 25 });
  run(clock, 40, 20_000);
  expect(clock.spent()).toEqual({ elapsed: 70, active: 35 });
});

test("a hidden page is not work, and a night asleep is neither", () => {
  const clock = new WorkClock({ elapsed: 0, active: 0 }, 0);
  run(clock, 10, 0, false);
  clock.tick(true, 8 * 3_600_000);
  expect(clock.spent()).toEqual({ elapsed: 10, active: 0 });
});

test("a hidden page's clock ticks once a minute and still counts what has passed", () => {
  const clock = new WorkClock({ elapsed: 0, active: 0 }, 0);
  for (let minute = 1; minute <= 5; minute++) clock.tick(false, minute * 60_500);
  expect(clock.spent()).toEqual({ elapsed: 302, active: 0 });
});

test("reading goes on for half a minute after the last movement, and again from the next", () => {
  const clock = new WorkClock({ elapsed: 0, active: 0 }, 0);
  run(clock, 60, 0);
  clock.didSomething(60_000);
  expect(clock.isActive(89_000)).toBe(true);
  expect(clock.isActive(91_000)).toBe(false);
  run(clock, 10, 60_000);
  expect(clock.spent()).toEqual({ elapsed: 70, active: 40 });
});

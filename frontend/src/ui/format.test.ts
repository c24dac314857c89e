import { expect, test } from "vitest";
import { formatPace } from "@/ui/format";

test("a pace is told from five minutes of work on", () => {
  expect(formatPace(1, 5)).toBeNull();
  expect(formatPace(0, 3600)).toBeNull();
  expect(formatPace(10, 300)).toBe("120");
  expect(formatPace(50, 5400)).toBe("33");
});

import { expect, test } from "vitest";
import { reconnectDelay } from "@/api/events";

test("reconnects later each time, never later than half a minute, never all at once", () => {
  expect(reconnectDelay(0, 1)).toBe(1_000);
  expect(reconnectDelay(3, 1)).toBe(8_000);
  expect(reconnectDelay(30, 1)).toBe(30_000);
  expect(reconnectDelay(3, 0)).toBe(4_000);
});

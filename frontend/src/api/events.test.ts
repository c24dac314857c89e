import { renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { reconnectDelay, type ServerEvent, useEvents } from "@/api/events";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("reconnects later each time, never later than half a minute, never all at once", () => {
  expect(reconnectDelay(0, 1)).toBe(1_000);
  expect(reconnectDelay(3, 1)).toBe(8_000);
  expect(reconnectDelay(30, 1)).toBe(30_000);
  expect(reconnectDelay(3, 0)).toBe(4_000);
});

test("the page of one row is not told of others", () => {
  vi.useFakeTimers();
  const sources: EventSource[] = [];
  class Source {
    onmessage = null;
    close() {}
    constructor() {
      sources.push(this as unknown as EventSource);
    }
  }
  vi.stubGlobal("EventSource", Source);
  const told: unknown[] = [];
  const note = ({ id }: ServerEvent) => told.push(id);
  const { unmount } = renderHook(() => useEvents(["imports"], [], note, 7));
  vi.runAllTimers();
  for (const id of [6, 7]) {
    const data = JSON.stringify({ topic: "imports", type: "import", id });
    sources[0]?.onmessage?.({ data } as MessageEvent);
  }
  expect(told).toEqual([7]);
  unmount();
  vi.runAllTimers();
});

import { renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "@/api/client";
import { reconnectDelay, type ServerEvent, useEvents } from "@/api/events";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

test("reconnects later each time, never later than half a minute, never all at once", () => {
  expect(reconnectDelay(0, 1)).toBe(1_000);
  expect(reconnectDelay(3, 1)).toBe(8_000);
  expect(reconnectDelay(30, 1)).toBe(30_000);
  expect(reconnectDelay(3, 0)).toBe(4_000);
});

/** A stream whose events the test sends, and whose connection it opens. */
function connected(): EventSource[] {
  vi.useFakeTimers();
  const sources: EventSource[] = [];
  class Source {
    onopen = null;
    onmessage = null;
    close() {}
    constructor() {
      sources.push(this as unknown as EventSource);
    }
  }
  vi.stubGlobal("EventSource", Source);
  return sources;
}

function send(source: EventSource | undefined, event: ServerEvent): void {
  source?.onmessage?.({ data: JSON.stringify(event) } as MessageEvent);
}

test("the page of one row is not told of others", () => {
  const sources = connected();
  const told: unknown[] = [];
  const onEvent = ({ id }: ServerEvent) => told.push(id);
  const { unmount } = renderHook(() => useEvents(["imports"], [], { onEvent, only: 7 }));
  vi.runAllTimers();
  for (const id of [6, 7]) send(sources[0], { topic: "imports", type: "import", id });
  expect(told).toEqual([7]);
  unmount();
  vi.runAllTimers();
});

test("one type of events is refetched for, and after a gap, when one may have gone by unnoticed, as well", () => {
  const sources = connected();
  const refetched = vi.spyOn(queryClient, "invalidateQueries").mockResolvedValue();
  const { unmount } = renderHook(() => useEvents(["imports"], [["get", "changes"]], { type: "change" }));
  vi.runAllTimers();
  send(sources[0], { topic: "imports", type: "import" });
  expect(refetched).toHaveBeenCalledTimes(0);
  send(sources[0], { topic: "imports", type: "change" });
  expect(refetched).toHaveBeenCalledTimes(1);
  sources[0]?.onerror?.({} as Event);
  vi.runAllTimers();
  sources[1]?.onopen?.({} as Event);
  expect(refetched).toHaveBeenCalledTimes(2);
  unmount();
  vi.runAllTimers();
});

test("a page that joins an open connection refetches what may have changed before it watched", () => {
  const sources = connected();
  const first = renderHook(() => useEvents(["imports"], [["get", "list"]]));
  vi.runAllTimers();
  sources[0]?.onopen?.({} as Event);
  const refetched = vi.spyOn(queryClient, "invalidateQueries").mockResolvedValue();
  const second = renderHook(() => useEvents(["imports"], [["get", "row"]]));
  vi.runAllTimers();
  expect(refetched.mock.calls).toEqual([[{ queryKey: ["get", "row"] }]]);
  expect(sources).toHaveLength(1);
  for (const page of [first, second]) page.unmount();
  vi.runAllTimers();
});

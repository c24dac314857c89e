import { QueryClientProvider } from "@tanstack/react-query";
import { act, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { queryClient } from "@/api/client";
import type { Assignment } from "@/features/labeling/task/types";
import { useTaskNews } from "@/features/labeling/task/useUnread";

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function task(state: Assignment["state"], version: number, id = 5): Assignment {
  const instruction_version = { id: version, number: version };
  return { id, task_id: id + 3, state, project: { id: 3 }, instruction_version } as Assignment;
}

/** Connections that the test opens, tells of events, and breaks. */
function eventSources(): EventSource[] {
  vi.useFakeTimers();
  const sources: EventSource[] = [];
  class Source {
    close() {}
    constructor() {
      sources.push(this as unknown as EventSource);
    }
  }
  vi.stubGlobal("EventSource", Source);
  return sources;
}

function renderNews(assignment: Assignment) {
  return renderHook((shown) => useTaskNews(shown), {
    initialProps: assignment,
    wrapper: ({ children }) => <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>,
  });
}

test("one event tells of many tasks, and those of others change nothing here", async () => {
  const sources = eventSources();
  vi.stubGlobal("fetch", async () => Response.json(task("leased", 1)));
  const { result, unmount } = renderNews(task("leased", 1));
  await vi.runAllTimersAsync();
  sources[0]?.onopen?.({} as Event);
  const hear = (event: object) => {
    const data = JSON.stringify({ topic: "labeling:3", ...event });
    act(() => sources[0]?.onmessage?.({ data } as MessageEvent));
  };
  const tell = (type: string, task_ids: number[]) => hear({ type, id: 3, task_ids });
  // A process of an older version names one task, as its `id`.
  hear({ type: "withdrawn", id: 6 });
  tell("tasks_withdrawn", [6, 7]);
  expect(result.current.isWithdrawn).toBe(false);
  tell("tasks_withdrawn", [7, 8]);
  tell("tasks_withdrawn", [9]);
  expect(result.current).toMatchObject({ isWithdrawn: true, isErased: false });
  tell("tasks_erased", [8]);
  expect(result.current.isErased).toBe(true);
  unmount();
  await vi.runAllTimersAsync();
});

test("what happened while there was no connection, before the first or since, is read from the assignment", async () => {
  const sources = eventSources();
  const asked: string[] = [];
  let answer = () => Response.json(task("withdrawn", 1));
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    if (url.includes("/assignments/")) asked.push(new URL(url).pathname);
    return answer();
  });
  const { result, unmount } = renderNews(task("leased", 1));
  await vi.runAllTimersAsync();
  await act(async () => {
    sources[0]?.onopen?.({} as Event);
    await vi.runAllTimersAsync();
  });
  expect(asked).toEqual(["/api/v1/assignments/5"]);
  expect(result.current).toEqual({ isWithdrawn: true, isErased: false, hasNewerInstructions: false });

  answer = () => Response.json(task("withdrawn", 2));
  sources[0]?.onerror?.({} as Event);
  await vi.runAllTimersAsync();
  await act(async () => {
    sources[1]?.onopen?.({} as Event);
    await vi.runAllTimersAsync();
  });
  expect(asked).toHaveLength(2);
  expect(result.current).toEqual({ isWithdrawn: true, isErased: false, hasNewerInstructions: true });

  answer = () => Response.json({ code: "prompt_erased", message: "Erased." }, { status: 409 });
  sources[1]?.onerror?.({} as Event);
  await vi.runAllTimersAsync();
  await act(async () => {
    sources[2]?.onopen?.({} as Event);
    await vi.runAllTimersAsync();
  });
  expect(result.current.isErased).toBe(true);
  unmount();
  await vi.runAllTimersAsync();
});

test("the next task asks for nothing on a live connection, and once when it came while there was none", async () => {
  const sources = eventSources();
  const asked: string[] = [];
  vi.stubGlobal("fetch", async ({ url }: Request) => {
    if (url.includes("/assignments/")) asked.push(new URL(url).pathname);
    return Response.json(task("withdrawn", 1, 7));
  });
  const { result, rerender, unmount } = renderNews(task("leased", 1));
  await vi.runAllTimersAsync();
  sources[0]?.onopen?.({} as Event);
  await vi.runAllTimersAsync();
  rerender(task("leased", 1, 6));
  await vi.runAllTimersAsync();
  expect(asked).toEqual(["/api/v1/assignments/5"]);

  sources[0]?.onerror?.({} as Event);
  rerender(task("leased", 1, 7));
  await vi.runAllTimersAsync();
  await act(async () => {
    sources.at(-1)?.onopen?.({} as Event);
    await vi.runAllTimersAsync();
  });
  expect(asked).toEqual(["/api/v1/assignments/5", "/api/v1/assignments/7"]);
  expect(result.current.isWithdrawn).toBe(true);
  unmount();
  await vi.runAllTimersAsync();
});

import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, render, renderHook } from "@testing-library/react";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { queryClient } from "@/api/client";
import type { Assignment } from "@/features/labeling/task/types";
import { UndoBar } from "@/features/labeling/UndoBar";
import { forgetUndoable, setUndoable, UNDO_MS, type Undoable, undoable } from "@/features/labeling/undoable";
import { offerUndo, useUndo } from "@/features/labeling/useUndo";

const ANSWER: Undoable = {
  userId: 7,
  projectId: 3,
  mode: "label",
  assignmentId: 42,
  undoes: { submission_id: 5 },
  draft: { content: { text: "Too soon" } },
  until: 0,
};

beforeEach(() => setUndoable(null));

describe("of a skip", () => {
  const assignment = { id: 42, project: { id: 3 } } as Assignment;
  const sent = { skip_id: 9, task_id: 8, reason: "unclear" as const };

  function offer(answer: () => Promise<Response>) {
    queryClient.setQueryData(["session"], { id: 7, name: "Ann", role: "labeler" });
    const bodies: unknown[] = [];
    vi.stubGlobal("fetch", async (request: Request) => {
      bodies.push(await request.clone().json());
      return answer();
    });
    offerUndo(7, "label", { sent, assignment, draft: { content: { text: "Half" } } });
    const onUndone = vi.fn();
    const { result } = renderHook(() => useUndo("label", 3, onUndone), {
      wrapper: ({ children }) => <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>,
    });
    return { result, bodies, onUndone };
  }

  test("is the task again, with what was on the screen", async () => {
    const { result, bodies, onUndone } = offer(async () => Response.json({ id: 42 }));
    await act(() => result.current.undo());
    expect(bodies).toEqual([{ skip_id: 9, content: { content: { text: "Half" } } }]);
    expect(onUndone).toHaveBeenCalledWith({ id: 42 });
    expect(result.current.undoable).toBeNull();
  });

  test("that somebody else was faster than leaves what was done to be copied", async () => {
    const refused = { code: "undo_taken", message: "Somebody else has this task by now." };
    const { result } = offer(async () => Response.json(refused, { status: 409 }));
    await act(() => result.current.undo());
    expect(result.current.error).toEqual({ message: refused.message, text: "Half" });
    expect(result.current.undoable).toBeNull();
  });

  test("that did not reach the server can be tried again", async () => {
    const { result } = offer(() => Promise.reject(new TypeError("Failed to fetch")));
    await act(() => result.current.undo());
    expect(result.current.error?.text).toBe("Half");
    expect(result.current.undoable?.undoes).toEqual({ skip_id: 9 });
  });
});

test("an answer can be taken back after a reload, and no longer than before it", () => {
  setUndoable({ ...ANSWER, until: Date.now() + 4_000 });
  forgetUndoable();
  expect(undoable()).toMatchObject({ undoes: { submission_id: 5 }, draft: ANSWER.draft });
  for (const until of [Date.now() - 1, Date.now() + UNDO_MS + 60_000]) {
    setUndoable({ ...ANSWER, until });
    forgetUndoable();
    expect(undoable(), "over, or the clock was set back").toBeNull();
  }
});

test("is over in time on a page that offers no undo too", () => {
  vi.useFakeTimers();
  try {
    setUndoable({ ...ANSWER, until: Date.now() + UNDO_MS });
    expect(undoable()).not.toBeNull();
    vi.advanceTimersByTime(UNDO_MS);
    expect(undoable()).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});

test("Ctrl+Z takes the answer back, but in a field that was typed into it is the field's own", () => {
  const onUndo = vi.fn();
  const page = render(
    <MantineProvider>
      <textarea />
      <UndoBar until={Date.now() + UNDO_MS} isUndoing={false} onUndo={onUndo} onClose={() => {}} />
    </MantineProvider>,
  );
  const field = page.getByRole("textbox");
  const press = () => fireEvent.keyDown(field, { key: "z", ctrlKey: true });
  press();
  expect(onUndo, "an untouched field has nothing to undo").toHaveBeenCalledTimes(1);
  fireEvent.input(field, { target: { value: "x" } });
  press();
  fireEvent.input(field, { target: { value: "" } });
  press();
  expect(onUndo).toHaveBeenCalledTimes(1);
  fireEvent.keyDown(window, { key: "z", ctrlKey: true });
  expect(onUndo).toHaveBeenCalledTimes(2);
});

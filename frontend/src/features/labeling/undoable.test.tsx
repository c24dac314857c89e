import { MantineProvider } from "@mantine/core";
import { fireEvent, render } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { UndoBar } from "@/features/labeling/UndoBar";
import { forgetUndoable, setUndoable, UNDO_MS, type Undoable, undoable } from "@/features/labeling/undoable";

const ANSWER: Undoable = {
  userId: 7,
  projectId: 3,
  mode: "label",
  assignmentId: 42,
  submissionId: 5,
  draft: { content: { text: "Too soon" } },
  until: 0,
};

beforeEach(() => setUndoable(null));

test("an answer can be taken back after a reload, and no longer than before it", () => {
  setUndoable({ ...ANSWER, until: Date.now() + 4_000 });
  forgetUndoable();
  expect(undoable()).toMatchObject({ submissionId: 5, draft: ANSWER.draft });
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

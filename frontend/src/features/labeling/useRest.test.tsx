import { fireEvent, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { REST_MS, useRest } from "@/features/labeling/useRest";

const seen: string[] = [];
const note = (event: Event) => seen.push(event instanceof KeyboardEvent ? event.key : event.type);

beforeEach(() => {
  vi.useFakeTimers();
  seen.length = 0;
  document.body.innerHTML = "<main><button>Rank 1</button></main><a>Home</a>";
  window.addEventListener("keydown", note);
  window.addEventListener("click", note);
});
afterEach(() => {
  window.removeEventListener("keydown", note);
  window.removeEventListener("click", note);
  vi.useRealTimers();
});

function press(key: string, more: KeyboardEventInit = {}): void {
  fireEvent.keyDown(document.body, { key, ...more });
}

test("what was under way when the screen changed by itself reaches no task, until the hands have rested", () => {
  const { rerender } = renderHook(useRest, { initialProps: { screen: 1, isUncalled: false } });
  press("6");
  expect(seen, "a task that was called for takes it at once").toEqual(["6"]);

  rerender({ screen: 2, isUncalled: true });
  for (const key of ["7", "j", "5"]) {
    vi.advanceTimersByTime(REST_MS - 1);
    press(key);
  }
  press("Enter", { ctrlKey: true });
  fireEvent.click(document.querySelector("button") as Element);
  expect(seen).toEqual(["6"]);
  press("r", { ctrlKey: true });
  fireEvent.click(document.querySelector("a") as Element);
  expect(seen, "the browser's own keys, and the way out").toEqual(["6", "r", "click"]);

  vi.advanceTimersByTime(REST_MS);
  press("3");
  expect(seen).toEqual(["6", "r", "click", "3"]);
});

test("the screen after it, asked for, takes keys at once", () => {
  const { rerender, unmount } = renderHook(useRest, { initialProps: { screen: 1, isUncalled: true } });
  press("1");
  rerender({ screen: 2, isUncalled: false });
  press("2");
  rerender({ screen: 3, isUncalled: true });
  unmount();
  press("3");
  expect(seen).toEqual(["2", "3"]);
});

import { cleanup, render } from "@testing-library/react";
import { useRef } from "react";
import { afterEach, beforeEach, expect, test } from "vitest";
import { useWriteAtOnce } from "@/ui/useWriteAtOnce";

function Editor({ hasElse = false }: { hasElse?: boolean }) {
  const field = useRef<HTMLTextAreaElement>(null);
  useWriteAtOnce(() => field.current);
  return (
    <>
      {/* biome-ignore lint/a11y/noAutofocus: that is what is tested */}
      <input aria-label="Notes" autoFocus={hasElse} />
      <textarea ref={field} aria-label="Prompt" defaultValue="First words." />
    </>
  );
}

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 390, height: 800 };

function resize(size: { width: number; height: number }): void {
  (window as unknown as { happyDOM: { setViewport(size: object): void } }).happyDOM.setViewport(size);
}

beforeEach(() => resize(WIDE));
afterEach(cleanup);

test("what was begun goes on at its end", () => {
  const page = render(<Editor />);
  const field = page.getByRole("textbox", { name: "Prompt" }) as HTMLTextAreaElement;
  expect(document.activeElement).toBe(field);
  expect([field.selectionStart, field.selectionEnd]).toEqual([12, 12]);
});

test("nobody's focus is taken, neither at first nor when the window changes its width", () => {
  const page = render(<Editor hasElse />);
  const notes = page.getByRole("textbox", { name: "Notes" });
  expect(document.activeElement).toBe(notes);
  page.unmount();

  const again = render(<Editor />);
  again.getByRole("textbox", { name: "Notes" }).focus();
  resize(NARROW);
  again.rerender(<Editor />);
  resize(WIDE);
  again.rerender(<Editor />);
  expect(document.activeElement).toBe(again.getByRole("textbox", { name: "Notes" }));
});

test("a phone's keyboard stays down", () => {
  resize(NARROW);
  render(<Editor />);
  expect(document.activeElement).toBe(document.body);
});

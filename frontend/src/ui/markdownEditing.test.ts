import { expect, test } from "vitest";
import { changeFor, type EditKey } from "@/ui/markdownEditing";

const PLAIN = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false };
const ctrl = (key: string): EditKey => ({ ...PLAIN, key, ctrlKey: true });
const enter: EditKey = { ...PLAIN, key: "Enter" };

/** The text with its selection between | |, or the caret at one |. */
function press(key: EditKey, marked: string): string | null {
  const start = marked.indexOf("|");
  const text = marked.replaceAll("|", "");
  const second = marked.indexOf("|", start + 1);
  const change = changeFor(key, text, { start, end: second < 0 ? start : second - 1 });
  if (!change) return null;
  const after = text.slice(0, change.from) + change.insert + text.slice(change.to);
  const { select } = change;
  const caret = select.start === select.end ? "" : "|";
  return `${after.slice(0, select.start)}|${after.slice(select.start, select.end)}${caret}${after.slice(select.end)}`;
}

test.each([
  ["a |word| b", "b", "a **|word|** b"],
  ["a **|word|** b", "b", "a |word| b"],
  ["a | word |b", "b", "a  **|word|** b"],
  ["a |word| b", "i", "a *|word|* b"],
  ["a *|word|* b", "i", "a |word| b"],
  ["a **|word|** b", "i", "a ***|word|*** b"],
  ["a ***|word|*** b", "i", "a **|word|** b"],
  ["|", "b", "**|**"],
  ["**|**", "b", "|"],
  ["|x = 1|", "e", "`|x = 1|`"],
  ["see |this|", "k", "see [this](|)"],
  ["|https://a.example/b|", "k", "[|](https://a.example/b)"],
])("%s with Ctrl+%s is %s", (before, key, after) => {
  expect(press(ctrl(key), before)).toBe(after);
});

test.each([
  ["- one|", "- one\n- |"],
  ["  * one|", "  * one\n  * |"],
  ["9. nine|", "9. nine\n10. |"],
  ["1) one|, two", "1) one\n2) |, two"],
  ["- [x] done|", "- [x] done\n- [ ] |"],
  ["- one\n- |", "- one\n|"],
])("Enter after %j is %j", (before, after) => {
  expect(press(enter, before)).toBe(after);
});

test("other keys are the browser's", () => {
  expect(press(enter, "no list|")).toBeNull();
  expect(press({ ...enter, shiftKey: true }, "- one|")).toBeNull();
  expect(press({ ...enter, ctrlKey: true }, "- one|")).toBeNull();
  expect(press({ ...enter, isComposing: true }, "- one|")).toBeNull();
  expect(press({ ...PLAIN, key: "Tab" }, "- one|")).toBeNull();
  expect(press({ ...PLAIN, key: "b" }, "|word|")).toBeNull();
  expect(press({ ...ctrl("b"), altKey: true }, "|word|")).toBeNull();
});

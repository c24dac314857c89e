import { describe, expect, test } from "vitest";
import {
  BINDINGS,
  commandFor,
  isTextField,
  type KeyContext,
  type KeyPress,
  type Scene,
} from "@/features/labeling/keys";

const RANK: KeyContext = { scene: "rank", isTyping: false, isDialogOpen: false };

function press(key: string, modifiers: Partial<KeyPress> = {}): KeyPress {
  return { key, ctrlKey: false, metaKey: false, altKey: false, repeat: false, ...modifiers };
}

describe("commandFor", () => {
  test("digits are digits where there is something to number", () => {
    expect(commandFor(press("3"), RANK)).toEqual({ type: "digit", digit: 3 });
    expect(commandFor(press("3"), { ...RANK, scene: "demonstration" })).toBeNull();
    expect(commandFor(press("0"), RANK)).toEqual({ type: "clear" });
  });

  test("letters work with Caps Lock too", () => {
    expect(commandFor(press("T"), RANK)).toEqual({ type: "tie" });
    expect(commandFor(press("u"), RANK)).toEqual({ type: "undo" });
  });

  test("what is typed into a text field stays text, but Ctrl+Enter submits from there", () => {
    const typing = { ...RANK, isTyping: true };
    for (const key of ["1", "s", "u", "?", "Backspace"]) expect(commandFor(press(key), typing)).toBeNull();
    expect(commandFor(press("Enter", { ctrlKey: true }), typing)).toEqual({ type: "submit" });
    expect(commandFor(press("Enter", { metaKey: true }), typing)).toEqual({ type: "submit" });
    expect(commandFor(press("ß", { altKey: true, code: "KeyS" }), typing)).toEqual({ type: "skip" });
    expect(commandFor(press("ś", { altKey: true, ctrlKey: true, code: "KeyS" }), typing)).toBeNull();
  });

  test("a task is skipped with a reason in one press, from a text too; Alt and a digit alone stay the browser's", () => {
    const both = { altKey: true, shiftKey: true, code: "Digit2" };
    const typing = { ...RANK, isTyping: true };
    expect(commandFor(press("™", both), typing)).toEqual({ type: "skip", digit: 2 });
    expect(commandFor(press("@", { ...both, repeat: true }), RANK)).toBeNull();
    expect(commandFor(press("2", { ...both, shiftKey: false }), RANK)).toBeNull();
    expect(commandFor(press("@", { ...both, altKey: false }), typing)).toBeNull();
    expect(commandFor(press("²", { ...both, ctrlKey: true }), RANK)).toBeNull();
  });

  test("a held key submits once", () => {
    expect(commandFor(press("Enter", { ctrlKey: true, repeat: true }), RANK)).toBeNull();
  });

  test("a held digit ranks one response, a held J goes on", () => {
    expect(commandFor(press("1", { repeat: true }), RANK)).toBeNull();
    expect(commandFor(press("y", { repeat: true }), { ...RANK, scene: "rate" })).toBeNull();
    expect(commandFor(press("j", { repeat: true }), RANK)).toEqual(commandFor(press("j"), RANK));
  });

  test("the browser keeps its own shortcuts", () => {
    expect(commandFor(press("r", { ctrlKey: true }), RANK)).toBeNull();
    expect(commandFor(press("1", { altKey: true }), RANK)).toBeNull();
    expect(commandFor(press("Enter"), RANK)).toBeNull();
    expect(commandFor(press(" "), RANK)).toBeNull();
  });

  test("an open dialog has the keyboard to itself", () => {
    expect(commandFor(press("1"), { ...RANK, isDialogOpen: true })).toBeNull();
    expect(commandFor(press("Enter", { ctrlKey: true }), { ...RANK, isDialogOpen: true })).toBeNull();
  });
});

test.each<Scene>(["rate", "rank", "demonstration"])("no key means two things (%s)", (scene) => {
  const keys = BINDINGS.filter((binding) => binding.scenes.includes(scene)).flatMap(
    (binding) => binding.keys,
  );
  expect(new Set(keys).size).toBe(keys.length);
});

test("every key of the help does what it says", () => {
  for (const binding of BINDINGS) {
    for (const scene of binding.scenes) {
      for (const key of binding.keys) {
        expect(commandFor(press(key), { ...RANK, scene })).toEqual(binding.command);
      }
    }
  }
});

test("text fields are told from other controls", () => {
  const radio = Object.assign(document.createElement("input"), { type: "radio" });
  expect(isTextField(document.createElement("textarea"))).toBe(true);
  expect(isTextField(document.createElement("input"))).toBe(true);
  expect(isTextField(radio)).toBe(false);
  expect(isTextField(document.createElement("button"))).toBe(false);
  expect(isTextField(null)).toBe(false);
});

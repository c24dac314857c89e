/** Every key of the labeling screens, in one table: the keyboard, the help and the tests read the same one. */
import { msg } from "@/ui/language";

export type Scene = "rate" | "rank" | "demonstration";

export type Command =
  | { type: "digit"; digit: number }
  | { type: "clear" }
  | { type: "tie" }
  | { type: "tieGroup" }
  | { type: "accept" }
  | { type: "minus" }
  | { type: "yes" }
  | { type: "no" }
  | { type: "next" }
  | { type: "previous" }
  | { type: "questionDown" }
  | { type: "questionUp" }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "stage" }
  | { type: "byRank" }
  | { type: "columns" }
  | { type: "scrollTogether" }
  | { type: "diff" }
  | { type: "open" }
  | { type: "plainText" }
  | { type: "prompt" }
  | { type: "instructions" }
  | { type: "questions" }
  | { type: "closeInstructions" }
  /** With the reason of that number at once, or to choose one. */
  | { type: "skip"; digit?: number }
  | { type: "flag" }
  | { type: "notes" }
  | { type: "help" }
  | { type: "submit" };

type Binding = { keys: string[]; shown: string; does: string; scenes: Scene[]; command: Command };

const COMPARISON: Scene[] = ["rate", "rank"];
const ALL: Scene[] = ["rate", "rank", "demonstration"];

/** Digits stand in `commandFor`: what they mean depends on the scene. */
export const BINDINGS: Binding[] = [
  { keys: ["j"], shown: "J", does: msg("Next response"), scenes: COMPARISON, command: { type: "next" } },
  {
    keys: ["k"],
    shown: "K",
    does: msg("Previous response"),
    scenes: COMPARISON,
    command: { type: "previous" },
  },
  {
    keys: ["ArrowDown"],
    shown: "↓",
    does: msg("Next question"),
    scenes: ["rate"],
    command: { type: "questionDown" },
  },
  {
    keys: ["ArrowUp"],
    shown: "↑",
    does: msg("Previous question"),
    scenes: ["rate"],
    command: { type: "questionUp" },
  },
  {
    keys: ["y"],
    shown: "Y",
    does: msg("Yes to the marked question"),
    scenes: ["rate"],
    command: { type: "yes" },
  },
  {
    keys: ["n"],
    shown: "N",
    does: msg("No to the marked question"),
    scenes: ["rate"],
    command: { type: "no" },
  },
  {
    keys: ["-", "−"],
    shown: "−",
    does: msg("Minus one to the marked question, where its scale has it"),
    scenes: ["rate"],
    command: { type: "minus" },
  },
  {
    keys: ["Backspace", "Delete"],
    shown: "⌫",
    does: msg("Clear the marked question, or take the rank away"),
    scenes: COMPARISON,
    command: { type: "clear" },
  },
  {
    keys: ["t"],
    shown: "T",
    does: msg("Tie with the one ranked above"),
    scenes: ["rank"],
    command: { type: "tie" },
  },
  {
    keys: ["="],
    shown: "=",
    does: msg("Tie all that wait with the focused one, rated the same"),
    scenes: ["rank"],
    command: { type: "tieGroup" },
  },
  {
    keys: ["a"],
    shown: "A",
    does: msg("Take the order of the ratings"),
    scenes: ["rank"],
    command: { type: "accept" },
  },
  {
    keys: ["g"],
    shown: "G",
    does: msg("Go between rating and ranking"),
    scenes: COMPARISON,
    command: { type: "stage" },
  },
  {
    keys: ["o"],
    shown: "O",
    does: msg("Show in order of rank, or as dealt"),
    scenes: ["rank"],
    command: { type: "byRank" },
  },
  {
    keys: ["c"],
    shown: "C",
    does: msg("Change the number of columns"),
    scenes: ["rank"],
    command: { type: "columns" },
  },
  {
    keys: ["y"],
    shown: "Y",
    does: msg("Scroll all responses together"),
    scenes: ["rank"],
    command: { type: "scrollTogether" },
  },
  {
    keys: ["d"],
    shown: "D",
    does: msg("Mark where the others differ from the focused response"),
    scenes: ["rank"],
    command: { type: "diff" },
  },
  {
    keys: ["e"],
    shown: "E",
    does: msg("Show all of a long response, or fold it"),
    scenes: ["rank"],
    command: { type: "open" },
  },
  { keys: ["u"], shown: "U", does: msg("Undo"), scenes: COMPARISON, command: { type: "undo" } },
  { keys: ["r"], shown: "R", does: msg("Redo"), scenes: COMPARISON, command: { type: "redo" } },
  { keys: ["p"], shown: "P", does: msg("Show or hide the prompt"), scenes: ALL, command: { type: "prompt" } },
  {
    keys: ["m"],
    shown: "M",
    does: msg("Formatted or plain text"),
    scenes: ALL,
    command: { type: "plainText" },
  },
  { keys: ["i"], shown: "I", does: msg("Instructions"), scenes: ALL, command: { type: "instructions" } },
  { keys: ["q"], shown: "Q", does: msg("Questions"), scenes: ALL, command: { type: "questions" } },
  {
    keys: ["Escape"],
    shown: "Esc",
    does: msg("Leave a text field, close a dialog or the panel beside the task"),
    scenes: ALL,
    command: { type: "closeInstructions" },
  },
  {
    keys: ["s"],
    shown: "S, Alt + S",
    does: msg("Skip this task, with a reason"),
    scenes: ALL,
    command: { type: "skip" },
  },
  {
    keys: ["f"],
    shown: "F",
    does: msg("Flag this task for a researcher"),
    scenes: ALL,
    command: { type: "flag" },
  },
  { keys: ["/"], shown: "/", does: msg("Write a note"), scenes: COMPARISON, command: { type: "notes" } },
  { keys: ["?"], shown: "?", does: msg("This list"), scenes: ALL, command: { type: "help" } },
];

export const SUBMIT_KEYS = "Ctrl + Enter";
/** With a digit. Alt alone, some browsers change tabs; Shift alone, it types a sign. Nobody presses both by a slip. */
export const SKIP_AT_ONCE_KEYS = "Alt + Shift";

/** Held down, these go on; any other key that is held acts once, or it would judge one response after the other. */
const MAY_REPEAT = ["j", "k", "u", "r", "ArrowDown", "ArrowUp"];

export type KeyPress = {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey?: boolean;
  repeat: boolean;
  /** Which key it is, whatever it types: with Alt, a Mac's S is "ß". */
  code?: string;
};

export type KeyContext = { scene: Scene; isTyping: boolean; isDialogOpen: boolean };

/** What a key press means here, or null where it is the browser's or the text field's own. */
export function commandFor(press: KeyPress, context: KeyContext): Command | null {
  if (context.isDialogOpen) return null;
  const isCommand = press.ctrlKey || press.metaKey;
  if (isCommand && press.key === "Enter" && !press.altKey) return press.repeat ? null : { type: "submit" };
  // Where letters type: a task that cannot be answered is skipped without leaving the text first.
  if (press.altKey && !isCommand && press.code === "KeyS") return press.repeat ? null : { type: "skip" };
  const skipDigit =
    press.altKey && press.shiftKey && !isCommand && /^Digit([1-9])$/.exec(press.code ?? "")?.[1];
  if (skipDigit) return press.repeat ? null : { type: "skip", digit: Number(skipDigit) };
  if (isCommand || press.altKey || context.isTyping) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (press.repeat && !MAY_REPEAT.includes(key)) return null;
  const { scene } = context;
  if (/^[1-9]$/.test(press.key) && scene !== "demonstration")
    return { type: "digit", digit: Number(press.key) };
  if (press.key === "0" && scene === "rank") return { type: "clear" };
  // The toxicity task's scales begin there; where none is asked the screen ignores it.
  if (press.key === "0" && scene === "rate") return { type: "digit", digit: 0 };
  return (
    BINDINGS.find((binding) => binding.keys.includes(key) && binding.scenes.includes(scene))?.command ?? null
  );
}

/** Keys typed into a text field are text. */
export function isTextField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["radio", "checkbox", "button"].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}

/** Every key of the labeling screens, in one table: the keyboard, the help and the tests read the same one. */
export type Scene = "rate" | "rank" | "demonstration";

export type Command =
  | { type: "digit"; digit: number }
  | { type: "clear" }
  | { type: "tie" }
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
  | { type: "closeInstructions" }
  | { type: "skip" }
  | { type: "flag" }
  | { type: "notes" }
  | { type: "help" }
  | { type: "submit" };

type Binding = { keys: string[]; shown: string; does: string; scenes: Scene[]; command: Command };

const COMPARISON: Scene[] = ["rate", "rank"];
const ALL: Scene[] = ["rate", "rank", "demonstration"];

/** Digits stand in `commandFor`: what they mean depends on the scene. */
export const BINDINGS: Binding[] = [
  { keys: ["j"], shown: "J", does: "Next response", scenes: COMPARISON, command: { type: "next" } },
  { keys: ["k"], shown: "K", does: "Previous response", scenes: COMPARISON, command: { type: "previous" } },
  {
    keys: ["ArrowDown"],
    shown: "↓",
    does: "Next question",
    scenes: ["rate"],
    command: { type: "questionDown" },
  },
  {
    keys: ["ArrowUp"],
    shown: "↑",
    does: "Previous question",
    scenes: ["rate"],
    command: { type: "questionUp" },
  },
  { keys: ["y"], shown: "Y", does: "Yes to the marked question", scenes: ["rate"], command: { type: "yes" } },
  { keys: ["n"], shown: "N", does: "No to the marked question", scenes: ["rate"], command: { type: "no" } },
  {
    keys: ["Backspace", "Delete"],
    shown: "⌫",
    does: "Clear the marked question, or take the rank away",
    scenes: COMPARISON,
    command: { type: "clear" },
  },
  {
    keys: ["t"],
    shown: "T",
    does: "Tie with the one ranked above",
    scenes: ["rank"],
    command: { type: "tie" },
  },
  {
    keys: ["g"],
    shown: "G",
    does: "Go between rating and ranking",
    scenes: COMPARISON,
    command: { type: "stage" },
  },
  {
    keys: ["o"],
    shown: "O",
    does: "Show in order of rank, or as dealt",
    scenes: ["rank"],
    command: { type: "byRank" },
  },
  {
    keys: ["c"],
    shown: "C",
    does: "Change the number of columns",
    scenes: ["rank"],
    command: { type: "columns" },
  },
  {
    keys: ["y"],
    shown: "Y",
    does: "Scroll all responses together",
    scenes: ["rank"],
    command: { type: "scrollTogether" },
  },
  {
    keys: ["d"],
    shown: "D",
    does: "Mark where the others differ from the focused response",
    scenes: ["rank"],
    command: { type: "diff" },
  },
  {
    keys: ["e"],
    shown: "E",
    does: "Show all of a long response, or fold it",
    scenes: ["rank"],
    command: { type: "open" },
  },
  { keys: ["u"], shown: "U", does: "Undo", scenes: COMPARISON, command: { type: "undo" } },
  { keys: ["r"], shown: "R", does: "Redo", scenes: COMPARISON, command: { type: "redo" } },
  { keys: ["p"], shown: "P", does: "Show or hide the prompt", scenes: ALL, command: { type: "prompt" } },
  { keys: ["m"], shown: "M", does: "Formatted or plain text", scenes: ALL, command: { type: "plainText" } },
  { keys: ["i"], shown: "I", does: "Instructions", scenes: ALL, command: { type: "instructions" } },
  {
    keys: ["Escape"],
    shown: "Esc",
    does: "Leave a text field, close a dialog or the instructions",
    scenes: ALL,
    command: { type: "closeInstructions" },
  },
  { keys: ["s"], shown: "S", does: "Skip this task, with a reason", scenes: ALL, command: { type: "skip" } },
  {
    keys: ["f"],
    shown: "F",
    does: "Flag this task for a researcher",
    scenes: ALL,
    command: { type: "flag" },
  },
  { keys: ["/"], shown: "/", does: "Write a note", scenes: COMPARISON, command: { type: "notes" } },
  { keys: ["?"], shown: "?", does: "This list", scenes: ALL, command: { type: "help" } },
];

export const SUBMIT_KEYS = "Ctrl + Enter";

export type KeyPress = {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
};

export type KeyContext = { scene: Scene; isTyping: boolean; isDialogOpen: boolean };

/** What a key press means here, or null where it is the browser's or the text field's own. */
export function commandFor(press: KeyPress, context: KeyContext): Command | null {
  if (context.isDialogOpen) return null;
  const isCommand = press.ctrlKey || press.metaKey;
  if (isCommand && press.key === "Enter" && !press.altKey) return press.repeat ? null : { type: "submit" };
  if (isCommand || press.altKey || context.isTyping) return null;
  const { scene } = context;
  if (/^[1-9]$/.test(press.key) && scene !== "demonstration")
    return { type: "digit", digit: Number(press.key) };
  if (press.key === "0" && scene === "rank") return { type: "clear" };
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
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

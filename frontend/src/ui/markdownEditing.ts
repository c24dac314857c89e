/** What the keys of a text editor do to Markdown. Pure: a change says which piece of the text becomes what. */

export type Selection = { start: number; end: number };
/** Replaces `from`…`to` by `insert` and selects `select` of the result. */
export type Change = { from: number; to: number; insert: string; select: Selection };

export type EditKey = Pick<
  KeyboardEvent,
  "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey" | "isComposing"
>;

const MARKS: Record<string, string> = { b: "**", i: "*", e: "`" };
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])(\s+)(\[[ xX]\]\s+)?/;

/** Ctrl+B, Ctrl+I, Ctrl+E and Ctrl+K mark what is selected; Enter goes on with a list. Null: the key is the browser's. */
export function changeFor(press: EditKey, text: string, selection: Selection): Change | null {
  if (press.isComposing || press.altKey) return null;
  const isCommand = (press.ctrlKey || press.metaKey) && !press.shiftKey;
  if (isCommand && press.key.toLowerCase() === "k") return link(text, selection);
  const mark = isCommand ? MARKS[press.key.toLowerCase()] : undefined;
  if (mark) return toggle(mark, text, selection);
  if (press.key === "Enter" && !press.ctrlKey && !press.metaKey && !press.shiftKey)
    return nextItem(text, selection);
  return null;
}

/** The marks go round the words of the selection, not round the spaces at its ends, where Markdown would not see them. */
function trimmed(text: string, { start, end }: Selection): Selection {
  const chosen = text.slice(start, end);
  const words = chosen.trim();
  if (!words) return { start, end };
  const from = start + chosen.indexOf(words);
  return { start: from, end: from + words.length };
}

function toggle(mark: string, text: string, selection: Selection): Change {
  const { start, end } = trimmed(text, selection);
  const size = mark.length;
  const chosen = text.slice(start, end);
  if (isMarked(mark, text, start, end))
    return {
      from: start - size,
      to: end + size,
      insert: chosen,
      select: { start: start - size, end: end - size },
    };
  return {
    from: start,
    to: end,
    insert: mark + chosen + mark,
    select: { start: start + size, end: end + size },
  };
}

function isMarked(mark: string, text: string, start: number, end: number): boolean {
  const before = text.slice(0, start);
  const after = text.slice(end);
  if (!before.endsWith(mark) || !after.startsWith(mark)) return false;
  // One star within two is bold, not italic; within three it is both.
  const stars = mark === "*" ? (/\*+$/.exec(before)?.[0].length ?? 0) : 1;
  return stars !== 2;
}

function link(text: string, selection: Selection): Change {
  const { start, end } = trimmed(text, selection);
  const chosen = text.slice(start, end);
  const isAddress = /^https?:\/\/\S+$/.test(chosen);
  if (isAddress)
    return { from: start, to: end, insert: `[](${chosen})`, select: { start: start + 1, end: start + 1 } };
  const address = start + chosen.length + 3;
  return { from: start, to: end, insert: `[${chosen}]()`, select: { start: address, end: address } };
}

/** The next item of a list begins like this one; an empty item ends the list. */
function nextItem(text: string, { start, end }: Selection): Change | null {
  if (start !== end) return null;
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const line = text.slice(lineStart, start);
  const item = ITEM.exec(line);
  if (!item) return null;
  const [whole, indent = "", bullet = "", space = "", box] = item;
  const rest = text.slice(start).split("\n", 1)[0] ?? "";
  if (line.length === whole.length && !rest.trim())
    return { from: lineStart, to: start, insert: "", select: { start: lineStart, end: lineStart } };
  const number = Number.parseInt(bullet, 10);
  const next = Number.isNaN(number) ? bullet : `${number + 1}${bullet.slice(-1)}`;
  const insert = `\n${indent}${next}${space}${box ? "[ ] " : ""}`;
  return {
    from: start,
    to: start,
    insert,
    select: { start: start + insert.length, end: start + insert.length },
  };
}

/** Makes the change as if it had been typed, so that the browser's own undo takes it back. */
export function applyChange(field: HTMLTextAreaElement, change: Change): void {
  field.setSelectionRange(change.from, change.to);
  const isTyped = change.insert
    ? document.execCommand?.("insertText", false, change.insert)
    : change.from === change.to || document.execCommand?.("delete");
  if (!isTyped) {
    field.setRangeText(change.insert, change.from, change.to, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.setSelectionRange(change.select.start, change.select.end);
}

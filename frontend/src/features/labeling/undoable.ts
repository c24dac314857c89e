/** The answer or the skip of this tab that can still be taken back. It outlives a reload, and a way to another page. */
import type { WorkMode } from "@/features/labeling/task/types";

export const UNDO_MS = 10_000;
const STORED_AS = "labelapp:undoable";

export type Undoable = {
  userId: number;
  projectId: number;
  mode: WorkMode;
  assignmentId: number;
  undoes: { submission_id: number } | { skip_id: number };
  /** What was on the screen. */
  draft: unknown;
  /** Milliseconds, on this machine's clock. */
  until: number;
};

const listeners = new Set<() => void>();
let current: Undoable | null | undefined;

export function undoable(): Undoable | null {
  if (current === undefined) current = stored();
  // Nothing ends it on a page that offers no undo.
  return current && current.until > Date.now() ? current : null;
}

export function setUndoable(next: Undoable | null): void {
  current = next;
  try {
    if (next) sessionStorage.setItem(STORED_AS, JSON.stringify(next));
    else sessionStorage.removeItem(STORED_AS);
  } catch {
    // Full or forbidden: then only a reload ends it.
  }
  for (const listener of [...listeners]) listener();
}

export function subscribeUndoable(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** For tests: as a reload does it. */
export function forgetUndoable(): void {
  current = undefined;
}

function stored(): Undoable | null {
  try {
    const found = JSON.parse(sessionStorage.getItem(STORED_AS) ?? "null") as Undoable | null;
    const left = (found?.until ?? 0) - Date.now();
    // One that the version before stored does not say what it undoes.
    return found?.undoes && left > 0 && left <= UNDO_MS ? found : null;
  } catch {
    return null;
  }
}

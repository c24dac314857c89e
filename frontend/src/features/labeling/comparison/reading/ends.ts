/** Which responses were read to their end, as far as a screen can know: their end has been in sight at least once. */
import { useSyncExternalStore } from "react";
import type { ResponseId } from "@/features/labeling/comparison/answer";

const KEY = "labelapp:read-ends";
const MOST_REMEMBERED = 500;

/** True once the end was in sight, false while it was looked for and not seen; absent before that. */
const ends = new Map<ResponseId, boolean>(stored().map((id) => [id, true]));
const listeners = new Set<() => void>();

/** Seen stays seen through a reload, which nobody should pay for with nine marks. */
function stored(): ResponseId[] {
  try {
    const ids: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "number") : [];
  } catch {
    return [];
  }
}

function store(): void {
  const seen = [...ends].filter(([, isSeen]) => isSeen).map(([id]) => id);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(seen.slice(-MOST_REMEMBERED)));
  } catch {
    // A full or forbidden store costs a remark after a reload, nothing else.
  }
}

export function noteEnd(id: ResponseId, isInSight: boolean): void {
  if (ends.get(id) === true || (!isInSight && ends.has(id))) return;
  ends.set(id, isInSight);
  if (isInSight) store();
  for (const listener of listeners) listener();
}

export function forgetEnds(): void {
  ends.clear();
  sessionStorage.removeItem(KEY);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether the end of a response was looked for and has never been in sight. */
export function isUnread(id: ResponseId): boolean {
  return ends.get(id) === false;
}

export function useIsUnread(id: ResponseId): boolean {
  return useSyncExternalStore(subscribe, () => isUnread(id));
}

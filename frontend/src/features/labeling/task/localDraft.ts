/** The browser's own copy of a draft: written within a third of a second, read back after a crash or without a network. */

export type LocalDraft = {
  content: unknown;
  /** The server's revision that this copy was made on top of. */
  revision: number;
  savedAt: string;
  /** False once the server has exactly this. */
  isAhead: boolean;
};

const PREFIX = "labelapp:draft:";
const KEPT_DAYS = 30;

/** By person and assignment: two people at one browser never see each other's drafts. */
export function draftKey(userId: number, assignmentId: number, mode: "label" | "revise"): string {
  return `${PREFIX}${userId}:${mode}:${assignmentId}`;
}

export function readLocalDraft(storage: Storage, key: string): LocalDraft | null {
  try {
    const value = JSON.parse(storage.getItem(key) ?? "null") as LocalDraft | null;
    return value && typeof value.revision === "number" ? value : null;
  } catch {
    return null; // not ours, or cut off: the server's copy is used
  }
}

/** Returns whether it was kept: a full or forbidden storage leaves the server's copy alone. */
export function writeLocalDraft(storage: Storage, key: string, draft: LocalDraft): boolean {
  try {
    storage.setItem(key, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function removeLocalDraft(storage: Storage, key: string): void {
  storage.removeItem(key);
}

/** Drafts of tasks that never came back do not stay for ever. */
export function removeOldDrafts(storage: Storage, now = Date.now()): void {
  for (const key of Object.keys(storage).filter((name) => name.startsWith(PREFIX))) {
    const savedAt = Date.parse(readLocalDraft(storage, key)?.savedAt ?? "");
    if (!(now - savedAt < KEPT_DAYS * 86_400_000)) storage.removeItem(key);
  }
}

export type ServerDraft = { content: unknown; revision: number; updated_at: string } | null;

/**
 * Which copy to go on with, and the other one where both have something that the other lacks. A local copy that is ahead of
 * the revision that the server still has is simply newer; a server that moved on meanwhile was written elsewhere.
 */
export function chooseDraft(
  local: LocalDraft | null,
  server: ServerDraft,
): { content: unknown; revision: number; isAhead: boolean; other: unknown } {
  const revision = server?.revision ?? 0;
  if (!local?.isAhead)
    return { content: server?.content ?? local?.content ?? null, revision, isAhead: false, other: null };
  if (!server || local.revision >= server.revision) {
    return { content: local.content, revision, isAhead: true, other: null };
  }
  return { content: server.content, revision, isAhead: false, other: local.content };
}

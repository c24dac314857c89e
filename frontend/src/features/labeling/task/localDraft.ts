/** The browser's own copy of a draft: written within a third of a second, read back after a crash or without a network. */
import { browserStore } from "@/features/labeling/task/browserStore";
import type { WorkMode } from "@/features/labeling/task/types";

export type LocalDraft = {
  content: unknown;
  /** The server's revision that this copy was made on top of. */
  revision: number;
  savedAt: string;
  /** False once the server has exactly this. */
  isAhead: boolean;
  /** What was sent on top of that revision and may have arrived though no answer did. */
  sent?: unknown[];
};

/** Of what the older storage holds: copies of earlier versions of the app, and those of pages that were being closed. */
const PREFIX = "labelapp:draft:";
const KEPT_DAYS = 30;

/** By person and assignment: two people at one browser never see each other's drafts. `revises` is an edit's base. */
export function draftKey(userId: number, assignmentId: number, mode: WorkMode, revises = 0): string {
  return `${userId}:${mode}:${assignmentId}${revises ? `:${revises}` : ""}`;
}

/** The newest copy that this browser has. */
export async function readLocalDraft(key: string): Promise<LocalDraft | null> {
  const closing = readClosing(key);
  const kept = await stored(key);
  if (!closing || (kept && kept.savedAt >= closing.savedAt)) return kept;
  if (await writeLocalDraft(key, closing)) removeClosing(key);
  return closing;
}

async function stored(key: string): Promise<LocalDraft | null> {
  try {
    return asDraft(await (await browserStore()).get("drafts", key));
  } catch {
    return null; // the server's copy is used
  }
}

function asDraft(value: unknown): LocalDraft | null {
  const draft = value as LocalDraft | null | undefined;
  return draft && typeof draft.revision === "number" ? draft : null;
}

/** Returns whether it was kept: a full or forbidden storage leaves the server's copy alone. */
export async function writeLocalDraft(key: string, draft: LocalDraft): Promise<boolean> {
  try {
    await (await browserStore()).put("drafts", key, draft);
    return true;
  } catch {
    return false;
  }
}

/** For a page that is being closed: what is asynchronous may not be done in time, this is. */
export function writeClosing(key: string, draft: LocalDraft): boolean {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

function readClosing(key: string): LocalDraft | null {
  try {
    return asDraft(JSON.parse(localStorage.getItem(PREFIX + key) ?? "null"));
  } catch {
    return null; // not ours, or cut off
  }
}

function removeClosing(key: string): void {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // A browser that forbids storage has nothing to remove.
  }
}

export async function removeLocalDraft(key: string): Promise<void> {
  removeClosing(key);
  try {
    await (await browserStore()).remove("drafts", key);
  } catch {
    // It is removed with the old ones.
  }
}

/** Drafts of tasks that never came back do not stay for ever. */
export async function removeOldDrafts(now = Date.now()): Promise<void> {
  const isOld = (draft: LocalDraft | null) =>
    !(now - Date.parse(draft?.savedAt ?? "") < KEPT_DAYS * 86_400_000);
  try {
    for (const name of Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) {
      const key = name.slice(PREFIX.length);
      if (isOld(readClosing(key))) removeClosing(key);
    }
    const store = await browserStore();
    for (const [key, value] of await store.all("drafts")) {
      if (isOld(asDraft(value))) await store.remove("drafts", key);
    }
  } catch {
    // Another time.
  }
}

/** Whether two contents say the same as JSON, in whatever order their keys come: the server keeps another one. */
export function isSameContent(one: unknown, other: unknown): boolean {
  return inOrder(one) === inOrder(other);
}

function inOrder(content: unknown): string | undefined {
  return JSON.stringify(content, (_key, value) =>
    value && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
      : value,
  );
}

export type ServerDraft = { content: unknown; revision: number; updated_at: string } | null;

export type Chosen = {
  content: unknown;
  revision: number;
  isAhead: boolean;
  /** What may have arrived though no answer did, as in the local copy. */
  sent?: unknown[];
  other: unknown;
};

/**
 * Which copy to go on with, and the other one where both have something that the other lacks. A local copy that is ahead of
 * the revision that the server still has is simply newer, and so is one whose own earlier content the server has, though its
 * answer was lost; a server that moved on otherwise was written elsewhere.
 */
export function chooseDraft(local: LocalDraft | null, server: ServerDraft): Chosen {
  // Of a task that comes back from the outbox, the browser knows a newer one.
  const revision = Math.max(server?.revision ?? 0, local?.isAhead ? local.revision : 0);
  if (!local?.isAhead)
    return { content: server?.content ?? local?.content ?? null, revision, isAhead: false, other: null };
  const isOwn = (content: unknown) =>
    [local.content, ...(local.sent ?? [])].some((sent) => isSameContent(sent, content));
  if (!server || local.revision >= server.revision || isOwn(server.content)) {
    return { content: local.content, revision, isAhead: true, sent: local.sent, other: null };
  }
  return { content: server.content, revision, isAhead: false, other: local.content };
}

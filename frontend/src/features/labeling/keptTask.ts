/**
 * Of each project the task that was last on the screen under a lease. Who comes back to the page while the server cannot be
 * reached goes on with it. It lives as long as the page is open: without a server the app itself cannot be opened.
 */
import type { Schemas } from "@/api/client";
import type { LocalDraft } from "@/features/labeling/task/localDraft";
import { isAhead } from "@/features/labeling/task/types";

type Next = Schemas["Next"];

const kept = new Map<string, Next>();

function keyOf(projectId: number, userId: number): string {
  return `${userId}:${projectId}`;
}

/** What is shown ahead of its lease is nobody's yet. */
export function keepTask(projectId: number, userId: number, next: Next): void {
  if (next.assignment && !isAhead(next.assignment)) kept.set(keyOf(projectId, userId), next);
  else dropTask(projectId, userId);
}

/** Once it is answered or given away. */
export function dropTask(projectId: number, userId: number): void {
  kept.delete(keyOf(projectId, userId));
}

export function keptTask(projectId: number, userId: number): Next | undefined {
  return kept.get(keyOf(projectId, userId));
}

/** The draft that came with the task may be older than what the server has taken from here since. */
export function withDraft(next: Next, local: LocalDraft | null): Next {
  const { assignment } = next;
  if (!assignment || !local || local.revision < (assignment.draft?.revision ?? 0)) return next;
  const draft = {
    content: local.content as Record<string, unknown>,
    revision: local.revision,
    updated_at: local.savedAt,
  };
  return { ...next, assignment: { ...assignment, draft } };
}

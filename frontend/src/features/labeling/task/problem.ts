/** Why the server does not take what was done; shown above the task, and nothing is lost by it. */
import { ApiError, errorMessage } from "@/api/errors";

export type Problem =
  | { kind: "lost"; message: string; code: string }
  | { kind: "submitted"; message: string }
  | { kind: "conflict"; message: string; other: unknown; revision: number }
  | { kind: "refused"; message: string };

export function problemOf(error: unknown): Problem {
  const message = errorMessage(error);
  if (!(error instanceof ApiError)) return { kind: "refused", message };
  const { code, data, status } = error;
  if (code === "draft_conflict") {
    const other = (data.content as { content?: unknown } | null)?.content ?? null;
    return { kind: "conflict", message, other, revision: Number(data.revision) };
  }
  if (code === "already_submitted") return { kind: "submitted", message };
  return status === 404 || status === 409 ? { kind: "lost", message, code } : { kind: "refused", message };
}

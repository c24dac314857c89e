/** The requests of an answer or a skip: sent as a first answer, as a revision, or with the reason. */
import { api, type Schemas } from "@/api/client";
import type { Entry } from "@/features/labeling/task/types";

/** Longer than any answer takes; a connection that hangs must not hold the others up for ever. */
const TIMEOUT_MS = 30_000;

export type Sent = Schemas["Submitted"] | Schemas["Skipped"];
export type Wish = Schemas["WishRequest"];

export async function send(entry: Entry, wish: Wish | null): Promise<Sent | null> {
  const params = { path: { assignment_id: entry.assignmentId } };
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const held = { lease_token: entry.leaseToken, ...(wish ? { claim_next: wish } : {}) };
  if (entry.skip) {
    const path = "/api/v1/assignments/{assignment_id}/skip";
    return (await api.POST(path, { params, signal, body: { ...entry.skip, ...held } })).data ?? null;
  }
  if (entry.mode === "revise") {
    const path = "/api/v1/assignments/{assignment_id}/revise";
    return (await api.POST(path, { params, signal, body: entry.body })).data ?? null;
  }
  const body = { ...entry.body, ...held };
  return (
    (await api.POST("/api/v1/assignments/{assignment_id}/submit", { params, signal, body })).data ?? null
  );
}

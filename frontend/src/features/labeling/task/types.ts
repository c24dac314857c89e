import type { Schemas } from "@/api/client";
import type { LocalDraft } from "@/features/labeling/task/localDraft";

export type Assignment = Schemas["Assignment"];
export type Question = Schemas["Question"];
export type TaskResponse = Schemas["ShownResponse"];

/** A first answer under a lease, or an edit of one that was given: the next revision. */
export type WorkMode = "label" | "revise";

/** Shown while the answer before it is on its way: nobody's yet, so nothing of it goes to the server. */
export function isAhead(assignment: Assignment): boolean {
  return assignment.state === "open";
}

/** What the body of a submission says beside the seconds, the keys and the instructions. */
export type Said = Pick<Schemas["SubmitRequest"], "notes" | "demonstration" | "judgments" | "answers">;

/** Why a task is skipped. */
export type SkipSaid = Pick<Schemas["SkipRequestRequest"], "reason" | "note">;

/** What is sent of a task: an answer, or why there is none. */
export type Outcome =
  | { body: Schemas["ReviseRequest"]; skip?: undefined }
  | { body?: undefined; skip: SkipSaid };

/** An answer or a skip that is kept until the server has it. Plain data: it is stored as it is. */
export type Entry = Outcome & {
  /** Of an answer, its idempotency key. */
  key: string;
  userId: number;
  projectId: number;
  projectName: string;
  assignmentId: number;
  mode: WorkMode;
  leaseToken: string;
  draftKey: string;
  /** What was on the screen: the draft, should the answer be taken back or refused. */
  draft: LocalDraft;
  queuedAt: string;
  /** Why the server did not take it. */
  refused?: string;
};
